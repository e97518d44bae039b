"""A run killed at any moment: the same command again does the rest, with nothing lost, doubled or left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_course as tiny
from nbgrader import api
from sqlalchemy import create_engine

from grader.class_run.grading_run import grade_all
from grader.records import gradebook
from grader.records.attempts import Attempts
from grader.records.gradebook import Gradebook
from grader.sandbox import temporary_folders as leftovers

STUDENTS = ["a-slow", "b", "c", "d", "e"]
SLOW = "def double(x):\n    return 2 * x\nwhile True:\n    pass"
PATIENCE = 120  # seconds, for a machine with much else to do


def until(happened, process: subprocess.Popen | None = None) -> None:
    """Wait until something has happened; fail when it does not, or when the process ends before."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it never happened"
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.02)


class Course:
    """A class of five, one of whom runs into the time limit, and the command that grades it."""

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.db = tiny.make_course(root), root / "out", root / "g.db"
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        for student in STUDENTS:
            answers = tiny.GOOD | ({"double": SLOW} if student == "a-slow" else {})
            tiny.hand_in(root / "in", student, tiny.notebook(self.root, **answers))

    def start(self) -> subprocess.Popen:
        command = [
            sys.executable,
            "-c",
            "from grader.cli import app; app()",
            "grade",
            self.root / "in",
            "--out",
            self.out,
        ]
        command += ["--db", self.db, "--root", self.root, "--workers", "1", "--timeout", "2", "--lab", tiny.FIRST]
        environment = os.environ | {"TMPDIR": str(self.temporary)}
        texts = [str(part) for part in command]
        return subprocess.Popen(texts, env=environment, stdout=-1, stderr=-1, text=True, cwd=self.root)

    def recorded(self) -> list[tuple] | None:
        """What the database holds: student, number, score; None as long as it has no such table."""
        if not self.db.exists():
            return None
        book = sqlite3.connect(self.db, timeout=60)
        try:
            return book.execute("SELECT student, number, score FROM lora_attempt ORDER BY id").fetchall()
        except sqlite3.OperationalError:
            return None
        finally:
            book.close()

    def folders(self) -> list[Path]:
        return list(self.temporary.glob("grader-*"))

    def running(self) -> list[str]:
        """Processes of any run: their environment names the temporary folder, and that of all forks is the same."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                found += [path.parent.name] if str(self.temporary).encode() in path.read_bytes() else []
            except OSError:
                continue
        return found


@pytest.mark.kernel
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_a_run_killed_again_and_again_loses_doubles_and_leaves_nothing(tmp_path):
    course = Course(tmp_path)
    moments = [
        lambda: len(course.running()) >= 2,  # the engine is only starting
        lambda: course.recorded() is not None and time.sleep(0.5) is None,  # the first is being graded
        lambda: len(course.recorded() or ()) >= 1,
        lambda: len(course.recorded() or ()) >= 3,
    ]
    for moment in moments:
        process = course.start()
        until(moment, process)
        before = course.recorded()
        process.kill()  # the grader alone, not its children
        process.communicate()
        assert set(before or ()) <= set(course.recorded() or ())
        until(lambda: not course.running())
        assert not [path for path in course.folders() if path.name.startswith("grader-warm-")]
        for folder in course.folders():  # of the canary, which nobody could remove
            os.utime(folder, (0, 0))
    process = course.start()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out + err
    assert sorted(course.recorded()) == [(name, 1, 4.0 if name == "a-slow" else 8.0) for name in STUDENTS]
    with api.Gradebook(f"sqlite:///{course.db}") as book:
        for student in STUDENTS:
            assert book.find_submission(tiny.FIRST, student).score == (4.0 if student == "a-slow" else 8.0)
    assert len(list(course.out.glob(f"feedback/*/{tiny.FIRST}.html"))) == len(STUDENTS)
    assert course.folders() == []
    assert {path.name for path in tmp_path.glob("g.db*")} <= {"g.db", "g.db.lock"}


class Killed(BaseException):
    """Nothing catches this, as nothing survives a kill."""


@pytest.mark.kernel
def test_killed_between_record_and_gradebook_the_next_run_sets_the_gradebook_right(tmp_path, monkeypatch):
    root, url = tiny.make_course(tmp_path), f"sqlite:///{tmp_path / 'g.db'}"
    keys = tiny.keys_of(root)
    tiny.hand_in(tmp_path / "in", "ada", tiny.notebook(root, **tiny.GOOD))

    def killed(*_):
        raise Killed

    monkeypatch.setattr(Gradebook, "_write", killed)
    with pytest.raises(Killed):
        grade_all(tmp_path / "in", keys, url)
    monkeypatch.undo()
    engine = create_engine(url)
    assert [one.score for one in Attempts(engine).all()] == [8.0]
    with api.Gradebook(url) as book:
        assert book.db.query(api.SubmittedAssignment).count() == 0
    (row,) = grade_all(tmp_path / "in", keys, url).graded
    assert (row.standing.new, row.standing.attempts) == (False, 1)
    with api.Gradebook(url) as book:
        assert book.find_submission(tiny.FIRST, "ada").score == 8.0
    engine.dispose()


def test_killed_while_the_gradebook_is_made_there_is_none_and_the_next_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "g.db"

    def killed():
        raise Killed

    monkeypatch.setattr(api, "get_alembic_version", killed)
    with pytest.raises(Killed):
        Gradebook(f"sqlite:///{path}")
    assert not path.exists()
    monkeypatch.setattr(api, "get_alembic_version", gradebook.newest_schema)
    with Gradebook(f"sqlite:///{path}"):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["g.db"]
    book = sqlite3.connect(path)
    assert book.execute("SELECT version_num FROM alembic_version").fetchall() == [(gradebook.newest_schema(),)]
    book.close()


def test_folders_of_dead_runs_are_swept_up_and_those_in_use_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers.tempfile, "tempdir", str(tmp_path))
    used, claim = leftovers.claimed("grader-warm-")
    dead, gone = leftovers.claimed("grader-canary-")
    young, also = leftovers.claimed("grader-warm-")
    os.close(gone)
    os.close(also)
    other = tmp_path / "grader-build-x"
    (Path(dead) / "full").mkdir()
    other.mkdir()
    (tmp_path / "grader-warm-link").symlink_to(other)
    for path in (used, dead, other):
        os.utime(path, (0, 0))
    leftovers.sweep()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {Path(used).name, Path(young).name, "grader-build-x", "grader-warm-link"}
    os.close(claim)
    leftovers.sweep()
    assert not Path(used).exists()
    with leftovers.temporary("grader-canary-") as folder:
        assert Path(folder).is_dir()
    assert not Path(folder).exists()
