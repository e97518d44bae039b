"""Putting a start into a model: what a function makes of each weight becomes base, A and B of that layer.

Letters: o out_dim, i in_dim, r rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from lora_utils.methods.inject import inject_lora

Start = tuple[Tensor, Tensor, Tensor]  # base (o, i), A (i, r), B (r, o)


@torch.no_grad()
def inject_started(
    model: nn.Module, names: str | Iterable[str], rank: int, start: Callable[[str, Tensor], Start]
) -> list[str]:
    """Inject LoRA with alpha 1 and let each layer begin where `start` says.

    Args:
        model: as in inject_lora.
        names: as in inject_lora.
        rank: r, at least 1.
        start: (name, W0 (o, i)) -> base (o, i), A (i, r) and B (r, o); base + (A B).T is what the layer then computes
            with.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: as inject_lora, or if what `start` returns has other shapes.

    Explained in lab 11_lora_today.
    """
    replaced = inject_lora(model, names, rank, alpha=1.0)
    for name in replaced:
        layer = model.get_submodule(name)
        held = (layer.linear.weight, layer.lora.A, layer.lora.B)
        made = start(name, layer.linear.weight.clone())
        for mine, new in zip(held, made, strict=True):
            if mine.shape != new.shape:
                want = ", ".join(str(tuple(one.shape)) for one in held)
                got = ", ".join(str(tuple(one.shape)) for one in made)
                raise ValueError(f"the start of {name!r} must have the shapes {want} (base, A, B), got {got}")
            mine.copy_(new)
    return replaced
