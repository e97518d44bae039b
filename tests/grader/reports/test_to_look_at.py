"""Terminal and report name the same things to look at, and pages say of points by hand which attempt they are of."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from pathlib import Path

import graded_class as made
import pytest
import tiny_course as tiny
from nbgrader import api
from typer.testing import CliRunner

from grader.build.build import build_lab, find_labs
from grader.cli import app
from grader.notebooks.late_mark import MARK

LAB = tiny.FIRST


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A course without late rules; answers get the points that they say."""
    root = made.make(tmp_path, monkeypatch)
    (root / "course.toml").write_text("")
    (root / "nbgrader_config.py").write_text("")
    return root


def grade(root: Path, *more: str) -> str:
    options = [*more, "--out", str(root / "out"), "--root", str(root), "--sandbox", "off", "--workers", "1"]
    said = CliRunner().invoke(app, ["grade", str(root / "submitted"), *options], env={"COLUMNS": "200"})
    assert said.exit_code == 0, said.output
    return said.output


def page(root: Path, student: str) -> str:
    """What a reader sees of a student's feedback, of which the plain text says as much."""
    text = (root / "out" / "feedback" / student / f"{LAB}.html").read_text(encoding="utf-8")
    return " ".join(html.unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", text)).split())


def report(root: Path) -> str:
    text = (root / "out" / "report.html").read_text(encoding="utf-8")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text[text.index('id="alerts"') :])).split())


def in_nbgrader(root: Path, student: str) -> float:
    with api.Gradebook(made.database(root)) as book:
        return book.find_submission(LAB, student).score


def test_an_attempt_holds_no_points_that_were_entered_on_another(root):
    for student, points in (("ada", 1), ("bo", 4)):  # bo's second attempt leaves an exercise out
        made.hand_in(root, student, 2, 2)
        grade(root)
        made.enter(root, student, points, "See me.")
        made.hand_in(root, student, *((4, 4) if student == "ada" else (0, 4)))
    said = grade(root)
    moved = "staff's points were entered on attempt 1; what counts now is attempt 2"
    assert f"{moved}: ada {LAB}." in said
    assert f"{moved} {LAB} ada" in report(root)
    entries = {one["student"]: one for one in json.loads((root / "out" / "results.json").read_text())}
    assert [(entries[who]["score"], entries[who]["attempt"], entries[who]["flags"]) for who in ("ada", "bo")] == [
        (8.0, 2, ["entered-on-another-attempt:1"]),
        (6.0, 1, []),
    ]
    assert [in_nbgrader(root, who) for who in ("ada", "bo")] == [8, 6]
    seen = page(root, "ada")
    assert "From staff, on attempt 1, which does not count: 1 point in place of the automatic ones. See me." in seen
    assert "with points entered by staff" not in seen


def test_the_highest_grade_is_the_highest_that_the_page_shows(root):
    made.hand_in(root, "ada", 4, 4)
    grade(root)
    made.enter(root, "ada", 2.5, "")  # 6.5 of 8
    grade(root)
    assert "What counts (attempt 1) 6.5 of 8" in page(root, "ada")
    assert "Highest so far" not in page(root, "ada")
    made.hand_in(root, "ada", 3, 4)
    grade(root)
    assert "This attempt (2 of 2) 7 of 8" in page(root, "ada")
    assert "Highest so far (attempt 2) 7 of 8" in page(root, "ada")
    made.enter(root, "ada", 1, "")  # on the second: 5 of 8
    grade(root)
    seen = page(root, "ada")
    assert "This attempt (2 of 2) 7 of 8 points, 88 % 5 with what staff entered on it" in seen
    assert "Highest so far (attempt 1) 6.5 of 8" in seen
    assert in_nbgrader(root, "ada") == 6.5


def test_points_above_what_an_exercise_is_worth_are_told_as_they_were_entered(root):
    made.hand_in(root, "ada", 4, 4)
    grade(root)
    made.enter(root, "ada", 9, "")
    above = "staff entered more than the exercise is worth: Exercise: twice as much, "
    assert f"{above}9 of 4 points: ada {LAB}." in grade(root)
    for worth in (8, 16):
        (root / "course.toml").write_text(f"[lab.01]\npoints = {{ double = {worth} }}\n")
        assert [problem for lab in find_labs(root) for problem in build_lab(lab, execute=False).problems] == []
        given = f"{above}9 of 4 points, today {9 * worth / 4:g} of {worth}"
        assert f"{given}: ada {LAB}." in grade(root)
        assert f"{given} {LAB} ada" in report(root)


def test_what_canvas_calls_late_is_told_of_the_attempt_that_counts(root):
    (root / "course.toml").write_text(f'[lab.{LAB}]\ndue = "{made.DUE}"\n')
    late = datetime(2026, 4, 2, 9)
    for who, (first, last) in {"ada": ("in time", "late"), "bo": ("late", "in time")}.items():
        made.hand_in(root, who, 4, 4, made.IN_TIME)
        lab = root / "submitted" / who / LAB
        (lab / "earlier" / "1").mkdir(parents=True)
        for file in (f"{LAB}.ipynb", "timestamp.txt"):
            (lab / file).rename(lab / "earlier" / "1" / file)
        (lab / "earlier" / "1" / MARK).write_text(f"Canvas: {first}")
        made.hand_in(root, who, 1, 1, f"{late} UTC")  # worse: the first counts
        (lab / MARK).write_text(f"Canvas: {last}")
    made.hand_in(root, "cy", 4, 4, "")
    said = grade(root)
    told = [line.strip() for line in said.splitlines() if "Canvas calls" in line or "no time of" in line]
    assert told == [
        f"no time of hand-in is known, so the due date costs nothing: cy {LAB}.",
        f"Canvas calls late what came before the course's due date: bo {LAB}.",
    ]
    for what in told:
        sentence, _, (who, lab) = (*what.rstrip(".").rpartition(": ")[:2], what.rstrip(".").split()[-2:])
        assert f"{sentence} {lab} {who}" in report(root)


def test_a_copy_is_told_whichever_attempt_it_was(root):
    """ada and bo hand in one file; a worse second attempt of ada's changes nothing of what counts."""
    for student in ("ada", "bo"):
        made.hand_in(root, student, 4, 3)
    grade(root)
    same = f"the same file, byte for byte {LAB} ada , bo"
    assert same in report(root)
    made.hand_in(root, "ada", 1, 1)
    grade(root)
    assert same in report(root)


def test_what_a_platform_says_of_others_stays_where_one_student_is_graded(root):
    for student in ("ada", "bo"):
        made.hand_in(root, student, 4, 3)
    (root / "submitted" / "bo" / LAB / MARK).write_text("Canvas: late\n")
    told = "Canvas calls late what has no due date in the course"
    for more in ((), ("--student", "ada"), ("--anonymous",)):
        said = grade(root, *more)
        assert f"{told}: bo {LAB}." in said
        assert f"{told} {LAB} bo" in report(root)
    text = (root / "out" / "report-anonymous.html").read_text(encoding="utf-8")
    assert (told in text, "bo<" in text) == (True, False)
