"""A class in the form of Gradescope's own "Download Grades".

After the columns that say who it is, four for each assignment: its name, and that name with `- Max Points`,
`- Submission Time` and `- Lateness (H:M:S)`. Gradescope knows people by e-mail address.
"""

from __future__ import annotations

from datetime import datetime

from grader.exports.chosen import CannotExport, Chosen
from grader.exports.sheet import Sheet

PARTS = ("", " - Max Points", " - Submission Time", " - Lateness (H:M:S)")
WHY = "Gradescope knows students by their address: add a column 'e-mail'"


def to_gradescope(chosen: Chosen) -> Sheet:
    """Return the grades of a class; who has no address is left out.

    Raises:
        CannotExport: nobody has one.
    """
    columns = [chosen.column(lab) + part for lab in chosen.labs for part in PARTS]
    sheet = Sheet(["Name", "SID", "Email", "Sections", *columns], [], [], WHY)
    for student in chosen.students:
        if not student.email:
            sheet.left_out.append(student.id)
            continue
        cells = [cell for lab in chosen.labs for cell in _cells(chosen, student, lab)]
        sid = student.login("sid", "gradescope") or student.id
        sheet.rows.append([student.name or student.id, sid, student.email, student.section, *cells])
    if not sheet.rows:
        raise CannotExport(f"{WHY} to the roster.")
    return sheet


def _cells(chosen: Chosen, student, lab: str) -> list[str]:
    grade = chosen.grade(student, lab)
    if grade is None:
        return ["", chosen.most(lab), "", ""]
    time = grade.result.timestamp
    handed_in = f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S %z}" if time else ""
    return [chosen.points(student, lab), chosen.most(lab), handed_in, _clock(grade.late)]


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}"
