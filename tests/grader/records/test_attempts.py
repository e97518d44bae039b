"""Attempts are appended, never changed; the same bytes with the same checks add none; the best one counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from grader.records.attempts import Attempts
from grader.results import SHUT_OFF, CheckLine, Exercise, Message, Result, Terms


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
    assert standing.counts_number == best
    assert standing.score == max(scores)
    assert standing.attempts == len(scores)


def test_rows_are_never_changed(attempts):
    attempts.add(result(5, "s1"))
    before = [(a.id, a.best, a.score, a.graded_at) for a in attempts.all()]
    attempts.add(result(9, "s2"))
    assert [(a.id, a.best, a.score, a.graded_at) for a in attempts.all()][:1] == before


def test_better_is_judged_by_the_share_of_the_points(attempts):
    attempts.add(result(8, "s1", most=10))
    assert attempts.add(result(9, "s2", most=20)).counts_number == 1


def on(checks="c1", sandbox="unsandboxed", seed="id", **versions) -> Terms:
    """The terms of `result`, or others."""
    return Terms(checks, sandbox, seed, {"python": "3", "cell_seconds": "20"} | versions)


def test_the_same_bytes_on_the_same_terms_are_known(attempts):
    attempts.add(result(5))
    known = attempts.known("ada", "lab", "s1", on())
    assert known.number == 1
    assert attempts.again(known).new is False
    for other in (("bob", "lab", "s1"), ("ada", "lab2", "s1"), ("ada", "lab", "s2")):
        assert attempts.known(*other, on()) is None


@pytest.mark.parametrize(
    "terms",
    [on(checks="c2"), on(seed="other"), on(python="4"), on(torch="2"), on(sandbox=SHUT_OFF)],
    ids=["checks", "seed", "version", "package", "sandbox"],
)
def test_other_checks_seed_versions_or_the_sandbox_mean_grading_again_and_the_best_stays(terms, attempts):
    attempts.add(result(5))
    assert attempts.known("ada", "lab", "s1", terms) is None
    again = replace(result(9), **vars(terms))
    assert attempts.add(again).score == 9
    worse = replace(result(1), **vars(replace(terms, seed_id="a third")))
    standing = attempts.add(worse)
    assert (standing.new, standing.number, standing.attempts, standing.score) == (True, 1, 1, 9.0)
    assert attempts.known("ada", "lab", "s1", worse.terms).number == 3
    assert attempts.known("ada", "lab", "s1", terms) is None  # the last grading of a file is always that of today
    assert attempts.again(attempts.known("ada", "lab", "s1", worse.terms)).score == 9.0


def test_what_was_graded_shut_off_is_not_graded_again_without_the_sandbox(attempts):
    attempts.add(replace(result(5), sandbox=SHUT_OFF))
    assert attempts.known("ada", "lab", "s1", on(sandbox="unsandboxed")).number == 1


def test_a_standing_seen_from_an_old_attempt_still_names_the_best(attempts):
    attempts.add(result(5, "s1"))
    attempts.add(result(9, "s2"))
    standing = attempts.again(attempts.known("ada", "lab", "s1", on()))
    assert (standing.number, standing.counts_number, standing.attempts) == (1, 2, 2)


def test_what_the_grader_broke_is_graded_again(attempts):
    attempts.add(result(0, verdict="grader-error"))
    assert attempts.known("ada", "lab", "s1", on()) is None


def test_what_ran_out_of_time_is_graded_again_only_with_more_time(attempts):
    attempts.add(result(0, verdict="timeout", seconds="10"))
    assert attempts.known("ada", "lab", "s1", on(cell_seconds="10")).number == 1
    assert attempts.known("ada", "lab", "s1", on(cell_seconds="30")) is None


def at(hour: int) -> str:
    return f"2026-03-01T{hour:02d}:00:00+00:00"


def test_bytes_handed_in_again_after_others_are_a_new_attempt_graded_once(attempts):
    attempts.add(replace(result(5, "s1"), timestamp=at(1)))
    attempts.add(replace(result(9, "s2"), timestamp=at(2)))
    known = attempts.known("ada", "lab", "s1", on())
    assert attempts.again(known, at(1)).new is False  # the folder of the first collection, graded again
    standing = attempts.again(known, at(3))
    assert (standing.new, standing.number) == (True, 3)
    assert attempts.all()[2].result() == replace(result(5, "s1"), timestamp=at(3))
    assert attempts.again(attempts.known("ada", "lab", "s1", on()), at(3)).new is False
    assert attempts.again(attempts.known("ada", "lab", "s1", on()), at(4)).new is False  # nothing came between


def test_bytes_whose_date_is_known_only_now_get_it_by_a_new_attempt(attempts):
    attempts.add(result(5))
    standing = attempts.again(attempts.known("ada", "lab", "s1", on()), at(1))
    assert (standing.new, standing.number, standing.attempts, len(attempts.all())) == (True, 1, 1, 2)


def test_the_table_survives_being_opened_again(attempts, tmp_path):
    attempts.add(result(5))
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    assert len(Attempts(engine).all("ada", "lab")) == 1
    engine.dispose()
