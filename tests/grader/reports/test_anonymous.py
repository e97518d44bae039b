"""The report without names: the same numbers, and nobody's name anywhere in it."""

from __future__ import annotations

import re

import pytest
import tiny_course as tiny
from class_pages import COURSE, grades_of
from sqlalchemy import create_engine

from grader.class_run.answer_comparison import SharedAnswer
from grader.class_run.grading_run import Run
from grader.collecting.roster import Roster, Student
from grader.notebooks.submission import Refusal
from grader.records.attempts import Attempts
from grader.records.held_grades import Entered, Held
from grader.reports.class_report import write_class_report
from grader.results import Exercise, Message, Result

NAMES = ("ada", "Lovelace", "bo@example.org", "Section Q", "secret comment", "cy")


@pytest.fixture
def reports(tmp_path):
    """Both reports of a small class."""
    keys, engine = tiny.keys_of(tiny.make_course(tmp_path)), create_engine("sqlite://")
    attempts = Attempts(engine)
    for student, points in (("ada", 4.0), ("bo", 1.0)):
        wrong = [] if points == 4 else [Message("wrong-number", "expected 2, got 1")]
        exercises = [Exercise("test-double", points, 4.0, "pass" if points == 4 else "partial", wrong)]
        attempts.add(
            Result(student, tiny.FIRST, student, "c", exercises, "unsandboxed", "id", {}, 1.0, None, ["flag-a"])
        )
    held = {("bo", tiny.FIRST): Held(entered={"test-double": Entered(2.0, 0.0, "secret comment")})}
    roster = Roster([Student("ada", "Lovelace, Ada", section="Section Q"), Student("bo", "Bo", "bo@example.org")])
    run = Run(keys)
    run.rows.append(Refusal("cy", tiny.FIRST, "cy/x.ipynb", "is empty", "save it"))
    run.shared.append(SharedAnswer(tiny.FIRST, "Doubling", ["ada", "bo"]))
    grades = grades_of(run, attempts, held, roster)
    engine.dispose()
    paths = [write_class_report(grades, run, tmp_path / "out", COURSE, named=named) for named in (True, False)]
    assert [path.name for path in paths] == ["report.html", "report-anonymous.html"]
    return [path.read_text(encoding="utf-8") for path in paths]


def test_no_name_is_in_it(reports):
    named, anonymous = reports
    assert all(name in named for name in NAMES[:1])
    assert [name for name in NAMES if re.search(rf"\b{re.escape(name)}\b", anonymous)] == []
    assert 'href="feedback' in named
    assert 'href="feedback' not in anonymous


def test_the_numbers_are_the_same(reports):
    rows = [re.findall(r'<td data-value="([\d.]+)"><span class="points">', text) for text in reports]
    assert sorted(rows[0]) == sorted(rows[1]) == ["2.0", "4.0"]
    assert "student 1" in reports[1]
    for text in reports:
        assert "wrong-number" in text
        assert "flag-a" in text
        assert "not graded" in text
