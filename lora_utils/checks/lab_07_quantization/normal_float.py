"""Checks of lab 07: the levels of NormalFloat.

The judge takes quantiles from the standard library's normal distribution, in float64.
"""

from __future__ import annotations

from statistics import NormalDist

import torch

from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject

normal_float = Exercise("normal-float")

LAST = 0.9677083  # bitsandbytes' largest probability
quantile = NormalDist().inv_cdf


def levels(negative: int, positive: int, last: float) -> list[float]:
    """The table, ascending, by the formula of the text."""
    above = [quantile(0.5 + (last - 0.5) * j / positive) for j in range(1, positive + 1)]
    below = [-quantile(0.5 + (last - 0.5) * j / negative) for j in range(negative, 0, -1)]
    return [q / above[-1] for q in [*below, 0.0, *above]]


def evenly(first: float, last: float, count: int) -> list[float]:
    """`count` evenly spaced numbers, both ends included."""
    return [first + (last - first) * j / (count - 1) for j in range(count)]


@normal_float.check(weight=2)
def is_nf4(subject: Subject, draw: Draw) -> None:
    """normal_float(7, 8, 0.9677083) is NF4: 7 quantiles below zero, 0 itself, 8 above, from -1 to 1."""
    judge_levels(subject, 7, 8, LAST)


@normal_float.check(weight=2, after=("is-nf4",))
def any_size(subject: Subject, draw: Draw) -> None:
    """Other numbers of levels and another last probability give their own table."""
    judge_levels(subject, 3, 4, draw.number(0.93, 0.96))
    judge_levels(subject, 5, 2, draw.number(0.97, 0.99))
    judge_levels(subject, 7, 8, draw.number(0.8, 0.9))
    judge_levels(subject, 8, 7, LAST)
    judge_levels(subject, 1, 6, draw.number(0.55, 0.7))
    judge_levels(subject, 4, 1, draw.number(0.6, 0.8))


def judge_levels(subject: Subject, negative: int, positive: int, last: float) -> None:
    """Compare a table with its quantiles; hidden checks use it with other sizes."""
    got = subject.probe(call, args=[negative, positive, last])["value"]
    expect_tensor(got, "what normal_float returns")
    right, n = levels(negative, positive, last), negative + 1 + positive
    where = f"normal_float({negative}, {positive}, {last})"
    if close(got, torch.tensor(right, dtype=torch.float64), 2e-6):
        _exact(got, where, negative)
        return
    flat = got.double().flatten()
    for mistake in _level_mistakes(negative, positive, last, n):
        if close(flat, mistake.value, 2e-6):
            raise Failure(mistake.id, f"{where} {mistake.text}", mistake.hint)
    if not torch.isfinite(flat).all():
        raise Failure("level-infinite", f"{where} holds infinity or NaN: the quantile of 0 or 1 is infinite",
                      "The outermost probability is `last` on both sides, never 1.")  # fmt: skip
    if (flat == 0).sum() > 1:
        raise Failure("zero-twice", f"{where} holds 0 {int((flat == 0).sum())} times",
                      "The probability 1/2 belongs to neither side: leave it out of both and put 0 in "
                      "once.")  # fmt: skip
    if len(flat) == n - 1 and not (flat == 0).any():
        raise Failure("zero-missing", f"{where} has {n - 1} levels and no 0", "Put 0 between the two sides.")
    if len(flat) != n:
        raise Failure("wrong-count", f"{where} must have {negative} + 1 + {positive} = {n} levels, got {len(flat)}",
                      "Each side has its own number of probabilities, 1/2 left out, and 0 stands once between "
                      "them.")  # fmt: skip
    if not (flat == 0).any():
        raise Failure("no-exact-zero", f"{where} does not hold 0: its smallest magnitude is {flat.abs().min():.3g}",
                      "Cut the two sides separately and put 0 between them.")  # fmt: skip
    if (flat < 0).sum() == 0 and len(flat) == n:
        raise Failure("sign-forgotten", f"{where} has no level below zero: Q is positive above 1/2",
                      "The levels below zero are -Q, in reverse order.")  # fmt: skip
    if (flat < 0).sum() != negative:
        raise Failure("wrong-sides", f"{where} has {int((flat < 0).sum())} levels below zero instead of {negative}",
                      "The first argument counts the negative ones.")  # fmt: skip
    expect_close(flat, torch.tensor(right, dtype=torch.float64), what=where, id="wrong-levels", tolerance=2e-6,
                 hint="Each side has evenly spaced probabilities of its own, from 1/2, left out, to `last`; print "
                 "them for normal_float(1, 2, 0.9), where they are 0.9 below zero, 0.7 and 0.9 above.")  # fmt: skip


def _exact(got: torch.Tensor, where: str, negative: int) -> None:
    middle = float(got[negative])  # the ends may be a rounding away from -1 and 1, as those from 1 - last are
    if middle != 0:
        raise Failure("zero-not-exact", f"{where} must hold 0 exactly, got {middle!r}",
                      "Put a plain 0 in the middle: torch.zeros(1).")  # fmt: skip


def _by_erf(negative: int, positive: int, last: float) -> list[float]:
    """The inverse error function in place of Q."""
    below, above = (
        torch.tensor(evenly(0.5, last, n + 1)[1:], dtype=torch.float64).erfinv() for n in (negative, positive)
    )
    return [*(-below.flip(0)).tolist(), 0.0, *above.tolist()]


