"""Checks of lab 03: counting what additive methods train.

Letters: d width, r bottleneck, f inner width of the feed-forward layers.
"""

from __future__ import annotations

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import Subject

count_adapters = Exercise("count-adapters")


# ---------------------------------------------------------------------------------------------------------- probe
def count(adapter, ia3, widest, *, which: str, cases: list) -> dict:
    """Probe: one of the three functions on each case."""
    function = {"adapter": adapter, "ia3": ia3, "widest": widest}[which]
    return {"values": [function(*case) for case in cases]}


# ---------------------------------------------------------------------------------------------------------- judges
@count_adapters.check
def one_adapter(subject: Subject, draw: Draw) -> None:
    """adapter_parameters(d, r) counts both matrices and both biases: 2 d r + r + d."""
    cases = [[draw.integer(300, 900), draw.integer(5, 60)] for _ in range(3)]
    right = [2 * d * r + r + d for d, r in cases]
    both = "down (r, d) has r biases and up (d, r) has d: write the four shapes down and add them up."
    mistakes = (
        ("biases-forgotten", [2 * d * r for d, r in cases], "the biases are missing", both),
        ("one-bias-forgotten", [2 * d * r + r for d, r in cases], "the d biases of up are missing", both),
        ("one-bias-forgotten", [2 * d * r + d for d, r in cases], "the r biases of down are missing", both),
        ("one-matrix", [d * r + r for d, r in cases], "one of the two layers is missing", both),
        ("one-matrix", [d * r + r + d for d, r in cases], "one of the two matrices is missing", both),
        ("biases-swapped", [2 * d * r + 2 * r for d, r in cases], "both biases are counted with r numbers", both),
        ("biases-swapped", [2 * d * r + 2 * d for d, r in cases], "both biases are counted with d numbers", both),
        ("low-rank-count", [r * (d + d) + d * d for d, r in cases], "a full d x d matrix is counted", both),
    )
    _compare(subject, "adapter", cases, right, mistakes, both)


@count_adapters.check
def one_block_of_ia3(subject: Subject, draw: Draw) -> None:
    """ia3_parameters(d, f) counts one factor for each number of a key, of a value and of the inner activations."""
    cases = [[d := draw.integer(300, 900), 4 * d + draw.integer(1, 9)] for _ in range(3)]
    right = [2 * d + f for d, f in cases]
    each = "Key and value have d numbers each, the inner activations f: three vectors and no matrix."
    mistakes = (
        ("one-vector-forgotten", [d + f for d, f in cases], "keys and values have a vector each", each),
        ("one-vector-forgotten", [2 * d for d, f in cases], "the inner activations are missing", each),
        ("width-for-inner", [3 * d for d, f in cases], "the inner activations are f wide, not d", each),
        ("inner-for-width", [3 * f for d, f in cases], "keys and values are d wide, not f", each),
        ("query-too", [3 * d + f for d, f in cases], "the query is not rescaled", each),
        ("matrices-counted", [2 * d * d + d * f for d, f in cases], "whole matrices are counted", each),
    )
    _compare(subject, "ia3", cases, right, mistakes, each)


@count_adapters.check
def widest_that_fits(subject: Subject, draw: Draw) -> None:
    """widest_bottleneck(d, adapters, budget) is the largest r that fits, also when it fits exactly."""
    cases = []
    for slack in (0, -1, 1):  # exactly enough, one number short, one to spare
        d, adapters, r = draw.integer(300, 900), draw.integer(3, 24), draw.integer(9, 60)
        cases.append([d, adapters, adapters * (2 * d * r + r + d) + slack])
    judge_widest(subject, cases)


def judge_widest(subject: Subject, cases: list) -> None:
    """Compare with a search from the largest r down; hidden checks use it with other budgets."""

    def fits(d: int, adapters: int, budget: int) -> int:
        r = budget // (2 * d * adapters) + 1
        while r > 0 and adapters * (2 * d * r + r + d) > budget:
            r -= 1
        return r

    right = [fits(*case) for case in cases]
    hint = "Solve adapters * (2 d r + r + d) <= budget for r and round down."
    mistakes = (
        ("rounded-to-nearest", [round((b / n - d) / (2 * d + 1)) for d, n, b in cases],
         "it is up to half a step too large: rounded to the nearest number, or the d biases of up are missing",
         "Round down, with // or math.floor, after taking off d for each adapter."),
        ("rounded-up", [-(-(b / n - d) // (2 * d + 1)) for d, n, b in cases], "it is rounded up: that is over budget",
         "Round down, with // or math.floor."),
        ("one-adapter", [(b - d) // (2 * d + 1) for d, n, b in cases], "the whole budget goes to a single adapter",
         "The budget is for all adapters together: each gets budget / adapters."),
        ("biases-forgotten", [b // (2 * d * n) for d, n, b in cases], "the biases are missing, so it is over budget",
         hint),
        ("strictly-below", [fits(d, n, b - 1) for d, n, b in cases], "a bottleneck that fits exactly is refused",
         "At most the budget: <= and not <."),
        ("below-zero", [(b // n - d) // (2 * d + 1) for d, n, b in cases],
         "a budget that is too small for any adapter gives a negative number", "Return 0 then: max(0, ...)."),
        ("at-least-one", [max(1, r) for r in right], "it gives 1 where not even r = 1 fits", "Return 0 then."),
    )  # fmt: skip
    _compare(subject, "widest", cases, right, mistakes, hint)


NAMES = {"adapter": "adapter_parameters", "ia3": "ia3_parameters", "widest": "widest_bottleneck"}


def _compare(subject: Subject, which: str, cases: list, right: list, mistakes: tuple, hint: str) -> None:
    """All cases at once, since a single answer fits several mistakes."""
    values = subject.probe(count, which=which, cases=cases)["values"]
    for case, value in zip(cases, values, strict=True):
        if not isinstance(value, (int, float)):
            came = "None: is a return missing?" if value is None else f"a {type(value).__name__}"
            raise Failure("not-a-number", f"{NAMES[which]}{tuple(case)} must be one whole number, got {came}", hint)
        if value != right[cases.index(case)] and value % 1:
            text = f"{NAMES[which]}{tuple(case)} must be a whole number, got {value:,.2f}"
            raise Failure("not-whole", text, "Divide with //, which rounds down, and not with /.")
    wrong = next((i for i, value in enumerate(values) if value != right[i]), 0)
    came = f"{NAMES[which]}{tuple(cases[wrong])} must be {right[wrong]:,}, got {values[wrong]:,g}"
    if values == right:
        return
    for id, wrong_values, why, how in mistakes:
        if values == wrong_values != right:
            raise Failure(id, f"{came}: {why}", how)
    raise Failure("wrong-count", came, hint)
