"""LinearWithLoRA: a frozen linear layer with a low-rank path beside it, y = linear(x) + alpha * (x A B).

Letters: i in_features, o out_features, r rank.
Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv 2106.09685, sections 4.1 and 4.2.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import require_float_linear
from lora_utils.wrappers.merging import Mergeable
from lora_utils.wrappers.trained_dtype import trained_type


class LinearWithLoRA(Mergeable):
    """A frozen linear layer and a trainable low-rank path beside it: x -> linear(x) + lora(x).

    The given layer is kept, not copied, and frozen. The new path lives on that layer's device and starts at zero, so
    wrapping changes no output. It is float32 beside a layer of 16 bits, too, because AdamW makes NaN of float16 and
    rounds small steps in bfloat16 away; its input is cast to that and its output back.

    Args:
        linear: the layer to adapt, an nn.Linear.
        rank: inner size of the path, at least 1.
        alpha: factor of the path; the update of the weight (o, i) is alpha * (A B).T.

    Shapes:
        x (..., i) -> (..., o), in the type that linear(x) has.

    Raises:
        TypeError: if `linear` is not an nn.Linear with floats, for example because it is wrapped already.
        ValueError: as LoRALayer.

    Source: Hu et al. 2021, sections 4.1 and 4.2. Explained in lab 06_linear_with_lora.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        require_float_linear(linear, "LinearWithLoRA wraps", "use QuantizedLinearWithLoRA or inject_qlora")
        self.linear = linear
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        weight = current_weight(linear)
        self.lora.to(weight.device, trained_type(weight.dtype))
        linear.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return linear(x) + lora(x), shape (..., o); when merged, linear(x) alone holds both."""
        y = self.linear(x)  # (..., o)
        return y if self.merged else y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)

    def merged_parameters(self) -> dict[str, torch.Tensor]:
        """The weight W + alpha * (A B).T, shape (o, i), added in float32 and rounded once to the type of W."""
        weight = self.linear.weight.detach()  # (o, i)
        return {"weight": (weight + self.lora.update().detach()).to(weight.dtype)}

    def adapter_settings(self) -> dict[str, float]:
        """What an adapter file says of it besides its numbers."""
        return self.lora.adapter_settings()
