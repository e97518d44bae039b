"""EVA: A starts on the directions in which a layer's inputs vary most, and B at zero.

    X = U S V^T        A = V_r,   share_j = s_j^2 / (s_1^2 + ... + s_m^2)

Letters: n inputs, i in_dim, r rank, m = min(n, i).
Source: Paischer et al. 2024, Parameter Efficient Fine-tuning via Explained Variance Adaptation, arXiv 2410.07170.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.variants.pissa import thin_svd


@torch.no_grad()
def eva_start(X: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The strongest directions of a layer's inputs, and which share of the inputs' energy each one holds.

    The inputs are taken as they are, since the layer multiplies them as they are. PEFT takes their mean away first.

    Args:
        X: inputs of the layer, in one batch. What EVA does batch by batch is here one decomposition.
        rank: r, from 1 to min(n, i).

    Shapes:
        X (..., i), n rows in all -> A (i, r) with orthonormal columns, shares (r,), largest first.

    Raises:
        ValueError: if X has fewer than r rows or columns, or is zero throughout.

    Source: Paischer et al. 2024, section 3. Explained in lab 11_lora_today.
    """
    rows = X.reshape(-1, X.shape[-1])  # (n, i)
    rank = at_least(1, "rank", rank)
    if rank > min(rows.shape):
        raise ValueError(f"{len(rows)} inputs of size {rows.shape[1]} have {min(rows.shape)} directions; got {rank=}")
    _, S, Vh = thin_svd(rows)  # (n, m), (m,), (m, i)
    energy = S.square()  # (m,)
    if not energy.sum():
        raise ValueError("the inputs are zero throughout, which leaves no direction to start on; give real inputs")
    return Vh[:rank].T.contiguous(), energy[:rank] / energy.sum()  # (i, r), (r,)
