"""Checks of lab 11: DARE, drop and rescale.

The numbers that come are divided by those that went in: what is left is 0 where a number was dropped, and one factor
everywhere else. Draws are judged by their share, and by what no fair draw does: bounds hold at six standard deviations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import ask
from lora_utils.checks.framework.subject import Subject

# Random numbers are drawn in the order in memory, so an update that lies otherwise gets another mask; and from whatever
# generator one likes, so a second call with the same numbers gives another one. Neither is a fault.
drop_and_rescale = Exercise("drop-and-rescale", lifted=("depends-on-the-layout", "remembers-an-object"))

SIGMAS = 6.0
DROPS = (0.3, 0.6, 0.9)


class Thin(NamedTuple):
    """A case: an update without zeros, and the share to drop."""

    update: torch.Tensor
    drop: float


def thin_case(draw: Draw, rows: int, columns: int, drop: float) -> Thin:
    """Draw an update whose numbers are all at least a tenth."""
    numbers = draw.normal(rows, columns)
    return Thin(numbers + 0.1 * numbers.sign(), drop)


def told(c: Thin) -> str:
    """A case, for a message."""
    return f"an update of shape {tuple(c.update.shape)} and drop={c.drop:g}"


def ratios(subject: Subject, cases: list[Thin]) -> list[torch.Tensor]:
    """What came, over what went in, for each case."""
    values = ask(subject, cases, told, arguments=lambda c: [c.update, c.drop])["values"]
    for c, value in zip(cases, values, strict=True):
        expect_tensor(value, f"the result for {told(c)}")
        if value.shape != c.update.shape:
            raise Failure("wrong-shape", f"for {told(c)} the result has shape {tuple(value.shape)}",
                          "What is dropped becomes 0 and keeps its place.")  # fmt: skip
        if not value.isfinite().all():
            raise Failure("not-finite", f"for {told(c)} the result holds NaN or infinity",
                          "Divide by 1 - drop, a number, and by nothing that may be 0.")  # fmt: skip
    return [value.double() / c.update.double() for c, value in zip(cases, values, strict=True)]


@drop_and_rescale.check
def drops_and_rescales(subject: Subject, draw: Draw) -> None:
    """Every number is either 0 or 1 / (1 - drop) times what it was, and the share of zeros is about `drop`."""
    judge_values(subject, [thin_case(draw, 50 + draw.integer(0, 9), 61, drop) for drop in DROPS])


def judge_values(subject: Subject, cases: list[Thin]) -> None:
    """Look at the factors and at the share of zeros; hidden checks use it with other updates."""
    for c, ratio in zip(cases, ratios(subject, cases), strict=True):
        kept, n = ratio[ratio != 0], ratio.numel()
        if len(kept) == n and c.drop > 0:
            what = "comes back as it was" if close(ratio, torch.ones_like(ratio), 1e-4) else "is another one"
            raise Failure("nothing-dropped", f"for {told(c)} no number is 0: each one {what}",
                          "A mask of zeros and ones, drawn for each number.")  # fmt: skip
        if not len(kept):
            raise Failure("all-dropped", f"for {told(c)} every number is 0",
                          "A number stays with probability 1 - drop.")  # fmt: skip
        _expect_factor(c, kept, n)
        _expect_no_lines(c, ratio == 0)
        _expect_share(c, len(kept), n)


def _expect_factor(c: Thin, kept: torch.Tensor, n: int) -> None:
    factor, right = float(kept.median()), 1 / (1 - c.drop)
    if not close(kept, torch.full_like(kept, factor), 1e-4):
        raise Failure("several-factors", f"for {told(c)} those that stay are multiplied by numbers from "
                      f"{float(kept.min()):.3g} to {float(kept.max()):.3g}", "One factor for all: 1 / (1 - drop)."
                      )  # fmt: skip
    if abs(factor - right) <= 1e-4 * right:
        return
    share = len(kept) / n
    known = (
        (1.0, "not-rescaled", "those that stay are as they were, so the mean has shrunk"),
        (1 / c.drop if c.drop else None, "divided-by-drop", "they are divided by drop, the share of those that go"),
        (1 - c.drop, "multiplied", "they are multiplied by 1 - drop, so the mean has shrunk twice"),
        (c.drop, "multiplied", "they are multiplied by drop"),
        (1 / math.sqrt(1 - c.drop), "root-of-the-share", "they are divided by the root of 1 - drop: that keeps the sum "
         "of the squares, and not the mean"),
        (right * right, "rescaled-twice", "they are divided by 1 - drop twice"),
        (1 / share, "share-that-came", "they are divided by the share that this draw happened to keep"),
        (1 + c.drop, "wrong-factor", "they are multiplied by 1 + drop"),
    )  # fmt: skip
    for value, id, text in known:
        if value is not None and abs(factor - value) <= 1e-4 * abs(value):
            raise Failure(id, f"for {told(c)} {text}", "Divide by 1 - drop: then the mean over all draws is the "
                          "update.")  # fmt: skip
    raise Failure("wrong-factor", f"for {told(c)} those that stay are {factor:.4g} times what they were, expected "
                  f"{right:.4g}", "Divide by 1 - drop.")  # fmt: skip


def _expect_share(c: Thin, kept: int, n: int) -> None:
    bound = SIGMAS * math.sqrt(c.drop * (1 - c.drop) / n)
    gone = 1 - kept / n
    if abs(gone - c.drop) <= bound:
        return
    known = ((1 - c.drop, "kept-for-dropped", "drop is taken for the share of those that stay"),
             (0.5 * (1 + math.erf(c.drop / math.sqrt(2))), "normal-numbers", "normal numbers are compared with drop, "
              "and more than that share of them lies below it"),
             (0.5 * (1 + math.erf((1 - c.drop) / math.sqrt(2))), "normal-numbers", "normal numbers are compared with "
              "1 - drop"))  # fmt: skip
    share, id, text = min(known, key=lambda one: abs(gone - one[0]))
    if abs(gone - share) <= bound:
        raise Failure(id, f"for {told(c)} {gone:.0%} of the numbers are 0: {text}", "Numbers from torch.rand lie below "
                      "drop with probability drop.")  # fmt: skip
    raise Failure("wrong-share", f"for {told(c)} {gone:.0%} of the numbers are 0, expected about {c.drop:.0%}",
                  "Numbers from torch.rand lie below drop with probability drop.")  # fmt: skip


def _expect_no_lines(c: Thin, gone: torch.Tensor) -> None:
    """Expect that rows and columns, where they are long enough to tell, hold zeros and other numbers side by side."""
    for dim in (0, 1):
        length = gone.shape[dim]
        alike = ((gone.double().mean(dim) == 0) | gone.all(dim)).double().mean()
        if alike > 0.5 and c.drop**length + (1 - c.drop) ** length < 0.1:
            raise Failure("lines-dropped", f"for {told(c)} whole rows or columns are dropped", "Draw a number for each "
                          "number of the update: torch.rand_like(update).")  # fmt: skip


@drop_and_rescale.check(after=("drops-and-rescales",))
def draws_each_number(subject: Subject, draw: Draw) -> None:
    """It is chance alone that drops, for each number by itself, and anew in every call."""
    judge_chance(subject, thin_case(draw, 60, 50 + draw.integer(0, 9), draw.choice((0.4, 0.6))))


def judge_chance(subject: Subject, case: Thin) -> None:
    """Draw six masks for one update and look for what no fair draw does; hidden checks use it with another update."""
    size = case.update.abs()
    zeros = [ratio == 0 for ratio in ratios(subject, [case] * 6)]
    for gone in zeros:
        if size[gone].max() <= size[~gone].min():
            raise Failure("smallest-dropped", f"for {told(case)} just the smallest numbers are dropped",
                          "That is trimming. Here a number's size does not matter.")  # fmt: skip
        if size[~gone].max() <= size[gone].min():
            raise Failure("largest-dropped", f"for {told(case)} just the largest numbers are dropped",
                          "A number's size does not matter.")  # fmt: skip
    if any(torch.equal(zeros[0], other) for other in zeros[1:]):
        raise Failure("same-every-time", f"two calls for {told(case)} drop the same numbers",
                      "Draw in every call, and set no seed.")  # fmt: skip
    if len({int(gone.sum()) for gone in zeros}) == 1:
        raise Failure("count-fixed", f"six calls for {told(case)} drop the same number of numbers: each waits for the "
                      "others", "Each number is dropped by a chance of its own, so their count varies.")  # fmt: skip
    _expect_fair(case, size, zeros)


def _expect_fair(case: Thin, size: torch.Tensor, zeros: list[torch.Tensor]) -> None:
    """Expect that all six draws together drop small and large numbers, and positive and negative ones, alike."""
    total = torch.stack(zeros).double().mean(0)
    for half, name in ((size > size.median(), "large"), (case.update > 0, "positive")):
        bound = SIGMAS * 2 * math.sqrt(case.drop * (1 - case.drop) / (6 * size.numel()))
        gap = float(total[half].mean() - total[~half].mean())
        if abs(gap) > bound:
            more = "more" if gap > 0 else "less"
            raise Failure("unfair", f"for {told(case)} {name} numbers are dropped {more} often than the others",
                          "The same chance for every number.")  # fmt: skip
    if abs(float(total.mean()) - case.drop) > SIGMAS * math.sqrt(case.drop * (1 - case.drop) / (6 * size.numel())):
        raise Failure("wrong-share", f"six calls for {told(case)} drop {float(total.mean()):.1%} of the numbers",
                      "Numbers from torch.rand lie below drop with probability drop.")  # fmt: skip


@drop_and_rescale.check(weight=0.5, after=("drops-and-rescales",))
def zero_changes_nothing(subject: Subject, draw: Draw) -> None:
    """With drop=0 the update comes back as it was."""
    cases = [thin_case(draw, 7, 5, 0.0), thin_case(draw, 3, 8, 0.0)]
    for c, ratio in zip(cases, ratios(subject, cases), strict=True):
        if not close(ratio, torch.ones_like(ratio), 1e-4):
            raise Failure("zero-drops", f"for {told(c)} the result is another one than the update",
                          "Numbers from torch.rand are at least 0: below 0 lies none.")  # fmt: skip
