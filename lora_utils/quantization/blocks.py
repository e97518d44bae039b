"""Cutting a tensor into blocks of equal length, each of which gets quantisation constants of its own.

One large weight stretches the grid of everything that shares its constants. Small blocks keep that damage local: each
costs one more constant, and the error of all other blocks stays what it was.

Letters: n numbers in the tensor, k numbers in a block, m = ceil(n / k) blocks.
Source: Dettmers et al. 2022, 8-bit Optimizers via Block-wise Quantization, arXiv 2110.02861, section 2.1.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from lora_utils.integers import as_integer

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def to_blocks(x: Tensor, block: int | None) -> Tensor:
    """Return the numbers of x, row after row, as blocks of `block` numbers; zeros fill up the last one.

    Zeros change neither the largest magnitude of a block nor a range that contains zero, so the constants of a partial
    last block are those of its real numbers.

    Args:
        x: a tensor of floats with at least one number.
        block: numbers in a block, at least 1; None makes the whole tensor one block.

    Shapes:
        x (any shape, n numbers) -> (m, k).

    Raises:
        ValueError: if `block` is no such number, or x is empty or on the meta device.
        TypeError: if x holds no floating-point numbers.

    Explained in lab 07_quantization.
    """
    if x.dtype not in FLOATS:
        raise TypeError(f"quantising needs floating-point numbers, got a tensor of {x.dtype}; convert it with .float()")
    if x.is_meta:
        raise ValueError(
            "quantising needs numbers, got a tensor on the meta device, which has none; load the model first"
        )
    if x.numel() == 0:
        raise ValueError(f"quantising needs at least one number, got an empty tensor of shape {tuple(x.shape)}")
    k = x.numel() if block is None else as_integer(block)
    if k is None or k < 1:
        raise ValueError(f"block must be an integer of at least 1, or None for the whole tensor, got {block!r}")
    m = math.ceil(x.numel() / k)
    flat = x.detach().reshape(-1)  # (n,)
    if m * k != flat.numel():
        flat = F.pad(flat, (0, m * k - flat.numel()))  # (m * k,)
    return flat.reshape(m, k)


def from_blocks(blocks: Tensor, shape: Sequence[int]) -> Tensor:
    """Undo `to_blocks`: drop what filled up the last block and give the rest its shape back.

    Shapes:
        blocks (m, k), or any shape with as many numbers -> `shape`.
    """
    return blocks.reshape(-1)[: math.prod(shape)].reshape(tuple(shape))  # (m, k) -> (m * k,) -> (n,) -> shape


def refuse_not_finite(constants: Tensor) -> None:
    """Raise ValueError if a block's constants are not finite, which is so when a number in it is not.

    Looking at one number per block instead of at all of them makes the test almost free.
    """
    if not torch.isfinite(constants).all():
        raise ValueError("quantising needs finite numbers, got infinity or NaN; look at isfinite() of the tensor")
