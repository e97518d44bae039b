"""A student's own page: all labs, points, passed or not, the total, what is missing, and the way to each feedback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from grader.class_run.run import Run
from grader.collecting.roster import Student
from grader.course import Course, LabTerms
from grader.records.class_grades import ClassGrades, LabGrade
from grader.reports.kept import index_of, page_of
from grader.reports.page import lateness, templates


@dataclass(frozen=True)
class IndexRow:
    """One lab on a student's page.

    Args:
        lab, title, points: of the lab.
        grade: what holds; None for nothing.
        refused: whether the last hand-in could not be graded.
        page: the feedback's file; None where nothing was handed in.
        due: ISO 8601; None for no date.
        terms: weight and extra credit.
    """

    lab: str
    title: str
    points: float
    grade: LabGrade | None
    refused: bool
    page: str | None
    due: str | None
    terms: LabTerms

    @property
    def remarks(self) -> list[str]:
        """What there is to say beside points and verdict."""
        said = ["the last hand-in could not be graded"] if self.refused and self.grade else []
        if self.grade is not None:
            said += [f"{self.grade.standing.attempts} attempts"] if self.grade.standing.attempts > 1 else []
            late = lateness(self.grade.late, self.grade.penalty, self.grade.standing.grace)
            said += [late] if late else []
            said += ["points by staff"] if any(by_hand(self.grade)) else []
            said += ["comment by staff"] if any(one.comment for one in self.grade.entered.values()) else []
        said += ["extra credit"] if self.terms.extra_credit else []
        return said


def due_date(run: Run, student: str, lab: str) -> str | None:
    """Return when a lab was due for a student, extension included, in ISO 8601; None where it is not."""
    due = run.due_of(student, lab)
    return due.replace(tzinfo=UTC).isoformat() if due is not None else None


def by_hand(grade: LabGrade) -> list[str]:
    """Return the graded cells for which a person entered points or extra credit."""
    return [name for name, one in grade.entered.items() if one.gives]


def write_student_index(grades: ClassGrades, run: Run, out: Path, course: Course, student: Student) -> Path:
    """Write feedback/<student>/index.html and return its path."""
    rows, begun = [], grades.begun
    for lab, key in grades.labs.items():
        grade, refused = grades.grades.get((student.id, lab)), (student.id, lab) in grades.refused
        page = page_of(out, student.id, lab).name if grade is not None or refused else None
        due, terms = due_date(run, student.id, lab), grades.terms.get(lab, LabTerms())
        rows.append(IndexRow(lab, key.title, key.max_score, grade, refused, page, due, terms))
    owed = [row for row in rows if row.terms.owed]
    said = {
        "course": course.title,
        "zone": course.time_zone,
        "pass_mark": course.pass_mark,
        "student": student,
        "rows": rows,
        "total": grades.total(student.id),
        "passed": sum(row.grade is not None and row.grade.passed for row in owed),
        "owed": owed,
        "missing": [row for row in owed if row.lab in begun and student in grades.missing(row.lab)],
        "astray": (student.id, "") in grades.refused,
        "refusals": [one for one in run.refused if one.student == student.id],
    }
    path = index_of(out, student.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(templates().get_template("student.html").render(said), encoding="utf-8")
    return path
