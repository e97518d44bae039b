"""The table of grades in the class report: a row a student, a column a lab, totals, and each lab in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from grader.collecting.roster import Student
from grader.course import LabTerms
from grader.records.class_grades import ClassGrades, LabGrade
from grader.reports.kept import index_of, page_of
from grader.reports.page import called, lateness
from grader.reports.student_index import by_hand
from grader.results import passes

BINS = 10  # of the distribution, each a tenth of a lab's points


@dataclass(frozen=True)
class LabSummary:
    """One lab in numbers: the grades of all students who have one.

    Args:
        name, title, points: of the lab.
        shares: score that holds over points, one a student.
        pass_mark: share that passes.
        missing: who has handed in nothing.
        terms: weight and extra credit.
    """

    name: str
    title: str
    points: float
    shares: list[float]
    pass_mark: float
    missing: tuple[Student, ...] = ()
    terms: LabTerms = field(default_factory=LabTerms)

    @property
    def number(self) -> str:
        """The name's number, or the whole name where it has none."""
        number, _, rest = self.name.partition("_")
        return number if number.isdecimal() and rest else self.name

    @property
    def topic(self) -> str:
        """The name's words, where there is a number before them."""
        return self.name.removeprefix(self.number).replace("_", " ").strip()

    @property
    def begun(self) -> bool:
        """Whether anybody has a grade."""
        return bool(self.shares)

    @property
    def passed(self) -> int:
        """Students at or above the pass mark."""
        return sum(passes(share, 1.0, self.pass_mark) for share in self.shares)

    @property
    def middle(self) -> float:
        """The median share."""
        return median(self.shares) if self.shares else 0.0

    @property
    def average(self) -> float:
        """The mean share."""
        return mean(self.shares) if self.shares else 0.0

    @property
    def bins(self) -> list[tuple[str, int]]:
        """Tenths of the points and how many students lie in each; full marks, and more, belong to the last."""
        counts = Counter(min(BINS - 1, int(share * BINS + 1e-9)) for share in self.shares)
        return [(f"{10 * k} to {10 * k + 10} %", counts[k]) for k in range(BINS)]


@dataclass(frozen=True)
class GradeCell:
    """What the table says of a student in a lab.

    Args:
        grade: what holds; None for nothing.
        refused: whether the last hand-in could not be graded.
        page: the feedback, relative to the report; nothing where there is to be no link.
    """

    grade: LabGrade | None
    refused: bool
    page: str

    @property
    def late(self) -> str:
        """How late the attempt that counts was, and what that cost, in words."""
        late = self.grade is not None and self.grade.marked_late
        return lateness(self.grade.late, self.grade.penalty) if late else ""

    @property
    def by_hand(self) -> bool:
        """Whether a person entered points."""
        return self.grade is not None and bool(by_hand(self.grade))


@dataclass(frozen=True)
class StudentRow:
    """One student: who, the page with all labs relative to the report, the total, and a cell for each lab."""

    student: Student
    page: str
    total: float | None
    cells: list[GradeCell]
    astray: bool  # whether something was handed in that is of no lab that anybody could tell

    @property
    def name(self) -> str:
        """What people call the student."""
        return called(self.student)


def lab_summaries(grades: ClassGrades, pass_mark: float) -> list[LabSummary]:
    """Return the labs in use, in order."""
    begun, made = set(grades.begun), []
    for lab, key in grades.labs.items():
        shares = [one.share for (_, where), one in grades.grades.items() if where == lab]
        missing = tuple(grades.missing(lab)) if lab in begun else ()
        terms = grades.terms.get(lab, LabTerms())
        made.append(LabSummary(lab, key.title, key.max_score, shares, pass_mark, missing, terms))
    return made


def student_rows(grades: ClassGrades, linked: bool = True) -> list[StudentRow]:
    """Return the students, in the roster's order; without links for those whom no page is about."""
    here = Path()
    made = []
    for student in grades.students:
        places = [(student.id, lab) for lab in grades.labs]
        cells = [
            GradeCell(
                grades.grades.get(place), place in grades.refused, page_of(here, *place).as_posix() if linked else ""
            )
            for place in places
        ]
        index = index_of(here, student.id).as_posix() if linked else ""
        made.append(StudentRow(student, index, grades.total(student.id), cells, (student.id, "") in grades.refused))
    return made
