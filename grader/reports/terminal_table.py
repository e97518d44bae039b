"""The class in the terminal: students and labs, points that count, within the width that there is."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from grader.notebooks.submission import Refusal
from grader.records.attempt import Attempt
from grader.records.attempt_policy import AttemptPolicy
from grader.text.safe_names import one_line

NAME = 12  # columns of a student's name in the narrow table; a longer one goes on in the next line


def class_table(
    console: Console,
    labs: list[str],
    attempts: list[Attempt],
    refused: list[Refusal],
    points: dict[str, float],
    counting: AttemptPolicy | None = None,
) -> Table:
    """Return the table student x lab: the points that count, passed or not, attempts.

    Args:
        console: where it will be printed; where the words do not fit, signs stand for them.
        labs: the columns.
        attempts: all of them, oldest first.
        refused: what could not be graded.
        points: what each lab is worth.
        counting: which attempts count; default: the best.
    """
    counting = counting or AttemptPolicy()
    made: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in attempts:
        made.setdefault((attempt.student, attempt.lab), []).append(attempt)
    not_graded = {(row.student, row.lab) for row in refused}
    students = sorted({name for name, _ in {*made, *not_graded}})
    for shape in (_Words, _Signs):
        table = Table(title_justify="left", title_style="", box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        table.title = shape.title.format(counting.policy.capitalize())
        table.add_column("student", overflow="fold", min_width=shape.name, max_width=shape.name)
        for lab in labs:
            table.add_column(Text(shape.head(lab, points[lab])), no_wrap=True, justify=shape.justify)
        for student in students:
            places = [(student, lab) for lab in labs]
            cells = [_cell(shape, made.get(place, []), counting, place in not_graded) for place in places]
            table.add_row(Text(one_line(student)), *cells)
        if Measurement.get(console, console.options.update(width=10_000), table).maximum <= console.width:
            break
    return table


def _cell(shape: type, made: list[Attempt], counting: AttemptPolicy, refused: bool) -> Text:
    if not made:
        return Text(shape.refused, style="yellow") if refused else Text(shape.nothing, style="dim")
    standing = counting.standing(made, counting.choose(made), new=False)
    return shape.standing(standing.score, standing.passed, len(made), bool(standing.late))


class _Words:
    title = "{} attempt: points, pass or not, how many attempts (late: it was handed in after the due date)"
    name, justify, refused, nothing = None, "left", "not graded", "-"

    @staticmethod
    def head(lab: str, points: float) -> str:
        return f"{lab}\n{points:g} points"

    @staticmethod
    def standing(score: float, passed: bool, attempts: int, late: bool) -> Text:
        text = Text(f"{score:5.4g} ")
        text.append(*(("pass    ", "green") if passed else ("not yet ", "red")))
        text.append(f"{attempts}{' late' if late else ''}")
        return text


class _Signs:
    title = "{} attempt: points (< below the pass mark, ? not graded), under what each lab is worth"
    name, justify, refused, nothing = NAME, "right", "? ", "- "

    @staticmethod
    def head(lab: str, points: float) -> str:
        return f"{lab.split('_')[0]} \n{points:g} "

    @staticmethod
    def standing(score: float, passed: bool, attempts: int, late: bool) -> Text:
        return Text(f"{round(score, 1):g}{' ' if passed else '<'}", style="green" if passed else "red")
