"""Checks of lab 05: counting what full fine-tuning and LoRA train.

Letters: d rows, k columns, r rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from lora_utils.checks.framework.compare import came_as, expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

count_parameters = Exercise("count-parameters")
NAMES = {"full": "full_parameters", "lora": "lora_parameters", "even": "break_even_rank"}


def count(full, lora, even, *, which: str, cases: list) -> dict:
    """Probe: call one of the three counting functions for each case."""
    function = {"full": full, "lora": lora, "even": even}[which]
    return {"values": [function(*case) for case in cases]}


def judge_counts(
    subject: Subject, which: str, cases: list[tuple], right: Callable, rules: tuple[Rule, ...], **told
) -> None:
    """Expect a whole number for each case, and the right one."""

    def call(*case: int) -> str:
        return f"{NAMES[which]}({', '.join(map(str, case))})"

    values = ask(subject, cases, call, count, which=which)["values"]
    for case, value in zip(cases, values, strict=True):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            came = "None: is a return missing?" if value is None else came_as(value)
            if not isinstance(value, torch.Tensor):
                raise Failure("not-a-number", f"the result of {call(*case)} must be a whole number (int), got {came}",
                              "Return the number itself, with nothing around it.")  # fmt: skip
            expect_number(value, f"the result of {call(*case)}", int)
    # exact, since the numbers are small; whether the type is right is told when the number is
    expect_all(values, cases, right, told=call, what="the result", rules=rules, tolerance=1e-9, **told)
    for case, value in zip(cases, values, strict=True):
        expect_number(value, f"the result of {call(*case)}", int)


def _sizes(draw: Draw, pairs: int) -> list[tuple[int, int]]:
    """Draw pairs (d, k) of different sizes, each with its mirror image, squares, and a single row and column."""
    drawn = [tuple(draw.sizes(2, 7, 90)) for _ in range(pairs)]
    n = draw.integer(3, 60)
    return [*drawn, *(pair[::-1] for pair in drawn), (n, n), (1, n), (n, 1), (1, 1), (2 * n, 1)]


@count_parameters.check
def counts_full(subject: Subject, draw: Draw) -> None:
    """full_parameters(d, k): a matrix of d rows and k columns holds d * k numbers."""
    rules = (
        Rule("rows-plus-columns", lambda d, k: d + k, "that is d + k", "Every row has k numbers."),
        Rule("square-assumed", lambda d, k: d ** 2, "that is d * d", "W need not be square: use k too."),
        Rule("square-assumed", lambda d, k: k ** 2, "that is k * k", "W need not be square: use d too."),
        Rule("bias-counted", lambda d, k: d * k + k, "a bias of k numbers is counted too",
             "W0 is the matrix alone."),
        Rule("bias-counted", lambda d, k: d * k + d, "a bias of d numbers is counted too",
             "W0 is the matrix alone."),
        Rule("counted-twice", lambda d, k: 2 * d * k, "every number is counted twice", "W0 is one matrix."),
        Rule("bytes-counted", lambda d, k: 4 * d * k, "that is four times as many: bytes, not numbers",
             "Count numbers."),
    )  # fmt: skip
    judge_counts(subject, "full", _sizes(draw, 5), lambda d, k: d * k, rules, id="wrong-count",
                 hint="Draw a matrix of 2 rows and 3 columns and count.")  # fmt: skip


@count_parameters.check
def counts_lora(subject: Subject, draw: Draw) -> None:
    """lora_parameters(d, k, r): one factor has d * r numbers, the other r * k."""
    sides = "One factor has as many rows as W, the other as many columns; d and k differ."
    rules = (
        Rule("sides-multiplied", lambda d, k, r: r * d * k, "that is r * d * k, more than W0 itself",
             "The factors stand side by side: add their sizes."),
        Rule("rank-forgotten", lambda d, k, r: d + k, "that is d + k, whatever the rank",
             "Each factor has r columns or r rows."),
        Rule("square-assumed", lambda d, k, r: 2 * d * r, "that is 2 * d * r, the paper's count for square matrices",
             sides),
        Rule("square-assumed", lambda d, k, r: 2 * k * r, "that is 2 * k * r, the paper's count for square matrices",
             sides),
        Rule("one-factor", lambda d, k, r: d * r, "one factor only is counted, d * r", "The other has r rows of k."),
        Rule("one-factor", lambda d, k, r: r * k, "one factor only is counted, r * k", "The other has d rows of r."),
        Rule("base-counted", lambda d, k, r: d * k + r * (d + k), "W0 is counted too",
             "W0 is frozen: only the two factors are trained."),
        Rule("factors-multiplied", lambda d, k, r: d * r * r * k, "the sizes of the factors are multiplied",
             "The factors stand side by side: add their sizes."),
        Rule("middle-matrix", lambda d, k, r: r * (d + k + r), "r * r numbers between the factors are counted",
             "There are two factors and nothing between them."),
        Rule("middle-matrix", lambda d, k, r: r * (d + k + 1), "r numbers more are counted",
             "There are two factors and nothing between them."),
        Rule("bias-counted", lambda d, k, r: r * (d + k) + d, "d numbers more are counted, a bias?",
             "The factors have no bias."),
        Rule("bias-counted", lambda d, k, r: r * (d + k) + k, "k numbers more are counted, a bias?",
             "The factors have no bias."),
        Rule("bias-counted", lambda d, k, r: r * (d + k) + k + r, "r + k numbers more are counted, biases?",
             "The factors have no bias."),
        Rule("bias-counted", lambda d, k, r: r * (d + k) + d + r, "r + d numbers more are counted, biases?",
             "The factors have no bias."),
        Rule("precedence", lambda d, k, r: r * d + k, "that is r * d + k", "Both factors have the rank as a side."),
        Rule("precedence", lambda d, k, r: d + k * r, "that is d + k * r", "Both factors have the rank as a side."),
        Rule("smaller-side", lambda d, k, r: 2 * r * min(d, k), "that is twice r times the smaller side", sides),
        Rule("larger-side", lambda d, k, r: 2 * r * max(d, k), "that is twice r times the larger side", sides),
        Rule("rank-capped", lambda d, k, r: min(r, d, k) * (d + k), "a rank above the smaller side is cut down to it",
             "The factors hold as many numbers as their rank says, useful or not."),
        Rule("rank-capped", lambda d, k, r: min(r * (d + k), d * k), "more than d * k is cut down to d * k",
             "The factors hold as many numbers as their rank says, useful or not."),
        Rule("zero-ignored", lambda d, k, r: (r or 1) * (d + k), "a rank of 0 is taken for 1",
             "Factors of rank 0 hold nothing: no `or` and no max here."),
        Rule("arguments-swapped", lambda d, k, r: k * (d + r), "the arguments are taken in another order than (d, "
             "k, r)",
             "Keep the stub's order: later cells call it so."),
        Rule("saving-counted", lambda d, k, r: d * k - r * (d + k), "that is how many fewer numbers LoRA has",
             "Count the two factors alone."),
    )  # fmt: skip
    cases = [(d, k, draw.integer(1, 9)) for d, k in _sizes(draw, 5)]
    judge_counts(subject, "lora", [*cases, (9, 4, 1), (4, 9, 20), (6, 5, 0)], lambda d, k, r: r * (d + k), rules,
                 id="wrong-count", hint="Write down the shapes of the two factors, and count each.")  # fmt: skip


@count_parameters.check
def finds_break_even(subject: Subject, draw: Draw) -> None:
    """break_even_rank(d, k): the smallest rank whose factors hold at least d * k numbers."""
    n, a, b = draw.integer(8, 40), draw.integer(2, 6), draw.integer(7, 11)
    exact = (a * (a + b) * n, b * (a + b) * n)  # d k / (d + k) = a b n, a whole number
    # 0.1 to 0.4 beyond a whole number, so that rounding to the nearest is seen too
    above = next((d, k) for d in range(13 * n, 14 * n) for k in range(5 * n, 6 * n) if 0.1 < d * k / (d + k) % 1 < 0.4)
    small = [(draw.integer(2, 30), draw.integer(2, 30)) for _ in range(6)]
    edges = [(1, 1), (1, n), (n, 1), (2 * n, 2 * n), (2 * n + 1, 2 * n + 1), (2, 2), (3, 6), (128, 50)]
    barely = (1_000, 999_001)  # a millionth beyond 999: a tolerance, or 32 bits, round it down
    cases = [above, above[::-1], exact, exact[::-1], *edges, *small, barely, barely[::-1]]

    def ratio(d: int, k: int) -> float:
        return d * k / (d + k)

    def fewer(d: int, k: int) -> str:
        r = math.floor(ratio(d, k))
        return f"rounded down; at rank {r} the factors still hold {r * (d + k):,} numbers, of d * k = {d * k:,}"

    up = "The break-even rank is the first that reaches d * k: round up, not down."
    half = "Ask at which rank the factors reach d * k; that depends on both sides."
    rules = (
        Rule("not-whole", ratio, lambda d, k: f"that is the quotient itself, {ratio(d, k):.4g}",
             "A rank is a whole number: round up to the first that reaches d * k."),
        Rule("rounded-down", lambda d, k: math.floor(ratio(d, k)), fewer, up),
        Rule("rounded-to-nearest", lambda d, k: round(ratio(d, k)), "the quotient is rounded to the nearest whole "
             "number", up),
        Rule("rounded-to-nearest", lambda d, k: int(ratio(d, k) + 0.5), "the quotient is rounded to the nearest whole "
             "number", up),
        Rule("rounded-down", lambda d, k: max(1, math.floor(ratio(d, k))), fewer, up),
        Rule("one-too-many", lambda d, k: math.floor(ratio(d, k)) + 1, "one rank less reaches d * k exactly",
             "Where d * k is a multiple of d + k the quotient itself is the answer."),
        Rule("one-too-many", lambda d, k: math.ceil(ratio(d, k)) + 1, "one rank less reaches d * k already",
             "Look for the first rank that reaches d * k."),
        Rule("last-that-saves", lambda d, k: math.ceil(ratio(d, k)) - 1, "that is the last rank at which LoRA still "
             "saves", "Look for the first at which it saves nothing."),
        Rule("full-rank", lambda d, k: min(d, k), "that is the smaller side, the largest rank there is",
             "Ask when the factors reach d * k; that happens well before full rank."),
        Rule("half-of-side", lambda d, k: min(d, k) // 2, "that is half of the smaller side", half),
        Rule("half-of-side", lambda d, k: -(-min(d, k) // 2), "that is half of the smaller side, rounded up", half),
        Rule("half-of-side", lambda d, k: max(d, k) // 2, "that is half of the larger side", half),
        Rule("half-of-side", lambda d, k: -(-max(d, k) // 2), "that is half of the larger side, rounded up", half),
        Rule("one-side", lambda d, k: max(d, k), "that is the larger side", half),
        Rule("from-the-root", lambda d, k: math.ceil(math.sqrt(d * k) / 2), "that is half of the root of d * k, "
             "rounded up", half),
        Rule("from-the-mean", lambda d, k: -(-(d + k) // 4), "that is a quarter of d + k, rounded up", half),
        Rule("factor-two", lambda d, k: math.ceil(ratio(d, k) / 2), "that is half of it", half),
        Rule("factor-two", lambda d, k: math.ceil(2 * ratio(d, k)), "that is twice as much", half),
    )  # fmt: skip
    judge_counts(
        subject,
        "even",
        cases,
        lambda d, k: -(-d * k // (d + k)),
        rules,
        id="wrong-rank",
        hint="Try small sizes by hand: write down r * (d + k) for r = 1, 2, 3, ... until it reaches d * k.",
    )
