"""Low-rank adaptation of linear layers: y = linear(x) + alpha * (x A B).

Letters: b batch (any leading axes), i in_dim, o out_dim, r rank.
Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv 2106.09685, section 4.1.
The paper scales by alpha / r and writes the factors transposed; in PEFT's names, lora_alpha = alpha * rank,
lora_A.weight = A.T and lora_B.weight = B.T.
"""

from __future__ import annotations

import math

import torch
from torch import nn


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
        for name, size in (("in_dim", in_dim), ("out_dim", out_dim), ("rank", rank)):
            if not isinstance(size, int) or size < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {size!r}")
        if not math.isfinite(alpha):
            raise ValueError(f"alpha must be a finite number, got {alpha!r}")
        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return alpha * (x A B), shape (..., o)."""
        return self.alpha * (x @ self.A @ self.B)  # (..., i) @ (i, r) @ (r, o) -> (..., o)

    def extra_repr(self) -> str:
        """Show sizes in print(model)."""
        (i, r), o = self.A.shape, self.B.shape[1]
        return f"in_dim={i}, out_dim={o}, rank={r}, alpha={self.alpha}"


class LinearWithLoRA(nn.Module):
    """A frozen linear layer and a trainable low-rank path beside it: x -> linear(x) + lora(x).

    The given layer is kept, not copied, and frozen. The new path lives on that layer's device and in its dtype, and
    starts at zero, so wrapping changes no output.

    Args:
        linear: the layer to adapt, an nn.Linear.
        rank: inner size of the path, at least 1.
        alpha: factor of the path; the update of the weight (o, i) is alpha * (A B).T.

    Shapes:
        x (..., i) -> (..., o).

    Raises:
        TypeError: if `linear` is not an nn.Linear, for example because it is wrapped already.
        ValueError: as LoRALayer.

    Source: Hu et al. 2021, sections 4.1 and 4.2. Explained in lab 06_linear_with_lora.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if not isinstance(linear, nn.Linear):
            raise TypeError(f"LinearWithLoRA wraps an nn.Linear, got {type(linear).__name__}; wrap each layer once")
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self._unmerged: torch.Tensor | None = None  # the original weight while merged; never saved

    @property
    def merged(self) -> bool:
        """Whether the update stands in the linear layer's weight."""
        return self._unmerged is not None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return linear(x) + lora(x), shape (..., o); when merged, linear(x) alone holds both."""
        return self.linear(x) if self.merged else self.linear(x) + self.lora(x)

    @torch.no_grad()
    def merge(self) -> None:
        """Add the update to the weight, so that inference costs one matrix product; merging twice changes nothing.

        The original weight is kept, since subtracting the update would leave rounding behind. Until `unmerge`, training
        the path has no effect on the output.
        """
        if not self.merged:
            self._unmerged = self.linear.weight.clone()  # (o, i)
            self.linear.weight += self.lora.alpha * (self.lora.A @ self.lora.B).T  # (i, o).T -> (o, i)

    @torch.no_grad()
    def unmerge(self) -> None:
        """Put the original weight back, bit for bit; unmerging twice changes nothing."""
        if self.merged:
            self.linear.weight.copy_(self._unmerged)
            self._unmerged = None
