"""The hand-ins of each student and lab: in what order they came, which are attempts, and which came last."""

from __future__ import annotations

from collections.abc import Iterable

from grader.build.build import NOTEBOOKS
from grader.collecting.claims import GITHUB
from grader.collecting.collection import (
    EARLIER_PLACE,
    NOTHING,
    REFUSED,
    SUPERSEDED,
    TAKEN,
    Collection,
    HandIn,
    earlier_than,
)
from grader.notebooks.notebook_file import Unreadable
from grader.text.moments import in_time


def put_in_order(collection: Collection, hand_ins: Iterable[HandIn], earlier: set[str]) -> None:
    """Note of every hand-in what becomes of it, and of each student and lab which ones are graded.

    Args:
        collection: gets a line for each, and those that are graded, oldest first.
        hand_ins: as they were read.
        earlier: students of whom something was collected before.
    """
    hand_ins, groups, spelt = list(hand_ins), {}, {}
    for student in earlier | {one.submission.student for one in hand_ins}:
        spelt.setdefault(student.casefold(), set()).add(student)
    for one in hand_ins:
        others = spelt[one.submission.student.casefold()] - {one.submission.student}
        if others:  # one folder on many systems, so the later would write over the earlier
            fault = f"is of {one.submission.student!r}, and there is {sorted(others)[0]!r} as well"
            collection.refuse(one.line(REFUSED), Unreadable(fault, "give a roster, or one spelling to both"))
            continue
        groups.setdefault((one.submission.student, one.submission.lab), []).append(one)
    for place, group in sorted(groups.items()):
        placed = in_time(sorted(group, key=lambda one: one.order), lambda one: one.time)
        if work := _work(collection, [one for _, one in placed]):
            _take(collection, place, work)


def _work(collection: Collection, group: list[HandIn]) -> list[HandIn]:
    """Leave out the lab as it was handed out: in a clone of the course's repository, and beside somebody's work.

    Where a platform says in what order things came, or an earlier collection did, each of them is an attempt.
    """
    ordered = any(one.submission.timestamp or one.claim.upload or EARLIER_PLACE.search(one.entry.path) for one in group)
    beside = not ordered and any(not one.untouched for one in group)
    kept = []
    for one in group:
        of_kit = one.claim.platform == GITHUB or f"/{NOTEBOOKS}/{one.submission.lab}/" in one.entry.path
        if one.untouched and (beside or of_kit):
            collection.say(one.line(NOTHING, "is the lab as it was handed out, and nothing that somebody did"))
        else:
            kept.append(one)
    return kept


def _take(collection: Collection, place: tuple[str, str], group: list[HandIn]) -> None:
    """Take one student's hand-ins of one lab: the last, the earlier ones as attempts, and the same file once."""
    numbered = {(one.claim.platform, one.claim.number) for one in group if one.claim.number}
    if len(numbered) > len({platform for platform, _ in numbered}):  # two numbers on one platform: two people
        numbers = " and ".join(sorted(number for _, number in numbered))
        fault = f"is of one of several people called {place[0]!r} ({numbers})"
        for one in group:
            collection.refuse(
                one.line(REFUSED), Unreadable(fault, "give a roster with a column that holds these numbers")
            )
        return
    kept: list[HandIn] = []
    for one in group:
        if one.identity in [other.identity for other in kept]:
            collection.say(one.line(SUPERSEDED, "is the same file, handed in at the same time, as another"))
        else:
            kept.append(one)
    for one in kept[:-1]:
        dated = None not in (one.time, kept[-1].time)
        collection.say(one.line(SUPERSEDED, earlier_than(kept[-1].entry.path, dated)))
    collection.say(kept[-1].line(TAKEN))
    collection.hand_ins[place] = kept
