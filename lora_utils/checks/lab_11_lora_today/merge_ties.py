"""Checks of lab 11: TIES merging, trim, elect, merge.

Letters: t updates, n numbers of each, k kept of these.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all, remembered
from lora_utils.checks.framework.subject import Subject

merge_ties = Exercise("merge-ties")


class Merge(NamedTuple):
    """A case: the updates and the share of each that is kept."""

    updates: list[torch.Tensor]
    density: float

    def stacked(self) -> torch.Tensor:
        """(t, ...) in float64."""
        return torch.stack(self.updates).double()


def merge_case(draw: Draw, count: int, shape: tuple[int, ...], share: float) -> Merge:
    """Draw updates of different sizes, and a density that is no whole number of n-ths: half a number more or so."""
    n = draw.normal(*shape).numel()
    k = min(max(1, round(share * n)), n)
    density = 1.0 if k == n else round((k + draw.choice((0.2, 0.7))) / n, 4)
    return Merge([draw.normal(*shape, scale=draw.number(0.5, 2)) for _ in range(count)], density)


def merge_cases(draw: Draw) -> list[Merge]:
    """Draw cases of two to five updates, some wide, some tall, one a vector."""
    cases = [merge_case(draw, count, shape, share) for count, shape, share in (
        (2, (4, 6), 0.5), (3, (5, 4), 0.3), (4, (3, 7), 0.6), (5, (6, 5), 0.2), (3, (4, 6), 0.8), (3, (11,), 0.4),
        (2, (5, 4), 1.0), (4, (6, 5), 0.7))]  # fmt: skip
    return cases


def told(c: Merge) -> str:
    """A case, for a message."""
    return f"{len(c.updates)} updates of shape {tuple(c.updates[0].shape)} and density {c.density:g}"


def trimmed(c: Merge, more: int = 0, density: float | None = None) -> torch.Tensor:
    """(t, ...): of each update the int(density * n) largest by magnitude, 0 elsewhere."""
    U = c.stacked()
    flat = U.flatten(1)  # (t, n)
    k = int((c.density if density is None else density) * flat.shape[1]) + more
    order = flat.abs().argsort(dim=1, descending=True).argsort(dim=1)  # the place of each number in the order
    return (flat * (order < k)).view(U.shape)


def merged(V: torch.Tensor, elected: torch.Tensor, of: torch.Tensor | None = None) -> torch.Tensor:
    """The mean of those of V (t, ...) that have the elected sign; of `of` in their place where that is given."""
    agree = (V.sign() == elected) & (V != 0)
    return ((V if of is None else of) * agree).sum(0) / agree.sum(0).clamp(min=1)


def right(c: Merge) -> torch.Tensor:
    """What TIES gives."""
    V = trimmed(c)
    return merged(V, V.sum(0).sign())


@merge_ties.check(weight=3)
def merges(subject: Subject, draw: Draw) -> None:
    """It trims each update, elects a sign for each place, and takes the mean of those that agree."""
    judge_merge(subject, merge_cases(draw))


@merge_ties.check(after=("merges",))
def leaves_zeros(subject: Subject, draw: Draw) -> None:
    """Where no update has kept a number the result is 0."""
    cases = merge_cases(draw)
    for c, value in zip(cases, _merged_by(subject, cases), strict=True):
        if not value.isfinite().all():
            raise Failure("divided-by-nobody", f"for {told(c)} the result holds NaN or infinity: where no update has "
                          "kept a number, a mean over nobody is taken", "There the sum is 0 already: see to it that it "
                          "is divided by at least 1.")  # fmt: skip


def _merged_by(subject: Subject, cases: list[Merge]) -> list[torch.Tensor]:
    values = ask(subject, cases, told, arguments=lambda c: [c.updates, c.density])["values"]
    for c, value in zip(cases, values, strict=True):
        expect_tensor(value, f"the merge of {told(c)}")
        if value.shape != c.updates[0].shape:
            raise Failure("wrong-shape", f"for {told(c)} the result has shape {tuple(value.shape)}",
                          "The merge is an update of the same weight: sum or mean over the updates alone.")  # fmt: skip
    return values


def judge_merge(subject: Subject, cases: list[Merge]) -> None:
    """Compare with what the three steps give, where somebody has a say; hidden checks use it with other updates."""
    values = _merged_by(subject, cases)
    values = [value.where(value.isfinite() | (right(c) != 0), 0.0) for c, value in zip(cases, values, strict=True)]
    expect_all(values, cases, right, told=told, what="the merge", id="wrong-merge", rules=_rules(cases),
               hint="Take two updates of four numbers and write down what each of the three steps leaves.")  # fmt: skip


def _rules(cases: list[Merge]) -> tuple[Rule, ...]:
    """What well-known mistakes return."""

    def elect(V: torch.Tensor) -> torch.Tensor:
        return V.sum(0).sign()

    def of(V: torch.Tensor) -> torch.Tensor:
        return merged(V, elect(V))

    def small(c: Merge) -> torch.Tensor:
        flat = c.stacked().flatten(1)
        order = flat.abs().argsort(dim=1).argsort(dim=1)
        return (flat * (order < int(c.density * flat.shape[1]))).view(c.stacked().shape)

    def by_value(c: Merge) -> torch.Tensor:
        flat = c.stacked().flatten(1)
        order = flat.argsort(dim=1, descending=True).argsort(dim=1)
        return (flat * (order < int(c.density * flat.shape[1]))).view(c.stacked().shape)

    def together(c: Merge) -> torch.Tensor:
        flat = c.stacked().flatten()
        order = flat.abs().argsort(descending=True).argsort()
        return (flat * (order < int(c.density * len(flat)))).view(c.stacked().shape)

    def by_row(c: Merge) -> torch.Tensor:
        U = c.stacked()
        order = U.abs().argsort(dim=-1, descending=True).argsort(dim=-1)
        return U * (order < int(c.density * U.shape[-1]))

    def nonzero_mean(V: torch.Tensor) -> torch.Tensor:
        return V.sum(0) / (V != 0).sum(0).clamp(min=1)

    def agreeing(V: torch.Tensor) -> torch.Tensor:
        return V * ((V.sign() == elect(V)) & (V != 0))

    def largest(V: torch.Tensor) -> torch.Tensor:
        return V.gather(0, V.abs().argmax(0, keepdim=True))[0]

    def rounded(c: Merge) -> torch.Tensor:
        n = c.updates[0].numel()
        return of(trimmed(c, round(c.density * n) - int(c.density * n)))

    def above_quantile(c: Merge) -> torch.Tensor:
        U = c.stacked()
        bar = torch.quantile(U.abs().flatten(1), 1 - c.density, dim=1)
        return of(U * (U.abs() >= bar.view(-1, *[1] * (U.dim() - 1))))

    own = "Each update is trimmed by itself: its largest numbers by magnitude, int(density * n) of all its n."
    vote = "The sign of a place is that of the sum of what the trimmed updates hold there."
    mean = "Divide by how many agree in that place, not by how many updates there are."
    return (
        Rule("not-trimmed", lambda c: of(c.stacked()), "nothing is trimmed", own),
        Rule("kept-the-smallest", lambda c: of(small(c)), "the smallest numbers are kept", own),
        Rule("trimmed-by-value", lambda c: of(by_value(c)), "the largest numbers are kept without regard to their "
             "magnitude, so that negative ones go first", own),
        Rule("trimmed-together", lambda c: of(together(c)), "one bar is set for all updates, so that a large one keeps "
             "more than a small one", own),
        Rule("trimmed-by-row", lambda c: of(by_row(c)), "each row is trimmed by itself", own),
        Rule("density-dropped", lambda c: of(trimmed(c, density=1 - c.density)), "the density is taken for the share "
             "that goes", "The density is the share that is kept."),
        Rule("density-dropped", lambda c: of(trimmed(c, c.updates[0].numel() - 2 * int(c.density * c.updates[0].numel()
             ))), "the density is taken for the share that goes", "The density is the share that is kept."),
        Rule("no-election", lambda c: nonzero_mean(trimmed(c)), "numbers of either sign enter the mean: nothing is "
             "elected", vote),
        Rule("no-election", lambda c: trimmed(c).mean(0), "the trimmed updates are averaged: nothing is elected", vote),
        Rule("no-election", lambda c: trimmed(c).sum(0), "the trimmed updates are added: nothing is elected", vote),
        Rule("plain-mean", lambda c: c.stacked().mean(0), "that is the mean of the updates", "Three steps: trim, "
             "elect, "
             "merge."),
        Rule("plain-mean", lambda c: c.stacked().sum(0), "that is the sum of the updates", "Three steps: trim, elect, "
             "merge."),
        Rule("elected-before-trimming", lambda c: merged(trimmed(c), elect(c.stacked())), "the sign is elected by the "
             "updates as they were before trimming", vote),
        Rule("one-vote-each", lambda c: merged(trimmed(c), trimmed(c).sign().sum(0).sign()), "each update has one "
             "vote, whatever its size", vote),
        Rule("one-vote-each", lambda c: merged(trimmed(c), torch.where(trimmed(c).sign().sum(0) >= 0, 1.0, -1.0)),
             "each update has one vote, whatever its size", vote),
        Rule("largest-alone", lambda c: largest(trimmed(c)), "the largest number of each place stands for all", mean),
        Rule("largest-elects", lambda c: merged(trimmed(c), largest(trimmed(c)).sign()), "the largest number of a "
             "place decides its sign alone", vote),
        Rule("wrong-side", lambda c: merged(trimmed(c), -elect(trimmed(c))), "those that lost the election are merged",
             "Those that have the elected sign."),
        Rule("divided-by-all", lambda c: agreeing(trimmed(c)).mean(0), "the sum of those that agree is divided by the "
             "number of all updates", mean),
        Rule("divided-by-kept", lambda c: agreeing(trimmed(c)).sum(0) / (trimmed(c) != 0).sum(0).clamp(min=1), "the "
             "sum of those that agree is divided by how many kept a number there, of either sign", mean),
        Rule("not-averaged", lambda c: agreeing(trimmed(c)).sum(0), "those that agree are added and not averaged",
             mean),
        Rule("trimmed-only-to-elect", lambda c: merged(c.stacked(), elect(trimmed(c))), "what was trimmed away enters "
             "the mean after all", "Merge the trimmed updates."),
        Rule("signs-merged", lambda c: elect(trimmed(c)), "that is the elected sign alone", "Merge the numbers."),
        Rule("count-rounded", rounded, "the number of those kept is rounded", "int(density * n), rounded down."),
        Rule("count-rounded", lambda c: of(trimmed(c, int(c.density < 1))), "one number more is kept",
             "int(density * n), rounded down."),
        Rule("count-rounded", above_quantile, "a quantile decides, and it keeps one number more at times",
             "int(density * n), rounded down: topk takes that number."),
        remembered(lambda old, new: right(new._replace(updates=old.updates)), cases, lambda c: c.updates[0].shape),
    )  # fmt: skip
