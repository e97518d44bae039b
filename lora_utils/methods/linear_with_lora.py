"""LinearWithLoRA: a frozen linear layer with a low-rank path beside it, y = linear(x) + alpha * (x A B).

Letters: i in_features, o out_features, r rank.
Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv 2106.09685, sections 4.1 and 4.2.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.methods.lora import LoRALayer


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
