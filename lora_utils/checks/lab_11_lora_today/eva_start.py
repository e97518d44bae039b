"""Checks of lab 11: EVA's start, the directions in which a layer's inputs vary most.

Letters: n inputs, i in_dim, r rank, m = min(n, i). X (..., i), A (i, r). The sign of a direction is free.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

eva_start = Exercise("eva-start", lifted=("depends-on-the-layout",))  # the signs of directions are free


def inputs(draw: Draw, shapes: tuple[tuple[tuple[int, ...], int], ...]) -> list[list]:
    """Draw [X, rank] for each (shape, r): inputs with a mean, whose singular values lie clearly apart."""
    cases = []
    for shape, r in shapes:
        n, i = int(torch.tensor(shape[:-1]).prod()), shape[-1]
        m = min(n, i)
        rows = draw.normal(n, m, dtype=torch.float64)
        rows[:, 0] = 1 + 0.5 * rows[:, 0]  # the strongest direction is one in which the inputs lie to one side
        left, right = torch.linalg.qr(rows).Q, torch.linalg.qr(draw.normal(i, m, dtype=torch.float64)).Q
        values = torch.arange(m, 0, -1) * draw.number(0.5, 0.8) + 0.3
        cases.append([(left * values @ right.T).float().reshape(shape), r])
    return cases


SHAPES = (((12, 7), 3), ((9, 9), 4), ((5, 11), 2), ((3, 5, 6), 2), ((2, 2, 6, 8), 5), ((10, 4), 1))


def told(X: torch.Tensor, rank: int) -> str:
    """A case, for a message."""
    return f"inputs of shape {tuple(X.shape)}, rank={rank}"


def spectrum(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Singular values (m,) and right singular vectors (m, i) of all rows, in float64."""
    _, s, Vh = torch.linalg.svd(X.flatten(0, -2).double(), full_matrices=False)
    return s, Vh


def results(subject: Subject, cases: list[list]) -> list[list[torch.Tensor]]:
    """Call the student's function for each case and expect A and shares of their shapes."""
    values = ask(subject, cases, told)["values"]
    for (X, r), value in zip(cases, values, strict=True):
        if type(value) is not list or len(value) != 2:
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-two", f"expected A and the shares, got {came}", "Return the two, in this order.")
        for name, one, shape in zip(("A", "shares"), value, ((X.shape[-1], r), (r,)), strict=True):
            expect_tensor(one, f"the result {name}")
            if tuple(one.shape) != shape:
                text = f"for {told(X, r)} {name} must have shape {shape}, got {tuple(one.shape)}"
                raise Failure("wrong-shape", text, "A is (in, rank), as ever; every input is a row, whatever axes "
                              "stand before the last.")  # fmt: skip
            if not one.isfinite().all():
                raise Failure("not-finite", f"for {told(X, r)} {name} holds NaN or infinity", "Look at the quotients.")
    return [[A.double(), shares.double()] for A, shares in values]


@eva_start.check(weight=2)
def strongest_directions(subject: Subject, draw: Draw) -> None:
    """The columns of A are the r right singular vectors of the inputs with the largest values, in their order."""
    judge_directions(subject, inputs(draw, SHAPES))


