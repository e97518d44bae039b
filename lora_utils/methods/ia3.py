"""IA3: keys, values and the inner activations of the feed-forward layers, each number rescaled by a learned factor.

Letters: b batch (any leading axes), i in_features, o out_features.
Source: Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
NeurIPS 2022, arXiv 2205.05638, section 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lora_utils.models.minilm import FeedForward, SelfAttention
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.stored_weights import is_stored, require_float_linear
from lora_utils.wrappers.merging import Mergeable, merge_all, unmerge_all
from lora_utils.wrappers.module_walk import Place, replace, walk
from lora_utils.wrappers.trained_dtype import trained_type


class LinearWithIA3(Mergeable):
    """A frozen linear layer with one learned factor a number of its output, or of its input.

        where="output":  y = scale * (x W^T + bias)        scale (o,)
        where="input":   y = (scale * x) W^T + bias        scale (i,)

    The factors start at one, so wrapping changes no output. The given layer is kept, not copied, and frozen; the
    factors live on its device, in float32 also beside a layer of 16 bits (see wrappers/trained_dtype.py).

    Args:
        linear: the layer to adapt, an nn.Linear
        where: "output" (default) or "input"

    Shapes:
        x (..., i) -> (..., o)

    Raises:
        TypeError: `linear` is not an nn.Linear with floats, for example because it is wrapped already
        ValueError: another `where`

    Source: Liu et al. 2022, section 3.3. Explained in lab 03_additive.
    """

    def __init__(self, linear: nn.Linear, where: str = "output") -> None:
        super().__init__()
        require_float_linear(linear, "LinearWithIA3 wraps", "dequantize it first; IA3 in 4 bits is not in the course")
        if where not in ("output", "input"):
            raise ValueError(f"where must be 'output' or 'input', got {where!r}")
        self.linear, self.where = linear, where
        size = linear.out_features if where == "output" else linear.in_features
        weight = current_weight(linear)
        own = trained_type(weight.dtype)
        self.scale = nn.Parameter(torch.ones(size, device=weight.device, dtype=own))
        linear.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def forward(self, x: Tensor) -> Tensor:
        """Return the rescaled output, (..., o); when merged, linear(x) alone."""
        if self.merged:
            return self.linear(x)
        if self.where == "input":
            return self.linear((self.scale * x).to(x.dtype))
        y = self.linear(x)  # (..., o)
        return (self.scale * y).to(y.dtype)

    def merged_parameters(self) -> dict[str, Tensor]:
        """The weight, row by row or column by column, times the factors; the bias, too, as a part of the output."""
        scale = self.scale.detach()
        if self.where == "input":
            return {"weight": (self.linear.weight * scale).to(self.linear.weight.dtype)}  # (o, i) * (i,)
        both = {"weight": self.linear.weight * scale[:, None]}  # (o, i) * (o, 1)
        if self.linear.bias is not None:
            both["bias"] = self.linear.bias * scale  # (o,) * (o,)
        return {name: value.to(self.linear.weight.dtype) for name, value in both.items()}

    def adapter_settings(self) -> dict[str, str]:
        """What an adapter file says of it besides its numbers."""
        return {"where": self.where}


def inject_ia3(model: nn.Module) -> list[str]:
    """Rescale keys, values and inner feed-forward activations in every block of the model, in place.

    In a block of width d and inner width f that is d + d + f trainable numbers. Only the wrapped layers are frozen;
    freeze the rest of the model first if it should not train.

    Args:
        model: any module that holds SelfAttention or FeedForward layers of `lora_utils.models.minilm`

    Returns:
        The names of the layers wrapped, in the model's order: `key` and `value` at their output, `down` at its input.

    Raises:
        ValueError: there is no such layer, or one of them is wrapped already; the model is then as it was

    Source: Liu et al. 2022, section 3.3. Explained in lab 03_additive.
    """
    places = [place for place in walk(model) if place.free and _where(place)]
    if not places:
        raise ValueError(f"{type(model).__name__} holds no SelfAttention or FeedForward layer to rescale")
    for name, layer, *_ in places:
        if is_stored(layer) or not isinstance(layer, nn.Linear):
            how = "stored in 4 or 8 bits" if is_stored(layer) else "wrapped already"
            raise ValueError(f"{name!r} is {how}, in {type(layer).__name__}; inject into a fresh model")
    return replace(places, lambda place: LinearWithIA3(place.module, _where(place)))


def _where(place: Place) -> str | None:
    """On which side of a layer the factors belong, or None for other layers."""
    if isinstance(place.parent, SelfAttention) and place.child in ("key", "value"):
        return "output"
    return "input" if isinstance(place.parent, FeedForward) and place.child == "down" else None


def merge_ia3(model: nn.Module) -> int:
    """Merge every LinearWithIA3 inside the model, or, if one cannot be, none; returns how many there are.

    Raises:
        ValueError: as LinearWithIA3.merge.
    """
    return merge_all(model, LinearWithIA3)


def unmerge_ia3(model: nn.Module) -> int:
    """Unmerge every LinearWithIA3 inside the model and return how many there are; see LinearWithIA3.unmerge."""
    return unmerge_all(model, LinearWithIA3)
