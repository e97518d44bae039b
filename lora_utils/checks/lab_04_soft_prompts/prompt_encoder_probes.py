"""Probes of lab 04's PromptEncoder: what runs beside the student's class and brings back plain data.

Letters: l length of the prompt, d width, f inner width. table (l, d), down (f, d), up (d, f).
"""

from __future__ import annotations

import contextlib

import torch
from torch import nn

from lora_utils.checks.framework.probes import later, parameters_of, returned

PARTS = ("table", "down", "down_bias", "up", "up_bias")


def shapes(l: int, d: int, f: int) -> dict[str, tuple]:
    """Not a probe by itself: the shape of each of the five parameters, by name."""
    return dict(zip(PARTS, ((l, d), (f, d), (f,), (d, f), (d,)), strict=True))


def build(cls, *, length: int, width: int, inner: int) -> dict:
    """Probe: what the network is made of, and the prompt it makes after a step."""
    module = cls(length, width, inner)
    if not isinstance(module, nn.Module):
        return {"module": False}
    expanded = [
        name
        for name, p in module.named_parameters()
        if any(stride == 0 and size > 1 for stride, size in zip(p.stride(), p.shape, strict=True))
    ]
    held = [item for value in vars(module).values() if isinstance(value, (list, tuple)) for item in value]
    return {
        "module": True,
        "expanded": expanded,
        "parameters": [] if expanded else parameters_of(module),
        "now": None if expanded else returned(module),
        "later": None if expanded else later(module),
        "buffers": [list(value.shape) for _, value in module.named_buffers()],
        "tensors": [list(value.shape) for value in vars(module).values() if type(value) is torch.Tensor],
        "inside": sum(isinstance(item, (nn.Parameter, nn.Module)) for item in held),
    }


def drawn(cls, *, sizes: list, skip: int) -> dict:
    """Probe: the table of a fresh network, after `skip` numbers of torch's random stream went elsewhere."""
    torch.randn(skip)
    module = cls(*sizes)
    return {"table": next(p for p in module.parameters() if tuple(p.shape) == tuple(sizes[:2]))}


def run(cls, *, length: int, width: int, inner: int, **values) -> dict:
    """Probe: the prompt that given numbers make, as forward returns it twice, and what it was before they came."""
    module = cls(length, width, inner)
    first = returned(module)
    placed(module, length, width, inner, values)
    prompt = module()
    prompt = prompt.detach().clone() if isinstance(prompt, torch.Tensor) else prompt
    return {"first": first, "prompt": prompt, "again": module()}


def beside(cls, *, networks: list) -> dict:
    """Probe: the prompt of the first network with its own numbers, and folded, when all have been made and used."""
    made = [cls(one["length"], one["width"], one["inner"]) for one in networks]
    for module, one in zip(made, networks, strict=True):
        placed(module, one["length"], one["width"], one["inner"], one)
    prompts = [(module(), module.fold()) for module in reversed(made)]
    return {"prompt": prompts[-1][0], "folded": prompts[-1][1]}


def run_back(cls, *, length: int, width: int, inner: int, upstream, **values) -> dict:
    """Probe: the gradients of the five parameters, by name."""
    module = cls(length, width, inner)
    parts = placed(module, length, width, inner, values)
    prompt = module()
    if not prompt.requires_grad:
        return {"gradients": {}}
    grads = torch.autograd.grad(prompt, list(parts.values()), upstream, allow_unused=True)
    return {"gradients": dict(zip(parts, grads, strict=True))}


def fold_later(cls, *, length: int, width: int, inner: int, **values) -> dict:
    """Probe: what fold returns, its history, what later training makes of it, and what fold returns then.

    The parameters that a step would move are moved by 1; a step could not move those that fold has frozen.
    """
    module = cls(length, width, inner)
    first = returned(module)
    parts = placed(module, length, width, inner, values)
    mode, kept = module.training, [torch.ones_like(part) for part in parts.values()]
    for part, ones in zip(parts.values(), kept, strict=True):
        part.grad = ones.clone()
    folded = module.fold()
    if not isinstance(folded, torch.Tensor):
        return {"folded": folded}
    seen = {
        "first": first,
        "next": None,
        "folded": folded.detach().clone(),
        "history": folded.grad_fn is not None,
        "inference": folded.is_inference(),
        "mode_kept": module.training == mode,
        "gradients_kept": all(
            part.grad is not None and torch.equal(part.grad, ones)
            for part, ones in zip(parts.values(), kept, strict=True)
        ),
    }
    with torch.no_grad():
        for part in parts.values():
            part.sub_(1)
    with contextlib.suppress(Exception):  # a fold that has taken the network apart cannot be repeated
        seen["next"] = module.fold()
    return seen | {"later": folded}


def fold_twice(cls, *, length: int, width: int, inner: int, **values) -> dict:
    """Probe: the prompts that the network makes after fold, as it is and after a step."""
    module = cls(length, width, inner)
    placed(module, length, width, inner, values)
    module.fold()
    return {"prompt": module(), "later": later(module)}


def placed(module: nn.Module, length: int, width: int, inner: int, values: dict) -> dict:
    """Not a probe by itself: the five parameters, found by shape, with the given numbers in them."""
    found = {}
    for name, shape in shapes(length, width, inner).items():
        found[name] = next((p for p in module.parameters() if tuple(p.shape) == shape), None)
        if found[name] is None:
            raise ValueError(f"the network has no parameter of shape {shape}")
        with torch.no_grad():
            found[name].copy_(values[name])
    return found
