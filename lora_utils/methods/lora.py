"""LoRALayer: a weight update from two thin matrices, x -> alpha * (x A B).

Letters: b batch (any leading axes), i in_dim, o out_dim, r rank.
Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv 2106.09685, section 4.1.
The paper scales by alpha / r and writes the factors transposed; in PEFT's names, lora_alpha = alpha * rank,
lora_A.weight = A.T and lora_B.weight = B.T.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from lora_utils.devices import without_autocast
from lora_utils.integers import at_least
from lora_utils.reals import real
from lora_utils.wrappers.trained_dtype import trained_type


class LoRALayer(nn.Module):
    """A trainable low-rank map: x -> alpha * (x A B).

    A is drawn normal with standard deviation 1 / sqrt(rank) and B starts at zero, so the map starts at exactly zero
    while B already receives a gradient. It has rank * (in_dim + out_dim) trainable numbers.

    Args:
        in_dim: size i of the last axis of x, at least 1.
        out_dim: size o of the last axis of the result, at least 1.
        rank: inner size r, at least 1. Above min(in_dim, out_dim) it adds numbers but no new maps, which is allowed.
        alpha: the factor in front of the product, any finite number. Not divided by the rank.

    Shapes:
        x (..., i) -> (..., o); A (i, r); B (r, o).

    Raises:
        ValueError: if a size is not a positive integer or alpha is not finite.

    Source: Hu et al. 2021, section 4.1. Explained in lab 05_lora_layer.
    """

    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None:
        super().__init__()
        sizes = (("in_dim", in_dim), ("out_dim", out_dim), ("rank", rank))
        in_dim, out_dim, rank = (at_least(1, name, size) for name, size in sizes)
        self.alpha = real("alpha", alpha)
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return alpha * (x A B), shape (..., o)."""
        return self.alpha * (x @ self.A @ self.B)  # (..., i) @ (i, r) @ (r, o) -> (..., o)

    def update(self) -> torch.Tensor:
        """What the map is to a weight: alpha * (A B).T, shape (o, i), in float32 or wider, under autocast, too."""
        own = trained_type(self.A.dtype)
        with without_autocast(self.A.device):
            return self.alpha * (self.A.to(own) @ self.B.to(own)).T  # (i, o).T -> (o, i)

    def adapter_settings(self) -> dict[str, float]:
        """What an adapter file says of it besides its numbers; alpha is the factor itself, not divided by the rank."""
        return {"rank": self.A.shape[1], "alpha": float(self.alpha)}

    def extra_repr(self) -> str:
        """Show sizes in print(model)."""
        (i, r), o = self.A.shape, self.B.shape[1]
        return f"in_dim={i}, out_dim={o}, rank={r}, alpha={self.alpha}"
