"""Judging an answer by many small cases at once.

One drawn case lets a rule pass that agrees with the right one only there. And a known mistake is told only where its
rule explains what came, so that its message is true for whoever gets it.

A case is whatever a check has drawn. Functions of a case (what is right, what a mistake gives, what it is called in a
message) get a list or a tuple as so many arguments, and anything else as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from lora_utils.checks.framework.compare import NEARLY, TOLERANCE, close, expect_close, few_digits, relation
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import calls
from lora_utils.checks.framework.subject import NOT_WRITTEN, WRONG_TYPE, Seen, StudentRaised, Subject

SHOWN = 24  # whole numbers that a message shows, rather than how far they are from the right ones
IN_A_LATER_CALL = "(in a later call; each case by itself goes through)"
UNFIT = (IndexError, RuntimeError, ValueError, KeyError, ZeroDivisionError)  # of a rule that a case does not suit


@dataclass(frozen=True)
class Rule:
    """A recognisable wrong rule.

    Args:
        id: the message's name in reports and in the catalogue.
        gives: computes from a case what that mistake gives; None where it gives nothing.
        text: what is wrong, in one sentence; or a function that makes it for the case that is told.
        hint: what to do about it; default none.
    """

    id: str
    gives: Callable
    text: str | Callable[..., str]
    hint: str | None = None


def remembered(right: Callable, cases: Sequence, alike: Callable) -> Rule:
    """Return the rule of an answer that takes a case for an earlier one, because they look alike.

    Args:
        right: computes what is right for a case, made of the earlier one and the present one.
        cases: what the check has drawn, in the order of the calls.
        alike: what two cases share that are taken for each other, for example the shape.
    """

    def gives(*case):
        case = case[0] if len(case) == 1 else list(case)
        return right(next(one for one in cases if alike(one) == alike(case)), case)

    return Rule("kept-from-before", gives, "that is what an earlier call, with other numbers, leads to",
                "Compute anew in every call: a name, a shape or an id may come again with other numbers.")  # fmt: skip


class CaseRaised(StudentRaised):
    """The student's code raised an exception for one case: `case` is that case, `error` what was raised for it."""

    def __init__(self, error: StudentRaised, case, told: str) -> None:
        super().__init__(error.kind, f"{error.text} (for {told})", error.line, error.there)
        self.error, self.case = error, case


def of_case(function: Callable, case):
    """Return what a function makes of a case; a list or a tuple is its arguments."""
    return function(*case) if type(case) in (list, tuple) else function(case)


def each(value: Callable | Sequence, cases: Sequence) -> list:
    """Return what there is for each case: the items of a list, or what a function makes of the cases."""
    return [of_case(value, case) for case in cases] if callable(value) else list(value)


def ask(
    subject: Subject,
    cases: Sequence,
    told: Callable,
    probe: Callable = calls,
    *,
    arguments: Callable = lambda *case: list(case),
    **more,
) -> Seen:
    """Run one probe on all cases; what the student's code raises is told with the first case that it raises for.

    Args:
        subject: the answer.
        cases: what the check has drawn.
        told: names a case in a message, for example "rank 3 and share 0.5".
        probe: called with cases=[...] and what else is given here; default `calls`.
        arguments: makes of a case what the probe gets for it; default the case itself, a list.
        **more: further inputs of the probe.

    Raises:
        CaseRaised: when the student's code raises for a case by itself, too.
        StudentRaised: when it raises for all of them together only, or is not written.
    """
    inputs = each(arguments, cases)
    try:
        return _seen(subject, probe, inputs, more)
    except StudentRaised as error:
        if error.kind == NOT_WRITTEN:
            raise
        for case, one in zip(cases, inputs, strict=True):
            try:
                _seen(subject, probe, [one], more)
            except StudentRaised as again:
                raise CaseRaised(again, case, of_case(told, case)) from None
        raise StudentRaised(error.kind, f"{error.text} {IN_A_LATER_CALL}", error.line, error.there) from None


def _seen(subject: Subject, probe: Callable, inputs: list, more: dict) -> Seen:
    seen = subject.probe(probe, cases=inputs, **more)
    values = seen.get("values", inputs)
    if type(values) is not list or len(values) != len(inputs):
        raise StudentRaised(WRONG_TYPE, "some cases could not be seen")
    return seen


def same(came, wanted, tolerance: float = TOLERANCE) -> bool:
    """Return whether what came is what is wanted: tensors and numbers within rounding, all else exactly."""
    if isinstance(wanted, torch.Tensor | int | float):
        return close(came, wanted, tolerance)
    return type(came) is type(wanted) and came == wanted


def first_wrong(
    values: Sequence, cases: Sequence, right: Callable | Sequence, tolerance: float = TOLERANCE
) -> int | None:
    """Return the place of the first case whose value is not the right one; None when all are right."""
    pairs = enumerate(zip(values, each(right, cases), strict=True))
    return next((place for place, (value, wanted) in pairs if not same(value, wanted, tolerance)), None)


