"""Which students and labs an export is of, and what they have."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from grader.collecting.roster import Student
from grader.course import LabTerms
from grader.lab_names import NoLab, choose_labs
from grader.records.class_grades import ClassGrades, LabGrade


class CannotExport(ValueError):
    """Nothing was written; the message is one sentence with the cure."""


@dataclass(frozen=True)
class Chosen:
    """A part of the class.

    Args:
        grades: the class as it stands.
        labs: in the course's order.
        students: in the class's order.
    """

    grades: ClassGrades
    labs: tuple[str, ...]
    students: tuple[Student, ...]

    @classmethod
    def of(cls, grades: ClassGrades, labs: Sequence[str] = (), students: Sequence[str] = ()) -> Chosen:
        """Choose by name.

        Args:
            grades: the class as it stands.
            labs: names, numbers or ranges; default: those that anybody has handed in.
            students: ids; default: all.

        Raises:
            CannotExport: there is no such lab or student, or nobody has a grade.
        """
        try:
            chosen = choose_labs(labs, grades.labs) if labs else tuple(grades.begun)
        except NoLab as error:
            raise CannotExport(_idle(labs, grades) or str(error)) from None
        known = {one.id: one for one in grades.students}
        if unknown := [one for one in students if one not in known]:
            raise CannotExport(f"there is no student {unknown[0]!r}, neither in the roster nor among the grades.")
        if not grades.grades:
            raise CannotExport("the gradebook holds no grades yet; run `grader grade` first, or give another --db.")
        return cls(grades, chosen, tuple(known[one] for one in students) or tuple(grades.students))

    def grade(self, student: Student, lab: str) -> LabGrade | None:
        """Return what a student has in a lab; None for nothing that could be graded."""
        return self.grades.grades.get((student.id, lab))

    def only(self) -> LabGrade:
        """Return the grade of the one student and lab that were chosen.

        Raises:
            CannotExport: there is none.
        """
        (student,), (lab,) = self.students, self.labs
        if (grade := self.grade(student, lab)) is None:
            raise CannotExport(f"{student.id} has no grade in {lab}.")
        return grade

    def points(self, student: Student, lab: str) -> str:
        """Return a student's points in a lab with a decimal point; nothing without a grade."""
        grade = self.grade(student, lab)
        return plain_number(grade.score) if grade is not None else ""

    def most(self, lab: str) -> str:
        """Return what a lab is worth."""
        return plain_number(self.grades.labs[lab].max_score)

    def column(self, lab: str) -> str:
        """Return what the platform calls a lab, as course.toml has it; else the lab's name."""
        return self.grades.terms.get(lab, LabTerms()).column or lab


def _idle(labs: Sequence[str], grades: ClassGrades) -> str:
    """Say which of the labs meant the course has and does not use; nothing where there is no such lab."""
    with suppress(NoLab):
        names = [lab for lab in choose_labs(labs, grades.terms) if lab not in grades.labs]
        return f"{', '.join(names)}: not in use; add it to `labs` in course.toml, or leave it out."
    return ""


def plain_number(value: float) -> str:
    """Write points as every platform reads them: a decimal point, at most two places, no thousands mark."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
