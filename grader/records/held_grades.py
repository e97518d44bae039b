"""What nbgrader's gradebook holds of each submission: automatic points, what people entered, what lateness costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nbgrader import api
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.results import Exercise


@dataclass(frozen=True)
class Entered:
    """What a person entered for one cell in formgrader.

    Args:
        points: in place of the automatic ones; None where those stand.
        extra: credit on top.
        comment: for the student.
    """

    points: float | None = None
    extra: float = 0.0
    comment: str = ""

    def scaled(self, factor: float) -> Entered:
        """Return it on another scale."""
        return replace(self, points=None if self.points is None else self.points * factor, extra=self.extra * factor)

    def on(self, exercise: Exercise) -> float:
        """Return the points that hold for an exercise."""
        return (exercise.points if self.points is None else self.points) + self.extra


@dataclass
class Held:
    """One submission in the gradebook.

    Args:
        automatic: points by graded cell; None where a person has to look.
        entered: what people entered, by graded cell; a comment on an answer counts as one on its graded cell.
        penalty: points that lateness costs.
        worth: what each graded cell was worth when all this was written.
    """

    automatic: dict[str, float | None] = field(default_factory=dict)
    entered: dict[str, Entered] = field(default_factory=dict)
    penalty: float = 0.0
    worth: dict[str, float] = field(default_factory=dict)

    def on_scale(self, worth: dict[str, float]) -> dict[str, Entered]:
        """Return what people entered for the cells that a lab has now, on the scale of what they are worth now."""
        before = self.worth
        return {
            name: one.scaled(worth[name] / before[name]) if before.get(name) else one
            for name, one in self.entered.items()
            if name in worth
        }


def held_grades(db: Session, lab: str | None = None) -> dict[tuple[str, str], Held]:
    """Read what is held by (student, lab), in three statements however large the class is.

    Args:
        db: nbgrader's session.
        lab: only this one; default: all.
    """
    of = (api.SubmittedAssignment.student_id, api.Assignment.name)
    submissions = select(*of, api.SubmittedNotebook.id, api.SubmittedNotebook.late_submission_penalty)
    submissions = submissions.join_from(api.SubmittedNotebook, api.SubmittedAssignment).join(
        api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id
    )
    submissions = submissions.where(api.Assignment.name == lab) if lab is not None else submissions
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
    for notebook, cell, automatic, manual, extra, most in db.execute(grades):
        if (held := by_notebook.get(notebook)) is not None:
            held.automatic[cell], held.worth[cell] = automatic, most
            if manual is not None or extra:
                held.entered[cell] = Entered(manual, extra or 0.0)
    comments = select(api.Comment.notebook_id, api.BaseCell.name, api.Comment.manual_comment).join_from(
        api.Comment, api.BaseCell, api.Comment.cell_id == api.BaseCell.id
    )
    for notebook, cell, comment in db.execute(comments.where(api.Comment.manual_comment.isnot(None))):
        if comment.strip() and (held := by_notebook.get(notebook)) is not None:
            graded = f"test-{cell}" if f"test-{cell}" in held.automatic else cell
            before = held.entered.get(graded, Entered())
            held.entered[graded] = Entered(before.points, before.extra, comment.strip())
    return found