def _level_mistakes(negative: int, positive: int, last: float, n: int) -> list[Mistake]:
    """The tables that the usual misreadings give, scaled to [-1, 1] where their authors do so."""

    def table(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    def scaled(values: list[float]) -> torch.Tensor:
        return table([v / max(map(abs, values)) for v in values])

    right = levels(negative, positive, last)
    nf4 = levels(7, 8, LAST)
    no_zero = "Cut the two sides separately and put 0 between them: an exact zero keeps padding and pruned weights."
    both = [quantile(p) for p in evenly(1 - last, last, n)]
    middles = [quantile((i + 0.5) / n) for i in range(n)]
    paper = [(quantile(i / (n + 1)) + quantile((i + 1) / (n + 1))) / 2 for i in range(1, n)]
    found = [
        Mistake("naive-quantiles", scaled(middles), f"holds the quantiles at (i + 1/2) / {n}, of {n} equal shares: "
                "symmetric about zero, so 0 is not among them", no_zero),
        Mistake("naive-quantiles", table(middles), f"holds the quantiles at (i + 1/2) / {n}, of {n} equal "
                "shares", no_zero),
        Mistake("one-cut", scaled(both), f"cuts once from {1 - last:.4f} to {last}: symmetric about zero, so 0 is not "
                "among its levels", no_zero),
        Mistake("paper-equation-4", scaled(paper), "follows equation 4 of the paper, which the paper itself replaces "
                "in the next sentence because its table has no zero", no_zero),
        Mistake("evenly-spaced", table(evenly(-1, 1, n)), "is evenly spaced: that is an integer grid",
                "The probabilities are evenly spaced, the levels are their quantiles."),
        Mistake("not-scaled", table([v * quantile(last) for v in right]), f"ends at {quantile(last):.4f} instead of 1",
                "Divide all levels by the largest."),
        Mistake("probabilities-returned", table([0.5 + v for v in evenly(-last + 0.5, last - 0.5, n)]),
                "holds probabilities", "Take their quantiles: torch.special.ndtri."),
        Mistake("sides-swapped", table(levels(positive, negative, last)), f"has {positive} levels below zero and "
                f"{negative} above", "The first argument counts the negative ones."),
        Mistake("descending", table(right[::-1]), "runs from 1 down to -1", "Ascending: the code 0 is -1."),
        Mistake("sides-not-mirrored", table(sorted(right, key=lambda v: (v >= 0, abs(v)))), "has its negative levels "
                "in the wrong order", "Levels ascend, so the most negative comes first."),
        Mistake("probabilities-scaled", table([*(-j / negative for j in range(negative, 0, -1)), 0.0,
                                               *(j / positive for j in range(1, positive + 1))]),
                "is evenly spaced on each side: the probabilities themselves are scaled", "Take their quantiles first: "
                "torch.special.ndtri."),
        Mistake("erf-for-quantile", scaled(_by_erf(negative, positive, last)),
                "holds the inverse error function of the probabilities", "Q(p) is sqrt(2) erfinv(2 p - 1), which "
                "torch.special.ndtri computes."),
        *(Mistake("rounded", table([round(v, digits) for v in right]), f"holds its levels rounded to {digits} digits",
                  "Return them as they are: the 16 numbers of NF4 differ in the fourth digit from what prints.")
          for digits in (1, 2, 3, 4, 5)),
        Mistake("table-copied", table(nf4), "is the table of NF4 whatever the arguments", "Compute it from them."),
        Mistake("last-ignored", table(levels(negative, positive, LAST)), f"was made with {LAST}",
                "Use the argument `last`."),
    ]  # fmt: skip
    step = (last - 0.5) / positive
    like_above = [quantile(0.5 + step * j) for j in range(1, negative + 1) if 0.5 + step * j < 1]
    if len(like_above) == negative:
        top = [quantile(0.5 + step * j) for j in range(1, positive + 1)]
        values = [-q for q in reversed(like_above)] + [0.0, *top]
        text = "has its negative side cut in as many parts as the positive one"
        hint = "Below zero the probabilities run to `last` as well, in parts of their own."
        found.append(Mistake("sides-cut-alike", table([v / top[-1] for v in values]), text, hint))
        found.append(Mistake("sides-cut-alike", scaled(values), text, hint))
    for count, text in ((0, "starts at the probability 1/2 and leaves out `last`"), (1, "stops before `last`")):
        sides = []
        for n_side in (negative, positive):
            where = [0.5 + (last - 0.5) * (j + count) / (n_side + count) for j in range(n_side)]
            sides.append([quantile(p) for p in where])
        if sides[1][-1] > 0:
            values = [-q for q in reversed(sides[0])] + [0.0, *sides[1]]
            found.append(Mistake("last-left-out", scaled(values), text, "1/2 is left out and `last` is included."))
    for tail in (1 / 32, 1 / 30, 0.5 / n, 0.5 / (n - 1)):
        found.append(Mistake("last-ignored", table(levels(negative, positive, 1 - tail)), f"was made with the last "
                             f"probability {1 - tail:.7f} instead of {last}", "Use the argument `last`."))  # fmt: skip
    if negative == 7:
        short = evenly(0.5, last, 8)
        found.append(Mistake("zero-twice", scaled([-quantile(p) for p in short[::-1]] + [quantile(p) for p in short]),
                             "holds 0 twice and only 7 levels above it: the probability 1/2 was kept on both sides",
                             "Leave 1/2 out of both sides and put 0 in once."))  # fmt: skip
    return [m for m in found if not close(m.value, torch.tensor(right, dtype=torch.float64), 2e-6)]
