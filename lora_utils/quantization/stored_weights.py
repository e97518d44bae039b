"""Layers whose weight is codes and no floats: how to know them, and how many numbers they stand for.

Told by what layers say of themselves and by the names of their classes, so nothing heavy is imported.
Letters: i in_features, o out_features.
"""

from __future__ import annotations

import math

from torch import Tensor, nn


def is_linear4bit(layer: nn.Module) -> bool:
    """Whether a layer is bitsandbytes' Linear4bit, told by the names of its classes, without importing anything.

    It is a subclass of nn.Linear whose weight holds bytes, so `isinstance(layer, nn.Linear)` is true of it and
    `layer.weight.dtype` is torch.uint8.
    """
    return any(c.__name__ == "Linear4bit" and c.__module__.startswith("bitsandbytes") for c in type(layer).__mro__)


def is_stored(layer: nn.Module) -> bool:
    """Whether a linear layer keeps its weight as codes: QuantizedLinear, Linear4bit, or another with whole numbers."""
    if is_linear4bit(layer) or hasattr(layer, "stored_numbers"):
        return True
    weight = vars(layer).get("_parameters", {}).get("weight")
    return isinstance(layer, nn.Linear) and isinstance(weight, Tensor) and not weight.is_floating_point()


def is_float_linear(layer: nn.Module) -> bool:
    """Whether a layer is an nn.Linear whose weight is floats."""
    return isinstance(layer, nn.Linear) and not is_stored(layer)


def require_float_linear(layer: nn.Module, does: str, otherwise: str) -> None:
    """Raise TypeError unless a layer is an nn.Linear with a weight of floats.

    Args:
        layer: what the caller gave.
        does: who needs it, and for what: "LinearWithLoRA wraps".
        otherwise: what to do with a layer that keeps codes.
    """
    if is_stored(layer):
        kind = type(layer).__name__
        raise TypeError(f"{does} an nn.Linear with floats, got {kind}, a layer stored in 4 or 8 bits; {otherwise}")
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"{does} an nn.Linear, got {type(layer).__name__}; wrap each layer once")


def constants_of(parameter: Tensor) -> list[Tensor]:
    """What bitsandbytes keeps beside a stored weight, in no parameter and no buffer: scales and tables."""
    state = getattr(parameter, "quant_state", None)
    if state is None:
        return []
    kept = [state.absmax, state.code, state.offset]
    if state.state2 is not None:  # the scales are stored in 8 bits: they have scales and a table of their own
        kept += [state.state2.absmax, state.state2.code]
    return [one for one in kept if isinstance(one, Tensor)]


def numbers_in(parameter: Tensor) -> int:
    """How many numbers a parameter stands for: bitsandbytes puts two into a byte and keeps the shape beside them."""
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else math.prod(state.shape)
