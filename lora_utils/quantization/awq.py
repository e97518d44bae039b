"""AWQ: columns that meet large inputs are made larger before rounding, and their inputs smaller by as much.

    x W.T = (x / s) (W s).T        s one positive number a column, s = (mean |x|)^a, a from 0 to 1 by search

In floats nothing changes. But a block's step hardly grows when a few of its columns do, so these are rounded more
finely, at the cost of the others. Which a is best is measured, on the calibration inputs. In a model the 1 / s goes
into what computes x, a norm or the layer before, and costs nothing.
Letters: n inputs (rows of x), i in_features, o out_features.
Source: Lin et al. 2023, AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration, arXiv
2306.00978, section 3.2.
"""

from __future__ import annotations

from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.quantization.absmax import Quantized, absmax_quantize, dequantize
from lora_utils.quantization.calibration import calibrated


def awq_quantize(w: Tensor, x: Tensor, bits: int = 4, block: int = 64, grid: int = 20) -> tuple[Quantized, Tensor]:
    """Quantise W s instead of W, with the s that changes the layer's output on x least.

    The weight in use is `dequantize(quantized) / s`. The exponent 0, with which s is 1 everywhere, is one of those
    tried: on x the error is never above that of rounding to nearest.

    Args:
        w: the weight, finite floats (o, i), not all zeros.
        x: calibration inputs, (n, i).
        bits: bits of a code, 2 to 16.
        block: weights that share a step, a divisor of i.
        grid: how many exponents are tried, 0, 1 / grid, ..., (grid - 1) / grid; at least 1.

    Returns:
        codes and steps of W s, for `dequantize`; s, (i,) float32, the geometric mean of its ends 1.

    Raises:
        TypeError: if w or x holds no floats.
        ValueError: if an argument is out of its range, shapes do not belong together or something is not finite.

    Source: Lin et al. 2023, section 3.2; grid and scaling of s as in the authors' `auto_scale.py`. Their search for a
    clipped range is left out. Explained in lab 07_quantization.
    """
    grid = at_least(1, "grid", grid)
    w, x, k = calibrated(w, x, block)
    size, H = x.abs().mean(dim=0), x.T @ x  # (i,), (i, i)
    best = None
    for step in range(grid):
        s = size.pow(step / grid).clamp(min=1e-4)  # (i,); a column that is never given has size 0
        s = s / (s.max() * s.min()).sqrt()
        quantized = absmax_quantize(w * s, bits, k)
        moved = w - dequantize(quantized) / s  # (o, i)
        error = ((moved @ H) * moved).sum()  # ||x moved.T||^2, at a cost that does not grow with n
        if best is None or error < best[0]:
            best = error, quantized, s
    return best[1], best[2]
