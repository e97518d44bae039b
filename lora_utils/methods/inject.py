"""Putting LoRA into a model: replace its linear layers, chosen by name."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from lora_utils.methods.linear_with_lora import LinearWithLoRA
from lora_utils.quantization.stored_weights import is_stored
from lora_utils.wrappers.merging import merge_all, unmerge_all
from lora_utils.wrappers.module_walk import Place, find, replace


def inject_lora(model: nn.Module, names: str | Iterable[str], rank: int, alpha: float) -> list[str]:
    """Replace the linear layers whose names match by LinearWithLoRA, in place.

    Only the wrapped layers are frozen; freeze the rest of the model first if it should not train. Nothing is changed
    when anything is wrong. A layer that is wrapped already, by whatever method, is never wrapped twice; one that has
    several names is wrapped once, under all of them.

    Args:
        model: any module that holds nn.Linear layers.
        names: dotted module names as in model.named_modules(), or shell patterns such as "*.query".
        rank: as in LinearWithLoRA.
        alpha: as in LinearWithLoRA.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: if there is no name, a pattern matches no linear layer, or one stored in 4 bits, or the model
            is itself the layer; the message says what there is.

    Source: Hu et al. 2021, section 4.2 (which weights to adapt). Explained in lab 06_linear_with_lora.
    """
    places = find(model, names, lambda layer: isinstance(layer, nn.Linear) or is_stored(layer))
    refuse_stored(places, "inject_lora adapts")
    return replace(places, lambda place: LinearWithLoRA(place.module, rank, alpha))


def refuse_stored(places: list[Place], does: str) -> None:
    """Raise ValueError if one of the layers is stored in few bits, which the method at hand does not adapt."""
    for place in places:
        if is_stored(place.module):
            kind = type(place.module).__name__
            raise ValueError(
                f"{does} layers of floats, and {place.name!r} is stored in 4 or 8 bits ({kind}); use inject_qlora for "
                "4-bit layers, or name the layers of floats alone"
            )


def merge_lora(model: nn.Module) -> int:
    """Merge every LinearWithLoRA inside the model, or, if one cannot be, none; returns how many there are.

    Raises:
        ValueError: as LinearWithLoRA.merge.
    """
    return merge_all(model, LinearWithLoRA)


def unmerge_lora(model: nn.Module) -> int:
    """Unmerge every LinearWithLoRA inside the model and return how many there are; see LinearWithLoRA.unmerge."""
    return unmerge_all(model, LinearWithLoRA)
