"""What a platform itself says of a hand-in's lateness, kept beside it: Canvas marks a file's name and gives no time.

What lateness costs follows the course's own due dates. Where the two do not say the same, staff read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from grader.text.safe_names import one_line

MARK = "late_mark.txt"  # in a lab's folder, beside nbgrader's timestamp.txt
LATE, IN_TIME = "late", "in time"
FORM = re.compile(rf"([\w .-]{{1,40}}): ({LATE}|{IN_TIME})")
MOST_NAMED = 20  # hand-ins in one sentence


@dataclass(frozen=True)
class LateMark:
    """A platform's word on one hand-in.

    Args:
        platform: its name.
        late: whether it calls the hand-in late.
    """

    platform: str
    late: bool

    @classmethod
    def read(cls, text: str) -> LateMark | None:
        """Return what a file says, as `text` writes it; None where it says nothing."""
        found = FORM.fullmatch(text.strip())
        return cls(found[1], found[2] == LATE) if found else None

    @property
    def says(self) -> str:
        """The word alone."""
        return LATE if self.late else IN_TIME

    @property
    def text(self) -> str:
        """What the file holds."""
        return f"{self.platform}: {self.says}\n"

    def notes(self, time: datetime | None) -> list[str]:
        """Return what staff and student should know of it, given when it was handed in."""
        unknown = "" if time is not None else "; by how much is not in the download"
        return [f"{self.platform} calls it late{unknown}"] if self.late else []


class Marked(Protocol):
    """A hand-in: whose it is, of which lab, since when, and how it is marked."""

    student: str
    lab: str
    timestamp: datetime | None
    mark: LateMark | None


def disagreements(hand_ins: Iterable[Marked], due: Callable[[str, str], datetime | None]) -> list[str]:
    """Say where platform and course differ, one sentence for each way in which they do; see `differences`."""
    found = differences(hand_ins, due).items()
    return [one_line(f"{how}: {_named([f'{who} {lab}' for who, lab in places])}.") for how, places in found]


def differences(
    hand_ins: Iterable[Marked], due: Callable[[str, str], datetime | None]
) -> dict[str, list[tuple[str, str]]]:
    """Return the ways in which platform and course differ, with the students and labs of which they do.

    Args:
        hand_ins: one of each student and lab: the one that counts, or that came last.
        due: (student, lab) -> the course's due date, UTC without zone; None for none.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for one in hand_ins:
        if one.mark is not None and (how := _difference(one.mark, one.timestamp, due(one.student, one.lab))):
            found.setdefault(how, []).append((one.student, one.lab))
    return found


def _difference(mark: LateMark, time: datetime | None, due: datetime | None) -> str:
    if mark.late and due is None:
        return f"{mark.platform} calls late what has no due date in the course"
    if mark.late and time is None:
        return f"{mark.platform} calls late, without a time, so that the course's due date costs nothing"
    if mark.late and time <= due:
        return f"{mark.platform} calls late what came before the course's due date"
    if not mark.late and time is not None and due is not None and time > due:
        return f"{mark.platform} calls in time what came after the course's due date"
    return ""


def _named(who: list[str]) -> str:
    more = f" and {len(who) - MOST_NAMED} more" if len(who) > MOST_NAMED else ""
    return ", ".join(who[:MOST_NAMED]) + more
