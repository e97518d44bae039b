"""NF4 by hand beside bitsandbytes' NF4, on the CPU: python benchmarks/quantizing.py [--threads 1] [--rounds 15].

Each round runs both on the same weights, one after the other, in an order that alternates; what is reported is the
median over rounds of bitsandbytes' time divided by ours, so that a slow moment of the machine hits both. Above 1 we are
faster. The codes are compared first: a fast wrong answer is no result.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import bitsandbytes
import bitsandbytes.functional as bnb
import torch

from lora_utils.quantization.double_quantization import dequantize_twice, quantize_scales
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit, unpack

SHAPES = [(576, 1536), (2048, 2048)]  # SmolLM2's largest weight, and one that leaves the processor's cache


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> str:
    """Alternate the two calls and return a line with both medians and the spread of the ratios."""
    pairs = []
    for i in range(rounds + 1):
        pair = {}
        for name, call in [("ours", ours), ("theirs", theirs)][:: 1 if i % 2 else -1]:
            pair[name] = seconds(call)
        pairs.append(pair)
    pairs = pairs[1:]  # the first round warms up
    ratios = sorted(p["theirs"] / p["ours"] for p in pairs)
    mine, other = (1000 * statistics.median(p[name] for p in pairs) for name in ("ours", "theirs"))
    return f"{mine:9.2f} {other:13.2f} {statistics.median(ratios):9.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, bitsandbytes {bitsandbytes.__version__}, {options.threads} thread(s)")
    print(f"{'':<32}{'ours ms':>9} {'bitsandbytes':>13} {'ratio':>9}   lowest to highest")
    for shape in SHAPES:
        for dtype in (torch.float32, torch.bfloat16):
            w = (torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 0.02).to(dtype)
            ours, (packed, state) = quantize_4bit(w), bnb.quantize_4bit(w, quant_type="nf4")
            differ = (unpack(ours.packed, w.numel()) != unpack(packed.squeeze(1), w.numel())).sum().item()
            doubly, (packed2, state2) = quantize_scales(ours.absmax), bnb.quantize_4bit(w, None, None, 64, True, "nf4")
            name = f"{shape[0]} x {shape[1]} {str(dtype).removeprefix('torch.')}"
            print(f"{name}: {differ} of {w.numel():,} codes differ")
            for task, mine, theirs in [
                ("quantize", lambda w=w: quantize_4bit(w), lambda w=w: bnb.quantize_4bit(w, quant_type="nf4")),
                (
                    "quantise, scales in 8 bits",
                    lambda w=w: quantize_scales(quantize_4bit(w).absmax),
                    lambda w=w: bnb.quantize_4bit(w, None, None, 64, True, "nf4"),
                ),
                (
                    "dequantize",
                    lambda q=ours: dequantize_4bit(q),
                    lambda p=packed, s=state: bnb.dequantize_4bit(p, s),
                ),
                (
                    "dequantise, scales in 8 bits",
                    lambda q=ours, d=doubly: dequantize_twice(q, d),
                    lambda p=packed2, s=state2: bnb.dequantize_4bit(p, s),
                ),
            ]:
                print(f"  {task:<30}{side_by_side(mine, theirs, options.rounds)}")


if __name__ == "__main__":
    main()
