"""A frozen linear layer whose weight is stored in 4 bits: y = x dequantize(W4).T + bias.

The weight is turned into floats when it is needed and forgotten at once, in the forward pass and again in the backward
pass: only codes and scales stay in memory. Nothing in the layer is trained; a gradient passes through it to x, which is
what a low-rank path beside it, and every layer below, needs.
Letters: b batch (any leading axes), i in_features, o out_features.
Source: Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, arXiv 2305.14314, section 3, equation 5.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lora_utils.integers import as_integer
from lora_utils.quantization.codebooks import FP4, INT4, NF4, Codebook
from lora_utils.quantization.current_weight import current_weight
from lora_utils.quantization.double_quantization import DoubleQuantized, dequantize_scales, quantize_scales
from lora_utils.quantization.nf4 import BLOCK, FourBit, dequantize_4bit, quantize_4bit
from lora_utils.quantization.stored_weights import require_float_linear


class QuantizedLinear(nn.Module):
    """A linear layer with its weight in 4 bits a number: x -> x W'.T + bias, W' the dequantised weight.

    Codes and scales are buffers: they move with the layer and are saved with it, and no optimiser sees them. Scales
    stay float32 when the layer is cast, since rounding them would change every weight of their block. W' is computed
    in the type of x; the bias is frozen and kept as it is. A state dict says which table its codes point into, and is
    refused by a layer with another.

    Args:
        linear: the layer to store, an nn.Linear with finite weights. It is read, not kept and not changed.
        codebook: a table of 16 numbers.
        block: weights that share a scale, at least 1; they follow one another along the rows of W.
        double: whether the scales are stored in 8 bits, 4.127 instead of 4.5 bits a weight.

    Shapes:
        x (..., i) -> (..., o).

    Raises:
        TypeError: if `linear` is not an nn.Linear with floats.
        ValueError: as `quantize_4bit`.

    Source: Dettmers et al. 2023, section 3. Explained in lab 07_quantization; used in lab 08_qlora.
    """

    def __init__(self, linear: nn.Linear, codebook: Codebook = NF4, block: int = BLOCK, double: bool = True) -> None:
        super().__init__()
        require_float_linear(linear, "QuantizedLinear stores", "it has been quantized already")
        weight = current_weight(linear)
        self.out_features, self.in_features = weight.shape
        self.codebook, self.block, self.dtype = codebook, as_integer(block), weight.dtype
        self.double_quantization = bool(double)  # not `double`: a module has a method of that name
        quantized = quantize_4bit(weight, codebook, block)
        self.register_buffer("packed", quantized.packed)  # (ceil(o * i / 2),) uint8
        if double:
            scales = quantize_scales(quantized.absmax)
            self.register_buffer("scale_codes", scales.codes)  # (m,) uint8
            self.register_buffer("scale_absmax", scales.absmax)  # (ceil(m / 256),) float32
            self.register_buffer("scale_mean", scales.mean)  # () float32
        else:
            self.register_buffer("absmax", quantized.absmax)  # (m,) float32
        bias = None if linear.bias is None else nn.Parameter(linear.bias.detach().clone(), requires_grad=False)
        self.register_parameter("bias", bias)  # (o,)

    @torch.no_grad()
    def dequantize(self, dtype: torch.dtype | None = None) -> Tensor:
        """Return W', shape (o, i), newly made, in `dtype` or else in the type of the original weight."""
        if self.double_quantization:
            absmax = dequantize_scales(DoubleQuantized(self.scale_codes, self.scale_absmax, self.scale_mean))  # (m,)
        else:
            absmax = self.absmax
        shape = torch.Size((self.out_features, self.in_features))
        return dequantize_4bit(FourBit(self.packed, absmax, shape, self.dtype, self.block, self.codebook), dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return x W'.T + bias, shape (..., o), in the type of x."""
        y = _TimesStoredWeight.apply(x, self)  # (..., o)
        return y if self.bias is None else y + self.bias.to(y.dtype)

    def to_linear(self) -> nn.Linear:
        """Return a frozen nn.Linear with the weight W' and a copy of the bias: where a low-rank update is merged.

        The update was trained beside W', so W' is what it belongs to. Added to the original weight it would also undo
        a quantisation error that it was trained around; quantised again after merging, much of it would be rounded off.
        """
        weight = self.dequantize()  # (o, i)
        linear = nn.Linear(self.in_features, self.out_features, self.bias is not None, weight.device, weight.dtype)
        linear.requires_grad_(False)
        linear.weight.copy_(weight)
        if self.bias is not None:
            linear.bias.copy_(self.bias)
        return linear

    @property
    def stored_numbers(self) -> int:
        """How many weights the codes stand for, o * i."""
        return self.out_features * self.in_features

    def get_extra_state(self) -> Tensor:
        """What the codes mean, (18,) float64: the table, the block, and whether the scales have 8 bits.

        It travels in the state dict, since bytes alone do not say which table they point into.
        """
        state = [*self.codebook.values, self.block, self.double_quantization]
        return torch.tensor(state, dtype=torch.float64, device="cpu")  # where all devices can be compared

    def set_extra_state(self, state: Tensor) -> None:
        """Nothing to set: `_load_from_state_dict` has compared it."""

    def _load_from_state_dict(self, state_dict, prefix, metadata, strict, missing, unexpected, errors) -> None:
        """Load nothing and say so where the codes were made for another table, other blocks or other scales."""
        theirs, ours = state_dict.get(f"{prefix}_extra_state"), self.get_extra_state()
        if f"{prefix}packed" in state_dict and not (theirs is not None and torch.equal(theirs.cpu(), ours)):
            came = "does not say which" if theirs is None else f"has codes of {_storage(theirs.tolist())}"
            what = f"{prefix.rstrip('.') or 'the layer'} reads codes of {_storage(ours.tolist())}, and the state {came}"
            errors.append(f"{what}; make the layer with the codebook, block and double of the saved one")
            return
        super()._load_from_state_dict(state_dict, prefix, metadata, strict, missing, unexpected, errors)

    def stored_bytes(self) -> int:
        """Return the bytes of codes, scales and bias."""
        return sum(t.numel() * t.element_size() for t in [*self.buffers(), *self.parameters()])

    def extra_repr(self) -> str:
        """Show sizes and storage in print(model)."""
        sizes = f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        return f"{sizes}, codebook={self.codebook.name}, block={self.block}, double={self.double_quantization}"

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> QuantizedLinear:
        """Move the buffers but keep the scales float32; `.half()` and `.to(dtype)` come through here."""
        exact = {name: t for name, t in self.named_buffers() if t.dtype == torch.float32}
        super()._apply(fn, recurse)
        for name, before in exact.items():
            after = getattr(self, name)
            if after.dtype != before.dtype:
                setattr(self, name, before.to(after.device))
        return self


def _storage(state: list[float]) -> str:
    """What codes mean, in words; a table that has no name here is shown by its first entries."""
    table, (block, double) = tuple(state[:16]), state[16:]
    names = [book.name for book in (NF4, FP4, INT4) if book.values == table]
    name = names[0] if names else f"({', '.join(f'{value:.3g}' for value in table[:3])}, ...)"
    return f"{name}, block={block:.0f}, double={bool(double)}"


class _TimesStoredWeight(torch.autograd.Function):
    """x -> x W'.T, forgetting W', which autograd would otherwise hold for every layer until the backward pass."""

    @staticmethod
    def forward(ctx, x: Tensor, layer: QuantizedLinear) -> Tensor:
        ctx.layer, ctx.dtype = layer, x.dtype
        return F.linear(x, layer.dequantize(x.dtype))  # (..., i) @ (i, o) -> (..., o)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        return (grad @ ctx.layer.dequantize(grad.dtype)).to(ctx.dtype), None  # (..., o) @ (o, i) -> (..., i)
