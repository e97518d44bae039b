"""Checks of lab 03: counting what additive methods train.

Letters: d width, r bottleneck, f inner width of the feed-forward layers.
"""

from __future__ import annotations

import math
from fractions import Fraction

from lora_utils.checks.framework.compare import expect_number
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
    cases = [[draw.integer(2, 900), draw.integer(2, 60)] for _ in range(20)] + [[1, 1], [5, 1], [7, 7], [3, 8]]
    both = "down (r, d) has r biases and up (d, r) has d: write the four shapes down and add them up."
    mistakes = (
        ("biases-forgotten", lambda d, r: 2 * d * r, "the biases are missing"),
        ("one-bias-forgotten", lambda d, r: 2 * d * r + r, "the d biases of up are missing"),
        ("one-bias-forgotten", lambda d, r: 2 * d * r + d, "the r biases of down are missing"),
        ("one-matrix", lambda d, r: d * r, "of the two layers one matrix alone is counted"),
        ("one-matrix", lambda d, r: d * r + r, "one of the two layers is missing"),
        ("one-matrix", lambda d, r: d * r + d, "one of the two layers is missing"),
        ("one-matrix", lambda d, r: d * r + r + d, "one of the two matrices is missing"),
        ("biases-swapped", lambda d, r: 2 * d * r + 2 * r, "both biases are counted with r numbers"),
        ("biases-swapped", lambda d, r: 2 * d * r + 2 * d, "both biases are counted with d numbers"),
        ("biases-twice", lambda d, r: 2 * (d * r + r + d), "each layer is counted with both biases"),
        ("two-biases-of-one", lambda d, r: 2 * d * r + 2, "a bias is counted as one number"),
        ("low-rank-count", lambda d, r: 2 * r * d + d * d, "a full d x d matrix is counted"),
        ("low-rank-count", lambda d, r: 2 * r * d + d * d + r + d, "a full d x d matrix is counted"),
    )  # fmt: skip
    _compare(subject, "adapter", cases, lambda d, r: 2 * d * r + r + d, mistakes, both)


@count_adapters.check
def one_block_of_ia3(subject: Subject, draw: Draw) -> None:
    """ia3_parameters(d, f) counts one factor for each number of a key, of a value and of the inner activations."""
    cases = [[draw.integer(2, 900), draw.integer(2, 4000)] for _ in range(20)] + [[1, 1], [6, 24], [9, 9], [8, 3]]
    each = "Key and value have d numbers each, the inner activations f: three vectors and no matrix."
    mistakes = (
        ("one-vector-forgotten", lambda d, f: d + f, "keys and values have a vector each"),
        ("one-vector-forgotten", lambda d, f: 2 * d, "the inner activations are missing"),
        ("width-for-inner", lambda d, f: 3 * d, "the inner activations are f wide, not d"),
        ("width-for-inner", lambda d, f: 6 * d, "the inner activations are taken for 4 d wide; they are f wide"),
        ("inner-for-width", lambda d, f: 3 * f, "keys and values are d wide, not f"),
        ("inner-for-width", lambda d, f: d + 2 * f, "keys and values are d wide, and the inner activations come once"),
        ("inner-twice", lambda d, f: 2 * d + 2 * f, "the inner activations are counted twice"),
        ("query-too", lambda d, f: 3 * d + f, "a fourth vector of d numbers is counted"),
        ("query-too", lambda d, f: 4 * d + f, "two more vectors of d numbers are counted"),
        ("matrices-counted", lambda d, f: 2 * d * d + d * f, "whole matrices are counted"),
    )  # fmt: skip
    _compare(subject, "ia3", cases, lambda d, f: 2 * d + f, mistakes, each)


@count_adapters.check
def widest_that_fits(subject: Subject, draw: Draw) -> None:
    """widest_bottleneck(d, adapters, budget) is the largest r that fits, also when it fits exactly."""
    cases = []
    for low, high in ((300, 900), (2, 40)):
        for slack in (0, 0, -1, 1, -1, 2):  # exactly enough, one number short, one to spare
            d, adapters, r = draw.integer(low, high), draw.integer(2, 24), draw.integer(9, 60)
            cases.append([d, adapters, adapters * (2 * d * r + r + d) + slack])
    for _ in range(24):  # anything between
        d, adapters = draw.integer(50, 900), draw.integer(3, 24)
        cases.append([d, adapters, adapters * d * draw.integer(9, 60) + draw.integer(0, 999)])
    judge_widest(subject, cases)
    judge_widest(subject, [beyond_floats(draw) for _ in range(8)])


def beyond_floats(draw: Draw) -> list[int]:
    """A budget one number short of the next bottleneck, larger than a float can hold; the bottleneck is small."""
    d, adapters, r = 10**16 + draw.integer(1, 10**6), draw.integer(1, 4), draw.integer(3, 9)
    return [d, adapters, adapters * (2 * d * r + r + d) - 1]


