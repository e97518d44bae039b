"""The class under other names, for a report that leaves the staff room: numbers, in an order that says nothing."""

from __future__ import annotations

from dataclasses import replace
from random import SystemRandom

from grader.class_run.run import Run
from grader.collecting.roster import Student
from grader.records.attempt import Attempt
from grader.records.class_grades import ClassGrades, LabGrade
from grader.records.held_grades import Entered


def anonymous(grades: ClassGrades, run: Run) -> tuple[ClassGrades, Run]:
    """Return the class and the run without a name: no id, section, e-mail, comment, and no sentence about one file.

    Args:
        grades: what holds.
        run: what has just been graded; what it refused and who shares answers stays behind.
    """
    students = [student.id for student in grades.students]
    SystemRandom().shuffle(students)
    names = {student: f"student {number:0{len(str(len(students)))}d}" for number, student in enumerate(students, 1)}
    made = ClassGrades(grades.labs, [Student(name) for name in names.values()], terms=grades.terms)
    made.grades = {(names[who], lab): _renamed(one, names[who]) for (who, lab), one in grades.grades.items()}
    made.refused = {(names[who], lab): replace(one, student=names[who]) for (who, lab), one in grades.refused.items()}
    hand_ins = [replace(one, student=names[one.student]) for one in run.hand_ins if one.student in names]
    return made, Run(run.keys, counting=run.counting, hand_ins=hand_ins)


def _renamed(grade: LabGrade, name: str) -> LabGrade:
    entered = _silent(grade.entered)
    elsewhere = {number: _silent(cells) for number, cells in grade.elsewhere.items()}
    result = replace(grade.result, student=name, notes=[])
    standing = replace(grade.standing, counts=result)
    attempts = tuple(_copy(attempt, name) for attempt in grade.attempts)
    who = {"student": name, "standing": standing, "attempts": attempts, "result": result}
    return replace(grade, **who, entered=entered, elsewhere=elsewhere)


def _silent(entered: dict[str, Entered]) -> dict[str, Entered]:
    return {cell: replace(one, comment="") for cell, one in entered.items()}


def _copy(attempt: Attempt, name: str) -> Attempt:
    columns = {column.key: getattr(attempt, column.key) for column in Attempt.__table__.columns}
    return Attempt(**columns | {"student": name, "notes": []})
