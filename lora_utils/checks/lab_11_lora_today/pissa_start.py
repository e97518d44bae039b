"""Checks of lab 11: PiSSA's start, the strongest directions in A and B and the rest in the base.

Letters as in starting_weights. A start is judged by what it makes of the weight, never by the signs of its vectors.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_11_lora_today.starting_weights import best, parts_of, told, with_gaps

pissa_start = Exercise("pissa-start", lifted=("depends-on-the-layout",))  # the signs of directions are free

SIZES = ((7, 11, 3), (12, 5, 2), (6, 6, 4), (9, 8, 5), (5, 12, 1), (8, 10, 2))


def weights(draw: Draw, sizes: tuple[tuple[int, int, int], ...] = SIZES) -> list[list]:
    """Draw [W0, rank] for each (o, i, r)."""
    return [[with_gaps(draw, o, i), r] for o, i, r in sizes]


@pissa_start.check
def computes_as_before(subject: Subject, draw: Draw) -> None:
    """residual + (A B).T is W0, so that the layer computes at first what it did before."""
    judge_sum(subject, weights(draw))


def judge_sum(subject: Subject, cases: list[list]) -> None:
    """Compare the parts' sum with the weight; hidden checks use it with other sizes."""
    sums = [part.base + part.path for part in parts_of(subject, cases, "residual")]
    twice = "The base keeps what the path does not have: take the path away from it."

    def turned(W0: torch.Tensor, r: int) -> torch.Tensor | None:
        return W0.double() - best(W0, r).T + best(W0, r) if len(W0) == W0.shape[1] else None

    rules = (
        Rule("residual-is-w", lambda W0, r: W0 + best(W0, r), "the base is still W0, and the path comes on top of it",
             twice),
        Rule("path-added", lambda W0, r: W0 + 2 * best(W0, r), "the path is added to the base, and then a second time",
             twice),
        Rule("residual-is-path", lambda W0, r: 2 * best(W0, r), "the base is the path itself", twice),
        Rule("residual-is-zero", lambda W0, r: best(W0, r), "the base holds nothing", "What the path does not have "
             "stays in the base, frozen."),
        Rule("path-turned", turned, "the path is taken away transposed", "A B is (in, out), and W0 (out, in)."),
        Rule("signs-differ", lambda W0, r: W0 - 2 * best(W0, r), "the path has the opposite sign",
             "What is taken from the base is what the path adds."),
        Rule("values-missing", lambda W0, r: W0 - best(W0, r) + best(W0, r, torch.ones_like), "the base lacks the "
             "strongest directions, and the path adds them without their singular values", "The roots of the values "
             "belong to both factors."),
        Rule("values-squared", lambda W0, r: W0 - best(W0, r) + best(W0, r, torch.square), "the path has its singular "
             "values twice, with A and with B", "Their roots belong to both factors."),
        Rule("smallest-in-path", lambda W0, r: W0 - best(W0, r) + best(W0, r, last=True), "the base lacks the "
             "strongest directions, and the path holds the weakest", "Singular values come in descending order."),
    )  # fmt: skip
    expect_all(sums, cases, lambda W0, r: W0, told=told, what="residual + (A B).T", id="not-w0", rules=rules,
               hint="Compute the path (A B).T first, and take just that from W0.")  # fmt: skip


@pissa_start.check(after=("computes-as-before",))
def path_is_strongest(subject: Subject, draw: Draw) -> None:
    """(A B).T holds the r strongest directions of W0, with their singular values."""
    judge_path(subject, weights(draw))


def judge_path(subject: Subject, cases: list[list]) -> None:
    """Compare the path with the best approximation; hidden checks use it with other sizes."""
    paths = [part.path for part in parts_of(subject, cases, "residual")]
    once = "The root of each singular value in A and again in B makes it whole in the product."

    def of(values: Callable) -> Callable:
        return lambda W0, r: best(W0, r, values)

    rules = (
        Rule("path-is-zero", lambda W0, r: torch.zeros_like(W0), "the path adds nothing: that is LoRA's usual start",
             "PiSSA starts on W0 itself."),
        Rule("smallest-terms", lambda W0, r: best(W0, r, last=True), "it holds the weakest directions",
             "Singular values come in descending order: the first r are the strongest."),
        Rule("values-squared", of(torch.square), "the singular values are in A and again in B", once),
        Rule("values-missing", of(torch.ones_like), "the singular values are missing", once),
        Rule("rooted-once", of(torch.sqrt), "the roots of the singular values are in one factor only", once),
        Rule("all-ranks", lambda W0, r: W0, "it is all of W0", "Keep the first r terms alone."),
        *(Rule("rank-off", lambda W0, r, n=n: best(W0, max(r + n, 0)), f"it has {abs(n)} term{'s' * (abs(n) > 1)} "
               f"{'more' if n > 0 else 'fewer'} than r", "Keep the first r.") for n in (-1, 1)),
    )  # fmt: skip
    expect_all(paths, cases, best, told=told, what="the path (A B).T", id="wrong-path", rules=rules,
               hint="Which r terms of the singular value decomposition of W0 come nearest to it?")  # fmt: skip


@pissa_start.check(after=("path-is-strongest",))
def balanced(subject: Subject, draw: Draw) -> None:
    """Each singular value is shared: its root scales a column of A and the same row of B, the largest first."""
    judge_balance(subject, weights(draw))


def judge_balance(subject: Subject, cases: list[list]) -> None:
    """Compare A^T A and B B^T with the singular values; hidden checks use it with other sizes."""
    grams = [torch.stack([part.A.T @ part.A, part.B @ part.B.T]) for part in parts_of(subject, cases, "residual")]

    def gram(of_A: Callable, of_B: Callable) -> Callable:
        def gives(W0: torch.Tensor, r: int) -> torch.Tensor:
            s = torch.linalg.svdvals(W0.double())[:r]
            return torch.stack([torch.diag(of_A(s)), torch.diag(of_B(s))])

        return gives

    share = "Give the root of each singular value to both: then a step moves A and B alike."
    rules = (
        Rule("values-in-a", gram(torch.square, torch.ones_like), "A has the singular values and B only directions",
             share),
        Rule("values-in-b", gram(torch.ones_like, torch.square), "B has the singular values and A only directions",
             share),
        Rule("in-another-order", gram(lambda s: s.flip(0), lambda s: s.flip(0)), "the smallest of the r values comes "
             "first", "Leave them in the order of the decomposition."),
    )  # fmt: skip
    expect_all(grams, cases, gram(lambda s: s, lambda s: s), told=told, what="the pair A^T A and B B^T", rules=rules,
               id="not-balanced", hint="Both are diagonal, with s_1, ..., s_r on the diagonal.")  # fmt: skip
