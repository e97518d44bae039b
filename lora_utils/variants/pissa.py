"""PiSSA: LoRA starts on the strongest directions of the weight, and the base keeps the rest.

    W0 = U S V^T        A = V_r sqrt(S_r),   B = sqrt(S_r) U_r^T,   residual = W0 - (A B).T

Letters: o out_dim, i in_dim, r rank.
Source: Meng et al. 2024, PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models,
arXiv 2404.02948, section 3. The paper writes the weight transposed, as (in, out).
"""

from __future__ import annotations

import torch
from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.wrappers.trained_dtype import trained_type


@torch.no_grad()
def pissa_start(W0: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Split a weight into what a path of rank r trains and the residual that stays frozen.

    The layer computes what it did before, up to rounding; what differs is where the path stands. Its factors carry the
    r largest singular triples, the largest first, with the root of each singular value on both sides.

    Args:
        W0: weight as nn.Linear stores it.
        rank: r, from 1 to min(o, i).

    Shapes:
        W0 (o, i) -> residual (o, i), A (i, r), B (r, o), for alpha 1; float32 of a weight of 16 bits, too.

    Raises:
        ValueError: if W0 is no matrix, or has no r singular values.

    Source: Meng et al. 2024, equations 2 to 4. Explained in lab 11_lora_today.
    """
    A, B = best_factors(W0, rank)
    return W0 - (A @ B).T, A, B


def best_factors(W: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The factors of the best approximation of rank r, (A B).T of a matrix (o, i), with equal weight on both sides.

    Args:
        W: a matrix.
        rank: r, from 1 to min(o, i).

    Shapes:
        W (o, i) -> A (i, r), B (r, o).

    Raises:
        ValueError: as pissa_start.

    Source: Eckart and Young 1936. Explained in labs 05_lora_layer and 11_lora_today.
    """
    if W.dim() != 2:
        raise ValueError(f"the weight must be a matrix (out, in), got the shape {tuple(W.shape)}")
    rank = at_least(1, "rank", rank)
    if rank > min(W.shape):
        raise ValueError(f"a matrix of {W.shape[0]} x {W.shape[1]} has {min(W.shape)} singular values; got rank={rank}")
    U, S, Vh = thin_svd(W)  # (o, m), (m,), (m, i)
    root = S[:rank].sqrt()  # (r,)
    return Vh[:rank].T * root, root.unsqueeze(1) * U[:, :rank].T  # (i, r), (r, o)


def thin_svd(W: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """U (o, m), S (m,) and V^T (m, i) of a matrix (o, i), m = min(o, i); torch has no such decomposition in 16 bits."""
    return torch.linalg.svd(W.to(trained_type(W.dtype)), full_matrices=False)
