"""Canvas' gradebook import.

The form is that of canvas-lms, lib/gradebook_importer.rb and lib/gradebook_exporter.rb: Student, ID, SIS User ID, SIS
Login ID, Section, then a column for each assignment, `Title (number)`; under the head a row "Points Possible". A
student is found by the first of the three ids that is filled in; an assignment by the number in its column's name, else
by the whole name, else Canvas offers to make one.
"""

from __future__ import annotations

from grader.exports.chosen import CannotExport, Chosen
from grader.exports.sheet import Sheet

IDS = {  # Canvas' column: the roster's
    "ID": ("canvas", "canvas id"),
    "SIS User ID": ("sis user id", "sis id"),
    "SIS Login ID": ("sis login id", "login", "login id"),
}
WHY = "Canvas knows students by 'canvas' (its own number), 'sis user id' or 'sis login id': add such a column"


def to_canvas(chosen: Chosen) -> Sheet:
    """Return the grades for Canvas; who has no id there is left out, since Canvas would guess by name.

    An empty cell is no grade.

    Raises:
        CannotExport: nobody has an id.
    """
    head = ["Student", *IDS, "Section", *map(chosen.column, chosen.labs)]
    sheet = Sheet(head, [["    Points Possible", "", "", "", "", *map(chosen.most, chosen.labs)]], [], WHY)
    for student in chosen.students:
        ids = [student.login(*columns) for columns in IDS.values()]
        if not any(ids):
            sheet.left_out.append(student.id)
            continue
        points = [chosen.points(student, lab) for lab in chosen.labs]
        sheet.rows.append([student.name or student.id, *ids, student.section, *points])
    if len(sheet.rows) == 1:
        raise CannotExport(f"{WHY} to the roster, as Canvas' own gradebook export has it.")
    return sheet
