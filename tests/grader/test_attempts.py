"""Attempts are appended, never changed; the same bytes with the same checks add none; the best one counts."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from grader.attempts import Attempts
from grader.results import CheckLine, Exercise, Message, Result


@pytest.fixture
def attempts(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    yield Attempts(engine)
    engine.dispose()


def result(points: float, sha: str = "s1", *, student="ada", checks="c1", verdict="partial", most=10.0, seconds="20"):
    line = CheckLine("It holds.", "fail", "expected 1, got 2", "Look.", True, 0.0, 1.0)
    exercise = Exercise("test-x", points, most, verdict, [Message("m", "text", "hint")], [line])
    versions = {"python": "3", "cell_seconds": seconds}
    return Result(student, "lab", sha, checks, [exercise], "unsandboxed", "id", versions, 1.5, None, ["f"], ["n"])


def test_an_attempt_comes_back_as_it_went_in(attempts):
    attempts.add(result(7), late=12.5)
    (stored,) = attempts.all()
    assert stored.result() == result(7)
    assert (stored.number, stored.score, stored.max_score, stored.passed, stored.late) == (1, 7.0, 10.0, False, 12.5)
    assert stored.graded_at.endswith("+00:00")


def test_numbers_count_per_student_and_lab(attempts):
    assert [attempts.add(result(1, f"s{i}")).number for i in range(3)] == [1, 2, 3]
    assert attempts.add(result(1, "s0", student="bob")).number == 1


@pytest.mark.parametrize(
    ("scores", "best"),
    [([5, 9, 7], 2), ([9, 5], 1), ([5, 5], 1), ([0, 0, 1], 3), ([10], 1)],
)
def test_the_best_attempt_counts_and_the_earlier_one_of_equals(scores, best, attempts):
    for number, points in enumerate(scores):
        standing = attempts.add(result(points, f"s{number}"))
    assert standing.best_number == best
    assert standing.best.score == max(scores)
    assert standing.attempts == len(scores)


def test_rows_are_never_changed(attempts):
    attempts.add(result(5, "s1"))
    before = [(a.id, a.best, a.score, a.graded_at) for a in attempts.all()]
    attempts.add(result(9, "s2"))
    assert [(a.id, a.best, a.score, a.graded_at) for a in attempts.all()][:1] == before


def test_better_is_judged_by_the_share_of_the_points(attempts):
    attempts.add(result(8, "s1", most=10))
    assert attempts.add(result(9, "s2", most=20)).best_number == 1


def test_the_same_bytes_with_the_same_checks_are_known(attempts):
    attempts.add(result(5))
    known = attempts.known("ada", "lab", "s1", "c1", 20)
    assert known.number == 1
    assert attempts.standing(known).new is False
    for other in (("bob", "lab", "s1", "c1"), ("ada", "lab2", "s1", "c1"), ("ada", "lab", "s2", "c1")):
        assert attempts.known(*other, 20) is None
    assert attempts.known("ada", "lab", "s1", "c2", 20) is None  # the checks have changed


def test_a_standing_seen_from_an_old_attempt_still_names_the_best(attempts):
    attempts.add(result(5, "s1"))
    attempts.add(result(9, "s2"))
    standing = attempts.standing(attempts.known("ada", "lab", "s1", "c1", 20))
    assert (standing.number, standing.best_number, standing.attempts) == (1, 2, 2)


def test_what_the_grader_broke_is_graded_again(attempts):
    attempts.add(result(0, verdict="grader-error"))
    assert attempts.known("ada", "lab", "s1", "c1", 20) is None


def test_what_ran_out_of_time_is_graded_again_only_with_more_time(attempts):
    attempts.add(result(0, verdict="timeout", seconds="10"))
    assert attempts.known("ada", "lab", "s1", "c1", 10).number == 1
    assert attempts.known("ada", "lab", "s1", "c1", 30) is None


def test_the_table_survives_being_opened_again(attempts, tmp_path):
    attempts.add(result(5))
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    assert len(Attempts(engine).all("ada", "lab")) == 1
    engine.dispose()
