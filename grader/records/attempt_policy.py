"""Which of a student's attempts at a lab counts, and what handing it in late costs.

The record of attempts is never changed: what counts is a view of it. Another policy, another due date or an extension
changes the view of everything that was ever graded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from grader.course import Policy
from grader.records.attempt import Attempt
from grader.records.held_grades import Held
from grader.results import OPEN, PASS_MARK, Exercise, Result, not_in_copy, passes


@dataclass(frozen=True)
class Standing:
    """Where a student stands in a lab after an attempt.

    Args:
        number: of the attempt just looked at, among the hand-ins; grading the same file again makes no new one.
        new: whether this run added it.
        again: whether it only graded a hand-in anew that had been graded before.
        attempts: how many times the student handed in.
        late: of the attempt just looked at, in seconds; None when unknown.
        penalty: points that its lateness costs.
        counts: the attempt that counts, on today's scale.
        counts_number: its number.
        counts_late: by how many seconds it was late; None when unknown.
        counts_points: its points before lateness, with what staff entered on it.
        counts_penalty: points that lateness costs.
        policy: by which it was chosen.
        passed: whether the points that count reach the pass mark.
        grace: seconds after the due date that still were in time.
    """

    number: int
    new: bool
    again: bool
    attempts: int
    late: float | None
    penalty: float
    counts: Result
    counts_number: int
    counts_late: float | None
    counts_points: float
    counts_penalty: float
    policy: Policy
    passed: bool
    grace: float

    @property
    def score(self) -> float:
        """The points that count: of the attempt that counts, with what staff entered on it, less its penalty."""
        return round(self.counts_points - self.counts_penalty, 2)

    @property
    def is_the_one(self) -> bool:
        """Whether the attempt just looked at is the one that counts."""
        return self.number == self.counts_number


def no_penalty(student: str, graded: object, seconds: float) -> float | None:
    """Lateness costs nothing."""
    return None


@dataclass(frozen=True)
class AttemptPolicy:
    """How attempts count.

    Args:
        policy: "best" (with what staff entered on each and after penalties; the earlier hand-in of equals), "latest" or
            "first" (by hand-in time); default "best".
        penalty: (student, what has a score, seconds late) -> points or None; see `LateRules`. Default: none.
        due: due dates by lab (UTC, without zone), None for no date; default: lateness is as it was recorded.
        extensions: by (student, lab); default none.
        worth: what each exercise is worth today, by lab and name of its graded cell; default: as when it was graded.
        pass_mark: share of a lab's points that passes it; default 0.8.
        grace: seconds after the due date that still are in time, by course.toml; default 0.
        held: what the gradebook holds, by student and lab: what staff entered on each hand-in. Default: nothing.
    """

    policy: Policy = "best"
    penalty: Callable[[str, object, float], float | None] = no_penalty
    due: dict[str, datetime | None] = field(default_factory=dict)
    extensions: dict[tuple[str, str], timedelta] = field(default_factory=dict)
    worth: dict[str, dict[str, float]] = field(default_factory=dict)
    pass_mark: float = PASS_MARK
    grace: float = 0.0
    held: dict[tuple[str, str], Held] = field(default_factory=dict)

    def today(self, attempt: Attempt) -> Result:
        """Return an attempt on today's scale: each exercise keeps its share of what it is worth now.

        Exercises that the lab no longer has are left out; those that it got since earn nothing and say so.
        """
        result, worth = attempt.result(), self.worth.get(attempt.lab)
        if worth is None:
            return result
        before = {exercise.grade_id: exercise for exercise in result.exercises}
        exercises = [_worth(before.get(name), name, points) for name, points in worth.items()]
        return replace(result, exercises=exercises)

    def graded(self, attempt: Attempt) -> Result:
        """Return an attempt on today's scale, with what staff entered on it in place of the automatic points."""
        result = self.today(attempt)
        if (held := self.held.get((attempt.student, attempt.lab))) is None:
            return result
        worth = {exercise.grade_id: exercise.max_points for exercise in result.exercises}
        entered = held.entered_on(attempt.submission_sha256, worth)
        exercises = [replace(e, points=entered[e.grade_id].on(e)) if e.grade_id in entered else e
                     for e in result.exercises]  # fmt: skip
        return replace(result, exercises=exercises)

    def late(self, attempt: Attempt) -> float | None:
        """Return by how many seconds an attempt was late; None when unknown."""
        if attempt.lab not in self.due or attempt.timestamp is None:
            return attempt.late
        due = self.due[attempt.lab]
        if due is None:
            return None
        due += self.extensions.get((attempt.student, attempt.lab), timedelta())
        handed_in = datetime.fromisoformat(attempt.timestamp).replace(tzinfo=None)
        return max(0.0, (handed_in - due).total_seconds())

    def cost(self, attempt: Attempt) -> float:
        """Return the points that lateness takes from an attempt."""
        return self.penalty(attempt.student, self.graded(attempt), self.late(attempt) or 0.0) or 0.0

    def choose(self, attempts: Sequence[Attempt]) -> Attempt:
        """Return the attempt that counts, of all those of one student in one lab, ordered by number."""
        valid = [one for one in attempts if not _superseded(one, attempts)]
        if self.policy == "best":
            numbers = hand_ins(attempts)  # of the same file, graded several times, the last has the checks of today
            return max(valid, key=lambda one: (self._share(one), -numbers[one.number], not one.broken, one.number))
        chosen = in_order(valid)[-1 if self.policy == "latest" else 0]
        # One hand-in may have been graded several times; the last time that worked has the checks of today.
        again = [one for one in valid if _hand_in(one) == _hand_in(chosen)]
        return ([one for one in again if not one.broken] or again)[-1]

    def _share(self, attempt: Attempt) -> float:
        now = self.graded(attempt)
        return (now.score - self.cost(attempt)) / now.max_score if now.max_score else 0.0

    def standing(self, attempts: Sequence[Attempt], attempt: Attempt, *, new: bool) -> Standing:
        """Return where a student stands, seen from one of the attempts."""
        chosen, numbers = self.choose(attempts), hand_ins([*attempts, attempt])
        counts, points, cost = self.today(chosen), self.graded(chosen).score, self.cost(chosen)
        number = numbers[attempt.number]
        again = new and any(one < attempt.number and place == number for one, place in numbers.items())
        return Standing(
            number,
            new,
            again,
            max(numbers.values()),
            self.late(attempt),
            self.cost(attempt),
            counts,
            numbers[chosen.number],
            self.late(chosen),
            points,
            cost,
            self.policy,
            passes(round(points - cost, 2), counts.max_score, self.pass_mark),
            self.grace,
        )


