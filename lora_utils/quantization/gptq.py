"""GPTQ: weights are rounded one column after another, and those still unrounded make up for each error.

The steps are those of rounding to nearest; only the choice of codes differs. Sought are codes with a small

    ||x W.T - x W'.T||^2 = sum over rows of (w - w') H (w - w').T,      H = x.T x + damping,

and H says which columns are given together: an error in one can be undone in another. With H^-1 = U.T U, U upper
triangular, column j is rounded, e = (w_j - w'_j) / U_jj, and every later column loses e U_j: the least-squares optimum
of what is not rounded yet.
Letters: n inputs (rows of x), i in_features, o out_features, k weights in a block.
Source: Frantar et al. 2022, GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers, arXiv
2210.17323, section 4 and algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lora_utils.quantization.absmax import Quantized, absmax_quantize
from lora_utils.quantization.calibration import calibrated
from lora_utils.reals import above_zero


def gptq_quantize(w: Tensor, x: Tensor, bits: int = 4, block: int = 64, damping: float = 0.01) -> Quantized:
    """Quantise a weight so that the layer's output on x changes little: `absmax_quantize` with other codes.

    Args:
        w: the weight, finite floats (o, i).
        x: calibration inputs, (n, i). A few thousand rows of real text; with fewer rows than columns the damping
            decides what the inputs leave open.
        bits: bits of a code, 2 to 16.
        block: k, weights that share a step, a divisor of i. Steps are taken from the weights as they were.
        damping: share of the mean of the diagonal of x.T x that is added to the diagonal, above 0: without it H has
            no inverse when some column of x depends on others.

    Returns:
        codes and steps, for `dequantize`; as many bytes as rounding to nearest.

    Raises:
        TypeError: if w or x holds no floats.
        ValueError: if an argument is out of its range, shapes do not belong together or something is not finite.

    Source: Frantar et al. 2022, algorithm 1, columns from left to right; the damping of 1 % from section 4, step 3.
    Of the authors' code it is `--static-groups` without `--act-order`. Explained in lab 07_quantization.
    """
    damping = above_zero("damping", damping)
    left, x, k = calibrated(w, x, block)  # what is left to round; float32
    nearest = absmax_quantize(w, bits, k)  # steps, and the form of the result
    o, i = w.shape
    largest = 2 ** (nearest.bits - 1) - 1
    steps = nearest.scale.reshape(o, i // k)  # (o, blocks of a row)
    codes = torch.empty_like(left)  # (o, i)
    U, left = _upper_factor_of_inverse(x, damping), left.clone()  # (i, i), (o, i)
    for j in range(i):
        step = steps[:, j // k]  # (o,)
        codes[:, j] = (left[:, j] / step).round().clamp(-largest, largest)
        e = (left[:, j] - step * codes[:, j]) / U[j, j]  # (o,)
        left[:, j + 1 :] -= torch.outer(e, U[j, j + 1 :])  # (o, i - j - 1)
    codes = codes.reshape(nearest.codes.shape).to(nearest.codes.dtype)  # (m, k)
    return Quantized(codes, nearest.scale, None, nearest.bits, nearest.shape, nearest.dtype)


def _upper_factor_of_inverse(x: Tensor, damping: float) -> Tensor:
    """U, upper triangular (i, i), with U.T U = (x.T x + damping)^-1; in float64 on the CPU, which all devices have."""
    H = (x.T @ x).cpu().double()  # (i, i)
    H.diagonal().add_(damping * H.diagonal().mean())
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(H))  # (i, i)
    return torch.linalg.cholesky(inverse, upper=True).to(x.dtype).to(x.device)
