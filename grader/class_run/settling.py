"""The gradebook follows today's points, dates and policy, also for those who are not graded now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.records.attempt import Attempt
from grader.records.attempt_policy import AttemptPolicy, by_place
from grader.records.gradebook import Gradebook


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
    held, lagging = book.held(), {}
    counting = replace(counting, held=held)
    settled = [one for one in attempts if one.lab in counting.worth and one.lab not in closed]
    for place, own in by_place(settled).items():
        standing, there = counting.standing(own, own[-1], new=False), held.get(place)
        counts = standing.counts
        by_hand = bool(there and there.entered and standing.counts_late)  # then the penalty follows what was entered
        moved = there is None or there.hand_in != counts.submission_sha256
        if moved or by_hand or there.automatic != counts.automatic or there.penalty != standing.counts_penalty:
            try:
                book.write(counts, counts.handed_in, counting.penalty)
            except Exception as error:
                student, lab = place
                said = f"{type(error).__name__}: {error}".strip().split("\n")[0]
                lagging[place] = f"{student}: {lab} is not as it should be in nbgrader's gradebook ({said})."
    return lagging
