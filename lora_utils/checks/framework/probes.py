"""Probes that many exercises share. Each runs beside the student's objects and returns plain data."""

from __future__ import annotations

import torch
from torch import nn

REACHED = 5e-3  # of the first loss: a target counts as reached well below what any check asks for, 1e-2


def call(function, *, args: list, kwargs: dict | None = None) -> dict:
    """Call the student's function; returns {"value": what it returned}."""
    return {"value": function(*args, **(kwargs or {}))}


def parameters_of(module: nn.Module) -> dict:
    """Not a probe by itself: names, values and trainability of a module's parameters, for probes to return."""
    return {name: {"value": value, "trainable": value.requires_grad} for name, value in module.named_parameters()}


def linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """Not a probe by itself: a linear layer with the given weight (out, in) and bias (out,) or none."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def train_towards(module: nn.Module, x: torch.Tensor, target: torch.Tensor, *, lr: float, steps: int) -> dict:
    """Not a probe by itself: train what is trainable with Adam, at most so many steps, until the target is reached.

    Returns:
        The mean squared error before the first step and before the last one, as "first" and "last".
    """
    optimizer, losses = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], lr=lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (module(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < REACHED * losses[0]:
            break
    return {"first": losses[0], "last": losses[-1]}


def shapes_of(module: nn.Module) -> list[dict]:
    """Not a probe by itself: what a module trains or could train, each with its name, shape and largest number."""
    return [
        {
            "name": name,
            "shape": list(p.shape),
            "trainable": p.requires_grad,
            "largest": float(p.detach().abs().max()),
        }
        for name, p in module.named_parameters()
    ]
