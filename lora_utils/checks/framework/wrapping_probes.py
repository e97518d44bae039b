"""Probes that wrap a linear layer in the student's class, for labs 06 and 08.

Letters: i in_features, o out_features, r rank. W (o, i), bias (o,), A (i, r), B (r, o).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from lora_utils.checks.framework.probes import later, linear, parameters_of, returned, train_towards


def build(cls, *, weight, bias, rank, alpha, x, other) -> dict:
    """Probe: wrap a layer and tell what the result is made of."""
    base = linear(weight, bias)
    return made_of(cls(base, rank, alpha), base, x.requires_grad_(True), other)


def made_of(wrapped: nn.Module, base: nn.Module, x, other: list) -> dict:
    """Not a probe by itself: the parts of a wrapped layer before and after a step, and what it then returns.

    At last the layer that was given gets `other` numbers in its parameters, and only what holds the very layer follows.
    """
    if not isinstance(wrapped, nn.Module):
        return {"module": False}
    seen = {
        "module": True,
        "inside": any(module is base for module in wrapped.modules()),
        "base": parameters_of(base),
        "parameters": parameters_of(wrapped),
        "later": later(wrapped, x),
    }
    with torch.no_grad():
        for parameter, number in zip(base.parameters(), other, strict=True):
            parameter.copy_(number)
    return seen | {"renewed": parameters_of(wrapped), "output": returned(wrapped, x)}


def run(cls, *, weight, bias, rank, alpha, x, A=None, B=None, upstream=None) -> dict:
    """Probe: the output, with the given factors or as built, and its gradients; another layer is wrapped meanwhile."""
    base = linear(weight, bias)
    wrapped = cls(base, rank, alpha)
    cls(linear(weight, bias), rank, meanwhile(alpha))
    return through(wrapped, base, rank, x, A, B, upstream)


def meanwhile(alpha: float) -> float:
    """Not a probe by itself: the alpha of the other layer, which must leave no trace."""
    return 3 * alpha + 1


def through(wrapped: nn.Module, base: nn.Module, rank: int, x, A=None, B=None, upstream=None) -> dict:
    """Not a probe by itself: the output of a wrapped layer, with the given factors or as built, and its gradients."""
    if A is not None:
        down, up = factors(wrapped, base, rank)
        with torch.no_grad():
            down.parameter.copy_(down.turn(A))
            up.parameter.copy_(up.turn(B))
    x.requires_grad_(True)
    y = wrapped(x)
    seen = {"output": y, "again": returned(wrapped, x.detach().clone()), "dx": None, "dA": None, "dB": None}
    if upstream is not None and y.requires_grad:
        wanted = {"dx": x, "dA": down.parameter, "dB": up.parameter}
        live = {name: t for name, t in wanted.items() if t.requires_grad}
        seen |= zip(live, torch.autograd.grad(y, list(live.values()), upstream, allow_unused=True), strict=True)
        for name, factor in (("dA", down), ("dB", up)):
            seen[name] = None if seen[name] is None else factor.turn(seen[name])
    return seen


def place(cls, *, dtype: str, device: str, rank: int, alpha: float, sizes: list) -> dict:
    """Probe: the path beside a layer of that dtype on that device, and its devices; "meta" holds no numbers."""
    i, o = sizes
    base = nn.Linear(i, o, dtype=getattr(torch, dtype), device=device)
    own = {id(p) for p in base.parameters()}
    rest = [p for p in cls(base, rank, alpha).parameters() if id(p) not in own]
    return {"path": [p for p in rest if not p.is_meta], "devices": sorted({str(p.device) for p in rest})}


def fit(cls, *, weight, bias, rank, alpha, x, target, unseen, steps: int) -> dict:
    """Probe: train whatever is trainable towards the target; returns the output for other inputs and the base."""
    base = linear(weight, bias)
    wrapped = cls(base, rank, alpha)
    trainable = [p for p in wrapped.parameters() if p.requires_grad]
    if not trainable:
        return {"trainable": 0}
    train_towards(wrapped, x, target, lr=0.1, steps=steps)
    return {"trainable": len(trainable), "found": wrapped(unseen), "weight": base.weight, "bias": base.bias}


class Factor(NamedTuple):
    """A factor of the path and whether it is kept transposed, as PEFT does."""

    parameter: nn.Parameter
    flipped: bool

    def turn(self, tensor: torch.Tensor) -> torch.Tensor:
        """Bring a tensor from this course's orientation into the factor's, or back."""
        return tensor.T if self.flipped else tensor


def factors(wrapped: nn.Module, base: nn.Module, rank: int) -> tuple[Factor, Factor]:
    """Not a probe by itself: the path's A (i, r) and B (r, o), found by shape, so that their names are free."""
    i, o = base.in_features, base.out_features  # a weight in 4 bits has another shape
    own = {id(p) for p in base.parameters()}
    found: list[Factor] = []
    for shape in ((i, rank), (rank, o)):
        same = [p for p in wrapped.parameters() if id(p) not in own and tuple(p.shape) in (shape, shape[::-1])]
        found += [Factor(p, tuple(p.shape) != shape) for p in same[:1]]
    if len(found) < 2:
        raise ValueError(f"no parameters of shapes {(i, rank)} and {(rank, o)} beside the given layer")
    return found[0], found[1]
