"""Two runs of the grader on one database at the same time: no record is lost, doubled or written over."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine
from two_runs import lose_and_double_nothing

from grader.records import attempts as attempts_module
from grader.records.attempts import Attempts
from grader.records.gradebook import GradebookError, database_url
from grader.records.writer_lock import WriterLock
from grader.results import Exercise, Result


def test_two_runs_at_once_lose_and_double_nothing(tmp_path):
    lose_and_double_nothing(tmp_path, f"sqlite:///{tmp_path / 'g.db'}")


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
    with WriterLock("sqlite://"), WriterLock("mysql+odd://host/db"):
        pass


def test_a_server_that_does_not_answer_is_one_sentence_without_the_password():
    lock = WriterLock(database_url("postgresql://ada:secret@127.0.0.1:1/db"))
    for _ in range(2):  # and the lock of the threads is free again
        with pytest.raises(GradebookError) as caught, lock:
            pass
    assert "postgresql+psycopg://ada:***@127.0.0.1:1/db cannot be opened (" in str(caught.value)
    assert "\n" not in str(caught.value)
