"""Comparing an answer's results for many cases with a rule, and naming a mistake only where it explains all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lora_utils.checks import Failure, close, expect_close
from lora_utils.checks.framework.compare import TOLERANCE


@dataclass(frozen=True)
class Slip:
    """A recognisable mistake: its message's id, what it computes for a case, what is wrong, and what to do."""

    id: str
    rule: Callable
    text: str
    hint: str


def slip_of(values: Sequence, rights: Sequence, cases: Sequence, slips: Sequence[Slip], tolerance: float):
    """Return the first mistake that gives every value and differs from the right rule somewhere; else None."""
    for slip in slips:
        wrong = [slip.rule(*case) for case in cases]
        apart = any(not close(w, r, tolerance) for w, r in zip(wrong, rights, strict=True))
        if apart and all(close(v, w, tolerance) for v, w in zip(values, wrong, strict=True)):
            return slip
    return None


def expect_rule(
    values: Sequence, rights: Sequence, cases: Sequence, said: Sequence[str], *, slips: Sequence[Slip] = (), id: str,
    hint: str, tolerance: float = TOLERANCE,
) -> None:  # fmt: skip
    """Raise a Failure unless every value is right; the first that is not is shown.

    Args:
        values: what the probe saw, a result a case.
        rights: what the judge computed.
        cases: the arguments of each case, which a slip's rule takes.
        said: names each case's quantity in the message.
        slips: known mistakes, tried in order.
        id: message id where no known mistake gives all the values.
        hint: the hint for that case.
        tolerance: as in `close`.
    """
    wrong = [k for k, (v, r) in enumerate(zip(values, rights, strict=True)) if not close(v, r, tolerance)]
    if not wrong:
        return
    slip = slip_of(values, rights, cases, slips, tolerance)
    try:
        expect_close(values[wrong[0]], rights[wrong[0]], what=said[wrong[0]], id=id, hint=hint, tolerance=tolerance)
    except Failure as failure:
        if slip is None:
            raise
        raise Failure(slip.id, f"{slip.text}: {failure.rationale}", slip.hint) from None
