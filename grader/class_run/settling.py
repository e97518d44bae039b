"""The gradebook follows today's points, dates and policy, also for those who are not graded now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from grader.records.attempt import Attempt
from grader.records.attempt_policy import AttemptPolicy
from grader.records.gradebook import Gradebook
from grader.results import Result


def settle(
    book: Gradebook, attempts: Iterable[Attempt], counting: AttemptPolicy, closed: Iterable[str] = ()
) -> dict[tuple[str, str], str]:
    """Write every grade that is not as it should be.

    Args:
        book: nbgrader's gradebook.
        attempts: all of them, oldest first.
        counting: which of them count; labs that it knows no points of are left as they are.
        closed: labs whose grades the gradebook cannot take.

    Returns:
        A sentence for each (student, lab) that could not be written.
    """
    by_place: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in attempts:
        if attempt.lab in counting.worth and attempt.lab not in closed:
            by_place.setdefault((attempt.student, attempt.lab), []).append(attempt)
    held, lagging = book.held(), {}
    for place, own in by_place.items():
        standing, there = counting.standing(own, own[-1], new=False), held.get(place)
        automatic = {e.grade_id: None if e.verdict == "grader-error" else e.points for e in standing.counts.exercises}
        by_hand = bool(there and there.entered and standing.counts_late)  # then the penalty follows what was entered
        if there is None or by_hand or there.automatic != automatic or there.penalty != standing.counts_penalty:
            try:
                book.write(standing.counts, moment_of(standing.counts), counting.penalty)
            except Exception as error:
                student, lab = place
                said = f"{type(error).__name__}: {error}".strip().split("\n")[0]
                lagging[place] = f"{student}: {lab} is not as it should be in nbgrader's gradebook ({said})."
    return lagging


def moment_of(result: Result) -> datetime | None:
    """Return when a result's file was handed in, as nbgrader keeps it: UTC, without zone."""
    return datetime.fromisoformat(result.timestamp).replace(tzinfo=None) if result.timestamp else None
