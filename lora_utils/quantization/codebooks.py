"""Codebooks: the numbers in [-1, 1] that the codes of a quantised block stand for.

A block is divided by its largest magnitude and each number is replaced by the nearest entry; the code is the entry's
place in the table. Which 16 numbers are worth having depends on how the weights are spread:

    INT4   evenly spaced: right for weights that are uniform
    FP4    spaced like floating-point numbers: dense near zero, coarse at the ends
    NF4    quantiles of the normal distribution: a share of normal weights near 1/16 for each

Source: Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, arXiv 2305.14314, section 3 and appendix E.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lora_utils.integers import as_integer
from lora_utils.reals import real


@dataclass(frozen=True)
class Codebook:
    """A table of numbers; a code is a place in it.

    Args:
        name: what messages and tables call it
        values: the number of each code, within [-1, 1] but for entries that no scaled weight can reach
    """

    name: str
    values: tuple[float, ...]

    def table(self, device: torch.device | str = "cpu") -> Tensor:
        """The values in the order of their codes, (levels,) float32; not to be written to."""
        return _kept(_on_device, self.values, device)

    def pairs(self, device: torch.device | str = "cpu") -> Tensor:
        """What each byte of two 4-bit codes stands for: byte 16 i + j for (value i, value j); not to be written to.

        (256,) int64, the two float32 of a pair side by side in its eight bytes. A copy of one int64 takes less than
        half the time of a copy of a row of two float32, and no bit of them is changed; `.view(torch.float32)` of what
        was looked up are the numbers.
        """
        return _kept(_pairs_on_device, self.values, device)

    def ascending(self) -> tuple[Tensor, Tensor]:
        """The distinct values from low to high, (d,) float32, and the code of each, (d,) uint8.

        Of two codes with one value, as FP4's plus and minus zero, the lower is given and the other never used.
        """
        code_of = {value: code for code, value in reversed(list(enumerate(self.table().tolist())))}
        values = sorted(code_of)
        return torch.tensor(values), torch.tensor([code_of[value] for value in values], dtype=torch.uint8)

    def boundaries(self) -> Tensor:
        """The midpoints between neighbouring values, (d - 1,) float32: where the nearest value changes."""
        values, _ = self.ascending()
        return (values[1:] + values[:-1]) / 2


def _kept(cached: Callable[..., Tensor], values: tuple[float, ...], device: torch.device | str) -> Tensor:
    """What a cached function returns; torch.export traces with tensors without numbers, which no cache may keep."""
    table = cached(values, torch.device(device))
    if type(table) is not Tensor:
        cached.cache_clear()
    return table


@lru_cache(maxsize=32)
def _on_device(values: tuple[float, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # kept for later calls, which may need gradients
        return torch.tensor(values, dtype=torch.float32, device=device)


@lru_cache(maxsize=32)
def _pairs_on_device(values: tuple[float, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        table = _kept(_on_device, values, device)  # (16,)
        pairs = torch.stack([table.repeat_interleave(16), table.repeat(16)], dim=1)  # (256, 2)
        return pairs.view(torch.int64).squeeze(1)  # (256,)


def normal_float_levels(negative: int = 7, positive: int = 8, tail: float = 1 - 0.9677083) -> Tensor:
    """Derive a NormalFloat table: quantiles of the standard normal distribution, an exact zero, scaled to [-1, 1].

    Each side is cut on its own. With Q the quantile function, the positive entries are Q at `positive` evenly spaced
    places from 1/2 (left out: Q(1/2) = 0) to 1 - tail, the negative ones -Q at `negative` such places, and 0 stands
    between them once. All are divided by the largest, Q(1 - tail), so both ends are exactly -1 and 1.

    The default tail is the one behind bitsandbytes' table. It is not 0, where Q is infinite, and not the 1/32 or 1/30
    that 16 or 15 equal shares would give, but their mean, (1/32 + 1/30) / 2 = 0.0322917, rounded to 7 digits.

    Args:
        negative: entries below zero, at least 1.
        positive: entries above zero, at least 1.
        tail: probability left above the largest entry, between 0 and 1/2.

    Shapes:
        -> (negative + 1 + positive,) float32, ascending.

    Raises:
        ValueError: if a count is below 1 or the tail is not between 0 and 1/2.

    Source: Dettmers et al. 2023, section 3, which cuts the two halves separately and joins them at one zero; the tail
    from `create_normal_map` of bitsandbytes. Explained in lab 07_quantization.
    """
    if any((as_integer(count) or 0) < 1 for count in (negative, positive)):
        raise ValueError(f"a table needs entries on both sides of zero, got {negative=}, {positive=}")
    tail = real("tail", tail, "be between 0 and 1/2", lambda share: 0 < share < 0.5)
    below = -_quantiles(negative, tail)  # (negative,)
    above = _quantiles(positive, tail).flip(0)  # (positive,)
    return torch.cat([below, torch.zeros(1), above]) / above[-1]  # (negative + 1 + positive,)


def _quantiles(count: int, tail: float) -> Tensor:
    """Q at `count` evenly spaced probabilities from 1 - tail down to, but not including, 1/2."""
    places = torch.linspace(1 - tail, 0.5, count + 1)[:-1]  # float32, as bitsandbytes has it: other last digits else
    return torch.special.ndtri(places.double()).float()  # (count,)


# NormalFloat, 4 bits: 7 negative entries, zero, 8 positive ones, in float32.
# They are not floating-point numbers with an exponent, and not the 16 quantiles ppf((i + 0.5) / 16) found in some
# tutorials: those are symmetric, so they have no zero, and padding or a pruned weight would not come back as 0.
# Generated by normal_float_levels(); written out so that files mean the same on every machine, whatever the last digit
# of its quantile function. The numbers of QLoRA, appendix E, and of bitsandbytes.
NF4 = Codebook(
    "NF4",
    (
        -1.0,
        -0.6961928009986877,
        -0.5250730514526367,
        -0.39491748809814453,
        -0.28444138169288635,
        -0.18477343022823334,
        -0.09105003625154495,
        0.0,
        0.07958029955625534,
        0.16093020141124725,
        0.24611230194568634,
        0.33791524171829224,
        0.44070982933044434,
        0.5626170039176941,
        0.7229568362236023,
        1.0,
    ),
)

# bitsandbytes' 4-bit floating point: sign (code + 8), 2 bits of exponent, 1 of mantissa. In units of 1/12 the codes
# 0 to 7 stand for 0, 1/16, 8, 12, 4, 6, 2, 3: the pairs (8, 12), (4, 6), (2, 3) are mantissa 1 and 1.5 at a power of
# two, and the exponent field counts downwards, so codes are not in the order of values.
# It is not the E2M1 of the OCP Microscaling standard, which on this scale has 1 where this table has 1/16.
# Code 8 is minus zero; quantising here never produces it.
_FP4_TWELFTHS = (0.0, 0.0625, 8.0, 12.0, 4.0, 6.0, 2.0, 3.0)
FP4 = Codebook("FP4", tuple(sign * value / 12 for sign in (1.0, -1.0) for value in _FP4_TWELFTHS))

# 4-bit integers by absmax: -7/7 to 7/7 in equal steps. Code i stands for (i - 8) / 7, so code 8 is zero. Code 0 would
# be -8/7, which no weight divided by the block's largest magnitude comes near: 15 of the 16 codes are used.
# It is not a two's complement integer (that is code - 8, with the sign in the top bit) and not a type of bitsandbytes.
INT4 = Codebook("INT4", tuple((code - 8) / 7 for code in range(16)))


def dynamic_levels() -> tuple[float, ...]:
    """Generate the 256 entries of the signed 8-bit dynamic type, ascending.

    Seven decades, from 1e-6 to 1; each next one has twice as many entries: decade i, of magnitude 10**(i - 6), holds
    the midpoints of 2**i equal parts of [0.1, 1], with both signs. That makes 2 * (2**7 - 1) = 254; 0 and 1 are added.
    Small numbers keep their magnitude and large ones their digits, at 8 bits.

    Source: Dettmers 2015, 8-Bit Approximations for Parallelism in Deep Learning, arXiv 1511.04561, and
    `create_dynamic_map` of bitsandbytes. Explained in lab 07_quantization.
    """
    entries = [0.0, 1.0]
    for decade in range(7):
        edges = torch.linspace(0.1, 1, 2**decade + 1)  # (parts + 1,)
        midpoints = (edges[:-1] + edges[1:]) / 2  # (parts,)
        magnitudes = (10 ** (decade - 6) * midpoints).tolist()
        entries += magnitudes + [-magnitude for magnitude in magnitudes]
    return tuple(sorted(entries))


# The type in which the constants of 4-bit blocks are themselves stored; see double_quantization.py.
DYNAMIC8 = Codebook("DYNAMIC8", dynamic_levels())
