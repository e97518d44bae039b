"""Quiz questions: a text, choices under letters whose order depends on who reads them, and no key.

    q01 = Question("q01-sky", STUDENT, "What colour is a clear sky at noon?", {"blue": "Blue.", "green": "Green."})
    q01                        # shows the choices under the letters a and b
    answer_01 = "a"            # what a student types
    q01.letters("blue")        # "a" or "b": depends on STUDENT

Which choices are right stands in the hidden tests of the notebook's source, and nowhere in this package.
Used in lab 10_quiz.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.util import find_spec
from inspect import cleandoc
from string import ascii_lowercase

from lora_utils.quiz.widget import choices_widget

FENCE = "```"


def shown_order(student: str, question: str, names: Iterable[str]) -> list[str]:
    """Return the names of a question's choices in the order one student sees them.

    The names are sorted by SHA-256 of (student, question, name), so the author's order leaves no trace, and anyone who
    knows these three texts gets the same order on every machine. In the student's name case does not count, nor do
    spaces at its ends; several spaces count as one.

    Args:
        student: as typed in the notebook; "" is allowed, all who leave it empty share an order.
        question: the question's id.
        names: the choices' short names, in any order.
    """
    reader = " ".join(unicodedata.normalize("NFKC", str(student)).casefold().split())
    return sorted(names, key=lambda name: hashlib.sha256("\x00".join((reader, question, name)).encode()).digest())


@dataclass(frozen=True)
class Question:
    """A question as students see it.

    Args:
        id: "q", a number of two digits, and what it is about, for example "q01-qlora-techniques".
        student: decides the order of the choices; see `shown_order`.
        text: the question; `code` and blank lines between paragraphs are shown as such.
        choices: for each choice a short name, never shown, and its text, which may hold a ``` block of code. At most
            26; none when the answer is a number.
        several: whether several choices may be right; default False, exactly one is.

    Raises:
        ValueError: if the id has no number, or there is one choice or more than 26.
    """

    id: str
    student: str
    text: str
    choices: Mapping[str, str] = field(default_factory=dict)
    several: bool = False

    def __post_init__(self) -> None:
        if not re.match(r"q\d\d-", self.id):
            raise ValueError(f"a question's id starts with 'q', two digits and '-', got {self.id!r}")
        if len(self.choices) == 1 or len(self.choices) > len(ascii_lowercase):
            raise ValueError(f"{self.id}: a question has 2 to 26 choices, or none and asks for a number")

    @property
    def number(self) -> int:
        """The number in the id."""
        return int(self.id[1:3])

    @property
    def answer_name(self) -> str:
        """The variable that holds the answer, for example "answer_01"."""
        return f"answer_{self.id[1:3]}"

    @property
    def order(self) -> list[str]:
        """Names of the choices, in the order of the letters."""
        return shown_order(self.student, self.id, self.choices)

    def lettered(self) -> dict[str, str]:
        """Return the choices' texts by letter, without the indentation of the source: {"a": "Blue.", "b": "Green."}."""
        return {letter: cleandoc(self.choices[name]) for letter, name in zip(ascii_lowercase, self.order, strict=False)}

    def letters(self, *choices: str) -> str:
        """Return the letters of choices given by name, in alphabetical order.

        Raises:
            KeyError: for a name that the question does not have.
        """
        unknown = [name for name in choices if name not in self.choices]
        if unknown:
            raise KeyError(f"{self.id} has no choice {unknown[0]!r}; it has {', '.join(sorted(self.choices))}")
        return "".join(letter for letter, name in zip(ascii_lowercase, self.order, strict=False) if name in choices)

    @property
    def instruction(self) -> str:
        """What to type, in one sentence."""
        if not self.choices:
            return f"Type a number: `{self.answer_name} = 12.5`"
        if self.several:
            return f'Two or more are right. Type all their letters: `{self.answer_name} = "xy"`'
        return f'One is right. Type its letter: `{self.answer_name} = "x"`'

    def widget(self):
        """Return check boxes (or radio buttons, where one is right) that print the line to type.

        Without ipywidgets it is the question itself, whose text says what to type.
        """
        if not self.choices:
            raise ValueError(f"{self.id} asks for a number; type it: {self.answer_name} = ...")
        if find_spec("ipywidgets") is None:
            return self
        heading = f"<p><strong>Question {self.number}</strong>: {escape(plain_text(self.text))}</p>"
        labels = {letter: f"{letter}) {_first_line(text)}" for letter, text in self.lettered().items()}
        return choices_widget(heading, labels, self.several, self.answer_name)

    def __repr__(self) -> str:
        lines = [f"Question {self.number}: {plain_text(self.text)}", ""]
        for letter, text in self.lettered().items():
            lines.append(f"  {letter}) " + plain_text(text).replace("\n", "\n     "))
        return "\n".join([*lines, plain_text(self.instruction)])

    def _repr_html_(self) -> str:
        # A heading and a list of real text: read in order by a screen reader, and no meaning carried by colour.
        label = f"question-{self.id}"
        items = "".join(
            f'<li style="margin:0.4em 0"><strong>{letter})</strong> {_html(text)}</li>'
            for letter, text in self.lettered().items()
        )
        choices = (
            f'<ul style="list-style:none;padding-left:1em;margin:0.5em 0" role="list">{items}</ul>' if items else ""
        )
        return (
            f'<div role="group" aria-labelledby="{label}" style="max-width:60em">'
            f'<div id="{label}">{_paragraphs(self.text)}</div>{choices}<p>{_html(self.instruction)}</p></div>'
        )


def plain_text(text: str) -> str:
    """Return a text without the marks around code, which a terminal shows as they are."""
    return "\n".join(line.replace("`", "") for line in text.strip().split("\n") if not line.startswith(FENCE))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_html(part)}</p>" for part in re.split(r"\n\s*\n", text.strip()))


def _html(text: str) -> str:
    """Escape, then show `code` and fenced blocks as code."""
    parts = escape(text.strip(), quote=False).split(FENCE)  # text, code, text, code, ...
    shown = []
    for i, part in enumerate(parts):
        if i % 2:
            code = part.removeprefix("python").strip("\n")
            shown.append(
                f'<pre style="margin:0.2em 0 0.2em 1.5em;white-space:pre;overflow-x:auto"><code>{code}</code></pre>'
            )
        else:
            shown.append(re.sub(r"`([^`]+)`", r"<code>\1</code>", part.strip("\n")))
    return "".join(shown)


def _first_line(text: str) -> str:
    """Return what fits beside a box; a block of code is named by its first line."""
    lines = plain_text(text).split("\n")
    return lines[0].strip() + (" ..." if len(lines) > 1 else "")