def fits(d: int, adapters: int, budget: int) -> int:
    """The right answer: the largest r at which all adapters together stay within the budget."""
    return max(0, (budget // adapters - d) // (2 * d + 1))


# The same computed with /, which is exact as long as the numbers are small.
IN_FLOATS = (
    lambda d, n, b: max(0, int((b / n - d) // (2 * d + 1))),
    lambda d, n, b: max(0, int((b / n - d) / (2 * d + 1))),
    lambda d, n, b: max(0, int((b - n * d) / (n * (2 * d + 1)))),
    lambda d, n, b: max(0, int((b / n - d) / (2 * d + 1) // 1)),
)


def judge_widest(subject: Subject, cases: list) -> None:
    """Compare with the formula; hidden checks use it with other budgets."""
    hint = "Solve adapters * (2 d r + r + d) <= budget for r and round down."
    down = "Round down."

    def exact(d: int, n: int, b: int) -> Fraction:
        return (Fraction(b, n) - d) / (2 * d + 1)

    mistakes = (
        *(("float-division", rule, "it comes out of a division with /, whose float no longer holds every whole number",
           "Divide whole numbers with //: above 2^53 a float has to leave some out.") for rule in IN_FLOATS),
        ("rounded-to-nearest", lambda d, n, b: max(0, round(exact(d, n, b))), "it is rounded to the nearest number, "
         "which is over budget half of the time", down),
        ("rounded-to-nearest", lambda d, n, b: round(exact(d, n, b)), "it is rounded to the nearest number, which is "
         "over budget half of the time", down),
        ("rounded-up", lambda d, n, b: max(0, math.ceil(exact(d, n, b))), "it is rounded up: that is over budget",
         down),
        ("rounded-up", lambda d, n, b: math.ceil(exact(d, n, b)), "it is rounded up: that is over budget", down),
        ("rounded-up", lambda d, n, b: max(0, -((d - b // n) // (2 * d + 1))), "it is rounded up: that is over budget",
         down),
        ("cut-at-width", lambda d, n, b: min(d, fits(d, n, b)), "it is never larger than d", "A bottleneck may be "
         "wider than d, if the budget pays for it."),
        ("one-more", lambda d, n, b: fits(d, n, b) + 1, "it is one too large: that is over budget",
         "The largest that fits, not the first that does not."),
        ("one-adapter", lambda d, n, b: max(0, (b - d) // (2 * d + 1)), "the whole budget goes to a single adapter",
         "The budget is for all adapters together: each gets budget / adapters."),
        ("one-adapter", lambda d, n, b: (b - d) // (2 * d + 1), "the whole budget goes to a single adapter",
         "The budget is for all adapters together: each gets budget / adapters."),
        ("d-of-one-adapter", lambda d, n, b: max(0, (b - d) // (n * (2 * d + 1))), "the d biases of up are taken off "
         "for one adapter, not for all", "Each adapter has d of them."),
        ("biases-forgotten", lambda d, n, b: b // (2 * d * n), "the biases are missing, so it is over budget", hint),
        ("biases-forgotten", lambda d, n, b: b // n // (2 * d + 1), "the d biases of up are missing, so it is over "
         "budget", hint),
        ("biases-forgotten", lambda d, n, b: max(0, (b // n - d) // (2 * d)), "the r biases of down are missing, so it "
         "is over budget", hint),
        ("one-matrix", lambda d, n, b: max(0, (b // n - d) // (d + 1)), "one of the two matrices is missing", hint),
        ("strictly-below", lambda d, n, b: fits(d, n, b - 1), "a bottleneck that fits exactly is refused",
         "At most the budget: <= and not <."),
        ("below-zero", lambda d, n, b: (b // n - d) // (2 * d + 1), "a budget that is too small for any adapter gives "
         "a negative number", "Nothing fits then, which is 0."),
        ("below-zero", lambda d, n, b: abs((b // n - d) // (2 * d + 1)), "a budget that is too small for any adapter "
         "gives what is missing, without its sign", "Nothing fits then, which is 0."),
        ("at-least-one", lambda d, n, b: max(1, fits(d, n, b)), "it gives 1 where not even r = 1 fits",
         "Nothing fits then, which is 0."),
    )  # fmt: skip
    _compare(subject, "widest", cases, fits, mistakes, hint)


NAMES = {"adapter": "adapter_parameters", "ia3": "ia3_parameters", "widest": "widest_bottleneck"}


def _compare(subject: Subject, which: str, cases: list, rule, mistakes: tuple, hint: str) -> None:
    """All cases at once: a mistake is named if it explains every one of them."""
    values = subject.probe(count, which=which, cases=cases)["values"]
    for case, value in zip(cases, values, strict=True):
        call = f"{NAMES[which]}({', '.join(map(str, case))})"
        if value is None:
            raise Failure("not-a-number", f"{call} returns None", "It has to return the number; print only shows it.")
        if isinstance(value, float) and value % 1:
            raise Failure("not-whole", f"{call} must be a whole number, got {value:,.2f}", "Whole numbers stay whole "
                          "under +, * and //; / makes fractions.")  # fmt: skip
        expect_number(value, call, int)
    wrong = [k for k, case in enumerate(cases) if values[k] != rule(*case)]
    if not wrong:
        return
    k = wrong[0]
    came = f"{NAMES[which]}({', '.join(map(str, cases[k]))}) must be {rule(*cases[k]):,}, got {values[k]:,}"
    if len(wrong) < len(cases):
        came += f" ({len(wrong)} of {len(cases)} cases are wrong)"
    for id, mistake, why, *how in mistakes:
        if values == [mistake(*case) for case in cases]:
            raise Failure(id, f"{came}: {why}", how[0] if how else hint)
    raise Failure("wrong-count", came, hint)
