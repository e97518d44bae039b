"""What people entered in formgrader belongs to the hand-in that they looked at.

nbgrader has one row of points for a student and an exercise, whatever hand-in stands in it. So a table of our own says
which one that is, and another keeps with each hand-in what was entered on it, on the scale on which it was first seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sqlalchemy import String, Text, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from grader.records.attempt import Base
from grader.results import Exercise

Place = tuple[str, str]  # student, lab


@dataclass(frozen=True)
class Entered:
    """What a person entered for one cell in formgrader.

    Args:
        points: in place of the automatic ones; None where those stand.
        extra: credit on top.
        comment: for the student.
        worth: what the exercise was worth when this was first seen; None: as much as today.
    """

    points: float | None = None
    extra: float = 0.0
    comment: str = ""
    worth: float | None = None

    def scaled(self, factor: float) -> Entered:
        """Return it on another scale."""
        return replace(self, points=None if self.points is None else self.points * factor, extra=self.extra * factor)

    def to(self, worth: float) -> Entered:
        """Return it, on the scale of `worth` until now, on that of what the exercise is worth."""
        return self.scaled(worth / self.worth) if self.worth else self

    @property
    def gives(self) -> bool:
        """Whether it changes points; a comment alone does not."""
        return self.points is not None or bool(self.extra)

    def on(self, exercise: Exercise) -> float:
        """Return the points that hold for an exercise."""
        return (exercise.points if self.points is None else self.points) + self.extra

    def says(self, other: Entered) -> bool:
        """Whether both give the same points, the last binary digits aside."""
        points = (self.points, other.points)
        same = points[0] == points[1] or (None not in points and math.isclose(*points, rel_tol=1e-9, abs_tol=1e-9))
        return same and math.isclose(self.extra, other.extra, rel_tol=1e-9, abs_tol=1e-9)


class EnteredRow(Base):
    """What a person entered for one graded cell of one hand-in."""

    __tablename__ = "lora_entered"

    student: Mapped[str] = mapped_column(String(255), primary_key=True)
    lab: Mapped[str] = mapped_column(String(128), primary_key=True)
    submission_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    cell: Mapped[str] = mapped_column(String(128), primary_key=True)
    points: Mapped[float | None]
    extra: Mapped[float]
    comment: Mapped[str] = mapped_column(Text)
    worth: Mapped[float | None]


class Written(Base):
    """Which hand-in stands in nbgrader's rows of a student and lab."""

    __tablename__ = "lora_written"

    student: Mapped[str] = mapped_column(String(255), primary_key=True)
    lab: Mapped[str] = mapped_column(String(128), primary_key=True)
    submission_sha256: Mapped[str] = mapped_column(String(64))


TABLES = [EnteredRow.__table__, Written.__table__]


def standing(db: Session, place: Place | None = None) -> dict[Place, str]:
    """Return which hand-in stands in nbgrader's rows, by student and lab, for all or for one."""
    return {(one.student, one.lab): one.submission_sha256 for one in db.execute(_of(Written, place)).scalars()}


def kept(db: Session, place: Place | None = None) -> dict[Place, dict[str, dict[str, Entered]]]:
    """Return what was entered on each hand-in, by student and lab, hand-in and graded cell."""
    found: dict[Place, dict[str, dict[str, Entered]]] = {}
    for one in db.execute(_of(EnteredRow, place)).scalars():
        cells = found.setdefault((one.student, one.lab), {}).setdefault(one.submission_sha256, {})
        cells[one.cell] = Entered(one.points, one.extra, one.comment, one.worth)
    return found


def keep(db: Session, place: Place, hand_in: str, entered: dict[str, Entered]) -> None:
    """Keep what is entered on a hand-in, in place of what was kept of it; nothing is committed."""
    own = dict(zip(("student", "lab", "submission_sha256"), (*place, hand_in), strict=True))
    db.execute(delete(EnteredRow).filter_by(**own))
    names = ("points", "extra", "comment", "worth")
    if rows := [own | {"cell": cell} | {n: getattr(one, n) for n in names} for cell, one in entered.items()]:
        db.execute(insert(EnteredRow), rows)


def stands(db: Session, place: Place, hand_in: str) -> None:
    """Say which hand-in stands in nbgrader's rows from now on; nothing is committed."""
    own = dict(zip(("student", "lab"), place, strict=True))
    db.execute(delete(Written).filter_by(**own))
    db.execute(insert(Written).values(**own, submission_sha256=hand_in))


def _of(table: type, place: Place | None):
    return select(table) if place is None else select(table).filter_by(student=place[0], lab=place[1])
