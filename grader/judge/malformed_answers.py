"""Whose fault it is that a check broke: that of the answer it was given, or ours.

A check reads what a probe brought back, and raises where that is of a form nobody can compute with: text for a tensor,
a tensor of another shape, a key that is missing. Some answers really are so; and a submission can change the probes of
its own process and have them say anything. So a check that has broken is run again, with the same draws, on the lab's
own solution:

* it stands there, and what came was of another form than what comes from the solution: the answer loses the check, with
  a message that says what was odd, and is flagged;
* it breaks there as well, or the form was the same: the check has a fault, and the exercise is a "grader-error".

The form is the kind of each piece, the keys, lengths, shapes and dtypes, whether numbers are finite, and whether they
are zero, by which nothing can be divided. A right answer may differ in form too; checks are proven on such answers
(tests/catalogue), and the flag has a person look.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch

from grader.judge.trusted_cells import execute, value_of
from lora_utils.checks.framework.draw import probe_seed
from lora_utils.checks.framework.grade import CheckResult, Grade
from lora_utils.checks.framework.subject import Handle, Subject

ODD = "odd-answer"  # the flag, and the id of the message
LARGEST = 2.0**63  # whole numbers from here on fit no dtype
HINT = "Call your code once by hand on a small input, and look at the type, dtype and shape of what it returns."


class Asked(NamedTuple):
    """One probe that has been run: under which seed (each check has its own), its name, and what it brought back."""

    seed: int
    probe: str
    seen: dict


class Solution:
    """The lab's own answers in the judge's process; a side for handles, which keeps what it was asked.

    Args:
        cells: the code cells of the solution that grading runs, in order, each with `id`, `source` and `graded`.
    """

    def __init__(self, cells: list[dict]) -> None:
        self._cells = iter(cells)
        self._namespace: dict = {"__name__": "__main__", "display": lambda *things: None}
        self.asked: list[Asked] = []

    def grade(self, cell: dict, namespace: dict) -> object:
        """Return what a graded cell gives for the solution's answers; `namespace` as for a submission's."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for above in self._cells:  # all of them where a submission has graded cells in another order
                if above["id"] == cell["id"]:
                    break
                if not above["graded"]:
                    with contextlib.suppress(Exception):  # what a check needs of it, will be missed there
                        execute(above["source"], self._namespace)
        self.asked = []
        return value_of(cell, namespace, self)

    def probe(self, function, objects: tuple, inputs: dict, seed: int) -> dict:
        """Run a probe here, as the student's process does there."""
        real = [self._namespace[one.name] if isinstance(one, Handle) else one for one in objects]
        seen = Subject(*real, seed=seed).probe(function, **inputs)
        self.asked.append(Asked(seed, function.__qualname__, dict(seen)))
        return seen

    def end_check(self) -> None:
        """Do nothing: there is no process to let go."""


def settled(grade: Grade, cell: dict, namespace: dict, asked: list[Asked], solution: Solution) -> Grade:
    """Return the grade with each check that broke over an odd answer failed; where the fault is ours, it stays.

    Args:
        grade: of the submission; at least one check broke.
        cell: the graded cell.
        namespace: what the locked cells above it have made.
        asked: what the submission's probes brought back in it.
        solution: the lab's own answers.
    """
    stood = {one.id for one in _right(cell, namespace, solution) if one.verdict == "pass"}
    results = []
    for one in grade.results:
        seed = probe_seed(grade.exercise, one.id)
        broke = one.verdict == "grader-error" and one.id in stood
        # A check that has asked nothing itself looks at what another has read.
        seeds = {seed} if any(one.seed == seed for one in asked) else {one.seed for one in asked}
        odd = next((said for one in seeds if (said := _odd(asked, solution.asked, one))), None) if broke else None
        results.append(_lost(one, odd) if odd else one)
    flags = [*grade.flags, ODD] if results != grade.results else grade.flags
    return Grade(grade.exercise, results, of=grade.of, flags=flags)


def forfeited(cell: dict, namespace: dict, asked: list[Asked], solution: Solution) -> Grade | None:
    """Return the grade of a graded cell that raised outside its checks over an odd answer: all is lost.

    None where the fault is ours. For the arguments see `settled`.
    """
    first, *rest = _right(cell, namespace, solution) or [None]
    odd = next((said for seed in {one.seed for one in asked} if (said := _odd(asked, solution.asked, seed))), None)
    if first is None or odd is None:
        return None
    waiting = [replace(one, verdict="skipped", text="") for one in rest]
    of = first.max_points + sum(one.max_points for one in rest)
    return Grade(cell["id"], [_lost(first, odd), *waiting], of=of, flags=[ODD])


def _right(cell: dict, namespace: dict, solution: Solution) -> list[CheckResult]:
    """Return what the checks say of the solution; nothing where the cell does not stand even that."""
    try:
        grade = solution.grade(cell, namespace)
    except Exception:
        return []
    return grade.results if isinstance(grade, Grade) else []


def _lost(check: CheckResult, odd: str) -> CheckResult:
    text = f"your answer is not of the form asked for, so this could not be checked: {odd}"
    return replace(check, verdict="fail", message_id=ODD, text=text, hint=HINT)


def _odd(asked: list[Asked], right: list[Asked], seed: int) -> str | None:
    """Say how what was asked under one seed differs in form from what the solution gave; None where it does not."""
    pairs = zip((one for one in asked if one.seed == seed), (one for one in right if one.seed == seed), strict=False)
    # From the last probe back: what a check broke over, it most likely asked for last.
    for came, wanted in reversed(list(pairs)):
        if came.probe == wanted.probe and (odd := next(differences(came.seen, wanted.seen), None)):
            return odd
    return None


def differences(came: object, wanted: object, where: str = "") -> Iterator[str]:
    """Say where the form of one answer differs from that of another; what was wanted is told by its kind alone."""
    name = where or "what came back"
    if type(came) is not type(wanted):
        yield f"{name} is {kind(came)}, expected {_kind_alone(wanted)}"
    elif isinstance(wanted, dict):
        for key in wanted:
            if key in came:
                yield from differences(came[key], wanted[key], f"{where}[{key!r}]" if where else key)
        if came.keys() != wanted.keys():
            yield f"{name} has other names in it than expected"
    elif isinstance(wanted, list):
        for index, (one, other) in enumerate(zip(came, wanted, strict=False)):
            yield from differences(one, other, f"{where}[{index}]")
        if len(came) != len(wanted):
            yield f"{name} has another length than expected: {len(came)}"
    elif kind(came) != kind(wanted):
        yield f"{name} is {kind(came)}, where something else was expected"
    elif _is_zero(came) and not _is_zero(wanted):
        yield f"{name} is zero, where something else was expected"


def kind(value: object) -> str:
    """Name the form of a single value."""
    if isinstance(value, torch.Tensor):
        finite = "" if not value.is_floating_point() or torch.isfinite(value).all() else ", not finite"
        return f"a tensor of {value.dtype} and shape {tuple(value.shape)}{finite}"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinite"
    if isinstance(value, int | float) and abs(value) >= LARGEST:
        return "too large a number"
    return _kind_alone(value)


def _is_zero(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() > 0 and not value.any()
    return type(value) in (int, float) and value == 0


def _kind_alone(value: object) -> str:
    if value is None or type(value) is bool:
        return "None" if value is None else "True or False"
    names = {int: "a whole number", float: "a number", str: "text", list: "a list", dict: "a dict"}
    return names.get(type(value), "a tensor")
