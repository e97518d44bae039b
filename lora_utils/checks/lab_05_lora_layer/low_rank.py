"""Checks of lab 05 about matrices: counting numbers, the best approximation of given rank, the rank for an energy.

Letters: d rows, k columns, r rank, m = min(d, k). The judge builds W from singular values that it chose, so it knows
every answer without computing a decomposition.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import Subject

count_parameters = Exercise("count-parameters")
best_approximation = Exercise("best-approximation")
rank_for_energy = Exercise("rank-for-energy")


# ------------------------------------------------------------------------------------------------ count-parameters
def count(full, lora, even, *, which: str, args: list) -> dict:
    """Probe: call one of the three counting functions."""
    return {"value": {"full": full, "lora": lora, "even": even}[which](*args)}


@count_parameters.check
def counts_full(subject: Subject, draw: Draw) -> None:
    """full_parameters(d, k): a matrix of d rows and k columns holds d * k numbers."""
    for d, k in (draw.sizes(2, 20, 90), draw.sizes(2, 20, 90)):
        value = subject.probe(count, which="full", args=[d, k])["value"]
        mistakes = (
            Mistake("rows-plus-columns", d + k, f"for d={d}, k={k} it returns d + k", "Every row has k numbers."),
            Mistake("square-assumed", d * d, f"for d={d}, k={k} it returns d * d", "W need not be square: use k too."),
            Mistake("square-assumed", k * k, f"for d={d}, k={k} it returns k * k", "W need not be square: use d too."),
            Mistake("bias-counted", d * k + k, "it counts a bias of k numbers too", "W0 is the matrix alone: d * k."),
            Mistake("bias-counted", d * k + d, "it counts a bias of d numbers too", "W0 is the matrix alone: d * k."),
        )
        what = f"full_parameters({d}, {k})"
        expect_close(value, d * k, what=what, id="wrong-count", hint="d rows of k numbers each.", mistakes=mistakes)


@count_parameters.check
def counts_lora(subject: Subject, draw: Draw) -> None:
    """lora_parameters(d, k, r): one factor has d * r numbers, the other r * k."""
    for d, k in (draw.sizes(2, 20, 90), draw.sizes(2, 20, 90)):
        r = draw.integer(3, 7)
        value = subject.probe(count, which="lora", args=[d, k, r])["value"]
        sides = "One factor has as many rows as W, the other as many columns; d and k differ."
        mistakes = (
            Mistake("sides-multiplied", r * d * k, "it returns r * d * k, more than W0 itself",
                    "The factors stand side by side: add their sizes, d * r + r * k."),
            Mistake("rank-forgotten", d + k, "it returns d + k, whatever the rank",
                    "Each factor has r columns or r rows."),
            Mistake("square-assumed", 2 * d * r, "it returns 2 * d * r, the paper's count for square matrices", sides),
            Mistake("square-assumed", 2 * k * r, "it returns 2 * k * r, the paper's count for square matrices", sides),
            Mistake("one-factor", d * r, "it counts one factor only, d * r", "B has r * k numbers; add them."),
            Mistake("one-factor", r * k, "it counts one factor only, r * k", "A has d * r numbers; add them."),
            Mistake("base-counted", d * k + r * (d + k), "it counts W0 too",
                    "W0 is frozen: only the two factors are trained."),
        )  # fmt: skip
        what, hint = f"lora_parameters({d}, {k}, {r})", "Add the sizes of the two factors: (d, r) and (r, k)."
        expect_close(value, r * (d + k), what=what, id="wrong-count", hint=hint, mistakes=mistakes)


@count_parameters.check
def finds_break_even(subject: Subject, draw: Draw) -> None:
    """break_even_rank(d, k): the smallest rank whose factors hold at least d * k numbers."""
    n, a, b = draw.integer(8, 40), draw.integer(2, 6), draw.integer(7, 11)
    exact = (a * (a + b) * n, b * (a + b) * n)  # d k / (d + k) = a b n, a whole number
    # 0.1 to 0.4 beyond a whole number, so that rounding to the nearest is seen too
    above = next((d, k) for d in range(13 * n, 14 * n) for k in range(5 * n, 6 * n) if 0.1 < d * k / (d + k) % 1 < 0.4)
    for d, k in (above, above[::-1], exact, (2 * n, 2 * n)):
        value = subject.probe(count, which="even", args=[d, k])["value"]
        ratio = d * k / (d + k)
        mistakes = (
            Mistake("not-whole", ratio, f"for d={d}, k={k} it returns d * k / (d + k) = {ratio:.4g}",
                    "A rank is a whole number: round up to the first that reaches d * k."),
            Mistake("rounded-down", math.floor(ratio), f"at rank {math.floor(ratio)} the factors still hold "
                    f"{math.floor(ratio) * (d + k):,} numbers, fewer than d * k = {d * k:,}",
                    "Round up, not down: the break-even rank is the first that reaches d * k."),
            Mistake("one-too-many", math.floor(ratio) + 1, f"at rank {ratio:.0f} the factors already hold d * k = "
                    f"{d * k:,} numbers", "Where d * k is a multiple of d + k the quotient itself is the answer."),
            Mistake("full-rank", min(d, k), f"for d={d}, k={k} it returns min(d, k), the largest rank there is",
                    "Ask when r * (d + k) reaches d * k; that happens well before full rank."),
            Mistake("half-of-side", min(d, k) // 2, "it returns half of the smaller side",
                    "That is right for square matrices only; solve r * (d + k) >= d * k for r."),
        )  # fmt: skip
        hint = "Solve r * (d + k) >= d * k for r and round up."
        right = -(-d * k // (d + k))
        what = f"break_even_rank({d}, {k})"
        expect_close(value, right, what=what, id="wrong-rank", hint=hint, mistakes=mistakes)


# ---------------------------------------------------------------------------------------------- matrices with known
class Known(NamedTuple):
    """A matrix W = left @ diag(s) @ right.T that was built from its singular values, in float64."""

    left: torch.Tensor  # (d, m), orthonormal columns
    s: torch.Tensor  # (m,), descending
    right: torch.Tensor  # (k, m), orthonormal columns

    def part(self, start: int, end: int | None) -> torch.Tensor:
        """The sum of the rank-one terms start..end, shape (d, k)."""
        return self.left[:, start:end] * self.s[start:end] @ self.right[:, start:end].T

    @property
    def W(self) -> torch.Tensor:
        """The matrix as students get it, in float32."""
        return self.part(0, None).float()


def known(draw: Draw, d: int, k: int, s: torch.Tensor) -> Known:
    """Draw a (d, k) matrix with the given singular values; rows and columns in random directions."""
    left, right = (torch.linalg.qr(draw.normal(n, len(s), dtype=torch.float64)).Q for n in (d, k))
    return Known(left, s.double(), right)


def spaced(draw: Draw, m: int) -> torch.Tensor:
    """Draw m singular values with clear gaps, so that each term of the decomposition is well determined."""
    return torch.arange(m, 0, -1) * draw.number(0.5, 0.8) + 0.3


# ---------------------------------------------------------------------------------------------- best-approximation
@best_approximation.check
def approximates(subject: Subject, draw: Draw) -> None:
    """The first result is the rank-r matrix nearest to W."""
    k, d = sorted(draw.sizes(2, 5, 10))
    r = draw.choice([r for r in range(2, k - 1) if 2 * r != k])  # else dropping r terms leaves the r smallest
    judge_approximation(subject, known(draw, d, k, spaced(draw, k)), r)


def judge_approximation(subject: Subject, w: Known, r: int) -> None:
    """Compare the first result with the sum of the r largest terms; hidden checks use it with other shapes."""
    d, k = len(w.left), len(w.right)
    value = pair(subject, w.W, r)[0]
    cut = torch.zeros(d, k, dtype=torch.float64)
    columns, rows = cut.clone(), cut.clone()
    columns[:, :r], rows[:r] = w.part(0, None)[:, :r], w.part(0, None)[:r]
    other = "Columns of W are not its directions: decompose with torch.linalg.svd and keep r terms of the sum."
    several = "Slice U[:, :r], S[:r] and Vh[:r]: r singular values and their vectors."
    mistakes = [
        Mistake("smallest-kept", w.part(len(w.s) - r, None), "it keeps the r smallest singular values",
                "Singular values come in descending order: keep the first r."),
        Mistake("largest-dropped", w.part(r, None), "it returns what is left over, W - W_r",
                "Keep the first r terms instead of dropping them."),
        Mistake("one-too-few", w.part(0, max(r - 1, 0)), f"for r={r} it keeps {r - 1} singular values", several),
        Mistake("one-too-many", w.part(0, r + 1), f"for r={r} it keeps {r + 1} singular values", several),
        Mistake("nothing-dropped", w.part(0, None), "it returns W itself: nothing is dropped", several),
        Mistake("values-forgotten", w.left[:, :r] @ w.right[:, :r].T, "the singular values are missing in the product",
                "W_r = U[:, :r] @ diag(S[:r]) @ Vh[:r]; multiply the columns of U by S."),
        Mistake("values-squared", w.left[:, :r] * w.s[:r] ** 2 @ w.right[:, :r].T, "the singular values enter squared",
                "Multiply by S once."),
        Mistake("transposed", w.part(0, r).T, f"the result is the transpose, of shape {(k, d)}",
                "W_r has the shape of W: U first, Vh last."),
        Mistake("columns-kept", columns, "it keeps the first r columns of W and sets the others to zero", other),
        Mistake("rows-kept", rows, "it keeps the first r rows of W and sets the others to zero", other),
    ]  # fmt: skip
    for full in (False, True):
        U, S, Vh = torch.linalg.svd(w.W, full_matrices=full)
        mistakes.append(Mistake(
            "v-transposed", U[:, :r] * S[:r] @ Vh[:, :r].T, "it takes the first r columns of Vh instead of its rows",
            "torch.linalg.svd returns V transposed: its rows are the directions, Vh[:r].",
        ))  # fmt: skip
    hint = "U, S, Vh = torch.linalg.svd(W, full_matrices=False); keep the first r of each."
    what = f"the best approximation of rank {r} of a {d} x {k} matrix"
    expect_close(value, w.part(0, r), what=what, id="wrong-approximation", hint=hint, mistakes=tuple(mistakes))


@best_approximation.check
def measures_error(subject: Subject, draw: Draw) -> None:
    """The second result is the Frobenius norm of W - W_r, the root of the sum of the squared entries."""
    k, d = sorted(draw.sizes(2, 5, 10))
    judge_error(subject, known(draw, d, k, spaced(draw, k)), draw.integer(2, k - 2))


def judge_error(subject: Subject, w: Known, r: int) -> None:
    """Compare the second result with the root of the sum of the dropped squares."""
    value, left, entries = pair(subject, w.W, r)[1], w.s[r:], len(w.left) * len(w.right)
    error, whole = float(left.square().sum().sqrt()), float(w.s.square().sum().sqrt())
    root = "Take the square root of the sum of the squares, (W - W_r).norm()."
    largest = float(left[0]) if len(left) else 0.0
    mistakes = (
        Mistake("error-squared", error**2, "the error is the sum of the squares, without the root", root),
        Mistake("error-nuclear", float(left.sum()), "the error is the plain sum of the dropped singular values", root),
        Mistake("error-spectral", largest, "the error is the largest dropped singular value alone: the spectral norm, "
                "not the Frobenius norm", "torch.linalg.norm(W - W_r) is the Frobenius norm; with ord=2 it is not."),
        Mistake("error-of-kept", float(w.s[:r].square().sum().sqrt()), "the error is the norm of W_r, of what is kept",
                "Measure what is lost: W - W_r."),
        Mistake("error-relative", error / whole, "the error is divided by the norm of W",
                "Return the norm itself, not a share of it."),
        Mistake("error-relative", error**2 / whole**2, "the error is a share of the energy",
                "Return the norm of W - W_r, not a share."),
        Mistake("error-averaged", error**2 / entries, "the error is the mean of the squares", root),
        Mistake("error-averaged", error / math.sqrt(entries), "the error is averaged over the entries", root),
    )  # fmt: skip
    hint = "Return (W - W_r).norm(); by Eckart-Young it equals sqrt(S[r:].square().sum())."
    expect_close(value, error, what="the error", id="wrong-error", hint=hint, mistakes=mistakes, tolerance=1e-4)


def pair(subject: Subject, W: torch.Tensor, r: int) -> list:
    """Call the student's function and expect two results."""
    value = subject.probe(call, args=[W, r])["value"]
    if type(value) is not list or len(value) != 2:
        came = f"{len(value)} values" if type(value) is list else f"one {type(value).__name__}"
        raise Failure("not-a-pair", f"expected two results, (W_r, error), got {came}", "Write return W_r, error.")
    return value


