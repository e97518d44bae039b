"""Comparing lists of tokens and numbers: what the exercises on text share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, explained, first_wrong


def judge_lists(
    values: list,
    cases: Sequence[Sequence],
    right: Callable,
    *,
    told: Callable[..., str],
    id: str,
    hint: str,
    rules: Sequence[Rule],
) -> None:
    """Raise a Failure unless every value is the right list; a mistake that explains what came has its own message.

    Args:
        values: what the student's function returned, case by case.
        cases: the lists of arguments.
        right: the right list for a case.
        told: names what is compared, for a case.
        id: message id of a list that no rule explains.
        hint: its hint.
        rules: known mistakes.
    """
    for value, case in zip(values, cases, strict=True):
        if type(value) is not list:
            came = "None: is a return missing?" if value is None else f"a value of type {type(value).__name__}"
            raise Failure("not-a-list", f"{told(*case)} must be a list, got {came}", "Return one list.")
    place = first_wrong(values, cases, right)
    if place is None:
        return
    value, wanted, text = values[place], right(*cases[place]), told(*cases[place])
    if "" in value and [item for item in value if item != ""] == wanted:
        raise Failure("empty-tokens", f"{text}: some of the tokens are empty texts", "split(' ') finds an empty text "
                      "between two spaces; split() does not. A list of matches may hold empty ones too.")  # fmt: skip
    rule = explained(values, cases, right, rules)
    said = f"{text} must be {shown(wanted)}, got {shown(value)}"
    if rule:
        raise Failure(rule.id, f"{said}: {rule.text}", rule.hint)
    at = next((i for i, (a, b) in enumerate(zip(value, wanted, strict=False)) if a != b), min(len(value), len(wanted)))
    came, want = (repr(one[at]) if at < len(one) else "nothing" for one in (value, wanted))
    raise Failure(id, f"{said}; item {at}, counted from 0, must be {want}, got {came}", hint)


def shown(items: list) -> str:
    """A list as it is printed, the middle of a long one left out."""
    text = repr(items)
    return text if len(text) <= 240 else f"{text[:160]} ... {text[-70:]}"
