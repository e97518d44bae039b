"""Intruder dimensions: strong singular vectors of a fine-tuned weight that the original weight did not have.

    W0 = sum_i s_i u_i v_i^T,   W = sum_j t_j y_j z_j^T:   y_j intrudes if max_i |<y_j, u_i>| < threshold

Only the first few y_j are looked at: those of the largest t_j, which act most. A high cosine says that the direction
was there before, perhaps in another place of the order.

Letters: o out_features, i in_features, m = min(o, i).
Source: Shuttleworth et al. 2024, LoRA vs Full Fine-tuning: An Illusion of Equivalence, arXiv 2410.21228.
"""

from __future__ import annotations

from torch import Tensor

from lora_utils.integers import at_least
from lora_utils.reals import real
from lora_utils.variants.pissa import thin_svd


def top_cosines(before: Tensor, after: Tensor, top: int = 10) -> Tensor:
    """How near each strong left singular vector of `after` comes to any left singular vector of `before`.

        c_j = max_i |<y_j, u_i>|,  j = 1 ... min(top, m)

    Args:
        before: the original weight (o, i), as nn.Linear stores it.
        after: the fine-tuned weight, of the same shape.
        top: how many of the strongest singular vectors of `after` are looked at, at least 1; default 10.

    Returns:
        (min(top, m),) numbers from 0 to 1, for the largest singular value first.

    Raises:
        ValueError: if the weights are not two matrices of one shape, or `top` is not a positive integer.

    Source: Shuttleworth et al. 2024. Explained in lab 11_lora_today.
    """
    if before.dim() != 2 or before.shape != after.shape:
        shapes = f"{tuple(before.shape)} and {tuple(after.shape)}"
        raise ValueError(f"before and after must be two matrices of one shape, got {shapes}")
    old, new = (thin_svd(weight)[0] for weight in (before, after))  # (o, m) each
    return (old.T @ new[:, : at_least(1, "top", top)]).abs().amax(dim=0)  # (m, o) @ (o, top) -> (m, top) -> (top,)


def count_intruder_dimensions(before: Tensor, after: Tensor, top: int = 10, threshold: float = 0.5) -> int:
    """How many of the strongest singular vectors of `after` lie near no singular vector of `before`.

        number of j <= top with max_i |<y_j, u_i>| < threshold

    Args:
        before, after, top: as in top_cosines.
        threshold: from 0 to 1; default 0.5. In o dimensions a random direction has some cosine with one of m others,
            about sqrt(2 log m / o) at best, and the threshold must lie above that to tell anything.

    Raises:
        ValueError: as top_cosines, or if the threshold is not from 0 to 1.

    Source: Shuttleworth et al. 2024. Explained in lab 11_lora_today.
    """
    return int((top_cosines(before, after, top) < _share("threshold", threshold)).sum())


def scale_intruder_dimensions(
    before: Tensor, after: Tensor, factor: float, top: int = 10, threshold: float = 0.5
) -> Tensor:
    """The weight `after` with the singular values of its intruder dimensions multiplied by a factor.

        W + (factor - 1) * sum over intruders j of t_j y_j z_j^T

    Args:
        before, after, top, threshold: as in count_intruder_dimensions.
        factor: any finite number; 1 changes nothing, 0 takes the intruders out.

    Returns:
        (o, i), a new tensor of the type of `after`.

    Raises:
        ValueError: as count_intruder_dimensions.

    Source: Shuttleworth et al. 2024, who scale them to show what they cause; PEFT's `reduce_intruder_dimension`.
    Explained in lab 11_lora_today.
    """
    factor = real("factor", factor)
    rows = (top_cosines(before, after, top) < _share("threshold", threshold)).nonzero().flatten()
    left, values, right = thin_svd(after)  # (o, m), (m,), (m, i)
    scaled = after + (factor - 1) * (left[:, rows] * values[rows]) @ right[rows]  # (o, n) @ (n, i) -> (o, i)
    return scaled.to(after.dtype)


def _share(name: str, value: float) -> float:
    return real(name, value, "lie from 0 to 1", lambda share: 0 <= share <= 1)
