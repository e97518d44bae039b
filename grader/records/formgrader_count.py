"""Formgrader's list of labs counts what the gradebook holds, wherever on disk that was handed in.

nbgrader counts the folders in its own submitted directory, and where that holds none its list says 0 and leads nowhere,
although every page behind it shows the gradebook's submissions. There is no setting for it.
"""

from __future__ import annotations

from nbgrader.api import Assignment, SubmittedAssignment
from nbgrader.apps.api import NbGraderAPI

_of_nbgrader = NbGraderAPI.get_assignment


def count_what_the_gradebook_holds() -> None:
    """Have it so in this process; nbgrader_config.py calls this, as often as nbgrader reads it."""
    NbGraderAPI.get_assignment = _with_the_gradebooks


def _with_the_gradebooks(self: NbGraderAPI, assignment_id: str, released: object = None) -> dict | None:
    found = _of_nbgrader(self, assignment_id, released)
    if found is not None:
        with self.gradebook as book:
            rows = book.db.query(SubmittedAssignment.student_id).join(Assignment)
            held = {student for (student,) in rows.filter(Assignment.name == assignment_id)}
        found["num_submissions"] = len(held | self.get_submitted_students(assignment_id))
    return found
