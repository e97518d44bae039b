"""Checks of lab 05: the best approximation of a given rank.

Letters: d rows, k columns, r rank, m = min(d, k). The judge builds W from singular values that it chose, so it knows
every answer without computing a decomposition.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all, remembered
from lora_utils.checks.framework.subject import Subject

best_approximation = Exercise("best-approximation")


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


class Cut(NamedTuple):
    """A case: a matrix and the rank to cut it down to."""

    w: Known
    r: int


def told(c: Cut) -> str:
    """The sizes of a case, for a message."""
    return f"a {len(c.w.left)} x {len(c.w.right)} matrix and r={c.r}"


def cuts(draw: Draw, sizes: list[tuple[int, int]]) -> list[Cut]:
    """Draw a matrix for each size, cut at every rank from 0 to min(d, k)."""
    matrices = [known(draw, d, k, spaced(draw, min(d, k))) for d, k in sizes]
    return [Cut(w, r) for w in matrices for r in range(len(w.s) + 1)]


@best_approximation.check
def approximates(subject: Subject, draw: Draw) -> None:
    """The first result is the rank-r matrix nearest to W."""
    k, d = sorted(draw.sizes(2, 5, 8))
    judge_approximation(subject, [c for c in cuts(draw, [(d, k), (4, 4), (7, 3), (4, 4)]) if 0 < c.r < len(c.w.s)])


def _svd(c: Cut, full: bool = False) -> tuple[torch.Tensor, ...]:
    return torch.linalg.svd(c.w.W, full_matrices=full)


def _v_transposed(full: bool):
    """A rule: the first r columns of Vh in the place of its rows."""

    def value(c: Cut) -> torch.Tensor:
        U, S, Vh = _svd(c, full)
        return U[:, : c.r] * S[: c.r] @ Vh[:, : c.r].T

    return value


def _kept(rows: bool, columns: bool):
    """A rule: the first r rows or columns of W, the others zero."""

    def value(c: Cut) -> torch.Tensor:
        W, kept = c.w.part(0, None), torch.zeros(len(c.w.left), len(c.w.right)).double()
        place = (slice(c.r if rows else None), slice(c.r if columns else None))
        kept[place] = W[place]
        return kept

    return value


def _best(W: torch.Tensor, r: int) -> torch.Tensor:
    U, S, Vh = torch.linalg.svd(W.double(), full_matrices=False)
    return U[:, :r] * S[:r] @ Vh[:r]


def _first_of_qr(c: Cut) -> torch.Tensor:
    Q, R = torch.linalg.qr(c.w.W)
    return Q[:, : c.r] @ R[: c.r]


def approximation_rules() -> tuple[Rule, ...]:
    """What well-known mistakes make of W."""
    other = "Rows and columns of W are not its directions: decompose it and keep r terms of the sum."
    several = "Of U its first r columns, of S its first r numbers, of Vh its first r rows."
    return (
        Rule("absolute-values", lambda c: _best(c.w.W.abs(), c.r), "that is the best approximation of |W|, without "
             "signs",
             "Take W as it is."),
        Rule("centred", lambda c: _best(c.w.W - c.w.W.mean(0), c.r), "the mean of each column is taken away first, as "
             "for principal components (torch.pca_lowrank)", "Decompose W itself: torch.linalg.svd."),
        Rule("centred", lambda c: _best(c.w.W - c.w.W.mean(0), c.r) + c.w.W.double().mean(0), "the mean of each column "
             "is taken away first, as for principal components", "Decompose W itself: torch.linalg.svd."),
        Rule("another-decomposition", _first_of_qr, "that is the first r columns of Q and rows of R: of all "
             "decompositions only the singular value decomposition is sorted by size", "Use torch.linalg.svd."),
        Rule("zero-ignored", lambda c: c.w.part(0, max(c.r, 1)), "rank 0 is taken for rank 1", "Of rank 0 is only the "
             "zero matrix."),
        Rule("smallest-kept", lambda c: c.w.part(max(0, len(c.w.s) - c.r), None), "the r smallest singular values are "
             "kept", "Singular values come in descending order: keep the first."),
        Rule("largest-dropped", lambda c: c.w.part(c.r, None), "that is what is left over, W - W_r",
             "Keep the first r terms instead of dropping them."),
        Rule("smallest-dropped", lambda c: c.w.part(0, len(c.w.s) - c.r), "the r smallest terms are dropped, and the "
             "others kept", "Keep r terms instead of dropping r."),
        Rule("one-too-few", lambda c: c.w.part(0, max(c.r - 1, 0)), lambda c: f"{c.r - 1} singular values are kept",
             several),
        Rule("one-too-many", lambda c: c.w.part(0, c.r + 1), lambda c: f"{c.r + 1} singular values are kept", several),
        Rule("nothing-dropped", lambda c: c.w.part(0, None), "that is W itself: nothing is dropped", several),
        Rule("one-term", lambda c: c.w.part(max(c.r - 1, 0), c.r), "only term number r is there, not the first r",
             several),
        Rule("one-term", lambda c: c.w.part(0, 1), "only the first term is there, whatever r is", several),
        Rule("first-skipped", lambda c: c.w.part(1, c.r + 1), "r terms are kept, but from the second on", several),
        Rule("values-forgotten", lambda c: c.w.left[:, : c.r] @ c.w.right[:, : c.r].T, "the singular values are "
             "missing in the product", "Each term u v^T is multiplied by its s."),
        Rule("values-squared", lambda c: c.w.left[:, : c.r] * c.w.s[: c.r] ** 2 @ c.w.right[:, : c.r].T,
             "the singular values enter squared", "Multiply by S once."),
        Rule("values-rooted", lambda c: c.w.left[:, : c.r] * c.w.s[: c.r].sqrt() @ c.w.right[:, : c.r].T,
             "the roots of the singular values enter", "Multiply by S itself, once."),
        Rule("values-divided", lambda c: c.w.left[:, : c.r] / c.w.s[: c.r] @ c.w.right[:, : c.r].T,
             "the terms are divided by their singular values", "Multiply by S."),
        Rule("transposed", lambda c: c.w.part(0, c.r).T, "the result is the transpose", "W_r has the shape of W."),
        Rule("columns-kept", _kept(False, True), "the first r columns of W are kept and the others zero", other),
        Rule("rows-kept", _kept(True, False), "the first r rows of W are kept and the others zero", other),
        Rule("block-kept", _kept(True, True), "the first r rows and columns of W are kept and the others zero", other),
        Rule("projected-only", lambda c: c.w.left[:, : c.r] @ c.w.left[:, : c.r].T, "that is a projection, without W",
             "Multiply it by W, or keep terms of the sum."),
        *(Rule("v-transposed", _v_transposed(full), "the first r columns of Vh are taken instead of its rows",
               "What torch.linalg.svd returns is V transposed: its rows are the directions.")
          for full in (False, True)),
    )  # fmt: skip


def judge_approximation(subject: Subject, cases: list[Cut]) -> None:
    """Compare the first result with the sum of the r largest terms; hidden checks use it with other shapes."""
    values = [value[0] for value in pairs(subject, cases)]
    for value in values:
        expect_tensor(value, "the first result")
    rules = (*approximation_rules(), remembered(lambda old, new: old.w.part(0, new.r), cases, lambda c: c.w.W.shape))
    expect_all(values, cases, lambda c: c.w.part(0, c.r), told=told, what="the best approximation",
               id="wrong-approximation", rules=rules,
               hint="With r = min(d, k) the sum of all terms must be W itself: try that first.")  # fmt: skip


@best_approximation.check(after=("approximates",))
def measures_error(subject: Subject, draw: Draw) -> None:
    """The second result is the Frobenius norm of W - W_r, the root of the sum of the squared entries."""
    k, d = sorted(draw.sizes(2, 5, 8))
    judge_error(subject, [c for c in cuts(draw, [(d, k), (5, 5), (3, 6)]) if 0 < c.r < len(c.w.s)])


def error_rules() -> tuple[Rule, ...]:
    """What well-known mistakes measure."""
    root = "The norm is the root of the sum of all squared entries."
    own = "The norm itself is asked for, not a share of it."

    def lost(c: Cut) -> torch.Tensor:
        return c.w.s[c.r :]

    def norm(values: torch.Tensor) -> float:
        return float(values.square().sum().sqrt())

    def whole(c: Cut) -> float:
        return norm(c.w.s) or math.nan  # no share of nothing

    def entries(c: Cut) -> int:
        return len(c.w.left) * len(c.w.right)

    return (
        Rule("error-squared", lambda c: norm(lost(c)) ** 2, "that is the sum of the squares, without the root", root),
        Rule("error-nuclear", lambda c: float(lost(c).sum()), "that is the plain sum of the dropped singular values",
             root),
        Rule("error-spectral", lambda c: float(lost(c)[0]) if len(lost(c)) else 0.0, "that is the largest dropped "
             "singular value alone: the spectral norm, not the Frobenius norm", root),
        Rule("error-last", lambda c: float(c.w.s[max(c.r - 1, 0)]), "that is the last singular value that is kept",
             "Measure what is lost, all of it."),
        Rule("error-of-kept", lambda c: norm(c.w.s[: c.r]), "that is the norm of W_r, of what is kept",
             "Measure what is lost: W - W_r."),
        Rule("error-of-whole", lambda c: norm(c.w.s), "that is the norm of W", "Measure what is lost: W - W_r."),
        Rule("difference-of-norms", lambda c: norm(c.w.s) - norm(c.w.s[: c.r]), "that is the difference of the norms "
             "of W and of W_r", "Norms do not subtract: take the norm of the difference."),
        Rule("error-relative", lambda c: norm(lost(c)) / whole(c), "the error is divided by the norm of W", own),
        Rule("error-relative", lambda c: norm(lost(c)) ** 2 / whole(c) ** 2, "that is a share of the energy", own),
        Rule("share-kept", lambda c: norm(c.w.s[: c.r]) ** 2 / whole(c) ** 2, "that is the share that is kept", own),
        Rule("error-averaged", lambda c: norm(lost(c)) ** 2 / entries(c), "that is the mean of the squares", root),
        Rule("error-averaged", lambda c: norm(lost(c)) / math.sqrt(entries(c)), "that is the root of the mean of the "
             "squares", root),
        Rule("error-averaged", lambda c: norm(lost(c)) / entries(c), "the norm is divided by the number of entries",
             root),
        Rule("error-absolute", lambda c: float(c.w.part(c.r, None).abs().sum()), "that is the sum of the absolute "
             "entries of W - W_r", root),
        Rule("error-absolute", lambda c: float(c.w.part(c.r, None).abs().mean()), "that is the mean of the absolute "
             "entries of W - W_r", root),
        Rule("error-largest", lambda c: float(c.w.part(c.r, None).abs().max()), "that is the largest entry of W - W_r",
             root),
        Rule("error-from-next", lambda c: norm(c.w.s[c.r + 1 :]), "the first dropped singular value is not counted",
             "After the first r all others are lost."),
        Rule("error-from-before", lambda c: norm(c.w.s[max(c.r - 1, 0) :]), "the last kept singular value is counted "
             "too", "Only those after the first r are lost."),
    )  # fmt: skip


def judge_error(subject: Subject, cases: list[Cut]) -> None:
    """Compare the second result with the root of the sum of the dropped squares."""
    values = [value[1] for value in pairs(subject, cases)]
    expect_all(values, cases, lambda c: float(c.w.s[c.r :].square().sum().sqrt()), told=told, what="the error",
               id="wrong-error", rules=error_rules(), tolerance=1e-4,
               hint="Take the difference W - W_r, square its entries, add them up, take the root.")  # fmt: skip


def pairs(subject: Subject, cases: list[Cut]) -> list:
    """Call the student's function for each case and expect two results."""
    values = ask(subject, cases, told, arguments=lambda c: [c.w.W, c.r])["values"]
    for value in values:
        if type(value) is not list or len(value) != 2:
            came = f"{len(value)} values" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-a-pair", f"expected two results, W_r and the error, got {came}",
                          "Return both, the matrix first.")  # fmt: skip
    if all(isinstance(v[1], torch.Tensor) and v[1].shape == c.w.W.shape for v, c in zip(values, cases, strict=True)):
        if close(values[0][1], cases[0].w.part(0, cases[0].r)):
            raise Failure("pair-swapped", "the matrix comes second", "Return the matrix first, then the error.")
        raise Failure("error-is-a-matrix", "the second result is a matrix", "One number is asked for: a norm.")
    return values
