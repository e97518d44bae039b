"""What lab 06's checks give to functions that change a model: layers with a low-rank path, by their parameters alone.

The lab asks students to write the wrapper itself, so these stand for it and never run.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.methods.lora import LoRALayer


class WithPath(nn.Module):
    """Has the parts and names of LinearWithLoRA: the frozen `linear` and the path `lora`."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)


def adapted_model(*, rank: int = 2, flora: bool = False) -> nn.Module:
    """A model with LoRA at fc1 and blocks.1 and a head; with `flora`, frozen layers whose names resemble others."""
    model = nn.Module()
    model.embedding = nn.Embedding(9, 6)
    model.fc1 = nn.Linear(6, 5)
    model.blocks = nn.ModuleList([nn.Linear(5, 5), nn.Linear(5, 4)])
    if flora:
        model.flora, model.head2 = nn.Linear(4, 4), nn.Linear(3, 3)
    model.head = nn.Linear(4, 3)
    model.requires_grad_(False)
    model.fc1 = WithPath(model.fc1, rank, 1.0)
    model.blocks[1] = WithPath(model.blocks[1], rank, 1.0)
    model.head.requires_grad_(True)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn_like(p))
    return model
