"""Probes of lab 03's BottleneckAdapter: what runs beside the student's class and brings back numbers.

Letters: d width, r bottleneck. Layers are found by the shapes of their parameters, so names are free and a matrix may
be stored as (out, in), as nn.Linear does, or as (in, out).
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.probes import shapes_of, train_towards


def build(cls, *, width: int, bottleneck: int) -> dict:
    """Probe: build an adapter and list what it is made of."""
    adapter = cls(width, bottleneck)
    if not isinstance(adapter, nn.Module):
        return {"module": False}
    attributes = [value for module in adapter.modules() for value in vars(module).values()]
    held = [item for value in attributes if isinstance(value, (list, tuple)) for item in value]
    return {
        "module": True,
        "parameters": shapes_of(adapter),
        "buffers": len(list(adapter.buffers())),
        "hidden": sum(isinstance(item, nn.Module | nn.Parameter) for item in held),
    }


def parts(adapter: nn.Module, width: int, bottleneck: int) -> dict[str, nn.Parameter]:
    """Not a probe by itself: matrices and biases by role; of the two matrices, `up` is the one that starts at zero."""
    shapes = ((bottleneck, width), (width, bottleneck))
    matrices = [p for p in adapter.parameters() if tuple(p.shape) in shapes][:2]
    zero = [not p.detach().any() for p in matrices]
    if zero[0] == zero[1]:  # both random or both zero: nn.Linear's layout decides
        up = next(i for i, p in enumerate(matrices) if tuple(p.shape) == shapes[1])
    else:
        up = zero.index(True)
    found = {"down": matrices[1 - up], "up": matrices[up]}
    vectors = [p for p in adapter.parameters() if p.dim() == 1]
    found["down_bias"] = next((p for p in vectors if p.shape == (bottleneck,)), None)
    found["up_bias"] = next((p for p in vectors if p.shape == (width,)), None)
    return {name: p for name, p in found.items() if p is not None}


def run(cls, *, width, bottleneck, x, weights=None, upstream=None, twice=False) -> dict:
    """Probe: the output, with the given weights or as built; on request again, and with gradients.

    Weights are down (r, d), up (d, r), down_bias (r,) and up_bias (d,), and so are their gradients.
    """
    adapter = cls(width, bottleneck).to(x.dtype)
    if weights is not None:
        found = parts(adapter, width, bottleneck)
        shapes = {"down": (bottleneck, width), "up": (width, bottleneck)}
        turned = {name for name, shape in shapes.items() if tuple(found[name].shape) != shape}
        with torch.no_grad():
            for name, parameter in found.items():
                parameter.copy_(weights[name].T if name in turned else weights[name])
    original = x.detach().clone()
    x.requires_grad_(upstream is not None)
    y = adapter(x)
    changed = not torch.equal(x.detach(), original)
    seen = {"output": y, "x_changed": changed, "again": adapter(x) if twice else None}
    if upstream is not None:
        live = {"x": x, **{name: p for name, p in found.items() if p.requires_grad}}
        grads = [None] * len(live)
        if y.requires_grad:
            grads = torch.autograd.grad(y, list(live.values()), upstream, allow_unused=True)
        seen["gradients"] = {
            name: g.T if name in turned and g is not None else g for name, g in zip(live, grads, strict=True)
        }
    return seen


def fit(cls, *, width: int, bottleneck: int, x, target, steps: int) -> dict:
    """Probe: train a fresh adapter towards the target; returns the first and the last loss."""
    return train_towards(cls(width, bottleneck), x, target, lr=0.02, steps=steps)
