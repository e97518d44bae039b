"""What lab 06's checks give to functions that change a model: layers with a low-rank path, by their parameters alone.

The lab asks students to write the wrapper itself, so these stand for it and never run.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw
from lora_utils.methods.lora import LoRALayer


class WithPath(nn.Module):
    """Has the parts and names of LinearWithLoRA: the frozen `linear` and the path `lora`."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)


class TwoMatrices(nn.Module):
    """Has parameters called A and B, and is no LoRALayer."""

    def __init__(self) -> None:
        super().__init__()
        self.A, self.B = nn.Parameter(torch.zeros(3, 2)), nn.Parameter(torch.zeros(2, 3))


class OwnPath(LoRALayer):
    """A path of somebody's own, which is a LoRALayer too."""


class Centred(nn.Module):
    """Has a parameter and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.register_buffer("center", torch.zeros(4))


def adapted_model(
    numbers: dict[str, torch.Tensor] | None = None, *, flora: bool = False, beside: bool = False
) -> nn.Module:
    """A model with LoRA at fc1 and blocks.1 and a head.

    Its type is that of the numbers. With `flora` it also has frozen layers whose names resemble others, with `beside`
    LoRALayers of other names, one of them of a subclass.
    """
    model = nn.Module()
    model.embedding = nn.Embedding(9, 6)
    model.fc1 = nn.Linear(6, 5)
    model.blocks = nn.ModuleList([nn.Linear(5, 5), nn.Linear(5, 4)])
    if flora:
        model.flora, model.head2, model.pair = nn.Linear(4, 4), nn.Linear(3, 3), TwoMatrices()
        model.inner = nn.ModuleDict({"head": nn.Linear(2, 2)})
    model.head, model.norm = nn.Linear(4, 3), Centred()
    model.requires_grad_(False)
    model.fc1 = WithPath(model.fc1, 2, 1.0)
    model.blocks[1] = WithPath(model.blocks[1], 2, 1.0)
    if beside:
        model.beside, model.own = LoRALayer(5, 3, 2, 1.0), OwnPath(4, 3, 2, 1.0)
    model.head.requires_grad_(True)
    if numbers is not None:
        model.to(numbers["fc1.lora.A"].dtype).load_state_dict(numbers)
    return model


def numbers_of(draw: Draw, **model) -> dict[str, torch.Tensor]:
    """Draw a number for every parameter of such a model, by name: the judge knows them without being told."""
    return {name: draw.normal(*value.shape) for name, value in adapted_model(**model).state_dict().items()}


FACTORS = tuple(f"{name}.{factor}" for name in ("fc1.lora", "blocks.1.lora") for factor in "AB")
BESIDE = ("beside.A", "beside.B", "own.A", "own.B")
HEAD = ("head.weight", "head.bias")
