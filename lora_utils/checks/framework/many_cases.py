"""Judging an answer by many small cases at once.

One drawn case lets a rule pass that agrees with the right one only there. And a known mistake is told only where it
explains what came for every case, so that its message is true for whoever gets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from lora_utils.checks.framework.compare import TOLERANCE, close, expect_close
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import NOT_WRITTEN, Seen, StudentRaised, Subject

SHOWN = 24  # whole numbers that a message shows, rather than how far they are from the right ones
IN_A_LATER_CALL = "(in a later call; each case by itself goes through)"


@dataclass(frozen=True)
class Rule:
    """A recognisable wrong rule.

    Args:
        id: the message's name in reports and in the catalogue.
        value: what that mistake computes for a case.
        text: what is wrong, in one sentence; or a function that makes it for the case that is told.
        hint: what to do about it; default none.
    """

    id: str
    value: Callable
    text: str | Callable[..., str]
    hint: str | None = None


def ask(subject: Subject, cases: list, arguments: Callable, told: Callable, probe: Callable = calls, **more) -> Seen:
    """Run a probe on many cases; what the student's code raises is told with the first case that it raises for.

    Args:
        subject: the answer.
        cases: what the check has drawn.
        arguments: makes of a case what the probe gets for it.
        told: names a case, for example "rank 3 and share 0.5".
        probe: called with cases=[...] and what else is given here; default `calls`.
        **more: further inputs of the probe.
    """
    inputs = [arguments(case) for case in cases]
    try:
        return subject.probe(probe, cases=inputs, **more)
    except StudentRaised as error:
        if error.kind == NOT_WRITTEN:
            raise
        for case, one in zip(cases, inputs, strict=True):
            try:
                subject.probe(probe, cases=[one], **more)
            except StudentRaised as again:
                text = f"{again.text} (for {told(case)})"
                raise StudentRaised(again.kind, text, again.line) from None
        raise StudentRaised(error.kind, f"{error.text} {IN_A_LATER_CALL}", error.line) from None


def expect_all(
    values: list,
    cases: list,
    right: Callable,
    *,
    told: Callable,
    what: str,
    id: str,
    hint: str | None = None,
    rules: tuple[Rule, ...] = (),
    tolerance: float = TOLERANCE,
) -> None:
    """Raise a Failure unless what came for every case is right.

    Args:
        values: what came, one a case.
        cases: what the check has drawn.
        right: computes the right result of a case.
        told: names a case in a message.
        what: names the result, for example "the start".
        id: message id when no rule explains all values.
        hint: the hint for that; it also goes to answers with another mistake than one can think of.
        rules: known mistakes, tried in order.
        tolerance: as in expect_close.
    """
    results = [right(case) for case in cases]
    pairs = list(zip(values, results, strict=True))
    wrong = next((i for i, (value, result) in enumerate(pairs) if not close(value, result, tolerance)), None)
    if wrong is None:
        return
    case = cases[wrong]
    for rule in rules:
        if all(close(value, rule.value(one), tolerance) for value, one in zip(values, cases, strict=True)):
            text = rule.text if isinstance(rule.text, str) else rule.text(case)
            raise Failure(rule.id, f"for {told(case)}: {text}", rule.hint)
    value, result = pairs[wrong]
    whole = isinstance(result, torch.Tensor) and not result.is_floating_point() and isinstance(value, torch.Tensor)
    if whole and value.shape == result.shape and value.numel() <= SHOWN:  # of ids a largest difference says nothing
        raise Failure(id, f"{what} ({told(case)}) must be {result.tolist()}, got {value.tolist()}", hint)
    expect_close(value, result, what=f"{what} ({told(case)})", id=id, hint=hint, tolerance=tolerance)
