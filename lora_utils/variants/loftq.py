"""LoftQ: a 4-bit base and a LoRA path that start together near the original weight, found in turn.

    Q_t = q(W0 - (A B).T),   (A B).T = best approximation of rank r of W0 - Q_t,        t = 1, ..., steps

q stores a matrix in 4 bits and reads it back. Letters: o out_dim, i in_dim, r rank.
Source: Li et al. 2023, LoftQ: LoRA-Fine-Tuning-Aware Quantization for Large Language Models, arXiv 2310.08659,
section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.quantization.codebooks import NF4, Codebook
from lora_utils.quantization.nf4 import BLOCK, dequantize_4bit, quantize_4bit
from lora_utils.variants.pissa import best_factors
from lora_utils.wrappers.trained_dtype import trained_type


@torch.no_grad()
def loftq_start(
    W0: Tensor, rank: int, steps: int = 5, codebook: Codebook = NF4, block: int = BLOCK
) -> tuple[Tensor, Tensor, Tensor]:
    """Quantize what the path leaves and fit the path to what quantizing leaves, in turn; the last pair is returned.

    With one step it is the best correction of the quantized weight. Nothing makes the error fall at every step: of
    both parts only the path is the best there is for the other one.

    Args:
        W0: weight as nn.Linear stores it, finite.
        rank: r, from 1 to min(o, i).
        steps: at least 1 (default 5).
        codebook, block: as in quantize_4bit (defaults NF4 and 64).

    Shapes:
        W0 (o, i) -> Q (o, i), which 4 bits store exactly, A (i, r), B (r, o), for alpha 1; float32 of 16 bits, too.

    Raises:
        ValueError: as pissa_start and quantize_4bit, or if steps is below 1.

    Source: Li et al. 2023, algorithm 1. Explained in lab 11_lora_today.
    """
    steps = at_least(1, "steps", steps)
    W0 = W0.to(trained_type(W0.dtype))  # (o, i)
    path = torch.zeros_like(W0)  # (o, i)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path, codebook, block))  # (o, i)
        A, B = best_factors(W0 - Q, rank)  # (i, r), (r, o)
        path = (A @ B).T  # (o, i)
    return Q, A, B
