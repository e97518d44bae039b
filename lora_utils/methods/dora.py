"""Weight-decomposed low-rank adaptation: LoRA turns the rows of a weight, and one trained number a row sets its length.

    V = W + alpha * (A B).T        y = magnitude * (x V.T) / ||V|| + bias,    ||V|| the length of each row of V

Letters: b batch (any leading axes), i in_features, o out_features, r rank.
Source: Liu et al. 2024, DoRA: Weight-Decomposed Low-Rank Adaptation, arXiv 2402.09353, section 4.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.methods.lora import LoRALayer


class LinearWithDoRA(nn.Module):
    """A frozen linear layer whose rows get a new direction by a low-rank path and a new length by `magnitude`.

    At the start B is zero and `magnitude` holds the rows' own lengths, so the layer computes what it did before, up to
    rounding. The length ||V|| counts as a constant in the backward pass, as the paper proposes to save memory
    (section 4.3) and as PEFT does. It has r * (i + o) + o trainable numbers.

    Args:
        linear: the layer to adapt, an nn.Linear. It is kept, not copied, and frozen.
        rank: r, at least 1.
        alpha: factor of the path, not divided by the rank. PEFT: `lora_alpha = alpha * rank, use_dora=True`.

    Shapes:
        x (..., i) -> (..., o); magnitude (o,); lora as in LoRALayer.

    Raises:
        TypeError: if `linear` is not an nn.Linear.
        ValueError: as LoRALayer.

    Source: Liu et al. 2024, equation 5. The paper calls ||.|| the norm of a column, for a weight that it writes
    transposed; PyTorch stores one output a row. Explained in lab 09_capstone.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if not isinstance(linear, nn.Linear):
            raise TypeError(f"LinearWithDoRA wraps an nn.Linear, got {type(linear).__name__}; wrap each layer once")
        self.linear = linear.requires_grad_(False)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(linear.weight.device, linear.weight.dtype)
        self.magnitude = nn.Parameter(linear.weight.norm(dim=1))  # (o,)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return magnitude * (x V.T) / ||V|| + bias, shape (..., o)."""
        with torch.no_grad():
            directions = self.linear.weight + self.lora.alpha * (self.lora.A @ self.lora.B).T  # (o, i)
            lengths = row_lengths(directions)  # (o,)
        y = F.linear(x, self.linear.weight) + self.lora(x)  # (..., i) -> (..., o), equal to x V.T
        y = y * (self.magnitude / lengths)  # (..., o) * (o,)
        return y if self.linear.bias is None else y + self.linear.bias

    @torch.no_grad()
    def to_linear(self) -> nn.Linear:
        """Return a plain frozen linear layer that computes the same: what is deployed."""
        directions = self.linear.weight + self.lora.alpha * (self.lora.A @ self.lora.B).T  # (o, i)
        weight = directions * (self.magnitude / row_lengths(directions)).unsqueeze(1)  # (o, i) * (o, 1)
        merged = nn.Linear(weight.shape[1], weight.shape[0], self.linear.bias is not None, weight.device, weight.dtype)
        merged.requires_grad_(False).weight.copy_(weight)
        if self.linear.bias is not None:
            merged.bias.copy_(self.linear.bias)
        return merged


def row_lengths(weight: torch.Tensor) -> torch.Tensor:
    """The length of each row, (o, i) -> (o,), at least the smallest normal number.

    Published models have rows that are zero throughout (huggingface/peft #2049): dividing by their length gives NaN in
    the first step.
    """
    return weight.norm(dim=1).clamp(min=torch.finfo(weight.dtype).tiny)  # (o,)


def inject_dora(model: nn.Module, names: str | Iterable[str], rank: int, alpha: float) -> list[str]:
    """Replace the linear layers whose names match by LinearWithDoRA, in place.

    Only the wrapped layers are frozen; freeze the rest of the model first if it should not train. Nothing is changed
    when a name is wrong.

    Args:
        model: any module that holds nn.Linear layers.
        names: dotted module names, or shell patterns such as "*.query".
        rank, alpha: as in LinearWithDoRA.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: if a pattern matches no linear layer that is not wrapped yet; the message lists those there are.

    Explained in lab 09_capstone.
    """
    patterns = [names] if isinstance(names, str) else list(names)
    inside = tuple(
        n + "." for n, module in model.named_modules() if isinstance(getattr(module, "lora", None), LoRALayer)
    )
    layers = [n for n, module in model.named_modules() if isinstance(module, nn.Linear) and not n.startswith(inside)]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in layers):
            raise ValueError(f"no linear layer to wrap is called {pattern!r}; there are {', '.join(layers) or 'none'}")
    chosen = [name for name in layers if any(fnmatchcase(name, pattern) for pattern in patterns)]
    for name in chosen:
        parent_name, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent_name), child, LinearWithDoRA(model.get_submodule(name), rank, alpha))
    return chosen
