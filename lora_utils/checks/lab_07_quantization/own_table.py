"""Checks of lab 07: a table of levels for numbers of any kind.

Letters: x the numbers, n of them, k = 2**bits levels. Any table is right that holds an exact zero and whose error on
numbers that its maker has not seen is near the smallest; the judge finds that by Lloyd's method.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import ask
from lora_utils.checks.framework.subject import Subject

own_table = Exercise("own-table")
COUNT = 4096  # numbers in a sample: a table made for one is a tenth worse on another, at most
ALLOWED = 1.5  # times the judge's own mean squared error


def _spread(draw: Draw) -> torch.Tensor:
    return 0.5 * torch.erf(draw.normal(COUNT) / 2**0.5) + 0.5  # evenly between 0 and 1


def _in_blocks(x: torch.Tensor) -> torch.Tensor:
    rows = x.reshape(-1, 64)
    return (rows / rows.abs().amax(dim=1, keepdim=True)).flatten()


KINDS: dict[str, Callable[[Draw], torch.Tensor]] = {
    "normal numbers": lambda draw: _in_blocks(draw.normal(COUNT)),
    "numbers with long tails on both sides": lambda draw: _in_blocks(draw.normal(COUNT).sign() * -_spread(draw).log()),
    "numbers above zero": lambda draw: _in_blocks(draw.normal(COUNT).abs()),
    "numbers mostly above zero": lambda draw: _in_blocks(draw.normal(COUNT) + 1),
    "numbers around -0.6 and 0.5": lambda draw: (0.1 * draw.normal(COUNT)
                                                 + torch.where(_spread(draw) < 0.4, -0.6, 0.5)).clamp(-1, 1),
}  # fmt: skip


def samples(draw: Draw, kinds: list[str], bits: list[int]) -> list[tuple]:
    """Draw (kind, sample, other numbers of the kind, bits)."""
    return [(kind, KINDS[kind](draw), KINDS[kind](draw), b) for kind, b in zip(kinds, bits, strict=True)]


def told(kind: str, sample: torch.Tensor, others: torch.Tensor, bits: int) -> str:
    """A case, for a message."""
    return f"{kind} and bits={bits}"


def lost(x: torch.Tensor, table: torch.Tensor) -> float:
    """The mean squared distance to the nearest level."""
    return float((x.double().unsqueeze(-1) - table.double()).abs().amin(-1).square().mean())


def lloyd(x: torch.Tensor, k: int) -> torch.Tensor:
    """A table with a zero that moves no more: every other level is the mean of the numbers nearest to it."""
    table = torch.linspace(float(x.min()), float(x.max()), k, dtype=torch.float64)
    zero = int(table.abs().argmin())
    table[zero] = 0
    for _ in range(60):
        nearest = (x.double().unsqueeze(-1) - table).abs().argmin(-1)
        sums, counts = (torch.bincount(nearest, w, minlength=k) for w in (x.double(), None))
        table = torch.where((counts > 0) & (torch.arange(k) != zero), sums / counts.clamp(min=1), table)
    return table


def tables(subject: Subject, cases: list[tuple]) -> list[torch.Tensor]:
    """Call the student's function for each sample."""
    values = ask(subject, cases, told, arguments=lambda kind, sample, others, bits: [sample, bits])["values"]
    for value in values:
        expect_tensor(value, "what own_table returns")
    return values


@own_table.check
def has_a_zero(subject: Subject, draw: Draw) -> None:
    """It returns 2**bits levels from -1 to 1, one of them exactly 0."""
    judge_levels_of(subject, samples(draw, list(KINDS), [3, 4, 3, 4, 5]))


def judge_levels_of(subject: Subject, cases: list[tuple]) -> None:
    """Look at the levels themselves; hidden checks use it with other samples."""
    for case, table in zip(cases, tables(subject, cases), strict=True):
        k, where = 2 ** case[-1], told(*case)
        if tuple(table.shape) != (k,) or not table.is_floating_point():
            kind = f"{str(table.dtype)[6:]} of shape {tuple(table.shape)}"
            raise Failure("wrong-count", f"for {where} expected {k} floats, got {kind}",
                          "A code of so many bits names one of 2**bits levels.")  # fmt: skip
        if not table.isfinite().all():
            bad = int((~table.isfinite()).sum())
            raise Failure("not-finite", f"for {where} {bad} of {k} levels are NaN or infinity",
                          "The mean of no numbers is NaN: look at levels that serve none.")  # fmt: skip
        if table.abs().max() > 1:
            raise Failure("out-of-range", f"for {where} levels reach from {table.min():.3g} to {table.max():.3g}",
                          "The numbers of a block lie from -1 to 1, and so do useful levels.")  # fmt: skip
        if not (table == 0).any():
            raise Failure("no-exact-zero", f"for {where} no level is 0: the smallest magnitude is "
                          f"{float(table.abs().min()):.3g}", "Give zero a level of its own, whatever the sample: "
                          "padding and pruned weights must come back as they were.")  # fmt: skip


@own_table.check(weight=2, after=("has-a-zero",))
def loses_little(subject: Subject, draw: Draw) -> None:
    """On other numbers of the kind it loses at most one and a half times what the best table loses."""
    judge_lost(subject, samples(draw, list(KINDS)[:4] * 2, [3, 4, 3, 4, 4, 3, 4, 3]))


def judge_lost(subject: Subject, cases: list[tuple]) -> None:
    """Compare what is lost with the judge's own table; hidden checks use it with other samples."""
    for case, table in zip(cases, tables(subject, cases), strict=True):
        _, sample, others, bits = case
        ratio = lost(others, table) / lost(others, lloyd(sample, 2**bits))
        if ratio > ALLOWED:
            _tell(
                f"for {told(*case)} the mean squared error is {ratio:.2f} times that of the best table", sample, table
            )


def _tell(text: str, sample: torch.Tensor, table: torch.Tensor) -> None:
    """Say why a table loses so much, as far as its levels show it."""
    levels, k = table.double().sort().values, len(table)
    nearest = (sample.double().unsqueeze(-1) - levels).abs().argmin(-1)
    shares = torch.bincount(nearest, minlength=k) / len(sample)
    inside = (levels > sample.min() - 0.02) & (levels < sample.max() + 0.02)
    gaps = levels.unique().diff()
    if (unused := int((shares == 0).sum())) > k // 5:
        where = "outside of all numbers" if not inside.all() else "where hardly a number is, or twice in one place"
        raise Failure("levels-unused", f"{text}: {unused} of {k} levels are nearest to no number, {where}",
                      "Levels belong where the numbers of the sample are, each in a place of its own.")  # fmt: skip
    if ((gaps / gaps.median() - 1).abs() < 0.15).double().mean() > 0.65:  # a level that was moved to 0 spoils two gaps
        raise Failure("evenly-spaced", f"{text}: its levels are as good as evenly spaced",
                      "Where the numbers crowd, levels should be closer.")  # fmt: skip
    if ((shares * k > 0.6) & (shares * k < 1.6)).double().mean() > 0.75:
        raise Failure("equal-shares", f"{text}: each level serves about as many numbers as another, so the few numbers "
                      "far out have hardly any levels", "A quantile table is fair to numbers, not to errors: an error "
                      "far out counts with its square.")  # fmt: skip
    raise Failure("loses-too-much", text, "Move each level to the mean of the numbers that it serves, and look which "
                  "these are then; the error falls with every round.")  # fmt: skip
