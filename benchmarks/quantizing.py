"""NF4 by hand beside bitsandbytes' NF4, on the CPU: python -m benchmarks.quantizing [--threads 1] [--rounds 15].

The codes are compared first, and then what comes back: a fast wrong answer is no result.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch

from benchmarks.paired import HEAD, Ratio, machine, paired
from lora_utils.quantization import (
    DoubleQuantized,
    FourBit,
    dequantize_4bit,
    dequantize_twice,
    load_bitsandbytes,
    quantize_4bit,
    quantize_scales,
    unpack,
)

SHAPES = ((576, 576), (576, 1536), (1536, 576), (2048, 2048), (4096, 4096), (501, 1537))  # the last one odd
TYPES = (torch.float32, torch.bfloat16, torch.float16)
IN_SHORT = (((576, 1536), torch.float32), ((2048, 2048), torch.float32), ((2048, 2048), torch.bfloat16))


def weights(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """As large as weights are."""
    return (torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 0.02).to(dtype)


def dequantizing(shape: tuple[int, ...], dtype: torch.dtype, block: int, double: bool, rounds: int) -> Ratio:
    """Both turn the same codes and scales, made by bitsandbytes, into floats."""
    functional = load_bitsandbytes().functional
    w = weights(shape, dtype)
    flat = w if shape[-1] % block == 0 else w.reshape(-1)  # its CPU kernel needs rows that end where blocks end
    packed, state = functional.quantize_4bit(flat, None, None, block, double, "nf4")
    codes, scales = packed.squeeze(1), None
    if double:
        scales = DoubleQuantized(state.absmax, state.state2.absmax, state.offset)
    four = FourBit(codes, torch.empty(0) if double else state.absmax, w.shape, dtype, block)

    def ours() -> torch.Tensor:
        return dequantize_twice(four, scales) if double else dequantize_4bit(four)

    def theirs() -> torch.Tensor:
        return functional.dequantize_4bit(packed, state)

    if not torch.allclose(ours().reshape(-1), theirs().reshape(-1), rtol=1e-2 if double else 0.0, atol=0.0):
        raise RuntimeError("both must give one and the same weights")
    name = f"dequantize {shape[0]} x {shape[1]} {str(dtype).removeprefix('torch.')}, blocks of {block}"
    what = f"{name}{', scales in 8 bits' if double else ''} / bitsandbytes"
    return paired(what, ours, theirs, rounds, times=max(1, 2_000_000 // w.numel()))


def quantizing(shape: tuple[int, ...], dtype: torch.dtype, double: bool, rounds: int) -> Ratio:
    """Both turn the same weights into codes."""
    functional = load_bitsandbytes().functional
    w = weights(shape, dtype)
    differ = unpack(quantize_4bit(w).packed, w.numel()) != unpack(
        functional.quantize_4bit(w, quant_type="nf4")[0].squeeze(1), w.numel()
    )
    if differ.float().mean() > 1e-3:  # 0.49 scales in the type of the weights, so that a few at a midpoint differ
        raise RuntimeError(f"both must give one and the same codes, and {int(differ.sum())} differ")

    def ours() -> object:
        four = quantize_4bit(w)
        return quantize_scales(four.absmax) if double else four

    what = f"quantize {shape[0]} x {shape[1]} {str(dtype).removeprefix('torch.')}"
    what = f"{what}{', scales in 8 bits' if double else ''} / bitsandbytes"
    return paired(what, ours, lambda: functional.quantize_4bit(w, None, None, 64, double, "nf4"), rounds)


def in_short(rounds: int) -> Iterator[Ratio]:
    """What `benchmarks.ratios` shows of it."""
    for shape, dtype in IN_SHORT:
        yield dequantizing(shape, dtype, 64, double=False, rounds=rounds)
    yield dequantizing((576, 1536), torch.float32, 64, double=True, rounds=rounds)
    yield dequantizing((501, 1537), torch.float32, 64, double=False, rounds=rounds)
    yield quantizing((576, 1536), torch.float32, double=False, rounds=rounds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine(options.threads), HEAD, sep="\n", flush=True)
    for shape in SHAPES:
        for dtype in TYPES:
            for block, double in ((64, False), (64, True), (128, False), (128, True)):
                print(dequantizing(shape, dtype, block, double, options.rounds).row(), flush=True)
    for dtype in TYPES:
        for double in (False, True):
            print(quantizing((576, 1536), dtype, double, options.rounds).row(), flush=True)


if __name__ == "__main__":
    main()
