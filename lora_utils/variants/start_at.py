"""Putting a start into a model: what a function makes of each weight becomes base, A and B of that layer.

Letters: o out_dim, i in_dim, r rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from lora_utils.methods.inject import refuse_stored
from lora_utils.methods.linear_with_lora import LinearWithLoRA
from lora_utils.quantization.stored_weights import is_stored
from lora_utils.wrappers.module_walk import Place, find, replace

Start = tuple[Tensor, Tensor, Tensor]  # base (o, i), A (i, r), B (r, o)


@torch.inference_mode(False)  # or the new base could not be part of a gradient
@torch.no_grad()
def inject_started(
    model: nn.Module, names: str | Iterable[str], rank: int, start: Callable[[str, Tensor], Start]
) -> list[str]:
    """Inject LoRA with alpha 1 and let each layer begin where `start` says.

    Nothing is changed when anything is wrong. A layer that has several names is asked for once, under the first; what
    shares a weight with a layer, such as an embedding that is the output layer, too, keeps it as it was.

    Args:
        model: as in inject_lora.
        names: as in inject_lora.
        rank: r, at least 1.
        start: (name, W0 (o, i)) -> base (o, i), A (i, r) and B (r, o); base + (A B).T is what the layer then computes
            with.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: as inject_lora, if what `start` returns has other shapes, or if a layer computes its weight anew at
            each call, as a pruned or weight-normed one does.

    Explained in lab 11_lora_today.
    """
    places = find(model, names, lambda layer: isinstance(layer, nn.Linear) or is_stored(layer))
    refuse_stored(places, "inject_started adapts")
    started: list[tuple[LinearWithLoRA, Start]] = []

    def make(place: Place) -> nn.Module:
        if "weight" not in place.module._parameters:
            raise ValueError(
                f"a start needs a weight that is a parameter, and {place.name!r} computes its own each call"
            )
        layer = LinearWithLoRA(place.module, rank, alpha=1.0)
        held = (layer.linear.weight, layer.lora.A, layer.lora.B)
        made = start(place.name, layer.linear.weight.clone())
        if any(mine.shape != new.shape for mine, new in zip(held, made, strict=True)):
            want, got = (", ".join(str(tuple(one.shape)) for one in three) for three in (held, made))
            raise ValueError(f"the start of {place.name!r} must have the shapes {want} (base, A, B), got {got}")
        started.append((layer, made))
        return layer

    replaced = replace(places, make)
    for layer, (base, A, B) in started:
        layer.linear.weight = nn.Parameter(base.to(layer.linear.weight, copy=True), requires_grad=False)
        layer.lora.A.copy_(A)
        layer.lora.B.copy_(B)
    return replaced
