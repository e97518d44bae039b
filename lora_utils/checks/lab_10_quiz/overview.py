"""Which questions of a quiz are answered, unanswered or unreadable; which answers are right is not known here."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from lora_utils.checks.lab_10_quiz.quiz import choose_one, choose_several, number
from lora_utils.quiz.questions import Question

STATES = {"pass": "answered", "not-attempted": "NO ANSWER YET", "fail": "CANNOT BE READ"}


class Line(NamedTuple):
    """One question's state, in words."""

    question: int
    state: str
    detail: str


class Overview:
    """The state of all answers, as a table.

    Args:
        student: the name the order of the choices depends on.
        lines: one a question.
    """

    def __init__(self, student: str, lines: list[Line]) -> None:
        self.student, self.lines = student, lines

    def heading(self) -> str:
        """Return one line: how many are answered, and under which name."""
        done = sum(line.state == STATES["pass"] for line in self.lines)
        who = f"for {self.student!r}" if self.student.strip() else "STUDENT is empty: type your name at the top first"
        return f"{done} of {len(self.lines)} questions answered; {who}"

    def __repr__(self) -> str:
        rows = [f"  {line.question:>2}  {line.state:<15}{line.detail}".rstrip() for line in self.lines]
        return "\n".join([self.heading(), *rows])

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        rows = "".join(
            f'<tr><th scope="row">{line.question}</th><td {left}>{line.state}</td>'
            f"<td {left}>{escape(line.detail)}</td></tr>"
            for line in self.lines
        )
        head = '<tr><th scope="col">question</th><th scope="col">state</th><th scope="col">your answer</th></tr>'
        return f'<table><caption style="text-align:left">{escape(self.heading())}</caption>{head}{rows}</table>'


def overview(namespace: dict) -> Overview:
    """Look at the answer to every question of a notebook.

    Args:
        namespace: the notebook's `globals()`: its questions, and their answers by name, "answer_01" for question 1.
    """
    questions = sorted((q for q in namespace.values() if isinstance(q, Question)), key=lambda q: q.number)
    lines = {}
    for question in questions:
        result = reader(question)(question, namespace.get(question.answer_name), points=0).results[0]
        lines[question.number] = Line(question.number, STATES.get(result.verdict, result.verdict), result.text)
    student = str(questions[0].student) if questions else ""
    return Overview(student, list(lines.values()))


def reader(question: Question):
    """Return the exercise that reads answers to a question of this kind."""
    if not question.choices:
        return number(question.id)
    return choose_several(question.id) if question.several else choose_one(question.id)