def _overlap(A: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    """How much of each right singular vector of X, and of each other column, a column of A holds, (m + r, r)."""
    return torch.cat([spectrum(X)[1] @ A, A.T @ A]).abs()


def judge_directions(subject: Subject, cases: list[list]) -> None:
    """Compare the columns, up to sign, with the directions; hidden checks use it with other shapes."""
    found = [_overlap(A, X) for (A, _), (X, _) in zip(results(subject, cases), cases, strict=True)]

    def right(X: torch.Tensor, r: int) -> torch.Tensor:
        m = min(X.flatten(0, -2).shape)
        return torch.cat([torch.eye(n, r, dtype=torch.float64) for n in (m, r)])

    def of(columns: Callable[[torch.Tensor, int], torch.Tensor]) -> Callable:
        """A rule: the columns that a mistake makes, seen like those that came."""
        return lambda X, r: _overlap(columns(X.flatten(0, -2).double(), r), X)

    def directions(rows: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svd(rows, full_matrices=False)[2]

    def first_columns(rows: torch.Tensor, r: int) -> torch.Tensor:
        # In float32, as an answer has them: the signs of the rows show in the columns.
        return torch.linalg.svd(rows.float())[2][:, :r].double()

    def values(rows: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svdvals(rows)

    plain = "A holds directions of length 1; what each is worth stands in the shares."
    rules = (
        Rule("centred", of(lambda x, r: directions(x - x.mean(0))[:r].T), "the mean of the inputs is taken away first",
             "The layer multiplies its inputs as they are: decompose them as they are."),
        Rule("weakest-directions", of(lambda x, r: directions(x)[-r:].T), "it holds the weakest directions",
             "Singular values come in descending order; eigh's come in ascending order."),
        Rule("in-another-order", of(lambda x, r: directions(x)[:r].flip(0).T), "the columns stand in the opposite "
             "order", "The strongest direction comes first."),
        Rule("columns-of-vh", of(first_columns), "it holds columns of Vh, whose rows are "
             "the directions", "Take the first r rows of Vh, and turn them."),
        Rule("values-in-a", of(lambda x, r: directions(x)[:r].T * values(x)[:r]), "the directions are multiplied by "
             "their singular values", plain),
        Rule("values-in-a", of(lambda x, r: directions(x)[:r].T * values(x)[:r].sqrt()), "the directions are "
             "multiplied by the roots of their singular values", plain),
        Rule("scaled-by-rank", of(lambda x, r: directions(x)[:r].T / r**0.5 if r > 1 else directions(x)[:r].T),
             "the directions are divided by the root of the rank", plain),
        Rule("rows-normalised", of(lambda x, r: directions(x / x.norm(dim=1, keepdim=True))[:r].T), "the inputs are "
             "brought to length 1 first", "Decompose the inputs as they are."),
        Rule("one-text-only", lambda X, r: _overlap(directions(X.flatten(0, -3)[0].double() if X.dim() > 2 else
                                                               X.double())[:r].T, X), "only the first text of the "
             "batch is looked at", "Every input is a row: bring X to two axes."),
    )  # fmt: skip
    expect_all(found, cases, right, told=told, what="how much the columns of A hold of each direction of the inputs",
               id="other-directions", rules=rules, tolerance=1e-4,
               hint="Bring X to (n, in); its right singular vectors are the rows of Vh.")  # fmt: skip


@eva_start.check
def shares_of_energy(subject: Subject, draw: Draw) -> None:
    """shares says which part of the inputs' energy, the sum of their squares, each of the r directions holds."""
    judge_shares(subject, inputs(draw, SHAPES))


def judge_shares(subject: Subject, cases: list[list]) -> None:
    """Compare the shares; hidden checks use it with other shapes."""
    found = [shares for _, shares in results(subject, cases)]

    def of(make: Callable) -> Callable:
        return lambda X, r: make(spectrum(X)[0], r)

    def centred(X: torch.Tensor, r: int) -> torch.Tensor:
        rows = X.flatten(0, -2).double()
        energy = torch.linalg.svdvals(rows - rows.mean(0)).square()
        return energy[:r] / energy.sum()

    energy = "The energy in a direction is the square of its singular value; all of them together are the whole."
    rules = (
        Rule("values-not-squared", of(lambda s, r: s[:r] / s.sum()), "the singular values are not squared", energy),
        Rule("of-the-kept", of(lambda s, r: s[:r].square() / s[:r].square().sum()), "they are shares of what the r "
             "directions hold together", energy),
        Rule("not-a-share", of(lambda s, r: s[:r].square()), "they are energies, not shares of the whole", energy),
        Rule("not-a-share", of(lambda s, r: s[:r]), "they are the singular values themselves", energy),
        Rule("cumulative", of(lambda s, r: s.square().cumsum(0)[:r] / s.square().sum()), "each share contains those "
             "before it", "One share for each direction alone."),
        Rule("share-of-largest", of(lambda s, r: s[:r].square() / s[0].square()), "they are parts of the largest",
             energy),
        Rule("last-shares", of(lambda s, r: s.square()[-r:] / s.square().sum()), "they are those of the weakest "
             "directions", "They belong to the columns of A, in the same order."),
        Rule("centred-shares", centred, "the mean of the inputs is taken away first", "Decompose them as they are."),
        Rule("mean-energy", lambda X, r: spectrum(X)[0][:r].square() / X.flatten(0, -2).shape[0], "the energies are "
             "divided by the number of inputs", energy),
    )  # fmt: skip
    expect_all(found, cases, of(lambda s, r: s[:r].square() / s.square().sum()), told=told, what="the shares",
               id="wrong-shares", rules=rules, hint=energy)  # fmt: skip
