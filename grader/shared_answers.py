"""Answers that several students handed in with the same text: a fact about a class, shown to its instructor.

It decides no points. Two students may have worked together as they were asked to, or a task may have one natural
answer; a person looks.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from grader.answer_key import AnswerKey, KeyCell
from grader.cell_text import parsed
from grader.collect import MOST_COPIED
from grader.restore import restore
from grader.submission import Submission

LONGEST_PARSED = 50_000  # characters; a longer answer is compared as it stands
STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class SharedAnswer:
    """One answer and who handed it in.

    Args:
        lab: which lab.
        exercise: the heading over the exercise.
        students: at least two, in alphabetical order.
    """

    lab: str
    exercise: str
    students: list[str]


def shared_answers(submissions: Iterable[Submission], keys: dict[str, AnswerKey]) -> list[SharedAnswer]:
    """Return the answers that are the same for several students, white space, comments and docstrings aside.

    Left out are short ones and those that are the lab's own solution, since there is often one natural way to write
    them, and students whose whole files are the same, since that is told by itself.
    """
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)  # student -> hash of the file
    for one in submissions:
        for cell in restore(one.cells, keys[one.lab]).cells:
            if cell.key is not None and cell.key.answer and (text := distinctive(cell.source, cell.key)):
                found[one.lab, cell.key.id, text][one.student] = one.sha256
    shared = [
        SharedAnswer(lab, _title(keys[lab], id), sorted(files))
        for (lab, id, _), files in found.items()
        if len(files) > 1 and len(set(files.values())) > 1
    ]
    return sorted(shared, key=lambda one: (one.lab, one.exercise, one.students))


def distinctive(answer: str, key: KeyCell) -> str:
    """Return an answer's normal form if two students are unlikely to arrive at it by themselves; else nothing."""
    text = normal(answer)
    given = normal(key.student).replace("".join(STUB.split()), "")
    return text if len(text) - len(given) >= MOST_COPIED and text != normal(key.source) else ""


@lru_cache(maxsize=4096)
def normal(source: str) -> str:
    """Return a text without what a copyist changes first: white space, comments, docstrings, quotes, parentheses."""
    tree = parsed(source) if len(source) <= LONGEST_PARSED else None
    try:
        return "".join(ast.unparse(_without_docstrings(tree)).split()) if tree is not None else "".join(source.split())
    except RecursionError:
        return "".join(source.split())


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node, False):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _title(key: AnswerKey, answer_id: str) -> str:
    graded = next((cell for cell in key.graded if any(a.id == answer_id for a in key.answers_to(cell))), None)
    return key.title_of(graded) if graded is not None else answer_id