# ------------------------------------------------------------------------------------------------- rank-for-energy
SPECTRUM = torch.tensor([10, 7, 5, 3.5, 2.5, 1.5, 1, 0.5])  # energy reached: .51 .76 .89 .95 .98 .99 .999 1


@rank_for_energy.check
def reaches_share(subject: Subject, draw: Draw) -> None:
    """It is the smallest rank whose best approximation keeps at least that share of the energy."""
    d, k = draw.sizes(2, 8, 14)
    jitter = 1 + 0.02 * torch.tensor([draw.number(-1, 1) for _ in SPECTRUM])
    w = known(draw, d, k, (SPECTRUM * jitter).sort(descending=True).values)
    judge_ranks(subject, w, (0.4, 0.92, 0.7, 0.97))  # each 0.01 or more from what any rank reaches, whatever the jitter


def judge_ranks(subject: Subject, w: Known, shares: tuple[float, ...]) -> None:
    """Compare with the first rank whose summed squares reach each share; hidden checks use it with other matrices.

    All shares are compared at once, since a single answer fits several mistakes.
    """
    energy = (w.s.square().cumsum(0) / w.s.square().sum()).tolist()
    plain = (w.s.cumsum(0) / w.s.sum()).tolist()

    def first(reached: list[float], enough: float) -> int:
        return 1 + next(r for r, value in enumerate(reached) if value >= enough - 1e-9)

    def each(answer) -> torch.Tensor:
        return torch.tensor([float(answer(share)) for share in shares])

    right, values = each(lambda share: first(energy, share)), []
    for share in shares:
        value = subject.probe(call, args=[w.W, share])["value"]
        if not isinstance(value, (int, float)) and not (isinstance(value, torch.Tensor) and value.numel() == 1):
            raise Failure("not-a-number", f"expected one whole number, got {type(value).__name__}", "Return the rank.")
        values.append(float(value))
    wrong = next((i for i, value in enumerate(values) if value != right[i]), 0)
    reached = ", ".join(f"{e:.3f}" for e in energy[:4])
    came = f"for share={shares[wrong]} the answer is {right[wrong]:.0f}, not {values[wrong]:g}"
    hint = f"The first ranks of this matrix keep {reached}, ... of the energy; take the first that is enough."
    roots = [e**0.5 for e in energy]
    mistakes = (
        Mistake("index-not-rank", right - 1, f"{came}: that is the position in a list from 0 on",
                "Position 0 holds what rank 1 keeps: add 1."),
        Mistake("one-too-many", right + 1, f"{came}: one rank less keeps enough already", hint),
        Mistake("values-not-squared", each(lambda share: first(plain, share)),
                f"{came}; the singular values were added up unsquared",
                "Energy is the sum of the squared entries, so square the singular values."),
        Mistake("share-of-norm", each(lambda share: first(roots, share)), f"{came}; the share was taken of the norm",
                "The energy is the square of the Frobenius norm."),
        Mistake("share-dropped", each(lambda share: first(energy, 1 - share)),
                f"{came}; the share was taken for what may be lost", "The share says what must be kept."),
        Mistake("energy-returned", each(lambda share: energy[first(energy, share) - 1]),
                f"{came}: that is a share of the energy", "Return the number of singular values that are kept."),
        Mistake("full-rank", each(lambda share: len(w.s)), f"{came}, the rank of the whole matrix", hint),
    )  # fmt: skip
    what = f"the list of ranks for shares {', '.join(map(str, shares))}"
    expect_close(torch.tensor(values), right, what=what, id="wrong-rank", hint=hint, mistakes=mistakes)
