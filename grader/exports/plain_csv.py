"""Grades as plain CSV, for spreadsheets and programs: a row a student, all of the class."""

from __future__ import annotations

from grader.exports.chosen import Chosen
from grader.exports.sheet import Sheet


def to_csv(chosen: Chosen) -> Sheet:
    """Return id, name, e-mail, section, each lab's points and what they are of, and the share of the course.

    The last, `total`, is from 0 to 1 by the course's weights, over the labs that have begun; see `ClassGrades.total`.
    """
    columns = [name for lab in chosen.labs for name in (chosen.column(lab), f"{chosen.column(lab)} of")]
    sheet = Sheet(["id", "name", "e-mail", "section", *columns, "total"])
    for one in chosen.students:
        points = [cell for lab in chosen.labs for cell in (chosen.points(one, lab), chosen.most(lab))]
        total = chosen.grades.total(one.id)
        sheet.rows.append([one.id, one.name, one.email, one.section, *points, "" if total is None else f"{total:.4f}"])
    return sheet
