"""Two runs of the grader on one database at the same time: no record is lost, doubled or written over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import tiny_course as tiny
from sqlalchemy import create_engine

from grader import attempts as attempts_module
from grader.attempts import Attempts
from grader.gradebook import Gradebook
from grader.results import Exercise, Result
from grader.writer_lock import WriterLock

RUN = """
import json, sys, time
from datetime import datetime
from pathlib import Path
from grader import grading_run
from grader.answer_key import read_keys
from grader.results import Exercise, Result

root, submitted, url, start, points = sys.argv[1:]

def quick(one, key, limits=None, sandbox=True, seed=None):
    exercises = [Exercise(cell.grade_id, float(points), cell.points, "partial") for cell in key.graded]
    return Result(one.student, one.lab, one.sha256, key.sha256, exercises, "unsandboxed", "id",
                  {"cell_seconds": "20"}, 0.1, None)

grading_run.grade = quick
keys = read_keys(Path(root), [])
Path(start, points).touch()
while len(list(Path(start).iterdir())) < 2:  # until the other one is as far
    time.sleep(0.001)
run = grading_run.grade_all(Path(submitted), keys, url)
print(json.dumps(run.problems))
"""


def test_two_runs_at_once_lose_and_double_nothing(tmp_path):
    course, start = tiny.make_course(tmp_path), tmp_path / "ready"
    start.mkdir()
    url = f"sqlite:///{tmp_path / 'g.db'}"
    runs, students = [], [f"s{n:02d}" for n in range(12)]
    for number, points in ((0, 1), (1, 3)):
        for student in students:
            data = tiny.notebook(course, **tiny.GOOD)
            data["metadata"]["hand_in"] = 0 if student < "s06" else number  # the first half are the same bytes twice
            tiny.hand_in(tmp_path / f"in{number}", student, data)
        command = [sys.executable, "-c", RUN, course, tmp_path / f"in{number}", url, start, points]
        runs.append(subprocess.Popen([str(part) for part in command], stdout=-1, stderr=-1, text=True))
    for run in runs:
        out, err = run.communicate(timeout=100)
        assert run.returncode == 0, err
        assert json.loads(out) == []
    engine = create_engine(url)
    found = Attempts(engine).all()
    engine.dispose()
    for student in students:
        numbers = [attempt.number for attempt in found if attempt.student == student]
        assert numbers == ([1] if student < "s06" else [1, 2])
    with Gradebook(url) as book:
        for student in students:
            best = max(attempt.score for attempt in found if attempt.student == student)
            assert book._book.find_submission(tiny.FIRST, student).score == best


def result(sha: str, points: float) -> Result:
    exercise = Exercise("test-x", points, 10.0, "partial")
    return Result("ada", "lab", sha, "c", [exercise], "unsandboxed", "id", {"cell_seconds": "20"}, 1.0, None)


def test_a_number_taken_meanwhile_is_passed_over(tmp_path, monkeypatch):
    """On a server there is no file to lock: the second writer meets the first one's row."""
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    first, second, other = Attempts(engine), Attempts(engine), []

    def share(attempt):  # asked between looking and writing
        if not other:
            other.append(None)
            other[0] = second.add(result("other", 9))
        return attempt.score

    first.add(result("before", 1))
    monkeypatch.setattr(attempts_module, "_share", share)
    standing = first.add(result("mine", 5))
    assert other[0].number == 2
    assert (standing.number, standing.counts_number) == (3, 2)
    assert [(attempt.number, attempt.submission_sha256) for attempt in first.all()] == [
        (1, "before"),
        (2, "other"),
        (3, "mine"),
    ]
    engine.dispose()


def test_the_same_bytes_recorded_by_another_run_meanwhile_add_nothing(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    Attempts(engine).add(result("same", 5))
    standing = Attempts(engine).add(result("same", 5))
    assert (standing.number, standing.new, standing.attempts) == (1, False, 1)
    engine.dispose()


def test_the_lock_is_beside_the_database(tmp_path: Path):
    with WriterLock(f"sqlite:///{tmp_path / 'g.db'}"):
        assert [path.name for path in tmp_path.iterdir()] == ["g.db.lock"]
    with WriterLock("postgresql://host/db"), WriterLock("sqlite://"):
        pass
