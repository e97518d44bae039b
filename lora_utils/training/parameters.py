"""Freezing and counting the parameters of any module."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from lora_utils.quantization.stored_weights import numbers_in


class ParameterCount(NamedTuple):
    """How many numbers a module holds, and how many of them training may change."""

    trainable: int
    total: int

    @property
    def share(self) -> float:
        """Trainable numbers over all numbers, 0 for an empty module."""
        return self.trainable / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.trainable:,} of {self.total:,} parameters are trainable ({self.share:.3%})"


def freeze(module: nn.Module) -> nn.Module:
    """Stop training of every parameter in the module and return the module. Explained in lab 06_linear_with_lora."""
    return module.requires_grad_(False)


def unfreeze(module: nn.Module) -> nn.Module:
    """Allow training of every parameter in the module and return the module. Explained in lab 06_linear_with_lora."""
    return module.requires_grad_(True)


def count_parameters(module: nn.Module) -> ParameterCount:
    """Count a module's numbers; a tensor that two layers share counts once, a weight stored in 4 bits as it was.

    Args:
        module: any nn.Module. Of buffers, the codes of a QuantizedLinear alone count: as its o * i weights.

    Returns:
        ParameterCount(trainable, total).

    Explained in lab 05_lora_layer.
    """
    sizes = [(numbers_in(p), p.requires_grad) for p in module.parameters()]
    codes = {id(m.packed): m.stored_numbers for m in module.modules() if hasattr(m, "stored_numbers")}
    total = sum(n for n, _ in sizes) + sum(codes.values())
    return ParameterCount(sum(n for n, trainable in sizes if trainable), total)


def trainable_names(module: nn.Module) -> list[str]:
    """Return the names of the parameters that training may change, in the module's order."""
    return [name for name, parameter in module.named_parameters() if parameter.requires_grad]
