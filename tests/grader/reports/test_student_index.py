"""A student's own page: every lab, what counts, what is missing, and the way to each feedback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_course as tiny
from bs4 import BeautifulSoup
from class_pages import feedback
from sqlalchemy import create_engine

from grader.class_run.grading_run import Run
from grader.collecting.roster import Roster, Student
from grader.course import LabTerms
from grader.notebooks.submission import Refusal
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.held_grades import Entered, Held
from grader.results import Exercise, Result

ADA = Result("ada", tiny.FIRST, "s1", "c" * 64,
             [Exercise("test-double", 1.0, 4.0, "partial"), Exercise("test-half", 4.0, 4.0, "pass")],
             "namespaces", "the-seed", {}, 1.0)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """Ada with two attempts at one lab and points by staff, bo with a refusal and a lab done, zoe with nothing."""
    root = tmp_path_factory.mktemp("class")
    keys = tiny.keys_of(tiny.make_course(root))
    engine = create_engine("sqlite://")
    attempts = Attempts(engine)
    attempts.add(replace(ADA, submission_sha256="s0", exercises=[replace(ADA.exercises[0], points=0.0)]), None)
    attempts.add(ADA, 90_000.0)
    halved = [Exercise("test-halve", 4.0, 4.0, "pass")]
    attempts.add(replace(ADA, student="bo", lab=tiny.SECOND, exercises=halved), None)
    run = Run(keys, [Refusal("bo", tiny.FIRST, "bo/x.ipynb", "is empty", "save it"),
                     Refusal("bo", "", "bo/odd", "belongs to no lab", "rename it")])  # fmt: skip
    held = {("ada", tiny.FIRST): Held({}, {"test-double": Entered(3.0, 0, "Better than it looks.")}, 0.5)}
    people = Roster([Student("ada", "Ada <Lovelace>"), Student("zoe")])
    terms = {tiny.SECOND: LabTerms(weight=3.0)}
    run.counting = AttemptPolicy(penalty=lambda student, graded, seconds: 0.5 if seconds else None)
    feedback(run, attempts, root / "out", held=held, roster=people, terms=terms)
    engine.dispose()
    return root / "out" / "feedback"


def page(out: Path, student: str) -> BeautifulSoup:
    return BeautifulSoup((out / student / "index.html").read_text(), "html.parser")


def table(out: Path, student: str) -> list[list[str]]:
    return [[" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]
            for row in page(out, student).tbody.find_all("tr")]  # fmt: skip


def test_every_lab_with_points_verdict_and_remarks(out):
    assert table(out, "ada") == [
        ["Doubling 01_double", "6.5 of 8 81 %",
         "passed 2 attempts 1 day 1 hour late, penalty 0.5 points points by staff comment by staff"],
        ["Halving 02_sign · weight 3", "– of 4", "nothing handed in"],
    ]  # fmt: skip
    assert table(out, "bo") == [
        ["Doubling 01_double", "– of 8", "could not be graded"],
        ["Halving 02_sign · weight 3", "4 of 4 100 %", "passed"],
    ]
    assert [row[2] for row in table(out, "zoe")] == ["nothing handed in"] * 2


@pytest.mark.parametrize(
    ("student", "cards"),
    [
        ("ada", ["20 %", "1 of 2", "1"]),  # 6.5 / 8 of one part in four
        ("bo", ["75 %", "1 of 2", "0"]),
        ("zoe", ["0 %", "0 of 2", "2"]),
    ],
)
def test_total_passed_and_missing(student, cards, out):
    seen = page(out, student)
    assert [one.get_text() for one in seen.find_all(class_="big")] == cards
    missing = seen.find_all("dd")[2].get_text()
    assert ("02_sign" in missing) == (student != "bo")


@pytest.mark.parametrize("terms", [LabTerms(extra_credit=True), LabTerms(weight=0.0)], ids=["extra credit", "weight 0"])
def test_a_lab_that_nobody_owes_is_neither_missing_nor_to_be_passed(terms, tmp_path):
    keys = tiny.keys_of(tiny.make_course(tmp_path))
    engine = create_engine("sqlite://")
    attempts = Attempts(engine)
    halved = [Exercise("test-halve", 4.0, 4.0, "pass")]
    attempts.add(replace(ADA, lab=tiny.SECOND, exercises=halved), None)
    attempts.add(replace(ADA, student="bo"), None)
    feedback(Run(keys), attempts, tmp_path / "out", terms={tiny.SECOND: terms})
    engine.dispose()
    cards = {who: [one.get_text() for one in page(tmp_path / "out" / "feedback", who).find_all(class_="big")][1:]
             for who in ("ada", "bo")}  # fmt: skip
    assert cards == {"ada": ["0 of 1", "1"], "bo": ["0 of 1", "0"]}


def test_links_lead_to_feedback_and_back(out):
    for student, labs in (("ada", [tiny.FIRST]), ("bo", [tiny.FIRST, tiny.SECOND]), ("zoe", [])):
        links = [one["href"] for one in page(out, student).find_all("a") if not one["href"].startswith("#")]
        assert links == [f"{lab}.html" for lab in labs]
        for link in links:
            back = BeautifulSoup((out / student / link).read_text(), "html.parser").nav.a["href"]
            assert (out / student / back).is_file()


def test_names_are_text_and_what_belongs_to_no_lab_is_told(out):
    assert page(out, "ada").h1.get_text() == "Ada <Lovelace>: all labs"
    assert "bo: bo/odd belongs to no lab; rename it." in page(out, "bo").find(id="refused").find_next("ul").get_text()


def test_no_page_of_a_student_names_the_seed(out):
    pages = [*out.rglob("*.html"), *out.rglob("*.txt"), *out.rglob("*.json")]
    assert len(pages) == 3 + 2 * 3
    assert [path for path in pages if "the-seed" in path.read_text()] == []
