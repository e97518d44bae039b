"""What nbgrader's gradebook holds of each submission: automatic points, what people entered, what lateness costs.

nbgrader has one row of points for a student and an exercise, whatever hand-in stands in it, and what people entered
belongs to the hand-in that they looked at. So a table of our own says which one stands there, and another keeps with
each hand-in what was entered on it, on the scale on which it was first seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from nbgrader import api
from sqlalchemy import String, Text, delete, func, insert, select
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


@dataclass
class Held:
    """One submission in the gradebook.

    Args:
        automatic: points by graded cell; None where a person has to look.
        entered: what people entered, by graded cell; a comment on an answer counts as one on its graded cell.
        penalty: points that lateness costs.
        worth: what each graded cell was worth when all this was written.
        hand_in: sha256 of the hand-in that it is of; nothing where that is not known, then it is of any.
        elsewhere: what people entered on other hand-ins, by sha256 and graded cell, each on the scale of its `worth`.
    """

    automatic: dict[str, float | None] = field(default_factory=dict)
    entered: dict[str, Entered] = field(default_factory=dict)
    penalty: float = 0.0
    worth: dict[str, float] = field(default_factory=dict)
    hand_in: str = ""
    elsewhere: dict[str, dict[str, Entered]] = field(default_factory=dict)

    def entered_on(self, hand_in: str, worth: dict[str, float]) -> dict[str, Entered]:
        """Return what people entered on a hand-in.

        Args:
            hand_in: its sha256.
            worth: what each graded cell of the lab is worth now; that is the scale of what is returned.
        """
        if self.hand_in not in ("", hand_in):
            there = self.elsewhere.get(hand_in, {})
            return {name: one.to(worth[name]) for name, one in there.items() if name in worth}
        before = self.worth
        return {
            name: one.scaled(worth[name] / before[name]) if before.get(name) else one
            for name, one in self.entered.items()
            if name in worth
        }

    def first_seen(self) -> dict[str, Entered]:
        """Return what people entered on the hand-in that stands, on the scale on which that was first seen."""
        scales = {name: (one.worth, self.worth.get(name)) for name, one in self.entered.items()}
        return {
            name: one.scaled(scales[name][0] / scales[name][1]) if all(scales[name]) else one
            for name, one in self.entered.items()
        }


def held_grades(db: Session, lab: str | None = None, student: str | None = None) -> dict[tuple[str, str], Held]:
    """Read what is held by (student, lab), in five statements however large the class is.

    Args:
        db: nbgrader's session.
        lab: only this one; default: all.
        student: only this one; default: all.
    """
    of = (api.SubmittedAssignment.student_id, api.Assignment.name)
    submissions = select(*of, api.SubmittedNotebook.id, api.SubmittedNotebook.late_submission_penalty)
    submissions = submissions.join_from(api.SubmittedNotebook, api.SubmittedAssignment).join(
        api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id
    )
    submissions = submissions.where(api.Assignment.name == lab) if lab is not None else submissions
    submissions = submissions.where(of[0] == student) if student is not None else submissions
    found, by_notebook = {}, {}
    for student, name, notebook, penalty in db.execute(submissions):
        found[student, name] = by_notebook[notebook] = Held(penalty=penalty or 0.0)
    columns = (api.Grade.notebook_id, api.BaseCell.name, api.Grade.auto_score, api.Grade.manual_score)
    worth = func.coalesce(api.GradeCell.max_score, api.TaskCell.max_score)
    grades = select(*columns, api.Grade.extra_credit, worth).join_from(
        api.Grade, api.BaseCell, api.Grade.cell_id == api.BaseCell.id
    )
    for table in (api.GradeCell.__table__, api.TaskCell.__table__):
        grades = grades.outerjoin(table, table.c.id == api.BaseCell.id)
    if student is not None:
        grades = grades.where(api.Grade.notebook_id.in_(list(by_notebook)))
    for notebook, cell, automatic, manual, extra, most in db.execute(grades):
        if (held := by_notebook.get(notebook)) is not None:
            held.automatic[cell], held.worth[cell] = automatic, most
            if manual is not None or extra:
                held.entered[cell] = Entered(manual, extra or 0.0)
    comments = select(api.Comment.notebook_id, api.BaseCell.name, api.Comment.manual_comment).join_from(
        api.Comment, api.BaseCell, api.Comment.cell_id == api.BaseCell.id
    )
    if student is not None:
        comments = comments.where(api.Comment.notebook_id.in_(list(by_notebook)))
    for notebook, cell, comment in db.execute(comments.where(api.Comment.manual_comment.isnot(None))):
        if comment.strip() and (held := by_notebook.get(notebook)) is not None:
            graded = f"test-{cell}" if f"test-{cell}" in held.automatic else cell
            before = held.entered.get(graded, Entered())
            held.entered[graded] = replace(before, comment=comment.strip())
    before = kept(db)
    for place, hand_in in standing(db).items():
        if (held := found.get(place)) is not None:
            held.hand_in, held.elsewhere = hand_in, before.get(place, {})
            known = held.elsewhere.pop(hand_in, {})
            now, worth = held.entered.items(), held.worth
            held.entered = {name: _seen(one, worth.get(name), known.get(name)) for name, one in now}
    return found


def note(db: Session, place: tuple[str, str] | None = None) -> None:
    """Keep with each hand-in that stands what people have entered on it, as it was first seen; nothing is committed.

    Args:
        db: nbgrader's session.
        place: of this student and lab; default: of all.
    """
    student, lab = place or (None, None)
    before = kept(db, place)
    for one, held in held_grades(db, lab, student).items():
        now = held.first_seen()
        if held.hand_in and now != before.get(one, {}).get(held.hand_in, {}):
            keep(db, one, held.hand_in, now)


def _seen(now: Entered, worth: float | None, known: Entered | None) -> Entered:
    """Return what stands in a row with what its exercise was worth when that was first seen.

    Args:
        now: as it stands.
        worth: of the exercise, as nbgrader has it.
        known: what was kept of it; a row that says something else was written since.
    """
    same = known is not None and worth is not None and known.to(worth).says(now)
    return replace(now, worth=known.worth if same else worth)
