"""Probes of lab 05's LoRALayer: what runs beside the student's class and brings back numbers.

Letters: i in_dim, o out_dim, r rank. A (i, r) and B (r, o) are found by shape, so their names are free.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.probes import later, parameters_of, train_towards


def build(cls, *, in_dim: int, out_dim: int, rank: int, alpha: float, x) -> dict:
    """Probe: build a layer, list what it is made of, and show what it returns after a step."""
    layer = cls(in_dim, out_dim, rank, alpha)
    if not isinstance(layer, nn.Module):
        return {"module": False}
    expanded = [name for name, p in layer.named_parameters() if _shared_inside(p)]
    if expanded:  # no step can be tried on them
        return {"module": True, "expanded": expanded}
    attributes = [value for module in layer.modules() for value in vars(module).values()]
    held = [item for value in attributes for item in _items(value)]
    return {
        "module": True,
        "expanded": expanded,
        "parameters": parameters_of(layer),
        "later": later(layer, x),
        "buffers": len(list(layer.buffers())),
        "tensors": sum(type(value) is torch.Tensor for value in attributes),
        "hidden_parameters": sum(isinstance(item, nn.Parameter) for item in held),
    }


def _shared_inside(parameter: torch.Tensor) -> bool:
    """Whether numbers of a tensor stand in several places, as expand leaves them."""
    return any(stride == 0 and size > 1 for stride, size in zip(parameter.stride(), parameter.shape, strict=True))


def _items(value) -> list:
    """What a plain list, tuple or dict attribute holds."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def run(cls, *, in_dim, out_dim, rank, alpha, x, A=None, B=None, upstream=None, twice=False) -> dict:
    """Probe: the output, with the given factors or as built; on request again, and with gradients."""
    layer = cls(in_dim, out_dim, rank, alpha).to(x.dtype)
    if A is not None:
        a, b = factors(layer, in_dim, out_dim, rank)
        with torch.no_grad():
            a.copy_(A)
            b.copy_(B)
    x.requires_grad_(upstream is not None)
    y = layer(x)
    seen = {"output": y, "again": layer(x) if twice else None, "dx": None, "dA": None, "dB": None}
    if upstream is not None and y.requires_grad:
        wanted = {"dx": x, "dA": a, "dB": b}
        live = {name: t for name, t in wanted.items() if t.requires_grad}
        seen |= zip(live, torch.autograd.grad(y, list(live.values()), upstream, allow_unused=True), strict=True)
    return seen


def run_all(cls, *, cases: list) -> dict:
    """Probe: for each case the output of a layer with the given factors, once more, and what became of x.

    All layers are made before the first is called. At last B changes its sign between two calls after eval().
    """
    seen = {"values": [], "again": [], "given": [], "evaluated": []}
    layers = [cls(*sizes_of(case), case["alpha"]).to(case["x"].dtype) for case in cases]
    for case, layer in zip(cases, layers, strict=True):
        x, same = case["x"], case["x"].clone()
        a, b = factors(layer, *sizes_of(case))
        with torch.no_grad():
            a.copy_(case["A"])
            b.copy_(case["B"])
        found = {"values": layer(x), "again": layer(same), "given": x}
        layer.eval()(same.clone())
        with torch.no_grad():
            b.mul_(-1)
        found["evaluated"] = layer(same.clone())
        for name, value in found.items():
            seen[name].append(value.detach().clone() if isinstance(value, torch.Tensor) else value)
    return seen


def sizes_of(case: dict) -> list[int]:
    """Not a probe by itself: in_dim, out_dim and rank of a case."""
    return [case[name] for name in ("in_dim", "out_dim", "rank")]


def named(cls, *, sizes: list, alpha: float) -> dict:
    """Probe: what a layer has under the names that later cells use; of a tensor its shape, and a number as a float."""
    layer = cls(*sizes, alpha)
    found = {name: getattr(layer, name, None) for name in ("A", "B", "alpha")}
    shapes = {name: list(v.shape) for name, v in found.items() if isinstance(v, torch.Tensor)}
    number = found["alpha"]
    return {"has": [name for name, value in found.items() if value is not None], "shapes": shapes,
            "alpha": float(number) if shapes.get("alpha", []) == [] and number is not None else None}  # fmt: skip


def factors(layer: nn.Module, in_dim: int, out_dim: int, rank: int) -> tuple[nn.Parameter, nn.Parameter]:
    """Not a probe by itself: the parameters of shapes (in_dim, rank) and (rank, out_dim)."""
    found = []
    for shape in ((in_dim, rank), (rank, out_dim)):
        found.append(next((p for p in layer.parameters() if tuple(p.shape) == shape), None))
        if found[-1] is None:
            raise ValueError(f"the layer has no parameter of shape {shape}")
    return tuple(found)


def initial_a(cls, *, sizes: list, skip: int, alpha: float = 1.0) -> dict:
    """Probe: the A of a fresh layer, after `skip` numbers of torch's random stream went elsewhere."""
    torch.randn(skip)
    return {"A": factors(cls(*sizes, alpha), *sizes)[0]}


def fit(cls, *, sizes: list, alpha: float, x, target, unseen, steps: int) -> dict:
    """Probe: train a fresh layer towards the target; returns its output for other inputs."""
    layer = cls(*sizes, alpha)
    if not layer(x).requires_grad:  # nothing to go down
        return {"found": None}
    train_towards(layer, x, target, lr=0.1, steps=steps)
    return {"found": layer(unseen)}
