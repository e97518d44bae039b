"""What a class handed in, out of downloads: what became of every file, and every hand-in with its student and lab."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from grader.collecting.claims import Reading
from grader.collecting.download import Entry
from grader.collecting.platforms import Claim
from grader.collecting.roster import Student
from grader.notebooks.late_mark import LateMark
from grader.notebooks.notebook_file import Unreadable
from grader.notebooks.submission import EARLIER, Refusal, Submission
from grader.text.moments import in_time

TAKEN, SUPERSEDED, REFUSED, NOTHING = "taken", "superseded", "refused", "nothing"  # what becomes of a file
COPY = re.compile(r"(.*?)(?:(?:-| ?\()(\d{1,4})\)?)?", re.DOTALL)  # Canvas counts file-2, browsers file (2)
EARLIER_PLACE = re.compile(rf"/{EARLIER}/(\d{{1,6}})/[^/]+")


@dataclass(frozen=True)
class Line:
    """What became of one file.

    Args:
        path: inside its download.
        status: TAKEN, SUPERSEDED (by a later hand-in; graded as an earlier attempt), REFUSED (a sentence names it) or
            NOTHING (there is nothing of it to grade).
        reason: why, where it was not taken.
        student, lab: whose and which, as far as known.
        time: when it was handed in (UTC, without zone), if known.
        time_from: "platform", "zip", TIMESTAMP or "".
        mark: what the platform says of its lateness, if it does.
        sha256: of a notebook.
    """

    path: str
    status: str
    reason: str = ""
    student: str = ""
    lab: str = ""
    time: datetime | None = None
    time_from: str = ""
    mark: LateMark | None = None
    sha256: str = ""


@dataclass(frozen=True)
class HandIn:
    """One notebook of one student.

    Args:
        submission: as grading needs it.
        entry: the file.
        claim: whose it was said to be.
        time_from: where the time comes from, see `Line`.
        untouched: whether all its answers are as they were handed out.
    """

    submission: Submission
    entry: Entry
    claim: Claim
    time_from: str
    untouched: bool = False

    @property
    def order(self) -> tuple:
        """Sorts the hand-ins of one student for one lab, times aside: as they lie there, as the names count up."""
        stem, copy = COPY.fullmatch(self.entry.name.rpartition(".")[0]).groups()
        earlier = EARLIER_PLACE.search(self.entry.path)
        place = int(earlier[1]) if earlier else math.inf
        return place, self.claim.upload, stem, int(copy or 0), self.entry.path

    @property
    def time(self) -> datetime | None:
        """When it was handed in; None where that is not known."""
        return self.submission.timestamp

    @property
    def identity(self) -> tuple[str, datetime | None]:
        """What makes it one hand-in of its student and lab: the file and the time."""
        return self.submission.sha256, self.submission.timestamp

    def line(self, status: str, reason: str = "") -> Line:
        """Return what became of it."""
        made = self.submission
        when = (made.timestamp, self.time_from, made.mark, made.sha256)
        return Line(self.entry.path, status, reason, made.student, made.lab, *when)


def earlier_than(file: str, dated: bool) -> str:
    """Say why a hand-in counts as an earlier attempt.

    Args:
        file: which came last.
        dated: whether it is known of both when they were handed in.
    """
    return f"{'was handed in' if dated else 'came'} before {file}, and counts as an earlier attempt"


@dataclass
class Collection:
    """Everything that was found.

    Args:
        lines: one for every file.
        hand_ins: by student and lab, oldest first.
        refusals: files of known students that cannot be graded.
        problems: sentences about files whose student is not known.
        readings: how names were understood.
        missing: students of the roster of whom nothing came.
    """

    lines: list[Line] = field(default_factory=list)
    hand_ins: dict[tuple[str, str], list[HandIn]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    missing: list[Student] = field(default_factory=list)

    def say(self, line: Line) -> None:
        """Note what became of a file."""
        self.lines.append(line)

    def refuse(self, line: Line, error: Unreadable) -> None:
        """Note of a known student's file, in the list and in one sentence, why it cannot be graded."""
        self.say(replace(line, status=REFUSED, reason=f"{error.fault}; {error.cure}"))
        self.refusals.append(Refusal(line.student, line.lab, line.path, error.fault, error.cure, line.time))

    @property
    def found(self) -> list[Submission | Refusal]:
        """What grading takes: by student and lab, several hand-ins oldest first."""
        timed = [(one.timestamp or datetime.min, one) for one in self.refusals]
        for group in self.hand_ins.values():
            timed += in_time((one.submission for one in group), lambda one: one.timestamp)
        return [one for _, one in sorted(timed, key=lambda place: (place[1].student, place[1].lab, place[0]))]

    @property
    def last(self) -> list[Submission]:
        """The last hand-in of each student and lab."""
        return [group[-1].submission for group in self.hand_ins.values()]

    @property
    def undated(self) -> list[Submission]:
        """Hand-ins without a time."""
        return [one for one in self.found if isinstance(one, Submission) and one.timestamp is None]

    @property
    def students(self) -> set[str]:
        """Of whom something came."""
        return {student for student, _ in self.hand_ins} | {one.student for one in self.refusals}
