"""A lab's own solution, graded as a submission is: it earns every point without what the lab withholds."""

from __future__ import annotations

from nbformat import NotebookNode

from grader.build.build import Lab
from grader.build.twins import solution_twin
from grader.engine.service import EngineFailed, can_fork, engine
from grader.notebooks.answer_key import AnswerKey, UnusableKey
from grader.notebooks.notebook_file import SubmittedCell
from grader.notebooks.restoration import restore
from grader.scoring.exercise_grades import grade_exercises
from grader.scoring.run_submission import Limits, execute
from grader.text.plurals import plural


def solution_faults(key: AnswerKey, limits: Limits | None = None) -> list[str]:
    """Return a sentence for each cell of a lab that fails when graded, and for each exercise that its solution fails.

    A probe that needs what is withheld fails its exercise. Nothing is shut off: the lab is the instructor's own.

    Args:
        key: the lab.
        limits: on time and output; default `Limits()`.
    """
    submitted = tuple(SubmittedCell(cell.kind, cell.source, cell.id, cell.grade_id) for cell in key.cells)
    cells = restore(submitted, key).cells
    try:
        runs = execute(cells, {}, limits or Limits(), False, key)
    except EngineFailed as error:  # a graded cell does something else than call checks
        return [f"{key.lab}: it cannot be graded: {error}."]
    found = [
        f"{key.lab}: cell {cell.key.grade_id or cell.id} fails when graded: {runs[cell.id].ename}: "
        f"{runs[cell.id].evalue}."
        for cell in cells
        if cell.runs and not cell.graded and runs[cell.id].status != "ok"
    ]
    for one in grade_exercises(key, cells, runs, engine(False).read):
        if one.points < one.max_points:
            said = "; ".join(message.text for message in one.messages) or "its checks pass and are worth no more"
            points = f"{one.points:.9g} of {one.max_points:.9g} {plural('point', one.max_points)}"
            found.append(f"{key.lab}: its own solution earns {points} in {one.grade_id}: {said}.")
    return found


def prove(lab: Lab, source: NotebookNode) -> list[str]:
    """Return what `solution_faults` says of a lab that withholds something; nothing where no process can be forked."""
    try:
        key = AnswerKey.of(lab.name, solution_twin(source))
    except UnusableKey:  # nothing is graded
        return []
    return solution_faults(key) if key.withheld and can_fork() else []
