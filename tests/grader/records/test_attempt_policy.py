"""Which attempt counts is a view of the record: by policy, after what lateness costs, with the dates of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine

from grader.records.attempt_policy import AttemptPolicy, Standing
from grader.records.attempts import Attempts
from grader.results import OPEN, SHUT_OFF, Exercise, Result

DUE = {"lab": datetime(2026, 3, 1, 12)}


def result(points: float, sha: str, hour: int | None = None, verdict="partial", **other) -> Result:
    exercise = Exercise("test-x", points, 10.0, verdict)
    timestamp = f"2026-03-01T{hour:02d}:00:00+00:00" if hour is not None else None
    one = Result("ada", "lab", sha, "c", [exercise], SHUT_OFF, "id", {"cell_seconds": "20"}, 1.0, timestamp)
    return replace(one, **other)


def after(counting: AttemptPolicy, *results: Result) -> Standing:
    """Record results in order and return the standing after the last."""
    engine = create_engine("sqlite://")
    attempts = Attempts(engine, counting)
    standing = [attempts.add(one) for one in results][-1]
    engine.dispose()
    assert standing.attempts == len({one.submission_sha256 for one in results})  # however often one was graded
    return standing


def two_points_an_hour(student, graded, seconds):
    return min(2 * seconds / 3600, graded.score)


@pytest.mark.parametrize(
    ("hours", "numbers"),
    [
        ((1, 2, 3), {"best": 2, "latest": 3, "first": 1}),
        ((3, 2, 1), {"best": 2, "latest": 1, "first": 3}),  # collected in the wrong order
        ((None, None, None), {"best": 2, "latest": 3, "first": 1}),
        ((3, None, 1), {"best": 2, "latest": 2, "first": 3}),  # without a time: after what was recorded before it
        ((None, 2, 1), {"best": 2, "latest": 2, "first": 1}),
    ],
)
@pytest.mark.parametrize("policy", ["best", "latest", "first"])
def test_the_policy_decides_by_points_or_by_time(policy, hours, numbers):
    rows = [result(points, f"s{n}", hour) for n, (points, hour) in enumerate(zip((5, 9, 7), hours, strict=True))]
    standing = after(AttemptPolicy(policy), *rows)
    assert (standing.counts_number, standing.policy) == (numbers[policy], policy)
    assert standing.score == (5, 9, 7)[numbers[policy] - 1]
    assert standing.is_the_one is (numbers[policy] == 3)


@pytest.mark.parametrize("policy", ["latest", "first"])
def test_of_one_hand_in_graded_twice_the_later_grade_counts_unless_the_grader_broke(policy):
    first, again = result(9, "s1", 1), result(4, "s1", 1, checks_sha256="mended")
    standing = after(AttemptPolicy(policy), first, again)
    assert (standing.counts_number, standing.score) == (1, 4)
    assert (
        after(AttemptPolicy(policy), first, replace(again, exercises=[Exercise("x", 0, 10, "grader-error")])).score == 9
    )


@pytest.mark.parametrize("policy", ["best", "latest", "first"])
def test_a_grade_made_in_the_sandbox_replaces_one_made_without(policy):
    without = result(10, "s1", 1, sandbox=OPEN)
    assert after(AttemptPolicy(policy), without, result(2, "s1", 1)).score == 2
    assert after(AttemptPolicy(policy), without, result(0, "s1", 1, verdict="grader-error")).score == 10
    assert after(AttemptPolicy("best"), without, result(2, "s2", 1)).score == 10  # other bytes


def test_the_best_after_its_penalty_counts():
    counting = AttemptPolicy("best", two_points_an_hour, DUE)
    standing = after(counting, result(7, "s1", 12), result(10, "s2", 14), result(8, "s3", 13))
    assert (standing.counts_number, standing.score, standing.counts_penalty) == (1, 7.0, 0.0)
    assert (standing.late, standing.penalty) == (3600.0, 2.0)  # of the attempt just looked at
    standing = after(counting, result(5, "s1", 12), result(10, "s2", 13))
    assert (standing.counts_number, standing.counts.score, standing.score, standing.passed) == (2, 10.0, 8.0, True)
    assert after(counting, result(5, "s1", 12), result(10, "s2", 14)).passed is False


def test_due_dates_and_extensions_of_today_decide_about_attempts_of_then():
    rows = result(6, "s1", 11), result(9, "s2", 14)
    assert after(AttemptPolicy("best", two_points_an_hour, DUE), *rows).counts_number == 1
    extended = AttemptPolicy("best", two_points_an_hour, DUE, {("ada", "lab"): timedelta(hours=1)})
    standing = after(extended, *rows)
    assert (standing.counts_number, standing.score, standing.late) == (2, 7.0, 3600.0)
    assert after(replace(extended, extensions={("bob", "lab"): timedelta(hours=1)}), *rows).counts_number == 1
    assert after(AttemptPolicy("best", two_points_an_hour, {"lab": None}), *rows).late is None


def test_a_date_that_comes_to_be_known_replaces_the_attempt_without_one():
    counting = AttemptPolicy("best", two_points_an_hour, DUE)
    assert after(counting, result(9, "s1")).score == 9
    standing = after(counting, result(9, "s1"), result(9, "s1", 14, seed_id="other"))
    assert (standing.counts_number, standing.score) == (1, 5.0)


def test_the_same_bytes_at_another_time_are_another_hand_in():
    standing = after(AttemptPolicy(), result(9, "s1", 1), result(9, "s2", 2))
    assert standing.attempts == 2
    rows = [result(9, "s1", 1), result(5, "s2", 2)]
    rows += [result(points, "s1", 3, checks_sha256=checks) for points, checks in ((9, "new"), (8, "mended"))]
    engine = create_engine("sqlite://")
    attempts = Attempts(engine, AttemptPolicy("latest"))
    numbers = [(one.number, one.attempts) for one in map(attempts.add, rows)]
    engine.dispose()
    assert numbers == [(1, 1), (2, 2), (3, 3), (3, 3)]


def test_attempts_are_compared_and_counted_on_todays_scale():
    old = replace(result(10, "s1", 1), exercises=[Exercise("a", 4, 4, "pass"), Exercise("gone", 0, 6, "fail")])
    new = replace(result(10, "s2", 2), exercises=[Exercise("a", 4, 8, "partial"), Exercise("b", 4, 4, "pass")])
    standing = after(AttemptPolicy(worth={"lab": {"a": 8, "b": 4}}), old, new)
    assert (standing.counts_number, standing.score, standing.counts.max_score) == (1, 8, 12)
    standing = after(AttemptPolicy(worth={"lab": {"a": 2, "b": 6}}), old, new)
    assert (standing.counts_number, standing.score, standing.passed) == (2, 7, True)
    assert after(AttemptPolicy(worth={"lab": {"a": 2, "b": 6}}, pass_mark=0.9), old, new).passed is False
