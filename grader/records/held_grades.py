"""What nbgrader's gradebook holds of each submission: automatic points, what people entered, what lateness costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nbgrader import api
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.records.entered import Entered, keep, kept, standing


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
