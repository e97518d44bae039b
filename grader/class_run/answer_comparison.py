"""Answers that several students handed in with the same text: a fact about a class, shown to its instructor.

It decides no points. Two students may have worked together as they were asked to, or a task may have one natural
answer; a person looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.notebooks.answer_key import AnswerKey, KeyCell
from grader.notebooks.restoration import restore
from grader.notebooks.submission import Submission
from grader.text.fingerprint import NATURAL


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


def shared_answers(
    submissions: Iterable[Submission], keys: dict[str, AnswerKey], read: Callable[[str, list[str]], list | None]
) -> list[SharedAnswer]:
    """Return the answers that are the same for several students, names, layout, comments and docstrings aside.

    Left out are short ones and those that are the lab's own solution, since there is often one natural way to write
    them, and students whose whole files are the same, since that is told by itself.

    Args:
        submissions: of the whole class.
        keys: the labs.
        read: of an engine, see `Engine.read`; what it cannot read is compared as it stands.
    """
    found: dict[tuple, dict[str, str]] = defaultdict(dict)  # student -> hash of the file
    for one in submissions:
        cells = [cell for cell in restore(one.cells, keys[one.lab]).cells if cell.key is not None and cell.key.answer]
        prints = read("fingerprints", [cell.source for cell in cells]) or [[] for _ in cells]
        for cell, own in zip(cells, prints, strict=True):
            steps = tuple(digest for digest, _ in own)
            if distinctive(sum(length for _, length in own), steps, cell.key):
                found[one.lab, cell.key.id, steps][one.student] = one.sha256
    shared = [
        SharedAnswer(lab, _title(keys[lab], id), sorted(files))
        for (lab, id, _), files in found.items()
        if len(files) > 1 and len(set(files.values())) > 1
    ]
    return sorted(shared, key=lambda one: (one.lab, one.exercise, one.students))


def distinctive(length: int, steps: tuple[str, ...], key: KeyCell) -> bool:
    """Whether two students are unlikely to arrive at an answer of these steps by themselves."""
    given = sum(one.length for one in key.given)
    return length - given >= NATURAL and steps != tuple(one.digest for one in key.prints)


def _title(key: AnswerKey, answer_id: str) -> str:
    graded = next((cell for cell in key.graded if any(a.id == answer_id for a in key.answers_to(cell))), None)
    return key.title_of(graded) if graded is not None else answer_id
