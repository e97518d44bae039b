"""What a run records survives later runs: the best attempt, a person's score, and the record when a copy fails."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import datetime

import lms_downloads as lms
import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import create_engine

from grader.class_run import grading_run
from grader.collecting import gather
from grader.course import Course
from grader.notebooks.submission import iso
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades
from grader.records.gradebook import programs_on_path
from grader.reports.class_report import context
from grader.results import CellOutput, Exercise, Result


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def run(course, tmp_path, monkeypatch):
    """Hand in and grade: each exercise gets the points that the call names."""
    keys, url = tiny.keys_of(course), f"sqlite:///{tmp_path / 'g.db'}"

    def grade(points: float, **options):
        def given(one, key, limits, sandbox, seed):
            exercises = [Exercise(cell.grade_id, points, cell.points, "partial") for cell in key.graded]
            terms, shown = vars(grading_run.terms(key, limits, sandbox, seed)), [CellOutput(1, "print(1)", "1", [])]
            return Result(one.student, one.lab, one.sha256, exercises=exercises, **terms, seconds=0.1, shown=shown)

        monkeypatch.setattr(grading_run, "grade", given)
        tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(course, double=f"double = {points}"))
        return grading_run.grade_all(tmp_path / "in", keys, url, **options)

    grade.url = url
    return grade


def grade_of(url: str) -> tuple:
    with api.Gradebook(url) as book:
        grade = book.find_grade("test-double", tiny.FIRST, tiny.FIRST, "ada")
        return grade.auto_score, grade.manual_score, grade.score


def test_the_best_attempt_outlives_later_runs_and_a_persons_score_stays_with_its_own(run, tmp_path):
    for points in (2, 1, 3, 1):  # the last is the second once more
        assert run(points).problems == []
    engine = create_engine(run.url)
    assert [(a.number, a.score, a.best) for a in Attempts(engine).all()] == [
        (1, 4.0, True),
        (2, 2.0, False),
        (3, 6.0, True),
    ]
    assert grade_of(run.url) == (3.0, None, 3.0)
    with api.Gradebook(run.url) as book:
        book.find_grade("test-double", tiny.FIRST, tiny.FIRST, "ada").manual_score = 0.5
        book.db.commit()
    # 0.5 and 3 points of 8 now: what was entered stays with its attempt, and the best counts.
    for points, there in ((3, (2.0, None, 2.0)), (0, (2.0, None, 2.0)), (4, (4.0, None, 4.0))):
        assert run(points).problems == []
        assert grade_of(run.url) == there
    assert len(Attempts(engine).all()) == 5
    engine.dispose()
    with programs_on_path():
        command = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={run.url}", "--to", "out.csv"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert {row["assignment"]: row["score"] for row in rows if row["student_id"] == "ada"}[tiny.FIRST] == "8.0"


def test_a_copy_that_cannot_be_written_is_told_as_that_and_the_grade_stands(run, tmp_path):
    (tmp_path / "copies").write_text("a file where a folder should be")
    (problem,) = run(3, copies=tmp_path / "copies").problems
    assert problem.startswith("ada: the notebook of 01_double for formgrader could not be written (")
    assert grade_of(run.url)[0] == 3.0


def test_what_cells_showed_is_handed_on_once_and_kept_by_nobody_else(run):
    seen = []
    for _ in range(2):  # the second time the result is looked up
        (row,) = run(3, keep=seen.append).graded
        assert row.result.shown == []
    assert [(one.student, one.shown[0].text) for one in seen] == [("ada", "1")]


def test_outputs_that_cannot_be_kept_are_told_and_the_grade_stands(run):
    def full(result):
        raise OSError("the disk is full")

    found = run(3, keep=full)
    assert found.problems == ["ada: what the cells of 01_double showed could not be kept (OSError: the disk is full)."]
    assert grade_of(run.url)[0] == 3.0


def handed_in_twice(course, tmp_path, first: float, second: float, **times):
    """A download with two hand-ins of one student, the later one first in the zip."""
    files = {
        lms.canvas("ada", 1, upload, "x.ipynb"): json.dumps(tiny.notebook(course, double=f"double = {points}")).encode()
        for upload, points in ((20, second), (10, first))
    }
    return gather([lms.make_zip(tmp_path / "d.zip", files, times)], tiny.keys_of(course)).found


@pytest.fixture
def marked(monkeypatch):
    """Each answer is graded with the points that it names itself."""

    def given(one, key, limits, sandbox, seed):
        points = float(next(c.source for c in one.cells if c.grade_id == "double").rpartition(" ")[2])
        exercises = [Exercise(cell.grade_id, points, cell.points, "partial") for cell in key.graded]
        terms = vars(grading_run.terms(key, limits, sandbox, seed))
        told = {"seconds": 0.1, "timestamp": iso(one.timestamp), "notes": one.notes}
        return Result(one.student, one.lab, one.sha256, exercises=exercises, **terms, **told)

    monkeypatch.setattr(grading_run, "grade", given)


def test_several_hand_ins_of_one_student_are_attempts_in_their_order(course, tmp_path, marked):
    url = f"sqlite:///{tmp_path / 'g.db'}"
    for again in range(2):
        run = grading_run.grade_all(handed_in_twice(course, tmp_path, 3, 1), tiny.keys_of(course), url)
        assert run.problems == []
        ((row),) = run.rows
        assert (row.result.score, row.standing.number, row.standing.attempts) == (2.0, 2, 2)
        assert (row.standing.score, row.standing.new) == (6.0, again == 0)
    engine = create_engine(url)
    assert [(a.number, a.score) for a in Attempts(engine).all()] == [(1, 6.0), (2, 2.0)]
    engine.dispose()
    assert grade_of(url)[0] == 3.0


def test_the_same_bytes_handed_in_a_third_time_are_an_attempt_at_once(course, tmp_path, marked):
    lab, when = tmp_path / "in" / "ada" / tiny.FIRST, "2026-03-0{} 10:00"
    for number, points in ((1, 3), (2, 1), (3, 3)):
        folder = lab if number == 3 else lab / "earlier" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(tiny.notebook(course, double=f"double = {points}"))
        (folder / f"{tiny.FIRST}.ipynb").write_text(text)
        (folder / "timestamp.txt").write_text(when.format(number))
    url = f"sqlite:///{tmp_path / 'g.db'}"
    for _ in range(2):
        grading_run.grade_all(tmp_path / "in", tiny.keys_of(course), url)
        engine = create_engine(url)
        assert [a.timestamp[:10] for a in Attempts(engine).all()] == ["2026-03-01", "2026-03-02", "2026-03-03"]
        engine.dispose()


def test_no_time_of_hand_in_is_told_where_there_is_a_due_date(course, tmp_path, marked):
    keys, url = tiny.keys_of(course), f"sqlite:///{tmp_path / 'g.db'}"
    found = handed_in_twice(course, tmp_path, 3, 1)
    for due, said in (({}, []), ({tiny.FIRST: datetime(2020, 1, 1)}, ["ada"])):
        run = grading_run.grade_all(found, keys, url, due=due)
        grades = ClassGrades.of(keys, run.attempts, run.held, run.counting)
        alerts = context(grades, run, Course(course))["alerts"]
        undated = "no time of hand-in is known, so the due date costs nothing"
        assert [who for one in alerts if one.what == undated for who in one.students] == said


@pytest.mark.parametrize("broken", [1, 2])
def test_a_damaged_hand_in_is_told_and_takes_no_page_from_a_later_one(broken, course, tmp_path, marked):
    lab = tmp_path / "in" / "ada" / tiny.FIRST
    for number, folder in ((1, lab / "earlier" / "1"), (2, lab)):
        folder.mkdir(parents=True, exist_ok=True)
        text = "{" if number == broken else json.dumps(tiny.notebook(course, double="double = 3"))
        (folder / f"{tiny.FIRST}.ipynb").write_text(text)
    run = grading_run.grade_all(tmp_path / "in", tiny.keys_of(course), f"sqlite:///{tmp_path / 'g.db'}")
    assert [type(row).__name__ for row in run.rows] == (["Graded"] if broken == 1 else ["Graded", "Refusal"])
    (problem,) = run.problems
    assert "is not valid JSON" in problem