def by_place(attempts: Iterable[Attempt]) -> dict[tuple[str, str], list[Attempt]]:
    """Return attempts by (student, lab), each in the order in which they came."""
    found: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in attempts:
        found.setdefault((attempt.student, attempt.lab), []).append(attempt)
    return found


def _worth(exercise: Exercise | None, name: str, points: float) -> Exercise:
    """Return an exercise on today's scale; None for one that the attempt's copy of the lab did not have."""
    if exercise is None:
        return not_in_copy(name, points)
    if exercise.max_points == points:
        return exercise
    scale = points / exercise.max_points if exercise.max_points else 0.0
    checks = [replace(c, points=c.points * scale, max_points=c.max_points * scale) for c in exercise.checks]
    return replace(exercise, points=exercise.points * scale, max_points=points, checks=checks)


def in_order(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return attempts as they were handed in: by time; one without a time comes after those recorded before it."""
    reached, placed = "", []
    for one in sorted(attempts, key=lambda one: one.number):
        reached = max(reached, one.timestamp or "")
        placed.append((one.timestamp or reached, one.number, one))
    return [one for *_, one in sorted(placed, key=lambda place: place[:2])]


def hand_ins(attempts: Sequence[Attempt]) -> dict[int, int]:
    """Return which hand-in each attempt graded, 1, 2, ..., by its number.

    The same bytes are one hand-in, however often they are graded, unless they were handed in at two known times.
    """
    found: list[tuple[str, str | None]] = []
    numbers = {}
    for one in sorted(attempts, key=lambda one: one.number):
        same = (n for n, (sha, when) in enumerate(found) if sha == one.submission_sha256
                and (when == one.timestamp or None in (when, one.timestamp)))  # fmt: skip
        place = next(same, len(found))
        before = found[place][1] if place < len(found) else None
        found[place : place + 1] = [(one.submission_sha256, one.timestamp or before)]
        numbers[one.number] = place + 1
    return numbers


def _hand_in(attempt: Attempt) -> tuple[str, str | None]:
    return attempt.submission_sha256, attempt.timestamp


def _superseded(attempt: Attempt, attempts: Sequence[Attempt]) -> bool:
    """Whether a later grade of the same bytes replaces this one, whatever the policy.

    A grade made without the sandbox may be the work of the submission itself; one without a date has escaped lateness.
    """

    def replaces(other: Attempt) -> bool:
        shut_off = other.sandbox != OPEN and attempt.sandbox == OPEN
        dated = other.timestamp is not None and attempt.timestamp is None
        return (shut_off or dated) and not other.broken

    later = (one for one in attempts if one.number > attempt.number)
    return any(replaces(one) for one in later if one.submission_sha256 == attempt.submission_sha256)
