"""Double quantisation: the scales of 4-bit blocks are numbers too, so they are quantised once more.

    c_i ~ mean + a_j * table[code_i]      c_i scale of block i, a_j scale of the group of 256 scales that i is in

In bits a weight, with blocks of 64 and groups of 256: 4 + 32/64 = 4.5 becomes 4 + 8/64 + 32/(64 * 256) = 4.127.
The scales are largest magnitudes, all positive and close together; subtracting their mean first lets a signed type
spend its codes on the differences.
Letters: m scales, g in a group (256), t = ceil(m / g) groups.
Source: Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, arXiv 2305.14314, section 3.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.quantization.blocks import from_blocks, refuse_not_finite, to_blocks
from lora_utils.quantization.codebooks import DYNAMIC8
from lora_utils.quantization.nf4 import BLOCK, FourBit, dequantize_4bit

GROUP = 256  # QLoRA's choice, and bitsandbytes'


@dataclass(frozen=True)
class DoubleQuantized:
    """Scales of 4-bit blocks in 8 bits each.

    Args:
        codes: (m,) uint8, places in the 8-bit dynamic table
        absmax: (t,) float32, the largest distance from the mean in each group
        mean: () float32, the mean of the scales, one for the whole tensor
        group: g, scales that share one absmax
    """

    codes: Tensor
    absmax: Tensor
    mean: Tensor
    group: int = GROUP


def quantize_scales(scales: Tensor, group: int = GROUP) -> DoubleQuantized:
    """Quantise scales to 8 bits: subtract their mean, divide each group by its largest magnitude, take the nearest.

    Args:
        scales: finite floats, one axis, such as `FourBit.absmax`.
        group: scales that share one second-level scale, at least 1.

    Shapes:
        scales (m,) -> codes (m,), absmax (t,), mean ().

    Raises:
        ValueError: if scales has another number of axes, is empty or not finite, or group is out of range.

    Source: Dettmers et al. 2023, section 3, which says 8-bit floats; the dynamic table and its use are those of
    bitsandbytes. Explained in lab 07_quantization.
    """
    if scales.dim() != 1:
        raise ValueError(f"scales must have one axis, got shape {tuple(scales.shape)}")
    group = at_least(1, "group", group)
    mean = scales.float().mean()  # ()
    groups = to_blocks(scales.float() - mean, group)  # (t, g)
    absmax = groups.abs().amax(dim=1, keepdim=True)  # (t, 1)
    refuse_not_finite(absmax)
    scaled = groups * absmax.clamp(min=torch.finfo(torch.float32).tiny).reciprocal()  # (t, g)
    codes = torch.bucketize(scaled, DYNAMIC8.boundaries().to(scaled.device)).to(torch.uint8)  # (t, g)
    return DoubleQuantized(from_blocks(codes, scales.shape).clone(), absmax.squeeze(1), mean, group)


def dequantize_scales(double: DoubleQuantized) -> Tensor:
    """Return the scales that the codes stand for, mean + a * table[code].

    Shapes:
        -> (m,) float32.
    """
    table = DYNAMIC8.table(double.codes.device)  # (256,)
    values = to_blocks(table.index_select(0, double.codes.int()), double.group)  # (t, g)
    return from_blocks(values * double.absmax.unsqueeze(1), double.codes.shape) + double.mean  # (m,)


def with_scales(quantized: FourBit, double: DoubleQuantized) -> FourBit:
    """Return the 4-bit tensor as it comes back when its scales are stored in 8 bits.

    Explained in lab 07_quantization.
    """
    return replace(quantized, absmax=dequantize_scales(double))


def dequantize_twice(quantized: FourBit, double: DoubleQuantized, dtype: torch.dtype | None = None) -> Tensor:
    """Return the floats: first the scales from their 8 bits, then the weights from their 4.

    Explained in lab 07_quantization.
    """
    return dequantize_4bit(with_scales(quantized, double), dtype)


def bits_per_weight(bits: int = 4, block: int = BLOCK, group: int | None = None) -> float:
    """Return the bits that one weight costs, its share of the constants included.

    Without double quantisation bits + 32 / block; with it bits + 8 / block + 32 / (block * group). The one mean per
    tensor and partial last blocks are left out: `storage_bytes` counts them.

    Args:
        bits: bits of a code.
        block: weights that share a scale.
        group: scales that share a second-level scale; None without double quantisation.

    Source: Dettmers et al. 2023, section 3: 0.5 becomes 0.127. Explained in lab 07_quantization.
    """
    return bits + 32 / block if group is None else bits + 8 / block + 32 / (block * group)


def storage_bytes(quantized: FourBit, double: DoubleQuantized | None = None) -> int:
    """Return the bytes that a 4-bit tensor occupies, codes and scales, the scales in 8 bits if `double` is given.

    Explained in lab 07_quantization.
    """
    constants = [quantized.absmax] if double is None else [double.codes, double.absmax, double.mean]
    return sum(t.numel() * t.element_size() for t in [quantized.packed, *constants])
