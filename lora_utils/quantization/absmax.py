"""Integer quantisation: a float is stored as a whole number of steps, and one float per block says how long a step is.

Letters: x a number, q its code, s the step (scale), z the code of zero (zero point), m blocks, k numbers in a block.
    absmax       q = round(x / s),      s = max|x| / (2**(bits-1) - 1),   x' = s q
    zero point   q = round(x / s) + z,  s = (max - min) / (2**bits - 1),  x' = s (q - z)
Absmax is symmetric about zero and needs no z; the zero point spends no codes on a side that has no numbers, as after a
ReLU. Both keep an exact zero, and the error of a number is at most half a step.
Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
arXiv 1712.05877, section 2.1; the names as in Dettmers et al. 2022, LLM.int8(), arXiv 2208.07339, section 2.1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lora_utils.integers import as_integer
from lora_utils.quantization.blocks import from_blocks, refuse_not_finite, to_blocks


@dataclass(frozen=True)
class Quantized:
    """Whole numbers and the constants that turn them back into floats.

    Args:
        codes: (m, k) integers, in the smallest torch type that holds them; torch has none below 8 bits, so codes of
            fewer bits occupy a byte each here, and `bits_per_parameter` counts what they need when packed
        scale: (m, 1), the step of each block
        zero_point: (m, 1) integers, the code of zero in each block, or None where that code is 0 by construction
        bits: bits of one code
        shape: shape of the tensor that was quantised
        dtype: its type
    """

    codes: Tensor
    scale: Tensor
    zero_point: Tensor | None
    bits: int
    shape: torch.Size
    dtype: torch.dtype


def absmax_quantize(x: Tensor, bits: int = 8, block: int | None = None) -> Quantized:
    """Quantise symmetrically: q = round(x / s) with s = max|x| / (2**(bits-1) - 1).

    The lowest two's complement code, -2**(bits-1), is not used: with it the grid would not be symmetric.

    Args:
        x: finite floats, any shape.
        bits: bits of a code, 2 to 16.
        block: numbers that share a step, at least 1; None for one step for the whole tensor.

    Raises:
        ValueError: if bits or block is out of range, or x is empty or not finite.
        TypeError: if x holds no floats.

    Source: Dettmers et al. 2022, section 2.1. Explained in lab 07_quantization.
    """
    bits = _check_bits(bits, lowest=2)
    blocks = _computable(to_blocks(x, block))  # (m, k)
    largest = 2 ** (bits - 1) - 1
    absmax = blocks.abs().amax(dim=1, keepdim=True)  # (m, 1)
    refuse_not_finite(absmax)
    scale = _not_zero(absmax / largest)
    codes = (blocks / scale).round().clamp(-largest, largest)  # (m, k)
    codes = codes.to(torch.int8 if bits <= 8 else torch.int16)
    return Quantized(codes, scale, None, bits, x.shape, x.dtype)


def zero_point_quantize(x: Tensor, bits: int = 8, block: int | None = None) -> Quantized:
    """Quantise asymmetrically: q = round(x / s) + z with s = (max - min) / (2**bits - 1) and z = round(-min / s).

    The range is first widened to contain zero, so that zero has a code of its own and comes back exactly.

    Args:
        x: finite floats, any shape.
        bits: bits of a code, 1 to 16.
        block: numbers that share a step and a zero point, at least 1; None for the whole tensor.

    Raises:
        ValueError: if bits or block is out of range, or x is empty or not finite.
        TypeError: if x holds no floats.

    Source: Jacob et al. 2018, section 2.1. Explained in lab 07_quantization.
    """
    bits = _check_bits(bits, lowest=1)
    blocks = _computable(to_blocks(x, block))  # (m, k)
    largest = 2**bits - 1
    low = blocks.amin(dim=1, keepdim=True).clamp(max=0)  # (m, 1)
    high = blocks.amax(dim=1, keepdim=True).clamp(min=0)  # (m, 1)
    refuse_not_finite(low)
    refuse_not_finite(high)
    scale = _not_zero(high / largest - low / largest)  # two quotients: high - low may overflow
    zero_point = (-low / scale).round()  # (m, 1)
    codes = ((blocks / scale).round() + zero_point).clamp(0, largest)  # (m, k)
    codes, zero_point = (t.to(torch.uint8 if bits <= 8 else torch.int32) for t in (codes, zero_point))
    return Quantized(codes, scale, zero_point, bits, x.shape, x.dtype)


def dequantize(quantized: Quantized) -> Tensor:
    """Return the floats that the codes stand for, x' = s (q - z), in the shape and type of what was quantised.

    Explained in lab 07_quantization.
    """
    steps = quantized.codes.to(quantized.scale.dtype)  # (m, k)
    if quantized.zero_point is not None:
        steps = steps - quantized.zero_point  # (m, k)
    back, ends = steps * quantized.scale, torch.finfo(quantized.dtype)  # half a step beyond the largest number is none
    return from_blocks(back.clamp(ends.min, ends.max), quantized.shape).to(quantized.dtype)


def bits_per_parameter(quantized: Quantized, constant_bits: int = 32) -> float:
    """Return the bits that one number costs, its share of the constants included.

    bits + m * (constant_bits + bits of a zero point) / n; a zero point is itself a code and takes as many bits.

    Args:
        quantized: what `absmax_quantize` or `zero_point_quantize` returned.
        constant_bits: bits in which a step is kept, 32 for float32.

    Explained in lab 07_quantization.
    """
    m = quantized.scale.numel()
    constants = constant_bits + (0 if quantized.zero_point is None else quantized.bits)
    return quantized.bits + m * constants / quantized.shape.numel()


def _check_bits(bits: int, lowest: int) -> int:
    found = as_integer(bits)
    if found is None or not lowest <= found <= 16:
        raise ValueError(f"bits must be an integer from {lowest} to 16, got {bits!r}")
    return found


def _computable(blocks: Tensor) -> Tensor:
    """Half precision keeps too few digits for the quotients; anything wider stays as it is."""
    return blocks.to(torch.promote_types(blocks.dtype, torch.float32))


def _not_zero(scale: Tensor) -> Tensor:
    """A block of zeros has no step; the smallest normal number stands in, so that 0 / s is 0 and not NaN."""
    return scale.clamp(min=torch.finfo(scale.dtype).tiny)
