"""Probes of lab 03's BottleneckAdapter: what runs beside the student's class and brings back numbers.

Letters: d width, r bottleneck. Layers are found by the shapes of their parameters, so names are free and a matrix may
be stored as (out, in), as nn.Linear does, or as (in, out).
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.probes import later, parameters_of, train_towards


def build(cls, *, width: int, bottleneck: int, x) -> dict:
    """Probe: build an adapter, list what it is made of, and show what it returns after a step."""
    adapter = cls(width, bottleneck)
    if not isinstance(adapter, nn.Module):
        return {"module": False}
    attributes = [value for module in adapter.modules() for value in vars(module).values()]
    held = [item for value in attributes if isinstance(value, (list, tuple)) for item in value]
    return {
        "module": True,
        "parameters": parameters_of(adapter),
        "later": later(adapter, x),
        "hidden": sum(isinstance(item, nn.Module | nn.Parameter) for item in held),
    }


def roles(tensors: list[torch.Tensor], width: int, bottleneck: int) -> dict[str, int]:
    """Not a probe by itself: which tensor is which, down, up or a bias; of two matrices `up` starts at zero."""
    shapes = ((bottleneck, width), (width, bottleneck))
    matrices = [k for k, t in enumerate(tensors) if tuple(t.shape) in shapes][:2]
    zero = [not tensors[k].detach().any() for k in matrices]
    if zero[0] == zero[1]:  # both random or both zero: nn.Linear's layout decides
        up = next(i for i, k in enumerate(matrices) if tuple(tensors[k].shape) == shapes[1])
    else:
        up = zero.index(True)
    found = {"down": matrices[1 - up], "up": matrices[up]}
    for k, tensor in enumerate(tensors):
        if tensor.dim() == 1 and len(tensor) in (bottleneck, width):
            found.setdefault("down_bias" if len(tensor) == bottleneck else "up_bias", k)
    return found


def turned(tensor: torch.Tensor, name: str, width: int, bottleneck: int) -> torch.Tensor:
    """Not a probe by itself: a matrix brought from the course's layout into the other one that fits, or back."""
    other = {"down": (width, bottleneck), "up": (bottleneck, width)}
    return tensor.T if tuple(tensor.shape) == other.get(name) else tensor


def run(cls, *, width, bottleneck, x, weights=None, upstream=None, twice=False) -> dict:
    """Probe: the output, with the given weights or as built; on request again, and with gradients.

    Weights are down (r, d), up (d, r), down_bias (r,) and up_bias (d,), and so are their gradients.
    """
    adapter = cls(width, bottleneck).to(x.dtype)
    if weights is not None:
        parameters = list(adapter.parameters())
        found = {name: parameters[k] for name, k in roles(parameters, width, bottleneck).items()}
        with torch.no_grad():
            for name, parameter in found.items():
                turned(parameter, name, width, bottleneck).copy_(weights[name])
    x.requires_grad_(upstream is not None)
    y = adapter(x)
    seen = {"output": y, "x": x.detach().clone(), "again": adapter(x) if twice else None}
    if upstream is not None:
        live = {"x": x, **{name: p for name, p in found.items() if p.requires_grad}}
        grads = [None] * len(live)
        if y.requires_grad:
            grads = torch.autograd.grad(y, list(live.values()), upstream, allow_unused=True)
        seen["gradients"] = {
            name: None if g is None else turned(g, name, width, bottleneck) for name, g in zip(live, grads, strict=True)
        }
    return seen


def beside(cls, *, adapters: list, x) -> dict:
    """Probe: the first adapter's output for its own weights, when all have been made and used."""
    made = [cls(one["width"], one["bottleneck"]) for one in adapters]
    for adapter, one in zip(made, adapters, strict=True):
        parameters = list(adapter.parameters())
        with torch.no_grad():
            for name, k in roles(parameters, one["width"], one["bottleneck"]).items():
                turned(parameters[k], name, one["width"], one["bottleneck"]).copy_(one["weights"][name])
    return {"output": [adapter(x) for adapter in reversed(made)][-1]}


def fit(cls, *, width: int, bottleneck: int, x, target, unseen, steps: int) -> dict:
    """Probe: train a fresh adapter towards the target; returns its output for other inputs."""
    adapter = cls(width, bottleneck)
    train_towards(adapter, x, target, lr=0.02, steps=steps)
    return {"found": adapter(unseen)}