def explained(
    values: Sequence,
    cases: Sequence,
    right: Callable | Sequence,
    rules: Sequence[Rule],
    tolerance: float = TOLERANCE,
) -> Rule | None:
    """Return the rule that gives what came, for all cases if there is one, else for all that went wrong.

    A mistake made under some condition explains what went wrong and not the rest; but where few cases went wrong, of
    many in which the rule differs from what is right, it gave the same by chance.

    Args:
        values: what came, one a case.
        cases: what the check has drawn.
        right: the right results, one a case, or a function that computes them.
        rules: known mistakes, tried in order. One that gives None, or cannot be computed for a case, does not explain
            that case.
        tolerance: as in `close`; 0 where whole numbers must be exact.
    """
    wanted = each(right, cases)
    asked = list(zip(values, cases, strict=True))
    wrong = [one for one, it in zip(asked, wanted, strict=True) if not same(one[0], it, tolerance)]
    for rule in rules:
        if wrong and all(_gives(rule, value, case, tolerance) for value, case in asked):
            return rule
    for rule in rules:
        if wrong and all(_gives(rule, value, case, tolerance) for value, case in wrong):
            differs = sum(not _gives(rule, it, case, tolerance) for it, case in zip(wanted, cases, strict=True))
            if 2 * len(wrong) > differs:
                return rule
    return None


def _gives(rule: Rule, value, case, tolerance: float) -> bool:
    try:
        given = of_case(rule.gives, case)
    except UNFIT:
        return False
    return given is not None and same(value, given, tolerance)


def expect_all(
    values: Sequence,
    cases: Sequence,
    right: Callable | Sequence,
    *,
    told: Callable | Sequence[str],
    id: str,
    what: str | Callable | Sequence[str] = "",
    said: Callable | Sequence[str] | None = None,
    hint: str | None = None,
    rules: Sequence[Rule] = (),
    known: str = "for {told}: {text}",
    tolerance: float = TOLERANCE,
) -> None:
    """Raise a Failure unless what came for every case is right; the first case that is not is told.

    Args:
        values: what came, one a case.
        cases: what the check has drawn.
        right: as in `explained`.
        told: names each case in a message, as a list or a function.
        id: message id when no rule explains what came.
        what: names the result, for example "the start"; a list or a function names case and result in one.
        said: the whole message when no rule explains what came, of each case; default what `expect_close` says.
        hint: the hint for that; it also goes to answers with another mistake than one can think of.
        rules: known mistakes, tried in order.
        known: a known mistake's message, made of what the case is called {told}, the rule's {text}, and what would be
            {said} without it.
        tolerance: as in `explained`.
    """
    wanted = each(right, cases)
    place = first_wrong(values, cases, wanted, tolerance)
    if place is None:
        return
    called = each(told, cases)[place]
    name = f"{what} ({called})" if isinstance(what, str) else each(what, cases)[place]
    try:
        if said is not None:
            raise Failure(id, each(said, cases)[place], hint)
        _expect(values[place], wanted[place], name, id, hint, tolerance)
    except Failure as failure:
        plain = failure
    rule = explained(values, cases, wanted, rules, tolerance)
    if rule is None and (how := relation(values, wanted, tolerance)):
        raise Failure(plain.id, f"{plain.rationale}; {how}", plain.hint)
    if rule is None and all(map(_nearly, values, wanted)):
        raise Failure("digits-lost", f"{plain.rationale}; the first digits are right in every case",
                      "Look for what keeps few digits: round, half precision, a cast, a shortened constant."
                      )  # fmt: skip
    if rule is None:
        raise plain
    text = rule.text if isinstance(rule.text, str) else of_case(rule.text, cases[place])
    raise Failure(rule.id, known.format(told=called, text=text, said=plain.rationale), rule.hint)


def _nearly(value, wanted) -> bool:
    """Whether a fraction, or a tensor of fractions, is nearly right."""
    if isinstance(wanted, torch.Tensor) and isinstance(value, torch.Tensor) and value.shape == wanted.shape:
        return wanted.is_floating_point() and wanted.numel() > 0 and (close(value, wanted) or few_digits(value, wanted))
    return isinstance(wanted, float) and close(value, wanted, NEARLY)


def _expect(value, wanted, name: str, id: str, hint: str | None, tolerance: float) -> None:
    """Raise what there is to say of one wrong value when nothing is known about it."""
    whole = isinstance(wanted, torch.Tensor) and not wanted.is_floating_point() and isinstance(value, torch.Tensor)
    if whole and value.shape == wanted.shape and value.numel() <= SHOWN:  # of ids a largest difference says nothing
        raise Failure(id, f"{name} must be {wanted.tolist()}, got {value.tolist()}", hint)
    if not isinstance(wanted, torch.Tensor | int | float):
        raise Failure(id, f"{name} must be {wanted}, got {value}", hint)
    expect_close(value, wanted, what=name, id=id, hint=hint, tolerance=tolerance, alone=False)
