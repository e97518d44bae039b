"""Four bits a weight: blocks of 64 weights share one scale, each weight is a place in a table, two places fill a byte.

    c = max|w| of the block,   code = place of the table entry nearest to w / c,   w' = c * table[code]

Letters: n weights, k in a block (64), m = ceil(n / k) blocks. 4 bits for the code and 32 / 64 for the block's share of
a float32 scale make 4.5 bits a weight. The table is NF4 unless another codebook is given.
Source: Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, arXiv 2305.14314, section 3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.quantization.blocks import from_blocks, refuse_not_finite, to_blocks
from lora_utils.quantization.codebooks import NF4, Codebook

BLOCK = 64  # QLoRA's choice, and bitsandbytes' default
_AT_ONCE = 2**18  # weights worked on together: 1 MB of float32, so that the passes over it stay in the cache


@dataclass(frozen=True)
class FourBit:
    """A tensor in 4 bits a number.

    Args:
        packed: (ceil(n / 2),) uint8, two codes a byte, the earlier one in the high half; after an odd n the
            last low half is spare
        absmax: (m,) float32, the largest magnitude of each block
        shape: shape of the tensor that was quantised
        dtype: its type
        block: k, numbers that share a scale
        codebook: what the codes stand for
    """

    packed: Tensor
    absmax: Tensor
    shape: torch.Size
    dtype: torch.dtype
    block: int = BLOCK
    codebook: Codebook = NF4


def quantize_4bit(x: Tensor, codebook: Codebook = NF4, block: int = BLOCK) -> FourBit:
    """Store a tensor in 4 bits a number: per block the largest magnitude c, per number the entry nearest to w / c.

    A block of zeros has c = 0 and comes back as zeros. A number exactly halfway between two entries gets the lower.

    Args:
        x: finite floats, any shape; computed in float32.
        codebook: a table of 16 numbers.
        block: numbers that share a scale, at least 1.

    Raises:
        ValueError: if block or codebook is unsuitable, or x is empty or not finite.
        TypeError: if x holds no floats.

    Source: Dettmers et al. 2023, section 3. Explained in lab 07_quantization.
    """
    if len(codebook.values) != 16:
        raise ValueError(f"4 bits need a table of 16 numbers, {codebook.name} has {len(codebook.values)}")
    block = at_least(1, "block", block)
    blocks = to_blocks(x, block)  # (m, k)
    packed, absmax = [], []
    for part in blocks.split(_rows_at_once(block)):
        values = part.float()  # (rows, k)
        largest = values.abs().amax(dim=1, keepdim=True)  # (rows, 1)
        # Multiplying by 1 / c is what bitsandbytes does; w / c could round to the other side of a boundary.
        scaled = values * largest.clamp(min=torch.finfo(torch.float32).tiny).reciprocal()  # (rows, k)
        packed.append(pack(nearest_codes(scaled, codebook)))
        absmax.append(largest.squeeze(1))  # (rows,)
    absmax = torch.cat(absmax)  # (m,)
    refuse_not_finite(absmax)
    packed = torch.cat(packed)[
        : (x.numel() + 1) // 2
    ].clone()  # without what filled up the last block, in memory and files
    return FourBit(packed, absmax, x.shape, x.dtype, block, codebook)


def dequantize_4bit(quantized: FourBit, dtype: torch.dtype | None = None) -> Tensor:
    """Return w' = c * table[code], in the shape of what was quantised.

    A byte stands for one of 256 pairs of numbers, so one look-up replaces unpacking and two. On a CPU a part at a time
    is looked up, scaled and written in the type of the result: what takes the time is memory, and a part stays in the
    cache until it is done. Codes and scales are frozen: no gradient goes to them.

    Args:
        quantized: what `quantize_4bit` returned.
        dtype: type of the result; None for the type of what was quantised. The product is computed in float32.

    Explained in lab 07_quantization.
    """
    packed, k = quantized.packed, quantized.block  # (ceil(n / 2),)
    scales = quantized.absmax.detach().unsqueeze(1)  # (m, 1)
    pairs, device = quantized.codebook.pairs(packed.device), packed.device  # (256,)
    # On a GPU a call costs more than the cache saves. An even number of blocks ends where a byte ends.
    rows = _rows_at_once(k) if device.type == "cpu" else len(scales) + len(scales) % 2
    # What fills up the last block, or the last byte, is computed from anything and dropped.
    result = torch.empty((len(scales) * k + 1) // 2 * 2, dtype=dtype or quantized.dtype, device=device)
    for codes, scale, part in zip(packed.split(rows * k // 2), scales.split(rows), result.split(rows * k), strict=True):
        values = part if part.dtype == torch.float32 else torch.empty_like(part, dtype=torch.float32)  # (rows * k,)
        torch.index_select(pairs, 0, codes.int(), out=values[: 2 * len(codes)].view(torch.int64))
        values[: len(scale) * k].view(-1, k).mul_(scale)
        if values is not part:
            part.copy_(values)  # rounded once
    return from_blocks(result, quantized.shape)


def nearest_codes(scaled: Tensor, codebook: Codebook = NF4) -> Tensor:
    """Return the code of the nearest table entry for each number; halfway between two, the lower entry's.

    Sorted entries are numbered by how many midpoints lie below a number. Counting them, a comparison each, is twice as
    fast on a CPU as a binary search (torch.bucketize): it has no branches, so the processor does many at once.

    Args:
        scaled: float32, within [-1, 1].
        codebook: a table of at most 256 numbers.

    Shapes:
        scaled (any shape) -> the same shape, uint8.

    Explained in lab 07_quantization.
    """
    rank = torch.zeros(scaled.shape, dtype=torch.uint8, device=scaled.device)
    for boundary in codebook.boundaries().tolist():
        rank += scaled > boundary
    _, codes = codebook.ascending()
    if torch.equal(codes, torch.arange(len(codes), dtype=torch.uint8)):
        return rank  # the table is sorted, as NF4's is
    return codes.to(scaled.device)[rank.int()]


def _rows_at_once(block: int) -> int:
    """Blocks worked on together; an even number, so that no byte straddles two parts even when the block is odd."""
    return max(2, _AT_ONCE // block // 2 * 2)


def pack(codes: Tensor) -> Tensor:
    """Put two 4-bit codes into a byte, the earlier one into the high half, as bitsandbytes does.

    byte = 16 * first + second; an odd number of codes is completed by a zero.

    Shapes:
        codes (any shape, n numbers from 0 to 15), uint8 -> (ceil(n / 2),) uint8.

    Explained in lab 07_quantization.
    """
    flat = codes.reshape(-1)  # (n,)
    if flat.numel() % 2:
        flat = torch.cat([flat, flat.new_zeros(1)])  # (n + 1,)
    first, second = flat[0::2], flat[1::2]  # (ceil(n / 2),) each
    return (first << 4) | second


def unpack(packed: Tensor, count: int) -> Tensor:
    """Undo `pack`: the first `count` codes.

    Shapes:
        packed (ceil(n / 2),) uint8 -> (count,) uint8, each 0 to 15.

    Explained in lab 07_quantization.
    """
    return torch.stack([packed >> 4, packed & 15], dim=1).reshape(-1)[:count]  # (ceil(n / 2), 2) -> (count,)
