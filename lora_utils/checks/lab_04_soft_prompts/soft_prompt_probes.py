"""Probes of lab 04's SoftPrompt: what runs beside the student's class and brings back plain data.

Letters: b batch, s sequence, l length of the prompt, d width. Prompt (l, d), vectors (b, s, d), mask (b, s).
"""

from __future__ import annotations

import contextlib

import torch
from torch import nn

from lora_utils.checks.framework.probes import parameters_of, stepped


def build(cls, *, init, vectors, mask) -> dict:
    """Probe: make the module; what it is made of, what it returns after a step, and what it is when init has moved."""
    module = cls(init)
    if not isinstance(module, nn.Module):
        return {"module": False}
    held = [item for value in vars(module).values() for item in _items(value)]
    seen = {
        "module": True,
        # no step can be tried on a parameter whose numbers share their memory
        "expanded": [name for name, p in module.named_parameters() if shared_inside(p)],
        "buffers": [name for name, _ in module.named_buffers()],
        "tensors": [name for name, value in vars(module).items() if isinstance(value, torch.Tensor)],
        "inside": sum(isinstance(item, nn.Parameter) for item in held),
        "later": None,
    }
    if seen["expanded"]:
        return seen
    seen["parameters"] = parameters_of(module)
    with contextlib.suppress(Exception), stepped(module):  # the checks of the output see what is wrong in forward
        out = module(vectors.requires_grad_(True), mask)
        seen["later"] = out[0].detach().clone() if isinstance(out, tuple | list) and len(out) == 2 else None
    with torch.no_grad():
        init.add_(1)
    return seen | {"moved": [p.detach().clone() for p in module.parameters()]}


def shared_inside(parameter: torch.Tensor) -> bool:
    """Not a probe by itself: whether numbers of a tensor stand in several places, as expand leaves them."""
    return any(stride == 0 and size > 1 for stride, size in zip(parameter.stride(), parameter.shape, strict=True))


def _items(value) -> list:
    """What a plain list, tuple or dict attribute holds."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def run(cls, *, init, cases: list, prompt=None, kind: str = "") -> dict:
    """Probe: what one module returns for each case, and once more for the first.

    With `prompt` these numbers are written into the parameter first; with `kind` the module is brought to that dtype.
    """
    module = cls(init).to(getattr(torch, kind)) if kind else cls(init)
    if prompt is not None:
        with torch.no_grad():
            next(module.parameters()).copy_(prompt)
    first = [given.clone() for given in cases[0]]
    results = [_returned(module, *case) for case in cases]
    results[0]["again"] = _returned(module, *first)["parts"]
    return {"results": results}


def beside(cls, *, inits: list, vectors, mask) -> dict:
    """Probe: what the first prompt puts in front, when all have been made and used."""
    made = [cls(init) for init in inits]
    return {"output": [module(vectors, mask)[0] for module in reversed(made)][-1]}


def _returned(module: nn.Module, vectors, mask) -> dict:
    """What came of one call, and what has become of the inputs."""
    out = module(vectors, mask)
    parts = list(out) if isinstance(out, (tuple, list)) else []
    return {"parts": parts, "came": type(out).__name__, "given": [vectors, mask]}


def run_back(cls, *, init, vectors, mask, upstream) -> dict:
    """Probe: dL/dprompt and dL/dvectors for a gradient of the longer vectors."""
    module = cls(init)
    longer = module(vectors.requires_grad_(True), mask)[0]
    wanted = {"dprompt": next(iter(module.parameters())), "dvectors": vectors}
    seen = dict.fromkeys(wanted)
    if longer.requires_grad:
        seen |= zip(
            wanted, torch.autograd.grad(longer, list(wanted.values()), upstream, allow_unused=True), strict=True
        )
    return seen


def descend(cls, *, init, target, vectors, steps: int) -> dict:
    """Probe: train towards a target for the prompt's places; returns what forward puts there afterwards."""
    module, l = cls(init), len(init)
    mask = torch.ones(vectors.shape[:2], dtype=torch.bool)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.2)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (module(vectors, mask)[0][:, :l] - target).square().sum()
        loss.backward()
        optimizer.step()
    return {"found": module(vectors, mask)[0][0, :l]}
