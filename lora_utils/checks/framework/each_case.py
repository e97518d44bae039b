"""Judging a function by many cases at once, and naming a mistake only where it explains what came.

One probe asks the student's function about all cases. A known mistake is a rule, computed like the right result from
the case: its message is given only when that rule gives what came in every case that went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import close, expect_number
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import NOT_WRITTEN, WRONG_TYPE, StudentRaised, Subject


class Rule(NamedTuple):
    """A recognisable mistake: what it computes from a case, in one sentence, and what to do about it."""

    id: str
    gives: Callable
    text: str
    hint: str


class CaseRaised(StudentRaised):
    """The student's code raised an exception for one case; `case` is that case, `error` what was raised."""

    def __init__(self, error: StudentRaised, case: Sequence) -> None:
        super().__init__(error.kind, error.text, error.line)
        self.error, self.case = error, case


def ask(subject: Subject, probe: Callable[..., dict], cases: Sequence[Sequence], **inputs) -> list:
    """Return what the student's function returns for each case, all asked in one probe.

    Args:
        subject: the student's objects.
        probe: takes `cases`, a list of lists of arguments, and returns {"values": a list as long}.
        cases: the lists of arguments.
        **inputs: handed to the probe as they are.

    Raises:
        CaseRaised: when the student's code raises; the cases are then asked one by one, to know for which.
    """
    try:
        return _values(subject, probe, cases, inputs)
    except StudentRaised as error:
        if error.kind == NOT_WRITTEN:
            raise
        for case in cases:
            try:
                _values(subject, probe, [case], inputs)
            except StudentRaised as alone:
                raise CaseRaised(alone, case) from None
        raise


def _values(subject: Subject, probe: Callable[..., dict], cases: Sequence[Sequence], inputs: dict) -> list:
    values = subject.probe(probe, cases=[list(case) for case in cases], **inputs)["values"]
    if type(values) is not list or len(values) != len(cases):
        raise StudentRaised(WRONG_TYPE, "some cases could not be seen")
    return values


def raised(error: CaseRaised, told: str) -> Failure:
    """Return the failure that says what the student's code raised, and for which case."""
    if error.kind == WRONG_TYPE:
        text = f"for {told} your code returned something else than was asked for: {error.text}"
        return Failure("wrong-type", text, "Look at its type: is a call, or a conversion, missing?")
    line = f", at: {error.line}" if error.line else ""
    return Failure(f"raised-{error.kind}", f"for {told} your code raised {error.error}{line}",
                   "Call your code by hand on such an input: the traceback shows the line and the shapes.")  # fmt: skip


def same(came, wanted) -> bool:
    """Return whether what came is what is wanted: tensors and numbers within rounding, all else exactly."""
    if isinstance(wanted, torch.Tensor):
        return isinstance(came, torch.Tensor) and close(came, wanted)
    if isinstance(wanted, float):
        return isinstance(came, int | float) and close(came, wanted)
    return type(came) is type(wanted) and came == wanted


def explained(values: list, cases: Sequence[Sequence], right: Callable, rules: Sequence[Rule]) -> Rule | None:
    """Return the rule that gives what came, for all cases if there is one, else for all that went wrong.

    A mistake made under some condition explains what went wrong and not the rest; but where few cases went wrong, of
    many in which the rule differs from what is right, it gave the same by chance.

    Args:
        values: what the student's function returned, case by case.
        cases: the lists of arguments.
        right: computes the right result from a case.
        rules: known mistakes. One that gives None, or cannot be computed for a case, does not explain that case.
    """
    asked = list(zip(values, cases, strict=True))
    wanted = [right(*case) for case in cases]
    wrong = [one for one, it in zip(asked, wanted, strict=True) if not same(one[0], it)]
    for rule in rules:
        if wrong and all(_gives(rule, value, case) for value, case in asked):
            return rule
    for rule in rules:
        if wrong and all(_gives(rule, value, case) for value, case in wrong):
            differs = sum(not _gives(rule, it, case) for it, case in zip(wanted, cases, strict=True))
            if 2 * len(wrong) > differs:
                return rule
    return None


def _gives(rule: Rule, value, case: Sequence) -> bool:
    try:
        wanted = rule.gives(*case)
    except (IndexError, RuntimeError, ValueError, KeyError, ZeroDivisionError):
        return False
    if isinstance(wanted, torch.Tensor) and not torch.isfinite(wanted).all():
        return False  # next to infinity, everything is close
    return wanted is not None and same(value, wanted)


def expect_plain(value, what: str, kind: type = float) -> None:
    """Raise a Failure, with a hint in every case, unless the value is a plain number of that kind."""
    try:
        expect_number(value, what, kind)
    except Failure as failure:
        raise Failure(failure.id, failure.rationale, failure.hint or "Return one number, and nothing else.") from None


def first_wrong(values: list, cases: Sequence[Sequence], right: Callable) -> int | None:
    """Return the number of the first case whose value is not the right one; None when all are right."""
    for place, (value, case) in enumerate(zip(values, cases, strict=True)):
        if not same(value, right(*case)):
            return place
    return None
