"""Weights that the checks of lab 11 let answers start from, and the three parts that a start returns.

Letters: o out_dim, i in_dim, r rank, m = min(o, i). W0 (o, i), base (o, i), A (i, r), B (r, o).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import ask
from lora_utils.checks.framework.subject import Subject


class Parts(NamedTuple):
    """What a start returns, in float64."""

    base: torch.Tensor  # (o, i)
    A: torch.Tensor  # (i, r)
    B: torch.Tensor  # (r, o)

    @property
    def path(self) -> torch.Tensor:
        """What A and B add to the weight, (o, i)."""
        return (self.A @ self.B).T


def with_gaps(draw: Draw, o: int, i: int) -> torch.Tensor:
    """Draw a weight (o, i) whose singular values lie clearly apart, so that each of its directions is determined."""
    m = min(o, i)
    left, right = (torch.linalg.qr(draw.normal(n, m, dtype=torch.float64)).Q for n in (o, i))
    return (left * (torch.arange(m, 0, -1) * draw.number(0.5, 0.8) + 0.3) @ right.T).float()


def best(
    W: torch.Tensor, r: int, values: Callable[[torch.Tensor], torch.Tensor] = lambda s: s, last: bool = False
) -> torch.Tensor:
    """The best approximation of rank r in float64, or what comes of other values, or of the last directions."""
    U, s, Vh = torch.linalg.svd(W.double(), full_matrices=False)
    keep = slice(len(s) - r, None) if last else slice(None, r)
    return U[:, keep] * values(s[keep]) @ Vh[keep]


def told(W0: torch.Tensor, rank: int, *more) -> str:
    """A case, for a message."""
    steps = f" and steps={more[0]}" if more else ""
    return f"a weight of {W0.shape[0]} x {W0.shape[1]}, rank={rank}{steps}"


def parts_of(subject: Subject, cases: Sequence[list], base: str) -> list[Parts]:
    """Call the student's function for each case (W0, rank, ...) and expect base, A and B of their shapes.

    Args:
        subject: the answer.
        cases: lists of arguments.
        base: what the task calls the first result.
    """
    values = ask(subject, cases, told)["values"]
    for (W0, r, *_), value in zip(cases, values, strict=True):
        if type(value) is not list or len(value) != 3:
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-three", f"expected {base}, A and B, got {came}", "Return the three, in this order.")
        o, i = W0.shape
        names, wanted = (base, "A", "B"), [(o, i), (i, r), (r, o)]
        for name, one in zip(names, value, strict=True):
            expect_tensor(one, f"the result {name}")
        came = [tuple(one.shape) for one in value]
        if came != wanted and sorted(came) == sorted(wanted):
            order = ", ".join(names[wanted.index(shape)] for shape in came)
            raise Failure("results-swapped", f"for {told(W0, r)} the shapes are those of {order}, in this order",
                          f"Return {base}, A, B.")  # fmt: skip
        for name, one, shape in zip(names, value, wanted, strict=True):
            if tuple(one.shape) != shape:
                text = f"for {told(W0, r)} {name} must have shape {shape}, got {tuple(one.shape)}"
                raise Failure(
                    "wrong-shape", text, "W0 is stored as (out, in); A is (in, rank), B (rank, out), as ever."
                )
            if not one.isfinite().all():
                raise Failure("not-finite", f"for {told(W0, r)} {name} holds NaN or infinity",
                              "Look at roots and at quotients.")  # fmt: skip
    return [Parts(*(one.double() for one in value)) for value in values]
