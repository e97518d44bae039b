"""AdaLoRA's idea: an update is a sum of triples, and under one budget the most important triples of all layers stay.

    delta W = (A diag(lam) B).T        importance_j = s(lam_j) + mean_i s(A_ij) + mean_o s(B_jo),   s(w) = |w dL/dw|

Letters: i in_dim, o out_dim, r triples of a layer.
Source: Zhang et al. 2023, AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning, arXiv 2303.10512,
section 3. The paper smooths s over the steps and weighs it by its uncertainty; here it is what one step measures.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lora_utils.integers import at_least


@torch.no_grad()
def triple_importance(A: Tensor, lam: Tensor, B: Tensor, dA: Tensor, dlam: Tensor, dB: Tensor) -> Tensor:
    """How much the loss hangs on each triple: the first-order change if all its numbers went to zero, made positive.

    Means, not sums, over the vectors: a triple of a large layer is not more important for being long.

    Args:
        A, lam, B: the factors and the numbers between them.
        dA, dlam, dB: gradients of the loss with respect to them.

    Shapes:
        A, dA (i, r); lam, dlam (r,); B, dB (r, o) -> (r,).

    Source: Zhang et al. 2023, equations 7 and 8. Explained in lab 11_lora_today.
    """
    return (lam * dlam).abs() + (A * dA).abs().mean(dim=0) + (B * dB).abs().mean(dim=1)  # (r,)


def allocate_ranks(importances: Sequence[Tensor], budget: int) -> list[Tensor]:
    """Which triples stay: the `budget` most important ones, whatever layer they are in.

    Args:
        importances: one tensor a layer; of equals the earlier one stays.
        budget: how many triples stay in all, at least 0; all of them where it is larger.

    Shapes:
        (r,) each -> bool (r,) each, True where a triple stays.

    Raises:
        ValueError: if budget is no whole number of at least 0.

    Source: Zhang et al. 2023, section 3.2. Explained in lab 11_lora_today.
    """
    budget = at_least(0, "budget", budget)
    if not importances:
        return []
    joined = torch.cat(list(importances))  # (r of all layers,)
    stays = torch.zeros(len(joined), dtype=torch.bool, device=joined.device)
    stays[joined.argsort(descending=True, stable=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))
