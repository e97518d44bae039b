"""Weight-decomposed low-rank adaptation: LoRA turns the rows of a weight, and one trained number a row sets its length.

    V = W + alpha * (A B).T        y = magnitude * (x V.T) / ||V|| + bias,    ||V|| the length of each row of V

Letters: b batch (any leading axes), i in_features, o out_features, r rank.
Source: Liu et al. 2024, DoRA: Weight-Decomposed Low-Rank Adaptation, arXiv 2402.09353, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from lora_utils.methods.inject import refuse_stored
from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import is_stored, require_float_linear
from lora_utils.wrappers.module_walk import find, replace
from lora_utils.wrappers.trained_dtype import trained_type


class LinearWithDoRA(nn.Module):
    """A frozen linear layer whose rows get a new direction by a low-rank path and a new length by `magnitude`.

    At the start B is zero and `magnitude` holds the rows' own lengths, so the layer computes what it did before, up to
    rounding. What is trained is float32 beside a layer of 16 bits, too, as in LinearWithLoRA. The length ||V|| counts
    as a constant in the backward pass, as the paper proposes to save memory (section 4.3) and as PEFT does. It has
    r * (i + o) + o trainable numbers.

    Args:
        linear: the layer to adapt, an nn.Linear. It is kept, not copied, and frozen.
        rank: r, at least 1.
        alpha: factor of the path, not divided by the rank. PEFT: `lora_alpha = alpha * rank, use_dora=True`.

    Shapes:
        x (..., i) -> (..., o); magnitude (o,); lora as in LoRALayer.

    Raises:
        TypeError: if `linear` is not an nn.Linear with floats.
        ValueError: as LoRALayer.

    Source: Liu et al. 2024, equation 5. The paper calls ||.|| the norm of a column, for a weight that it writes
    transposed; PyTorch stores one output a row. Explained in lab 09_capstone.
    """

    wraps = "linear"

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        require_float_linear(linear, "LinearWithDoRA wraps", "dequantize it first; DoRA in 4 bits is not in the course")
        weight = current_weight(linear)
        own = trained_type(weight.dtype)
        self.linear = linear
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(weight.device, own)
        self.magnitude = nn.Parameter(weight.detach().to(own).norm(dim=1))  # (o,)
        linear.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return magnitude * (x V.T) / ||V|| + bias, shape (..., o), in the type that linear(x) has."""
        base = self.linear(x)  # (..., i) -> (..., o); a pruned or weight-normed layer computes its weight here
        with torch.no_grad():
            lengths = row_lengths(self._directions())  # (o,)
        stretch = self.magnitude / lengths  # (o,)
        y = (base + self.lora(x.to(self.lora.A.dtype))) * stretch  # (..., o) * (o,), x V.T and the bias, both stretched
        return (y if self.linear.bias is None else y + (1 - stretch) * self.linear.bias).to(base.dtype)

    def _directions(self) -> torch.Tensor:
        """V = W + alpha * (A B).T, shape (o, i), added in float32 also where W has 16 bits."""
        return self.linear.weight + self.lora.update()

    @torch.no_grad()
    def to_linear(self) -> nn.Linear:
        """Return a plain frozen linear layer of the same type that computes the same: what is deployed."""
        own = current_weight(self.linear)  # (o, i)
        directions = self._directions()  # (o, i)
        weight = directions * (self.magnitude / row_lengths(directions)).unsqueeze(1)  # (o, i) * (o, 1)
        merged = nn.Linear(own.shape[1], own.shape[0], self.linear.bias is not None, own.device, own.dtype)
        merged.requires_grad_(False).weight.copy_(weight)
        if self.linear.bias is not None:
            merged.bias.copy_(self.linear.bias)
        return merged

    def adapter_settings(self) -> dict[str, float]:
        """What an adapter file says of it besides its numbers."""
        return self.lora.adapter_settings()


def row_lengths(weight: torch.Tensor) -> torch.Tensor:
    """The length of each row, (o, i) -> (o,), at least the smallest normal number.

    Published models have rows that are zero throughout (huggingface/peft #2049): dividing by their length gives NaN in
    the first step.
    """
    return weight.norm(dim=1).clamp(min=torch.finfo(weight.dtype).tiny)  # (o,)


def inject_dora(model: nn.Module, names: str | Iterable[str], rank: int, alpha: float) -> list[str]:
    """Replace the linear layers whose names match by LinearWithDoRA, in place.

    Only the wrapped layers are frozen; freeze the rest of the model first if it should not train. Nothing is changed
    when anything is wrong.

    Args:
        model: any module that holds nn.Linear layers.
        names: dotted module names, or shell patterns such as "*.query".
        rank, alpha: as in LinearWithDoRA.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: as inject_lora.

    Explained in lab 09_capstone.
    """
    places = find(model, names, lambda layer: isinstance(layer, nn.Linear) or is_stored(layer))
    refuse_stored(places, "inject_dora adapts")
    return replace(places, lambda place: LinearWithDoRA(place.module, rank, alpha))
