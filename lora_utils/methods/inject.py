"""Putting LoRA into a model: replace its linear layers, chosen by name."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from torch import nn

from lora_utils.methods.linear_with_lora import LinearWithLoRA


def inject_lora(model: nn.Module, names: str | Iterable[str], rank: int, alpha: float) -> list[str]:
    """Replace the linear layers whose names match by LinearWithLoRA, in place.

    Only the wrapped layers are frozen; freeze the rest of the model first if it should not train. Nothing is changed
    when a name is wrong. A layer that is wrapped already is refused, never wrapped twice.

    Args:
        model: any module that holds nn.Linear layers.
        names: dotted module names as in model.named_modules(), or shell patterns such as "*.query".
        rank: as in LinearWithLoRA.
        alpha: as in LinearWithLoRA.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: if a pattern matches no linear layer; the message lists those there are.

    Source: Hu et al. 2021, section 4.2 (which weights to adapt). Explained in lab 06_linear_with_lora.
    """
    patterns = [names] if isinstance(names, str) else list(names)
    wrapped = [name for name, module in model.named_modules() if isinstance(module, LinearWithLoRA)]
    inside = tuple(name + "." for name in wrapped)
    layers = [
        name for name, module in model.named_modules() if isinstance(module, nn.Linear) and not name.startswith(inside)
    ]
    for pattern in patterns:
        if any(fnmatchcase(name, pattern) for name in layers):
            continue
        if any(fnmatchcase(name, pattern) for name in wrapped):
            raise ValueError(f"{pattern!r} has LoRA already; inject into a fresh model, or choose other layers")
        raise ValueError(f"no linear layer is called {pattern!r}; the model has {', '.join(layers) or 'none'}")
    chosen = [name for name in layers if any(fnmatchcase(name, pattern) for pattern in patterns)]
    for name in chosen:
        parent_name, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent_name), child, LinearWithLoRA(model.get_submodule(name), rank, alpha))
    return chosen


def merge_lora(model: nn.Module) -> int:
    """Merge every LinearWithLoRA inside the model and return how many there are; see LinearWithLoRA.merge."""
    layers = [m for m in model.modules() if isinstance(m, LinearWithLoRA)]
    for layer in layers:
        layer.merge()
    return len(layers)


def unmerge_lora(model: nn.Module) -> int:
    """Unmerge every LinearWithLoRA inside the model and return how many there are; see LinearWithLoRA.unmerge."""
    layers = [m for m in model.modules() if isinstance(m, LinearWithLoRA)]
    for layer in layers:
        layer.unmerge()
    return len(layers)
