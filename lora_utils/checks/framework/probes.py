"""Probes that many exercises share. Each runs beside the student's objects and returns plain data."""

from __future__ import annotations

import contextlib

import torch
from torch import nn

REACHED = 1e-3  # of the first loss: a target counts as reached well below what any check asks for, 1e-2


def call(function, *, args: list, kwargs: dict | None = None) -> dict:
    """Call the student's function; returns {"value": what it returned}."""
    return {"value": function(*args, **(kwargs or {}))}


def calls(function, *, cases: list) -> dict:
    """Call the student's function once for each list of arguments; returns {"values": what it returned, in order}."""
    return {"values": [function(*args) for args in cases]}


@contextlib.contextmanager
def stepped(*modules: nn.Module):
    """Not a probe by itself: inside, whatever can be trained is smaller by 1, by a step of SGD down the sum of all.

    What can be trained is seen by what moves: nobody's word for it is needed. Afterwards all is as it was.
    """
    held = list(dict.fromkeys(p for module in modules for p in module.parameters()))
    before = [(p.detach().clone(), p.grad) for p in held]
    with torch.enable_grad():
        for p in held:
            p.grad = None
        total = sum(p.sum() for p in held)
        if held and total.requires_grad:
            total.backward()
            torch.optim.SGD(held, lr=1.0).step()
    try:
        yield
    finally:
        with torch.no_grad():
            for p, (value, gradient) in zip(held, before, strict=True):
                p.copy_(value)
                p.grad = gradient


def parameters_of(*modules: nn.Module, shared_twice: bool = False) -> list[dict]:
    """Not a probe by itself: the parameters, each with its name, its value and its value after `stepped`'s step.

    With `shared_twice` a parameter that stands in two places comes under both names.
    """
    named = [pair for m in modules for pair in m.named_parameters(remove_duplicate=not shared_twice)]
    found = [{"name": name, "value": p.detach().clone()} for name, p in named]
    with stepped(*modules):
        return [one | {"after": p.detach().clone()} for one, (_, p) in zip(found, named, strict=True)]


def later(module: nn.Module, *inputs: torch.Tensor) -> torch.Tensor | None:
    """Not a probe by itself: what a module returns after `stepped`'s step; None where that is no tensor."""
    with stepped(module):
        return returned(module, *inputs)


def returned(module: nn.Module, *inputs: torch.Tensor) -> torch.Tensor | None:
    """Not a probe by itself: what a module returns; None where that is no tensor."""
    try:
        output = module(*inputs)
    except Exception:  # the checks of the output see it too, and say what it is
        return None
    return output.detach().clone() if isinstance(output, torch.Tensor) else None


def linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """Not a probe by itself: a linear layer with the given weight (out, in) and bias (out,) or none."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def train_towards(module: nn.Module, x: torch.Tensor, target: torch.Tensor, *, lr: float, steps: int) -> None:
    """Not a probe by itself: train what is trainable with Adam, at most so many steps, until the target is reached."""
    optimizer, first = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], lr=lr), None
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (module(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        first = loss.item() if first is None else first
        if loss.item() < REACHED * first:
            break
