"""An exercise as a reader of feedback sees it: verdict, points, own answer, what each check found, what to do next.

Hidden checks appear with their sentence and their finding, never with their code, and what a check that was not run
is worth stays unsaid, because in a quiz that would tell the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grader.course import COUNTS, Policy
from grader.notebooks.answer_key import AnswerKey
from grader.records.held_grades import Entered
from grader.reports.page import sentence
from grader.results import CHECK_WORDS, WORDS, CheckLine, Exercise

MARKS = {"pass": "✓", "partial": "◐", "fail": "✗", "not-attempted": "○", "not-in-copy": "○", "skipped": "–"}
LONG_ANSWER = 12  # lines; a longer one is folded


@dataclass(frozen=True)
class Row:
    """One check as a reader sees it."""

    mark: str
    verdict: str
    word: str
    sentence: str
    text: str
    hint: str | None
    hidden: bool


@dataclass(frozen=True)
class Answer:
    """What a student wrote into one cell; text "" where it is as it was given.

    Args:
        name: of the cell, where an exercise has several, else nothing.
        text: without control characters.
    """

    name: str
    text: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())

    @property
    def long(self) -> bool:
        """Whether it would push what was found out of sight."""
        return self.lines > LONG_ANSWER


@dataclass(frozen=True)
class Section:
    """One exercise as a reader sees it.

    Args:
        number: in the lab, from 1.
        title: the heading over the exercise in the notebook.
        exercise: its outcome.
        rows: the checks that were run.
        waiting: how many checks were not run because one before them did not pass.
        step: what to do next, or nothing.
        answers: what the student wrote, where that is known.
        entered: what a person entered on the attempt that counts; None for nothing.
        elsewhere: what they entered on others, by number.
        holds: points that hold: of the attempt that counts, with what a person entered.
    """

    number: int
    title: str
    exercise: Exercise
    rows: list[Row]
    waiting: int
    step: str
    answers: list[Answer]
    entered: Entered | None
    elsewhere: dict[int, Entered]
    holds: float

    @property
    def word(self) -> str:
        """The verdict in words."""
        return WORDS[self.exercise.verdict]

    @property
    def mark(self) -> str:
        """A sign beside the word, for the eye only."""
        return MARKS.get(self.exercise.verdict, "!")


def sections(
    key: AnswerKey,
    exercises: Iterable[Exercise],
    policy: Policy = "best",
    *,
    answers: dict[str, str] | None = None,
    entered: dict[str, Entered] | None = None,
    elsewhere: dict[int, dict[str, Entered]] | None = None,
    holds: dict[str, float] | None = None,
) -> list[Section]:
    """Return the exercises of a result with their titles, in the lab's order.

    Args:
        key: the lab.
        exercises: of one attempt.
        policy: which attempt counts, for the advice; default the best.
        answers: what the student wrote, by answer cell, without cells left as given; default: unknown.
        entered: what people entered on the attempt that counts, by graded cell; default: nothing.
        elsewhere: what they entered on others, by number and graded cell; default: nothing.
        holds: points that hold, by graded cell; default: those of this attempt.
    """
    graded = {cell.grade_id: cell for cell in key.graded}
    made = []
    for number, exercise in enumerate(exercises, start=1):
        name, cell = exercise.grade_id, graded.get(exercise.grade_id)
        points = (holds or {}).get(name, exercise.points)
        seen = cell is not None and answers is not None and exercise.verdict != "not-in-copy"
        own = key.answers_to(cell) if seen else []
        made.append(
            Section(
                number,
                key.title_of(cell) if cell is not None else name,
                exercise,
                [_row(check) for check in exercise.checks if check.verdict != "skipped"],
                sum(check.verdict == "skipped" for check in exercise.checks),
                next_step(exercise, policy) if points < exercise.max_points else "",
                [Answer(a.grade_id if own[1:] else "", (answers or {}).get(a.grade_id, "")) for a in own],
                (entered or {}).get(name),
                {number: cells[name] for number, cells in (elsewhere or {}).items() if name in cells},
                points,
            )
        )
    return made


def _row(check: CheckLine) -> Row:
    mark = MARKS.get(check.verdict, "!")
    word = CHECK_WORDS[check.verdict]
    return Row(mark, check.verdict, word, check.sentence, check.text, check.hint, check.hidden)


def next_step(exercise: Exercise, policy: Policy = "best") -> str:
    """Say what to do about an exercise; nothing when there is nothing to do."""
    again = "" if policy == "first" else ", and hand in again"  # where only the first attempt counts, to learn
    if exercise.verdict == "pass":
        return ""
    if exercise.verdict == "not-attempted":
        return f"Fill in the cell, run the check under it{again}; where the exercise has hints, they help."
    if exercise.verdict == "not-in-copy":
        new = "Fetch the lab anew, which has this exercise"
        return f"{new}." if policy == "first" else f"{new}, copy your answers into it, do it there{again}."
    if exercise.verdict == "timeout":
        return "Choose Kernel > Restart and Run All: every cell that is graded should finish within a second."
    if exercise.verdict == "crash":
        return "Choose Kernel > Restart and Run All, and mend the cell at which the kernel stops."
    if exercise.verdict == "grader-error":
        return "Nothing: this is a fault of the grader. Staff will grade it again, and it costs you nothing."
    failed = [check for check in exercise.checks if check.verdict == "fail"]
    hidden_only = bool(failed) and all(check.hidden for check in failed)
    if hidden_only and not any(not c.hidden and c.max_points for c in exercise.checks):
        return f"Read the reasons, answer again{again}. {sentence(COUNTS[policy])}"
    if hidden_only:
        return (
            "The checks in your notebook pass; what failed is only looked at when grading. Think of inputs that your "
            "notebook did not try: other shapes, other sizes, zero, negative numbers."
        )
    if len(failed) > 1:
        return f"Begin with the first check that was not passed, run the check under the cell again{again}."
    return f"Mend it, run the check under the cell until it passes{again}."


def most_to_gain(made: list[Section]) -> tuple[str, float] | None:
    """Return the title of the exercise with most points still to be had, and how many; None for full marks.

    What staff entered holds for every attempt, so there is nothing to be had.
    """
    own = [one for one in made if one.entered is None or one.entered.points is None]
    left = [(one.title, round(one.exercise.max_points - one.holds, 2)) for one in own]
    return max((one for one in left if one[1] > 0), key=lambda one: one[1], default=None)
