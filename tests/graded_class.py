"""A tiny course with a roster and a class that has been graded in a moment: points are given, nothing runs."""

from __future__ import annotations

from pathlib import Path

import tiny_course as tiny
from nbgrader import api

from grader.class_run import grading_run
from grader.course import FILE
from grader.notebooks.answer_key import read_keys
from grader.results import CheckLine, Exercise, Message, Result

ROSTER = """id,name,e-mail,section,canvas,sis user id,id number,username
ada,"Lovelace, Ada",ada@uni.edu,Tue,4711,S-1,100200,alove
adam,Adam Smith,adam@uni.edu,Tue,4712,,100201,asmith
grace,=HYPERLINK(1),grace@uni.edu,Wed,,G-77,100202,ghop
josé,"Núñez, José",jose@uni.edu,Wed,4714,J-3,100203,jn
"""
DUE = "2026-03-31 12:00"
LATE = "2026-04-02 09:00:00 UTC"  # two days, begun
IN_TIME = "2026-03-30 09:30:00 UTC"
PLUGIN = """
from nbgrader.plugins import BasePlugin

class OneADay(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return float(-(-total_seconds_late // 86400))
"""


def make(root: Path, monkeypatch, roster: str = ROSTER) -> Path:
    """Make the course, with a due date and a point a day for lateness; answers get the points that they say."""
    tiny.make_course(root)
    (root / "roster.csv").write_text(roster, encoding="utf-8")
    due = f'[lab.{tiny.FIRST}]\ndue = "{DUE}"\n'
    (root / FILE).write_text(f'roster = "roster.csv"\ntime_zone = "Europe/Berlin"\n{due}')
    (root / "late.py").write_text(PLUGIN)
    (root / "nbgrader_config.py").write_text('c = get_config()\nc.AssignLatePenalties.plugin_class = "late.OneADay"\n')
    monkeypatch.setattr(grading_run, "grade", given)
    return root


def given(one, key, limits, sandbox, seed) -> Result:
    """Give each exercise the points that its answer cell holds, as `double = 3`."""
    said = {cell.grade_id: cell.source for cell in one.cells}
    exercises = []
    for cell in key.graded:
        name = cell.grade_id.removeprefix("test-")
        word, _, points = said[name].partition("=")
        points = float(points) if word.strip() == name and points else 0.0
        visible = CheckLine("It computes.", "pass" if points >= 3 else "fail", "", None, False, min(points, 3), 3.0)
        hidden = CheckLine("It also works for zero.", "skipped" if points < 3 else "fail", "", None, True, 0.0, 1.0)
        if points == 4:
            hidden = CheckLine("It also works for zero.", "pass", "", None, True, 1.0, 1.0)
        messages = [] if points == 4 else [Message("wrong", "expected 2, got <b>3</b>", "Look again.")]
        verdict = "pass" if points == 4 else "partial" if points else "fail"
        exercises.append(Exercise(cell.grade_id, points, cell.points, verdict, messages, [visible, hidden]))
    terms = vars(grading_run.terms(key, limits, sandbox, seed))
    time = grading_run.iso(one.timestamp)
    return Result(one.student, one.lab, one.sha256, exercises=exercises, **terms, seconds=0.1, timestamp=time)


def hand_in(root: Path, student: str, double: float, half: float, when: str = IN_TIME, lab: str = tiny.FIRST) -> None:
    """Hand in answers that are worth so many points."""
    answers = {"double": f"double = {double}", "half": f"half = {half}", "halve": f"halve = {half}"}
    tiny.hand_in(root / "submitted", student, tiny.notebook(root, lab, **answers), lab, when)


def database(root: Path) -> str:
    """The address of the course's own gradebook."""
    (root / ".nbgrader").mkdir(exist_ok=True)
    return f"sqlite:///{root / '.nbgrader' / 'gradebook.db'}"


def graded(root: Path):
    """Grade what was handed in, as `grader grade` does."""
    from grader.course import Course
    from grader.records import AttemptPolicy, LateRules

    plan = Course.of(root)
    counting = AttemptPolicy(plan.attempts, LateRules.of_course(root), pass_mark=plan.pass_mark)
    keys, copies = read_keys(root, []), root / ".nbgrader" / "autograded"
    options = {"sandbox": False, "due": plan.due(), "counting": counting, "copies": copies}
    run = grading_run.grade_all(root / "submitted", keys, database(root), **options)
    assert run.problems == []
    return run


def enter(root: Path, student: str, points: float, comment: str, cell: str = "test-double") -> None:
    """Enter points and a comment, as a person does in formgrader."""
    with api.Gradebook(database(root)) as book:
        grade = book.find_grade(cell, tiny.FIRST, tiny.FIRST, student)
        grade.manual_score = points
        book.find_comment(cell.removeprefix("test-"), tiny.FIRST, tiny.FIRST, student).manual_comment = comment
        book.db.commit()


def graded_class(root: Path, monkeypatch, roster: str = ROSTER) -> Path:
    """ada 7, a point less by hand and two for lateness; adam 4.5; grace nothing; josé 8, and 2 in the second lab."""
    make(root, monkeypatch, roster)
    hand_in(root, "ada", 4, 3, LATE)
    hand_in(root, "adam", 1.5, 3)
    hand_in(root, "josé", 4, 4)
    hand_in(root, "josé", 0, 2, lab=tiny.SECOND)
    graded(root)
    enter(root, "ada", 3, "Well, argued.\nMostly.")
    return root
