"""Checks of lab 05: the rank that keeps a share of a matrix's energy.

Letters: d rows, k columns, r rank, m = min(d, k).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import came_as, expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all, remembered
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_05_lora_layer.low_rank import Known, known

rank_for_energy = Exercise("rank-for-energy")


class Share(NamedTuple):
    """A case: a matrix and the share of its energy to keep."""

    w: Known
    share: float

    def kept(self) -> list[float]:
        """The share of the energy that ranks 1, 2, 3, ... keep."""
        return (self.w.s.square().cumsum(0) / self.w.s.square().sum()).tolist()


# Spectra whose energy comes fast, slowly, and all at once; shares stay away from what any rank reaches.
SPECTRA = ((10, 7, 5, 3.5, 2.5, 1.5, 1, 0.5), (4, 3.8, 3.5, 3.1, 2.9), (9, 1, 0.9), (6, 5.5, 1, 0.4, 0, 0), (3,))
GAP = 4e-5  # float32 is wrong by a twentieth of it at most, half precision by ten times as much
SHARES = (0.05, 0.3, 0.45, 0.6, 0.75, 0.9, 0.97, 0.993)


@rank_for_energy.check
def reaches_share(subject: Subject, draw: Draw) -> None:
    """It is the smallest rank whose best approximation keeps at least that share of the energy."""
    matrices = []
    for i, spectrum in enumerate(SPECTRA):
        d, k = draw.sizes(2, len(spectrum), len(spectrum) + 5)
        jitter = 1 + 0.02 * torch.tensor([draw.number(-1, 1) for _ in spectrum])
        s = (torch.tensor(spectrum) * jitter).sort(descending=True).values
        s = torch.cat((s, torch.zeros(min(d, k) - len(s))))
        matrices.append(known(draw, *((d, k) if i % 2 else (k, d)), s))
    last = matrices[1]  # and one more of its shape, whose energy comes faster
    matrices.append(known(draw, len(last.left), len(last.right), last.s * 0.5 ** torch.arange(len(last.s))))
    judge_ranks(subject, far_cases(matrices, SHARES))


def far_cases(matrices: list[Known], shares: tuple[float, ...]) -> list[Share]:
    """All pairs in which rounding decides nothing: no rank keeps nearly just the share."""
    cases = [Share(w, share) for w in matrices for share in shares]
    # beside those drawn, shares that a rank just misses or just reaches
    cases += [Share(w, e + gap) for w in matrices for e in Share(w, 0.5).kept()[:3] for gap in (-GAP, GAP, 8e-4)]
    return [c for c in cases if 0 < c.share < 1 and min(abs(e - c.share) for e in c.kept()) > GAP / 2]


def _kept_by(W: torch.Tensor) -> list[float]:
    """The share of the energy of any matrix that ranks 1, 2, 3, ... keep."""
    energy = torch.linalg.svdvals(W.double()).square()
    return (energy.cumsum(0) / energy.sum()).tolist()


def _largest_first(energy: torch.Tensor) -> list[float]:
    """The share of their sum that the largest 1, 2, 3, ... hold."""
    return (energy.sort(descending=True).values.cumsum(0) / energy.sum()).tolist()


def first(reached: list[float], enough: float) -> int:
    """The first rank that reaches it; the last where none does."""
    return 1 + next((r for r, value in enumerate(reached) if value >= enough - 1e-9), len(reached) - 1)


def right(c: Share) -> int:
    """The rank that is asked for."""
    return first(c.kept(), c.share)


def told(c: Share) -> str:
    """A case, for a message."""
    return f"a {len(c.w.left)} x {len(c.w.right)} matrix and share={c.share:.6g}"


def _rules(cases: list[Share]) -> tuple[Rule, ...]:
    """What well-known mistakes return."""
    full = "Keep all digits: float32 throughout, no round, no half precision."

    def plain(c: Share) -> list[float]:
        return (c.w.s.cumsum(0) / c.w.s.sum()).tolist()

    def each(c: Share) -> list[float]:
        return (c.w.s.square() / c.w.s.square().sum()).tolist()

    def reached(c: Share) -> str:
        shown = ", ".join(f"{e:.3f}" for e in c.kept()[:4])
        return f"the first ranks of this matrix keep {shown}, ... of the energy, and {right(c)} is the first that does"

    def off(by: str):
        return lambda c: f"{by}; {reached(c)}"

    def rounded(digits: int):
        return lambda c: first([round(e, digits) for e in c.kept()], c.share)

    def halved(c: Share) -> int:
        return int((torch.tensor(c.kept()).half() < c.share).sum()) + 1

    def summed_in_half(c: Share) -> int:
        energy = c.w.s.float().square().half()
        return int((energy.cumsum(0) / energy.sum() < c.share).sum()) + 1

    return (
        Rule("index-not-rank", lambda c: right(c) - 1, off("that is the position in a list that begins at 0"),
             "Position 0 holds what rank 1 keeps."),
        Rule("one-too-many", lambda c: right(c) + 1, off("one rank less keeps enough already"),
             "Which rank does the first entry of your list belong to?"),
        Rule("values-not-squared", lambda c: first(plain(c), c.share),
             off("the singular values are added up unsquared"),
             "Energy is the sum of the squared entries, so square them."),
        Rule("share-of-norm", lambda c: first([e**0.5 for e in c.kept()], c.share),
             off("the share is taken of the norm"), "The energy is the square of the Frobenius norm."),
        Rule("share-squared", lambda c: first(c.kept(), c.share**0.5), off("the root of the share is kept"),
             "The share is one of the energy: compare it as it is."),
        Rule("share-dropped", lambda c: first(c.kept(), 1 - c.share), off("the share is taken for what may be lost"),
             "The share says what must be kept."),
        Rule("energy-returned", lambda c: c.kept()[right(c) - 1], off("that is a share of the energy"),
             "Return the number of singular values that are kept."),
        Rule("full-rank", lambda c: min(len(c.w.left), len(c.w.right)), off("that is min(d, k)"),
             "Ask how many terms are enough."),
        Rule("full-rank", lambda c: int((c.w.s > 0).sum()), off("that is the rank of the whole matrix"),
             "Ask how many terms are enough."),
        Rule("share-of-ranks", lambda c: math.ceil(c.share * len(c.w.s)),
             off("that is the share of the number of ranks"), "The first ranks keep more than the others."),
        Rule("not-added-up", lambda c: sum(e >= c.share for e in each(c)),
             off("each singular value is compared by itself"), "Rank r keeps the sum of the first r."),
        Rule("not-added-up", lambda c: sum(e < c.share for e in each(c)) + 1,
             off("each singular value is compared by itself"), "Rank r keeps the sum of the first r."),
        Rule("counted-above", lambda c: sum(e >= c.share for e in c.kept()),
             off("the ranks that keep enough are counted"), "Count those that do not keep enough yet, and go one on."),
        Rule("smallest-first", lambda c: first((c.w.s.square().flip(0).cumsum(0) / c.w.s.square().sum()).tolist(),
                                               c.share),
             off("the energy is added up from the smallest singular value"),
             "The best approximation keeps the largest."),
        Rule("not-a-share", lambda c: first((c.w.s.square().cumsum(0)).tolist(), c.share),
             off("the sums are not divided by the whole energy"), "The share is one of the whole energy of W."),
        Rule("largest-for-whole", lambda c: first((c.w.s / c.w.s[0]).flip(0).tolist(), c.share),
             off("the singular values are divided by the largest"), "The share is one of the whole energy of W."),
        Rule("within-a-tolerance", lambda c: first(c.kept(), c.share - 1e-3), off("a rank that misses the share by a "
             "thousandth is taken for enough"), "At least the share: no tolerance."),
        Rule("within-a-tolerance", lambda c: first(c.kept(), c.share - 1e-2), off("a rank that misses the share by a "
             "hundredth is taken for enough"), "At least the share: no tolerance."),
        *(Rule("shares-rounded", rounded(n), off(f"the shares are rounded to {n} digits"), full) for n in (1, 2, 3, 4)),
        Rule("shares-rounded", halved, off("the shares are rounded to half precision"), full),
        Rule("shares-rounded", summed_in_half, off("the energy is added up in half precision"), full),
        *(Rule("rows-for-directions", lambda c, dim=dim: first(_largest_first(c.w.W.square().sum(dim)), c.share),
               off(f"the energies of the {'rows' if dim else 'columns'} are added up"), "Rows and columns are not the "
               "directions of W: decompose it.") for dim in (0, 1)),
        Rule("at-least-two", lambda c: max(2, right(c)), off("rank 1 is never returned"), "Position 0 is rank 1."),
        Rule("centred", lambda c: first(_kept_by(c.w.W - c.w.W.mean(0)), c.share), off("the mean of each column is "
             "taken "
             "away first"), "That is for principal components: W itself is asked about."),
        remembered(lambda old, new: right(old._replace(share=new.share)), cases, lambda c: c.w.W.shape),
    )  # fmt: skip


def judge_ranks(subject: Subject, cases: list[Share]) -> None:
    """Compare with the first rank whose summed squares reach each share; hidden checks use it with other matrices.

    All cases are compared at once, since a single answer fits several mistakes.
    """
    values = ask(subject, cases, told, arguments=lambda c: [c.w.W, c.share])["values"]
    for c, value in zip(cases, values, strict=True):
        if not isinstance(value, (int, float)) and not (isinstance(value, torch.Tensor) and value.numel() == 1):
            came = "None: is a return missing?" if value is None else came_as(value)
            raise Failure("not-a-number", f"the rank for {told(c)} must be a whole number (int), got {came}",
                          "Return the number itself, with nothing around it.")  # fmt: skip
    numbers = [v.flatten()[0] if isinstance(v, torch.Tensor) and v.numel() == 1 else v for v in values]
    expect_all(
        numbers,
        cases,
        right,
        told=told,
        what="the rank",
        id="wrong-rank",
        rules=_rules(cases),
        tolerance=1e-6,
        hint="Write down what ranks 1, 2, 3, ... of a small matrix keep, and take the first that is enough.",
    )
    for c, value in zip(cases, values, strict=True):
        expect_number(value, f"the rank for {told(c)}", int)


@rank_for_energy.check(weight=0.5, after=("reaches-share",))
def keeps_at_least(subject: Subject, draw: Draw) -> None:
    """A rank that keeps just the share is enough: 'at least' includes it."""
    scale = draw.choice((0.5, 1.0, 2.0, 4.0))  # with these numbers nothing is rounded
    # beside each share that a rank just keeps, one between two ranks, which tells "more than" from other mistakes
    cases = [Share(Known(torch.eye(4).double(), scale * torch.ones(4).double(), torch.eye(k).double()[:, :4]), share)
             for k in (4, 6) for share in (0.25, 0.5, 0.75, 0.2, 0.6)]  # fmt: skip
    values = ask(subject, cases, told, arguments=lambda c: [c.w.W, c.share])["values"]
    rules = (
        Rule("more-than-share", lambda c: math.floor(4 * c.share) + 1, "each of four equal directions keeps a quarter; "
             "so many keep just the share, and that is not taken for enough", "At least the share: as much is enough."),
    )  # fmt: skip
    expect_all(values, cases, right, told=told, what="the rank", id="wrong-rank", rules=rules,
               hint="Four equal singular values: rank 1 keeps a quarter, rank 2 half.")  # fmt: skip
