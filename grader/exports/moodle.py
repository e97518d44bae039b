"""Moodle's grade import, CSV.

The form is that of docs.moodle.org, "Grade import", and moodle, grade/import/csv/classes/load_data.php: one column by
which a student is found (whoever imports maps it to useridnumber, username or useremail), and one for each grade item.
`-` is no grade, for items that exist and for new ones. A row whose student is unknown ends the whole import, and one
without an id is taken for the student above it: neither is written. Whoever maps a feedback column maps the grade's as
well, else Moodle clears it.
"""

from __future__ import annotations

from grader.collecting.roster import EMAIL
from grader.exports.chosen import CannotExport, Chosen
from grader.exports.sheet import Sheet

NO_GRADE = "-"
IDS = {"ID number": ("id number", "idnumber", "moodle"), "Username": ("username",), "Email address": EMAIL}
WHY = "Moodle knows students by 'id number', 'username' or 'e-mail': add such a column"


def to_moodle(chosen: Chosen) -> Sheet:
    """Return the grades for Moodle, with a feedback column where a person has written comments in formgrader.

    The first of the roster's columns that is filled in for anybody serves for all; who lacks it is left out.

    Raises:
        CannotExport: the roster has none of them.
    """
    usable = [name for name, own in IDS.items() if any(one.login(*own) for one in chosen.students)]
    if not usable:
        raise CannotExport(f"{WHY} to the roster.")
    name = usable[0]
    commented = [lab for lab in chosen.labs if any(_comments(chosen, one, lab) for one in chosen.students)]
    feedback = [f"{chosen.column(lab)} (feedback)" for lab in commented]
    why = f"Moodle finds the others by {name!r}: fill it in"
    sheet = Sheet([name, "Full name", *map(chosen.column, chosen.labs), *feedback], [], [], why)
    for student in chosen.students:
        own = student.login(*IDS[name])
        if not own:
            sheet.left_out.append(student.id)
            continue
        points = [chosen.points(student, lab) or NO_GRADE for lab in chosen.labs]
        sheet.rows.append([own, student.name, *points, *(_comments(chosen, student, lab) for lab in commented)])
    return sheet


def _comments(chosen: Chosen, student, lab: str) -> str:
    grade = chosen.grade(student, lab)
    return " ".join(one.comment for one in grade.entered.values() if one.comment) if grade is not None else ""
