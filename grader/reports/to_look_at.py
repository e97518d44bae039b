"""What staff should look at in grades that hold: the same sentences in the terminal and in the class report."""

from __future__ import annotations

from collections.abc import Iterator

from grader.class_run.run import Run
from grader.notebooks.late_mark import differences
from grader.records.class_grades import ClassGrades, LabGrade
from grader.text.plurals import counted
from grader.text.safe_names import one_line

MOST_NAMED = 20  # students in one sentence

Found = dict[str, list[tuple[str, str]]]  # what there is to look at: the students and labs it is of


def to_look_at(grades: ClassGrades, run: Run) -> Found:
    """Return what there is to look at.

    Args:
        grades: what holds.
        run: what has just been graded: due dates, and what platforms say of the hand-ins.
    """
    found: Found = {}
    for (student, lab), grade in grades.grades.items():
        if lab in grades.labs:
            for what in _of(grades, run, grade):
                found.setdefault(what, []).append((student, lab))
    return found | differences(run.counted(grades.grades), run.due_of)


def sentences(found: Found) -> list[str]:
    """Say it for a terminal, one sentence for each thing."""
    said = []
    for what, places in found.items():
        more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
        said.append(one_line(f"{what}: {', '.join(f'{who} {lab}' for who, lab in places[:MOST_NAMED])}{more}."))
    return said


def _of(grades: ClassGrades, run: Run, grade: LabGrade) -> Iterator[str]:
    if grade.result.timestamp is None and run.counting.due.get(grade.lab) is not None:
        yield "no time of hand-in is known, so the due date costs nothing"
    for number in grade.left_behind:
        counts = grade.standing.counts_number
        yield f"staff's points were entered on attempt {number}; what counts now is attempt {counts}"
    key = grades.labs[grade.lab]
    titles, worth = {cell.grade_id: key.title_of(cell) for cell in key.graded}, key.worth
    for cell in grade.above:
        one, most = grade.entered[cell], worth[cell]
        given = f"{one.points:g} of {counted(most, 'point')}"
        if one.worth not in (None, 0, most):
            then = f"{one.points * one.worth / most:g} of {counted(one.worth, 'point')}"
            given = f"{then}, today {one.points:g} of {most:g}"
        yield f"staff entered more than the exercise is worth: {titles[cell]}, {given}"
