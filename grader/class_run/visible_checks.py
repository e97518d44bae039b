"""What a student gets from a terminal: the visible checks of one notebook, and what only grading will decide.

It needs the lab's released notebook and nothing of the instructor's: the key is made from the student twin, so the
hidden checks are not even there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

from grader.build.build import Lab, find_labs
from grader.engine.service import NO_FORK, can_fork, engine
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.notebook_file import Unreadable, parse, read_bytes
from grader.notebooks.recognition import lab_of, with_names
from grader.notebooks.restoration import restore
from grader.results import CHECK_WORDS, Exercise
from grader.scoring.exercise_grades import grade_exercises
from grader.scoring.run_submission import Limits, execute


class CannotCheck(ValueError):
    """The notebook cannot be checked; the message is one sentence with the cure."""


@dataclass(frozen=True)
class SelfCheck:
    """What the visible checks say of one notebook.

    Args:
        lab: which lab it is.
        exercises: in the lab's order.
        notes: what was set right first, one sentence each.
    """

    lab: str
    exercises: list[Exercise]
    notes: list[str]

    @property
    def all_passed(self) -> bool:
        """Whether every visible check passed."""
        return all(e.checks and all(c.verdict == "pass" for c in e.checks) for e in self.exercises)

    @staticmethod
    def visible(exercise: Exercise) -> float:
        """Points that the checks here decide."""
        return round(sum(check.max_points for check in exercise.checks), 6)

    def lines(self) -> list[str]:
        """Return the report, line by line."""
        made = []
        for exercise in self.exercises:
            seen = self.visible(exercise) if exercise.checks else exercise.max_points
            made.append(_heading(exercise.grade_id.removeprefix("test-"), exercise.points, seen, exercise.max_points))
            for check in exercise.checks:
                made.append(f"  {CHECK_WORDS[check.verdict]:<14} {check.sentence}")
                made += [" " * 17 + part for part in (check.text, f"Hint: {check.hint}" if check.hint else "") if part]
            if not exercise.checks:
                made += [f"  {message.text}" for message in exercise.messages]
        seen = sum(self.visible(e) if e.checks else e.max_points for e in self.exercises)
        points, most = (sum(getattr(e, name) for e in self.exercises) for name in ("points", "max_points"))
        return [*made, _heading("in all", points, seen, most)]


def _heading(what: str, points: float, seen: float, most: float) -> str:
    """Say what was earned of what can be seen here, in the words of the notebook's own table."""
    hidden = round(most - seen, 6)
    if hidden and not seen:
        all_of_it = "the point is" if hidden == 1 else f"all {hidden:g} points are"
        return f"{what}: {all_of_it} decided by hidden checks when graded"
    more = f"; {hidden:g} more decided by hidden checks when graded" if hidden > 0 else ""
    return f"{what}: {round(points, 2):g} of {round(seen, 6):g} points{more}"


def self_check(path: Path, root: Path, limits: Limits | None = None) -> SelfCheck:
    """Run the visible checks of a notebook, under the caller's own account.

    Args:
        path: the student's notebook.
        root: the course's folder, which holds notebooks/.
        limits: of time and output; default `Limits()`.

    Raises:
        CannotCheck: unreadable, or of no lab.
    """
    try:
        cells = parse(read_bytes(path)).cells
    except Unreadable as error:
        raise CannotCheck(f"{path.name} {error.fault}; {error.cure}.") from None
    keys = {lab.name: key for lab in find_labs(root) if (key := student_key(lab)) is not None}
    lab = lab_of(cells, keys)
    if lab is None:
        raise CannotCheck(f"{path.name} is the notebook of no lab of this course; open one of notebooks/.")
    best = keys[lab]
    if not can_fork():
        raise CannotCheck(NO_FORK)
    restored = restore(with_names(cells, best), best)
    runs = execute(restored.cells, {}, limits or Limits(), sandbox=False)
    return SelfCheck(best.lab, grade_exercises(best, restored.cells, runs, engine(False).read), restored.notes)


def student_key(lab: Lab) -> AnswerKey | None:
    """Make a lab's key from its released notebook; None where there is none."""
    if not lab.student.is_file():
        return None
    return AnswerKey.of(lab.name, nbformat.reads(lab.student.read_text(encoding="utf-8"), as_version=4))
