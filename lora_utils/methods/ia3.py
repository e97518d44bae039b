"""IA3: keys, values and the inner activations of the feed-forward layers, each number rescaled by a learned factor.

Letters: b batch (any leading axes), i in_features, o out_features.
Source: Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
NeurIPS 2022, arXiv 2205.05638, section 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lora_utils.models.minilm import FeedForward, SelfAttention


class LinearWithIA3(nn.Module):
    """A frozen linear layer with one learned factor a number of its output, or of its input.

        where="output":  y = scale * (x W^T + bias)        scale (o,)
        where="input":   y = (scale * x) W^T + bias        scale (i,)

    The factors start at one, so wrapping changes no output. The given layer is kept, not copied, and frozen; the
    factors live on its device and in its dtype.

    Args:
        linear: the layer to adapt, an nn.Linear
        where: "output" (default) or "input"

    Shapes:
        x (..., i) -> (..., o)

    Raises:
        TypeError: `linear` is not an nn.Linear, for example because it is wrapped already
        ValueError: another `where`

    Source: Liu et al. 2022, section 3.3. Explained in lab 03_additive.
    """

    def __init__(self, linear: nn.Linear, where: str = "output") -> None:
        super().__init__()
        if not isinstance(linear, nn.Linear):
            raise TypeError(f"LinearWithIA3 wraps an nn.Linear, got {type(linear).__name__}; wrap each layer once")
        if where not in ("output", "input"):
            raise ValueError(f"where must be 'output' or 'input', got {where!r}")
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size, device=linear.weight.device, dtype=linear.weight.dtype))
        self._unmerged: dict[str, Tensor] | None = None  # the original weight and bias while merged; never saved

    @property
    def merged(self) -> bool:
        """Whether the factors stand in the linear layer."""
        return self._unmerged is not None

    def forward(self, x: Tensor) -> Tensor:
        """Return the rescaled output, (..., o); when merged, linear(x) alone."""
        if self.merged:
            return self.linear(x)
        if self.where == "input":
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)

    @torch.no_grad()
    def merge(self) -> None:
        """Multiply the factors into the layer, so that inference costs nothing more; merging twice changes nothing.

        The originals are kept, since dividing again would leave rounding behind and fails at a factor of zero. Until
        `unmerge`, training the factors has no effect on the output.
        """
        if self.merged:
            return
        self._unmerged = {name: p.clone() for name, p in self.linear.named_parameters()}
        if self.where == "input":
            self.linear.weight *= self.scale  # (o, i) * (i,): column by column
            return
        self.linear.weight *= self.scale[:, None]  # (o, i) * (o, 1): row by row
        if self.linear.bias is not None:
            self.linear.bias *= self.scale  # the bias is part of the output

    @torch.no_grad()
    def unmerge(self) -> None:
        """Put the original weight and bias back, bit for bit; unmerging twice changes nothing."""
        if self.merged:
            for name, parameter in self.linear.named_parameters():
                parameter.copy_(self._unmerged[name])
            self._unmerged = None


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
    chosen = []
    for name, module in model.named_modules():
        if isinstance(module, SelfAttention):
            chosen += [(name, module, "key", "output"), (name, module, "value", "output")]
        elif isinstance(module, FeedForward):
            chosen.append((name, module, "down", "input"))
    if not chosen:
        raise ValueError(f"{type(model).__name__} holds no SelfAttention or FeedForward layer to rescale")
    for name, module, child, _ in chosen:
        if not isinstance(layer := getattr(module, child), nn.Linear):
            path = f"{name}.{child}".lstrip(".")
            raise ValueError(f"{path!r} is wrapped already, in {type(layer).__name__}; inject into a fresh model")
    for _, module, child, where in chosen:
        setattr(module, child, LinearWithIA3(getattr(module, child), where))
    return [f"{name}.{child}".lstrip(".") for name, _, child, _ in chosen]


def merge_ia3(model: nn.Module) -> int:
    """Merge every LinearWithIA3 inside the model and return how many there are; see LinearWithIA3.merge."""
    layers = [m for m in model.modules() if isinstance(m, LinearWithIA3)]
    for layer in layers:
        layer.merge()
    return len(layers)


def unmerge_ia3(model: nn.Module) -> int:
    """Unmerge every LinearWithIA3 inside the model and return how many there are; see LinearWithIA3.unmerge."""
    layers = [m for m in model.modules() if isinstance(m, LinearWithIA3)]
    for layer in layers:
        layer.unmerge()
    return len(layers)
