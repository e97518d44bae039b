"""QLoRA: linear layers stored in 4 bits, with a trainable low-rank path beside those that are adapted.

    y = x W'.T + bias + alpha * (x A B),   W' the dequantised weight

Letters: b batch (any leading axes), i in_features, o out_features, r rank. W' (o, i), A (i, r), B (r, o).
Source: Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, arXiv 2305.14314, section 3, equation 5.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.codebooks import FP4, NF4
from lora_utils.quantization.nf4 import BLOCK
from lora_utils.quantization.quantized_linear import QuantizedLinear
from lora_utils.quantization.stored_weights import is_float_linear, is_linear4bit, is_stored
from lora_utils.wrappers.module_walk import Names, Place, as_names, find, replace, walk


class QuantizedLinearWithLoRA(nn.Module):
    """A frozen 4-bit layer and a trainable low-rank path beside it: x -> base(x) + lora(x).

    The layer is kept, not copied, and frozen, its bias too. The path has a type of its own, since the weight has none
    to take it from: it is bytes. Its input is cast to that type and its output back, so the layer returns the type of
    base(x). The path starts at zero, so wrapping changes no output.

    Args:
        base: a 4-bit layer: QuantizedLinear, or bitsandbytes' Linear4bit (see lora_utils.quantization.linear4bit).
        rank: inner size of the path, at least 1.
        alpha: factor of the path; the update of the weight (o, i) is alpha * (A B).T.
        dtype: floating-point type of A and B (default float32, in which small steps of an optimiser are not rounded
            away).

    Shapes:
        x (..., i) -> (..., o), in the type that base(x) has.

    Raises:
        TypeError: if `base` stores no 4-bit weight, for example because it is an ordinary nn.Linear.
        ValueError: as LoRALayer.

    Source: Dettmers et al. 2023, section 3, equation 5. Explained in lab 08_qlora.
    """

    wraps = "base"

    def __init__(self, base: nn.Module, rank: int, alpha: float, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        if not isinstance(base, QuantizedLinear) and not is_linear4bit(base):
            raise TypeError(
                f"QuantizedLinearWithLoRA wraps a 4-bit layer, got {type(base).__name__}; quantise it first: "
                "QuantizedLinear(linear)"
            )
        self.base = base
        self.lora = LoRALayer(base.in_features, base.out_features, rank, alpha)
        device = next(t.device for t in (*base.parameters(), *base.buffers()))
        self.lora.to(device, dtype)
        base.requires_grad_(False)  # last, so that an error above leaves the layer as it was

    def forward(self, x: Tensor) -> Tensor:
        """Return base(x) + lora(x), shape (..., o)."""
        y = self.base(x)  # (..., o)
        return y + self.lora(x.to(self.lora.A.dtype)).to(y.dtype)

    @torch.no_grad()
    def merged_weight(self) -> Tensor:
        """Return W' + alpha * (A B).T in float32, shape (o, i): what the path was trained beside, plus the path.

        Not the original weight plus the path: the path has learned around the quantisation error, and the original
        weight does not have it.
        """
        return dequantized_weight(self.base).float() + self.lora.update().float()

    def merged(self, dtype: torch.dtype = torch.float32) -> nn.Linear:
        """Return a frozen nn.Linear that computes what this layer computes, its weight rounded to `dtype`."""
        weight = self.merged_weight()  # (o, i)
        bias = self.base.bias
        o, i = weight.shape
        linear = nn.Linear(i, o, bias is not None, weight.device, dtype).requires_grad_(False)
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)
        return linear

    def requantized(self) -> QuantizedLinear:
        """Return the merged layer in 4 bits again, in the table and the blocks of its base.

        It rounds away much of an update that is small beside a step. The price of it is measured in lab 08:
        huggingface/peft #2321 and transformers #31293 report it.
        """
        if is_linear4bit(self.base):
            state = self.base.weight.quant_state
            return QuantizedLinear(
                self.merged(), {"nf4": NF4, "fp4": FP4}[state.quant_type], state.blocksize, bool(state.nested)
            )
        base = self.base
        return QuantizedLinear(self.merged(), base.codebook, base.block, base.double_quantization)

    def adapter_settings(self) -> dict[str, float]:
        """What an adapter file says of it besides its numbers."""
        return self.lora.adapter_settings()


def quantize_linears(
    model: nn.Module,
    names: Names = "*",
    block: int = BLOCK,
    double: bool = True,
    *,
    skip: Names = (),
    make: Callable[[nn.Linear], nn.Module] | None = None,
) -> list[str]:
    """Replace the linear layers whose names match by 4-bit ones, in place; their weights are frozen from then on.

    Embeddings and norms are no linear layers and stay as they are, as in QLoRA. Nothing is changed when anything is
    wrong, a weight that is not finite included.

    Args:
        model: any module that holds nn.Linear layers.
        names: dotted module names, or shell patterns such as "*.query" (default "*": all).
        block: weights that share a scale (default 64).
        double: whether the scales are stored in 8 bits (default True).
        skip: names or patterns to leave alone, such as a new classification head, which must be trained in full.
        make: nn.Linear -> 4-bit layer (default QuantizedLinear with `block` and `double`), for example
            lora_utils.quantization.linear4bit.to_linear4bit.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: if there is no name, or a pattern matches no linear layer, or only such as have LoRA already.

    Source: Dettmers et al. 2023, section 3. Explained in lab 08_qlora.
    """
    places = find(model, names, is_float_linear, skip)
    make = make or (lambda linear: QuantizedLinear(linear, NF4, block, double))
    return replace(places, lambda place: make(place.module))


def inject_qlora(
    model: nn.Module,
    names: Names = "*",
    rank: int = 8,
    alpha: float = 1.0,
    *,
    skip: Names = (),
    block: int = BLOCK,
    double: bool = True,
    dtype: torch.dtype = torch.float32,
    make: Callable[[nn.Linear], nn.Module] | None = None,
) -> list[str]:
    """Store every linear layer in 4 bits and put a low-rank path beside those whose names match, in place.

    Linear layers that do not match are stored in 4 bits as well, without a path. What is no linear layer keeps its
    state: freeze the model first (`freeze(model)`) if embeddings and norms shall not train.

    Args:
        model: any module that holds nn.Linear layers, or 4-bit ones from `quantize_linears`.
        names: layers to adapt (default "*": all, which QLoRA found to matter more than the rank).
        rank: as in QuantizedLinearWithLoRA (default 8).
        alpha: as in QuantizedLinearWithLoRA (default 1.0).
        skip: names or patterns that stay as they are: neither stored in 4 bits nor adapted, such as a new head.
        block, double, make: as in quantize_linears.
        dtype: type of A and B (default float32).

    Returns:
        The names of the layers that have a path now, in the model's order.

    Raises:
        ValueError: if there is no name, or a pattern matches no linear layer, or a layer that has LoRA already.

    Source: Dettmers et al. 2023, section 3 and figure 2. Explained in lab 08_qlora.
    """
    make = make or (lambda linear: QuantizedLinear(linear, NF4, block, double))

    def linear(layer: nn.Module) -> bool:
        return isinstance(layer, nn.Linear) or is_stored(layer)

    skip = as_names(skip)  # read twice
    chosen, skipped = find(model, names, linear, skip), find(model, skip, linear) if skip else []
    adapted, left = ({id(place.module) for place in places} for places in (chosen, skipped))

    def changes(place: Place) -> bool:
        here = id(place.module)
        return place.free and (here in adapted or (is_float_linear(place.module) and here not in left))

    def stored_or_adapted(place: Place) -> nn.Module:
        stored = make(place.module) if is_float_linear(place.module) else place.module
        return QuantizedLinearWithLoRA(stored, rank, alpha, dtype) if id(place.module) in adapted else stored

    replace([place for place in walk(model) if changes(place)], stored_or_adapted)
    return [place.name for place in chosen]


def merge_qlora(model: nn.Module, dtype: torch.dtype = torch.float32, requantize: bool = False) -> list[str]:
    """Replace every adapted 4-bit layer by one without a path, in place.

    Args:
        model: what `inject_qlora` changed.
        dtype: type of the merged weights (default float32).
        requantize: store the merged weights in 4 bits again, which loses part of the update (default False).

    Returns:
        The names of the layers replaced.

    Explained in lab 08_qlora.
    """
    places = [place for place in walk(model) if isinstance(place.module, QuantizedLinearWithLoRA)]
    return replace(places, lambda p: p.module.requantized() if requantize else p.module.merged(dtype))


def dequantized_weight(layer: nn.Module) -> Tensor:
    """Return W', shape (o, i), of a QuantizedLinear or of bitsandbytes' Linear4bit."""
    if is_linear4bit(layer):
        from lora_utils.quantization.linear4bit import dequantize_linear4bit

        return dequantize_linear4bit(layer)
    return layer.dequantize()
