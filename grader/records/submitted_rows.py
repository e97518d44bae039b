"""The rows of a submission in nbgrader's tables, in a few statements where nbgrader's own functions take dozens.

They make and change exactly the rows that those make; a test compares the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from nbgrader import api
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from grader.records.held_grades import Entered
from grader.results import Exercise


@dataclass(frozen=True)
class LabRows:
    """What the rows of a lab's submissions point to, as ids.

    Args:
        assignment, notebook: of the lab.
        graded: cells that have a grade, by name; code, and tasks that a person reads.
        commented: cells that have a comment, by name.
        worth: of the graded cells, by name.
    """

    assignment: str
    notebook: str
    graded: dict[str, str]
    commented: dict[str, str]
    worth: dict[str, float]

    @classmethod
    def of(cls, book: api.Gradebook, lab: str) -> LabRows:
        """Read them; assignment and notebook bear the lab's name."""
        notebook = book.find_notebook(lab, lab)
        cells = (*notebook.grade_cells, *notebook.task_cells)
        graded, worth = {cell.name: cell.id for cell in cells}, {cell.name: cell.max_score for cell in cells}
        commented = {cell.name: cell.id for cell in (*notebook.solution_cells, *notebook.task_cells)}
        return cls(notebook.assignment_id, notebook.id, graded, commented, worth)

    def submission(self, db: Session, student: str, timestamp: datetime | None) -> tuple[str, str]:
        """Return the ids of a student's submitted assignment and notebook, made where they are missing.

        Args:
            db: nbgrader's session; nothing is committed.
            student: whose.
            timestamp: when it was handed in; replaces the one before.
        """
        own = (api.SubmittedAssignment.assignment_id == self.assignment, api.SubmittedAssignment.student_id == student)
        found = db.execute(select(api.SubmittedAssignment.id, api.SubmittedAssignment.timestamp).where(*own)).first()
        if found is None:
            return self._new(db, student, timestamp)
        if found.timestamp != timestamp:
            db.execute(update(api.SubmittedAssignment).where(*own).values(timestamp=timestamp))
        inside = (api.SubmittedNotebook.assignment_id == found.id, api.SubmittedNotebook.notebook_id == self.notebook)
        return found.id, db.scalars(select(api.SubmittedNotebook.id).where(*inside)).one()

    def _new(self, db: Session, student: str, timestamp: datetime | None) -> tuple[str, str]:
        if db.scalars(select(api.Student.id).where(api.Student.id == student)).first() is None:
            db.execute(insert(api.Student).values(id=student))
        submission, notebook = api.new_uuid(), api.new_uuid()
        row = {"assignment_id": self.assignment, "student_id": student, "timestamp": timestamp}
        db.execute(insert(api.SubmittedAssignment).values(id=submission, **row))
        db.execute(
            insert(api.SubmittedNotebook).values(id=notebook, assignment_id=submission, notebook_id=self.notebook)
        )
        for table, cells in ((api.Grade, self.graded.values()), (api.Comment, self.commented.values())):
            if rows := [{"cell_id": cell, "notebook_id": notebook} for cell in cells]:
                db.execute(insert(table), rows)
        return submission, notebook

    def score(self, db: Session, notebook: str, exercises: list[Exercise]) -> None:
        """Set the automatic scores of a submitted notebook; a score that a person entered stays and is looked at again.

        Raises:
            MissingEntry: the lab in the gradebook has no such cell.
        """
        columns = (api.Grade.cell_id, api.Grade.id, api.Grade.auto_score, api.Grade.manual_score)
        before = db.execute(select(*columns, api.Grade.needs_manual_grade).where(api.Grade.notebook_id == notebook))
        by_cell = {row.cell_id: row for row in before}
        changes = []
        for exercise in exercises:
            row = by_cell.get(self.graded.get(exercise.grade_id))
            if row is None:
                raise api.MissingEntry(f"No such grade: {exercise.grade_id}")
            # A fault of the grader is no zero: a person has to look.
            score = None if exercise.verdict == "grader-error" else exercise.points
            look = row.needs_manual_grade
            if score is None or row.auto_score is None or not math.isclose(row.auto_score, score, abs_tol=1e-9):
                look = score is None or row.manual_score is not None
            elif row.manual_score is None:
                look = False
            if (score, look) != (row.auto_score, row.needs_manual_grade):
                changes.append({"id": row.id, "auto_score": score, "needs_manual_grade": look})
        if changes:
            db.execute(update(api.Grade), changes)

    def enter(self, db: Session, notebook: str, entered: dict[str, Entered]) -> None:
        """Have what people entered in a submitted notebook be this and nothing else.

        Args:
            db: nbgrader's session; nothing is committed.
            notebook: its id.
            entered: by graded cell, on the scale of what the cells are worth there; other cells are passed over.
        """
        nothing = {"manual_score": None, "extra_credit": None, "needs_manual_grade": False}
        db.execute(update(api.Grade).where(api.Grade.notebook_id == notebook).values(nothing))
        db.execute(update(api.Comment).where(api.Comment.notebook_id == notebook).values(manual_comment=None))
        for name, one in entered.items():
            own = (api.Grade.notebook_id == notebook, api.Grade.cell_id == self.graded.get(name))
            points = {"manual_score": one.points, "extra_credit": one.extra or None}
            db.execute(update(api.Grade).where(*own).values(points))
            cell = self.commented.get(name.removeprefix("test-"), self.commented.get(name))
            said = (api.Comment.notebook_id == notebook, api.Comment.cell_id == cell)
            db.execute(update(api.Comment).where(*said).values(manual_comment=one.comment or None))
