"""What a run records survives later runs: the best attempt, a person's score, and the record when a copy fails."""

from __future__ import annotations

import csv
import subprocess
import sys

import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import create_engine

from grader.class_run import grading_run
from grader.records.attempts import Attempts
from grader.records.gradebook import programs_on_path
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


def test_the_best_attempt_and_a_persons_score_outlive_later_runs(run, tmp_path):
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
    for points, automatic in ((3, 3.0), (0, 3.0), (4, 4.0)):
        assert run(points).problems == []
        assert grade_of(run.url) == (automatic, 0.5, 0.5)
    assert len(Attempts(engine).all()) == 5
    engine.dispose()
    with programs_on_path():
        command = [sys.executable, "-m", "nbgrader", "export", f"--CourseDirectory.db_url={run.url}", "--to", "out.csv"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert {row["assignment"]: row["score"] for row in rows if row["student_id"] == "ada"}[tiny.FIRST] == "4.5"


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
