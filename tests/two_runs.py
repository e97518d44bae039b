"""Two runs of the grader on one database at the same time, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import tiny_course as tiny
from sqlalchemy import create_engine

from grader.records.attempts import Attempts
from grader.records.gradebook import Gradebook

RUN = """
import json, sys, time
from datetime import datetime
from pathlib import Path
from grader.class_run import grading_run
from grader.notebooks.answer_key import read_keys
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


def lose_and_double_nothing(folder: Path, url: str) -> None:
    """Have two runs grade twelve students at once, half of them the same bytes twice, and look what was recorded."""
    course, start = tiny.make_course(folder), folder / "ready"
    start.mkdir()
    runs, students = [], [f"s{n:02d}" for n in range(12)]
    for number, points in ((0, 1), (1, 3)):
        for student in students:
            data = tiny.notebook(course, **tiny.GOOD)
            data["metadata"]["hand_in"] = 0 if student < "s06" else number  # the first half are the same bytes twice
            tiny.hand_in(folder / f"in{number}", student, data)
        command = [sys.executable, "-c", RUN, course, folder / f"in{number}", url, start, points]
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
