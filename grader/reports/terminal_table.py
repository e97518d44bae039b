"""The class in the terminal: students and labs, points that count, within the width that there is."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from grader.records.class_grades import ClassGrades
from grader.text.plurals import counted
from grader.text.safe_names import one_line

NAME = 12  # columns of a student's name in the narrow table; a longer one goes on in the next line


def class_table(console: Console, grades: ClassGrades, policy: str = "best") -> Table:
    """Return the table student x lab: the points that hold, passed or not, attempts.

    Args:
        console: where it will be printed; where the words do not fit, signs stand for them.
        grades: the class; labs that nobody has handed in are left out.
        policy: which attempt counts.
    """
    for shape in (_Words, _Signs):
        table = Table(title_justify="left", title_style="", box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        table.title = shape.title.format(policy.capitalize())
        table.add_column("student", overflow="fold", min_width=shape.name, max_width=shape.name)
        for lab in grades.begun:
            head = shape.head(lab, grades.labs[lab].max_score)
            table.add_column(Text(head), no_wrap=True, justify=shape.justify)
        for student in grades.students:
            table.add_row(Text(one_line(student.id)), *(_cell(shape, grades, student.id, lab) for lab in grades.begun))
        if Measurement.get(console, console.options.update(width=10_000), table).maximum <= console.width:
            break
    return table


def _cell(shape: type, grades: ClassGrades, student: str, lab: str) -> Text:
    grade = grades.grades.get((student, lab))
    if grade is None:
        refused = (student, lab) in grades.refused
        return Text(shape.refused, style="yellow") if refused else Text(shape.nothing, style="dim")
    return shape.standing(grade.score, grade.passed, grade.standing.attempts, grade.marked_late)


class _Words:
    title = "{} attempt: points, pass or not, how many attempts (late: it was handed in after the due date)"
    name, justify, refused, nothing = None, "left", "not graded", "-"

    @staticmethod
    def head(lab: str, points: float) -> str:
        return f"{lab}\n{counted(points, 'point')}"

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
