"""A submission that has its probes say anything whatever loses the check it lied to, and never makes work for staff.

Every check of every lab is given the answers of the lab's own solution, with one piece of one of them forged.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import random
from functools import lru_cache

import pytest
import torch
from in_process import LABS, ROOT

from grader.build.build import find_labs
from grader.judge.malformed_answers import ODD, Asked, Solution, forfeited, settled
from grader.judge.trusted_cells import value_of
from grader.notebooks.answer_key import AnswerKey
from grader.text.cell_text import defined_names, used_names
from lora_utils.checks.framework.exercise import _Run
from lora_utils.checks.framework.subject import Seen

FORGED = {
    "missing": None,  # the piece is left out
    "none": None,
    "text": "forged",
    "truth": True,
    "negative": -1,
    "zero": 0,
    "zero with a point": 0.0,
    "tiny": 5e-324,
    "zeros": torch.zeros(2),
    "huge": 10**400,
    "nan": float("nan"),
    "empty list": [],
    "nested list": [[None]],
    "empty dict": {},
    "dict": {"a": [1]},
    "one number": torch.tensor(1.0),
    "other shape": torch.zeros(2, 3, 2),
    "truths": torch.zeros(3, dtype=torch.bool),
    "empty tensor": torch.zeros(0),
}


def pieces(value, path=()) -> list[tuple]:
    """Where the pieces of an answer stand; of a long list its ends."""
    found = [path] if path else []
    inside = list(value) if isinstance(value, dict) else []
    if isinstance(value, list) and value:
        inside = sorted({0, len(value) - 1})
    for key in inside:
        found += pieces(value[key], (*path, key))
    return found


def with_forged(value, path: tuple, kind: str):
    """A copy of an answer in which one piece is forged."""
    made = copy.copy(value)
    if len(path) > 1:
        made[path[0]] = with_forged(value[path[0]], path[1:], kind)
    elif kind == "missing":
        del made[path[0]]
    else:
        made[path[0]] = FORGED[kind]
    return made


class Remembered(Solution):
    """The solution, asked only once for each answer; the judge draws the same inputs every time."""

    def __init__(self, cells: list[dict]) -> None:
        super().__init__(cells)
        self.known_of: dict[str, dict[tuple, dict]] = {}  # by graded cell

    def grade(self, cell, namespace):
        self.known = self.known_of.setdefault(cell["id"], {})
        return super().grade(cell, namespace)

    def probe(self, function, objects, inputs, seed):
        place = (function.__qualname__, seed, sum(one.seed == seed for one in self.asked))
        if place not in self.known:
            self.known[place] = super().probe(function, objects, inputs, seed)
        else:
            self.asked.append(Asked(seed, function.__qualname__, dict(self.known[place])))
        return copy.deepcopy(self.known[place])


class Forger:
    """A side that gives the solution's answers, and in each check one of them with a forged piece."""

    def __init__(self, known: dict[tuple, dict], kind: str, chance: random.Random) -> None:
        self.known, self.kind, self.chance = known, kind, chance
        self.asked: list[Asked] = []

    def probe(self, function, objects, inputs, seed):
        before = [one for one in self.asked if one.seed == seed]
        place = (function.__qualname__, seed, len(before))
        if place not in self.known:  # an answer that was forged has the check ask further
            place = next((other for other in reversed(self.known) if other[:2] == place[:2]), None)
        seen = dict(copy.deepcopy(self.known[place])) if place else {}
        last = not any(other[1:] == (seed, len(before) + 1) for other in self.known)
        if seen and (last or self.chance.random() < 0.5):
            seen = with_forged(seen, self.chance.choice(pieces(seen)), self.kind)
        self.asked.append(Asked(seed, function.__qualname__, seen))
        return Seen(seen)

    def end_check(self):
        pass


@lru_cache
def judged(lab: str) -> list[tuple[dict, dict, Remembered]]:
    """Each graded cell of a lab, what the locked cells above it make, and the solution, which has stood it."""
    key = AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))
    cells = [cell for cell in key.cells if cell.kind == "code" and not cell.skip]
    names = sorted(set().union(*(defined_names(cell.source) for cell in cells if cell.answer)))
    solution = Remembered([{"id": c.id, "source": c.source, "graded": c.graded} for c in cells])
    found, namespace = [], {"__name__": "__main__", "display": lambda *things: None}
    for cell in cells:
        if cell.graded:
            order = {"id": cell.id, "source": cell.source, "names": names, "reads": used_names(cell.source)}
            grade = solution.grade(order, namespace)
            assert (grade.verdict, grade == cell.points) == ("pass", True), str(grade)
            found.append((order, dict(namespace), solution))
        elif cell.locked:
            with contextlib.suppress(Exception):  # it may use an answer, which the judge does not have
                exec(compile(cell.source, "<locked>", "exec"), namespace)
    return found


@pytest.fixture
def nothing_waits(monkeypatch):
    """Every check is tried, whatever became of those before it."""
    one = _Run._one
    monkeypatch.setattr(_Run, "_one", lambda self, check, *rest: one(self, dataclasses.replace(check, after=()), *rest))


@pytest.mark.filterwarnings("ignore")  # forged tensors are shown to operations that deprecate them
@pytest.mark.parametrize("kind", FORGED)
@pytest.mark.parametrize("lab", LABS)
def test_a_forged_answer_is_never_a_fault_of_ours(lab, kind, nothing_waits):
    for cell, namespace, solution in judged(lab):
        forger = Forger(solution.known_of[cell["id"]], kind, random.Random(f"{cell['id']} {kind}"))
        try:
            grade = value_of(cell, namespace, forger)
        except Exception:
            grade = forfeited(cell, namespace, forger.asked, solution)
            assert grade is not None
            assert grade == 0
            assert grade.flags == [ODD]
            continue
        broke = [one.id for one in grade.results if one.verdict == "grader-error"]
        grade = settled(grade, cell, namespace, forger.asked, solution)
        assert grade.verdict != "grader-error", [one for one in grade.results if one.verdict == "grader-error"]
        assert [one.id for one in grade.results if one.message_id == ODD] == broke
        assert (ODD in grade.flags) == bool(broke)
