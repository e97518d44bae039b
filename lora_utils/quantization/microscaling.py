"""Microscaling: blocks of 4-bit floating-point numbers that share a scale of 8 bits, as GPUs now multiply them.

                 element   block   scale of a block               bits a weight
    MXFP4        E2M1      32      E8M0, a power of two           4 + 8/32 = 4.25
    NVFP4        E2M1      16      E4M3, times one float32        4 + 8/16 = 4.5
                                   for the whole tensor

    w' = scale * element,    element one of 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives

E2M1 is a sign, two bits of exponent and one of mantissa: from 0 to 2 its step is 0.5, then 1 to 4, then 2 to 6.
It is not the FP4 of bitsandbytes, which, counted in sixths of its largest number, has 1/32 where E2M1 has 0.5.
Letters: n weights, k in a block, m = ceil(n / k) blocks.
Source: Open Compute Project, Microscaling Formats (MX) Specification 1.0, 2023, sections 5 and 6.3; for NVFP4 NVIDIA's
description of the format and `nvfp4_quantize` of torchao.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lora_utils.quantization.blocks import from_blocks, refuse_not_finite, to_blocks
from lora_utils.quantization.nf4 import pack, unpack

MX_BLOCK, NV_BLOCK = 32, 16
E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # of the codes 0 to 7; those of 8 to 15 are their negatives
_E2M1_MAX, _E4M3_MAX, _E8M0_BIAS = 6.0, 448.0, 127


@dataclass(frozen=True)
class Microscaled:
    """A tensor in 4-bit floating-point numbers with a scale of 8 bits a block.

    Args:
        packed: (ceil(n / 2),) uint8, two codes a byte, the earlier one in the high half
        scales: (m,) uint8, E8M0, of which code c stands for 2**(c - 127); or (m,) float8_e4m3fn
        tensor_scale: () float32, by which every E4M3 scale is multiplied; None with E8M0
        shape: shape of the tensor that was quantised
        dtype: its type
        block: k, numbers that share a scale
    """

    packed: Tensor
    scales: Tensor
    tensor_scale: Tensor | None
    shape: torch.Size
    dtype: torch.dtype
    block: int


def mxfp4_quantize(x: Tensor) -> Microscaled:
    """Quantise to MXFP4: per block of 32 the scale 2**(floor(log2 max|x|) - 2), per number the nearest element.

    After division the largest magnitude lies in [4, 8), and elements end at 6: what lies above comes back as 6. That is
    the price of a scale that is only an exponent.

    Args:
        x: finite floats, any shape; computed in float32. The last block is filled up with zeros.

    Raises:
        TypeError: if x holds no floats.
        ValueError: if x is empty or not finite in float32.

    Source: MX specification 1.0, section 6.3. Explained in lab 07_quantization.
    """
    blocks = to_blocks(x, MX_BLOCK).float()  # (m, 32)
    largest = blocks.abs().amax(dim=1)  # (m,)
    refuse_not_finite(largest)
    exponent = torch.frexp(largest).exponent - 1  # (m,) floor(log2), exact; frexp's mantissa is from 1/2 to 1
    scales = (exponent - 2 + _E8M0_BIAS).clamp(0, 254)  # (m,); 255 would be NaN
    scales = torch.where(largest == 0, 0, scales).to(torch.uint8)  # any scale serves a block of zeros
    packed = pack(_nearest_element(blocks / _power_of_two(scales)[:, None]))[: (x.numel() + 1) // 2]
    return Microscaled(packed, scales, None, x.shape, x.dtype, MX_BLOCK)


def nvfp4_quantize(x: Tensor) -> Microscaled:
    """Quantise to NVFP4: per block of 16 the scale max|x| / 6 in E4M3, per number the nearest element.

    E4M3 has three bits of mantissa and reaches from 2**-9 to 448, so the scales are first divided by one float32 of
    the whole tensor, max|x| / (6 * 448), with which the largest of them is 448.

    Args:
        x: finite floats, any shape; computed in float32. The last block is filled up with zeros.

    Raises:
        TypeError: if x holds no floats.
        ValueError: if x is empty or not finite in float32.

    Source: NVIDIA's description of NVFP4, and torchao. Explained in lab 07_quantization.
    """
    blocks = to_blocks(x, NV_BLOCK).float()  # (m, 16)
    largest = blocks.abs().amax(dim=1)  # (m,)
    refuse_not_finite(largest)
    tensor_scale = largest.amax() / (_E2M1_MAX * _E4M3_MAX)  # ()
    tensor_scale = tensor_scale.clamp(min=torch.finfo(torch.float32).tiny)  # a tensor of zeros
    lowest = torch.finfo(torch.float8_e4m3fn).tiny  # as torchao: below it mantissas get shorter
    scales = (largest / _E2M1_MAX / tensor_scale).clamp(lowest, _E4M3_MAX).to(torch.float8_e4m3fn)  # (m,)
    scale = scales.float() * tensor_scale  # (m,)
    packed = pack(_nearest_element(blocks / scale[:, None]))[: (x.numel() + 1) // 2]
    return Microscaled(packed, scales, tensor_scale, x.shape, x.dtype, NV_BLOCK)


def dequantize_microscaled(quantized: Microscaled) -> Tensor:
    """Return w' = scale * element, in the shape and type of what was quantised.

    Explained in lab 07_quantization.
    """
    values = torch.tensor([*E2M1, *(-value for value in E2M1)], device=quantized.packed.device)  # (16,)
    elements = values[unpack(quantized.packed, quantized.shape.numel()).int()]  # (n,)
    blocks = to_blocks(elements, quantized.block) * block_scales(quantized)[:, None]  # (m, k)
    return from_blocks(blocks, quantized.shape).to(quantized.dtype)


def block_scales(quantized: Microscaled) -> Tensor:
    """Return what the 8 bits of each block stand for, (m,) float32, the scale of the tensor included.

    Explained in lab 07_quantization.
    """
    if quantized.tensor_scale is None:
        return _power_of_two(quantized.scales)
    return quantized.scales.float() * quantized.tensor_scale


def _nearest_element(scaled: Tensor) -> Tensor:
    """The code of the nearest element, uint8 in the shape of `scaled`; of two equally near the even code, as in IEEE.

    The step doubles with each exponent: counted in steps, rounding is that of whole numbers. A code is the exponent's
    bits before those of the mantissa, so from one exponent to the next the count goes on where it was, two codes later.
    """
    size = scaled.abs().clamp(max=_E2M1_MAX)
    exponent = (size >= 2).int() + (size >= 4).int()  # 0, 1, 2 with the steps 0.5, 1, 2
    steps = (size / torch.exp2(exponent - 1.0)).round()  # torch rounds halves to even
    return (steps + 2 * exponent + 8 * torch.signbit(scaled)).to(torch.uint8)


def _power_of_two(codes: Tensor) -> Tensor:
    """2**(code - 127) of E8M0 codes, float32, exact."""
    return torch.ldexp(torch.ones_like(codes, dtype=torch.float32), codes.int() - _E8M0_BIAS)
