"""The page for the class says what happened, escapes what students chose, and reads without eyes or mouse."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
import tiny_course as tiny
from bs4 import BeautifulSoup
from class_pages import COURSE, grades_of, report
from sqlalchemy import create_engine

from grader.class_run.grading_run import Graded, Run
from grader.collecting.roster import Roster, Student
from grader.course import LabTerms
from grader.notebooks.submission import Refusal
from grader.records.attempts import Attempts
from grader.records.held_grades import Entered, Held
from grader.reports.class_report import alerts, context, hardest, mistakes
from grader.reports.grade_table import LabSummary
from grader.results import Exercise, Message, Result, not_in_copy

NASTY = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return tiny.keys_of(tiny.make_course(tmp_path_factory.mktemp("course")))


def result(student: str, double: float, *, sha="", text="expected 2, got 1", flags=()) -> Result:
    messages = [] if double == 4 else [Message("wrong-number", text, "Multiply it.")]
    exercises = [
        Exercise("test-double", double, 4.0, "pass" if double == 4 else "partial" if double else "fail", messages),
        Exercise("test-half", 4.0, 4.0, "pass"),
    ]
    sha = sha or f"sha-{student}"
    return Result(student, tiny.FIRST, sha, "c", exercises, "namespaces", "id", {}, 1.0, None, list(flags))


def results(run: Run) -> list[Result]:
    return [row.result for row in run.graded]


@pytest.fixture
def attempts(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    yield Attempts(engine)
    engine.dispose()


@pytest.fixture
def run(keys, attempts):
    run = Run(keys)
    for one in (
        result("ada", 4.0),
        result("bo", 1.0, sha="same"),
        result("cy", 1.0, sha="same", flags=["tampering:patches-a-library"]),
        result(NASTY, 0.0, text=f"got {NASTY}"),
    ):
        run.rows.append(Graded(one, attempts.add(one, None)))
    run.rows.append(Refusal("dan", tiny.FIRST, "dan/x.ipynb", "is empty", "save it"))
    return run


def test_the_numbers_of_the_class(run):
    (double, half) = hardest(run.keys, results(run))
    assert (double.title, double.share, double.submissions) == ("Exercise: twice as much", 6 / 16, 4)
    assert half.share == 1.0
    (mistake,) = mistakes(run.keys, results(run))
    assert (mistake.id, mistake.students, mistake.title) == ("wrong-number", 3, "Exercise: twice as much")
    assert [(a.what, a.students) for a in alerts(results(run))] == [
        ("tampering:patches-a-library", ["cy"]),
        ("the same file, byte for byte", ["bo", "cy"]),
    ]


def test_the_page_shows_them_and_runs_nothing_of_a_students(run, attempts, tmp_path):
    page = report(run, attempts, tmp_path)
    assert page.count("<script") == 1
    page = re.sub("</?bdi>", "", page)
    text = " ".join(html.unescape(re.sub(r"(?s)<(style|script)>.*?</\1>|<[^>]+>", " ", page)).split())
    for words in ("1 of 4 passed", "median is 62 %", "38 %", "wrong-number 3", "bo, cy", "not graded",
                  "dan: dan/x.ipynb is empty; save it.", "Isolation while grading: namespaces", NASTY):  # fmt: skip
        assert words in text, words
    assert 'href="feedback/ada/01_double.html"' in page
    bins = [int(n) for n in re.findall(r'<th scope="row">\d+ to \d+ %</th><td><span class="count">(\d+)</span>', page)]
    assert bins == [0, 0, 0, 0, 0, 1, 2, 0, 0, 1]


def test_exercises_that_cost_equally_keep_the_labs_order_and_easy_ones_are_counted(
    keys, monkeypatch, attempts, tmp_path
):
    one = result("ada", 4.0)
    run = Run(keys, [Graded(one, attempts.add(one, None))])
    assert [found.title for found in hardest(run.keys, results(run))] == [
        "Exercise: twice as much",
        "Exercise: half as much",
    ]
    assert "went better" not in report(run, attempts, tmp_path)
    monkeypatch.setattr("grader.reports.class_report.MOST_HARDEST", 1)
    page = report(run, attempts, tmp_path)
    assert "Exercise: half as much" not in page
    assert "1 more exercise went better on average" in page


@pytest.mark.parametrize(
    ("shares", "passed", "middle", "filled"),
    [
        ([], 0, 0.0, {}),
        ([0.8], 1, 0.8, {8: 1}),
        ([0.1 * 8, 0.7999], 1, 0.79995, {8: 1, 7: 1}),
        ([1.0, 0.0, 0.3, 0.29999], 1, 0.299995, {9: 1, 0: 1, 3: 1, 2: 1}),
        ([0.1 + 0.2 + 0.3, 1.0 - 0.2], 1, 0.7, {6: 1, 8: 1}),
        ([0.8 - 1e-12, 0.7 - 1e-12], 1, 0.75, {8: 1, 7: 1}),  # sums of points are not exact
    ],
)
def test_a_lab_in_numbers(shares, passed, middle, filled):
    lab = LabSummary("x", "X", 8.0, shares, 0.8)
    assert (lab.passed, round(lab.middle, 9)) == (passed, round(middle, 9))
    assert {k: count for k, (_, count) in enumerate(lab.bins) if count} == filled
    assert [name for name, _ in lab.bins][::9] == ["0 to 10 %", "90 to 100 %"]


def test_every_cell_of_the_table_is_about_its_own_student_and_lab(keys, attempts):
    run = Run(keys)
    halved = Exercise("test-halve", 4.0, 4.0, "pass")
    attempts.add(result("ada", 0.0), None)
    for one in (
        result("ada", 4.0, sha="second"),
        result("bo", 1.0),
        replace(result("bo", 4.0), lab=tiny.SECOND, exercises=[halved]),
        replace(result("../eve", 4.0), lab=tiny.SECOND, exercises=[halved]),
    ):
        run.rows.append(Graded(one, attempts.add(one, None)))
    run.rows.append(Refusal("dan", tiny.FIRST, "dan/x.ipynb", "is empty", "save it"))
    grades = grades_of(run, attempts, roster=Roster([Student("zoe", "Zoë, Q."), Student("bo")]))
    seen = context(grades, run, COURSE)
    table = {
        row.student.id: [(one.grade and (one.grade.score, one.grade.passed, len(one.grade.attempts)), one.refused)
                         for one in row.cells]
        for row in seen["students"]
    }  # fmt: skip
    nothing = (None, False)
    assert table == {
        "zoe": [nothing, nothing],
        "bo": [((5.0, False, 1), False), ((4.0, True, 1), False)],
        "../eve": [nothing, ((4.0, True, 1), False)],
        "ada": [((8.0, True, 2), False), nothing],
        "dan": [(None, True), nothing],
    }
    assert list(table) == ["zoe", "bo", "../eve", "ada", "dan"]  # the roster's order, then others by name
    assert [one.id for one in seen["strangers"]] == ["../eve", "ada", "dan"]
    assert [(lab.name, lab.points, lab.shares, [one.id for one in lab.missing]) for lab in seen["labs"]] == [
        (tiny.FIRST, 8.0, [1.0, 0.625], ["zoe", "../eve"]),
        (tiny.SECOND, 4.0, [1.0, 1.0], ["zoe", "ada", "dan"]),
    ]
    pages = {cell.page for row in seen["students"] for cell in row.cells}
    assert "feedback/ada/01_double.html" in pages
    assert not any(".." in page for page in pages)


def test_what_is_no_mistake_is_not_counted_as_one(keys, monkeypatch, attempts):
    run = Run(keys)
    for name, ids in (("ada", ["not-attempted", "late"]), ("bo", ["grader-error", "late", "late"]), ("cy", ["early"])):
        wrong = Exercise("test-double", 0.0, 4.0, "fail", [Message(id, f"{id} of {name}") for id in ids])
        one = replace(result(name, 0.0), exercises=[wrong])
        run.rows.append(Graded(one, attempts.add(one, None)))
    found = mistakes(run.keys, results(run))
    assert [(one.id, one.students, one.text) for one in found] == [
        ("late", 2, "late of ada"),
        ("early", 1, "early of cy"),
    ]
    monkeypatch.setattr("grader.reports.class_report.MOST_MISTAKES", 1)
    assert [one.id for one in mistakes(run.keys, results(run))] == ["late"]


def test_who_has_not_tried_an_exercise_is_not_counted_as_trying(keys, attempts):
    run = Run(keys)
    for name, points, verdict in (("ada", 4.0, "pass"), ("bo", 0.0, "fail"), ("cy", 0.0, "not-attempted")):
        one = replace(result(name, 0.0), exercises=[Exercise("test-double", points, 4.0, verdict)])
        run.rows.append(Graded(one, attempts.add(one, None)))
    (one,) = hardest(run.keys, results(run))
    assert (one.attempted, one.submissions, one.share) == (2, 3, pytest.approx(1 / 3))


def test_the_same_file_in_two_labs_or_worth_nothing_is_no_alert(keys, attempts):
    run = Run(keys)
    empty = Exercise("test-double", 0.0, 4.0, "not-attempted")
    for one in (
        result("ada", 4.0, sha="same", flags=["x"]),
        replace(result("bo", 4.0, sha="same", flags=["x"]), lab=tiny.SECOND),
        replace(result("cy", 0.0, sha="empty"), exercises=[empty]),
        replace(result("dan", 0.0, sha="empty"), exercises=[empty]),
    ):
        run.rows.append(Graded(one, attempts.add(one, None)))
    assert [(one.what, one.lab, one.students) for one in alerts(results(run))] == [
        ("x", tiny.FIRST, ["ada"]),
        ("x", tiny.SECOND, ["bo"]),
    ]


def test_what_staff_entered_lateness_and_who_is_missing_stand_in_the_table(keys, attempts, tmp_path):
    run = Run(keys)
    for name, late in (("ada", 0.0), ("bo", 90_000.0), ("cy", None)):
        one = result(name, 1.0)
        run.rows.append(Graded(one, attempts.add(one, late)))
    held = {
        ("ada", tiny.FIRST): Held({}, {"test-double": Entered(3.5, 0.25, "Well seen.")}, 0.0),
        ("cy", tiny.FIRST): Held({}, {"test-double": Entered(comment="Only words.")}, 0.0),
    }
    people = Roster([Student("ada", "Ada L.", "", "A"), Student("zoe", "Zoë Q.", "", "B")])
    terms = {tiny.SECOND: LabTerms(weight=3.0)}
    page = BeautifulSoup(report(run, attempts, tmp_path, held=held, roster=people, terms=terms), "html.parser")
    table = {
        row.th["data-value"]: [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        for row in page.tbody.find_all("tr")
    }
    nobody = "– nothing handed in"
    assert table == {
        "Ada L.": ["97 %", "A", "7.75 ✓ passed by staff", nobody],  # 3.5 + 0.25 + 4 of 8
        "Zoë Q.": ["0 %", "B", nobody, nobody],
        "bo": ["62 %", "", "5 not yet late : 1 day late", nobody],
        "cy": ["62 %", "", "5 not yet", nobody],
    }
    foot = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.tfoot.find_all("tr")]
    assert foot == [
        ["Mean", "55 %", "", "5.9", "–"],  # of those who have a grade: (7.75 + 5 + 5) / 3
        ["Median", "62 %", "", "5", "–"],
        ["Passed", "", "", "1", "–"],
        ["Missing", "", "", "1", "–"],
    ]
    missing = " ".join(page.find(id="missing").get_text().split())
    assert "01_double, 1: Zoë Q." in missing
    assert "Nobody has handed in: 02_sign." in missing
    assert "weight 3" in page.thead.get_text()
    assert "bo, cy" in page.find(string="Not on the roster").find_next("p").get_text()


def test_a_value_to_sort_by_stands_in_every_cell_but_those_with_nothing(run, attempts, tmp_path):
    page = BeautifulSoup(report(run, attempts, tmp_path), "html.parser")
    first = page.thead.find_all("th")[2]
    assert first["data-name"] == tiny.FIRST
    values = [row.find_all(["th", "td"])[2]["data-value"] for row in page.tbody.find_all("tr")]
    assert values == ["4.0", "8.0", "5.0", "5.0", ""]  # the script, ada, bo, cy, dan


def test_the_hardest_exercises_are_those_that_students_had(keys, run, attempts):
    """A student whose copy lacks an exercise says nothing of how hard it is."""
    old = result("old", 4.0)
    old = replace(old, exercises=[old.exercises[1], not_in_copy("test-double", 4.0)])
    (double,) = (one for one in hardest(keys, [result("new", 2.0), old]) if "twice" in one.title)
    assert (double.share, double.attempted, double.submissions) == (0.5, 1, 1)
    assert [one.title for one in hardest(keys, [old])] == ["Exercise: half as much"]
