"""Several updates of one weight made into one: task arithmetic, TIES, and DARE, which thins an update out beforehand.

An update is what fine-tuning added to a weight: of LoRA, alpha * (A B).T beside a weight (out, in). It is added to the
base that it was trained over. For updates that each stand for a whole model the literature says task vectors.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lora_utils.reals import real


def task_arithmetic(updates: Iterable[Tensor], scale: float = 1.0) -> Tensor:
    """The sum of the updates, scaled.

        scale * sum_t U_t

    Args:
        updates: at least one, all of one shape.
        scale: any number; default 1. One over their number gives the mean, -1 of a single one takes it away.

    Raises:
        ValueError: if there is no update, their shapes differ, or the scale is not finite.

    Source: Ilharco et al. 2022, Editing Models with Task Arithmetic, arXiv 2212.04089. Explained in lab 11_lora_today.
    """
    return real("scale", scale) * _stacked(updates).sum(dim=0)


def merge_ties(updates: Iterable[Tensor], density: float) -> Tensor:
    """One update in which only those have a say that are large and agree in sign: trim, elect, merge disjointly.

        1. trim   V_t = U_t with all but its int(density * n) largest of n numbers, by magnitude, set to 0
        2. elect  g = the sign of sum_t V_t, for each place
        3. merge  the mean of those V_t that have the sign g there; 0 where none has

    Args:
        updates: at least one, all of one shape.
        density: the share of each update that is kept, above 0 and at most 1.

    Returns:
        of the same shape; multiply it by a scale of your choice before you add it to the base.

    Raises:
        ValueError: if there is no update, their shapes differ, or the density is out of range.

    Source: Yadav et al. 2023, TIES-Merging, arXiv 2306.01708. Explained in lab 11_lora_today.
    """
    density = real("density", density, "lie above 0 and at most at 1", lambda share: 0 < share <= 1)
    trimmed = torch.stack([_trim(update, density) for update in _stacked(updates)])  # (t, ...)
    elected = trimmed.sum(dim=0).sign()  # (...)
    agree = (trimmed.sign() == elected) & (trimmed != 0)  # (t, ...)
    return (trimmed * agree).sum(dim=0) / agree.sum(dim=0).clamp(min=1)  # where none agrees, 0 / 1


def drop_and_rescale(update: Tensor, drop: float, generator: torch.Generator | None = None) -> Tensor:
    """Each number of an update is dropped with probability `drop`, and those that stay grow so that the mean stays.

        M_ab = 1 with probability 1 - drop, else 0;   U * M / (1 - drop)

    Args:
        update: any tensor of floats.
        drop: from 0, which changes nothing, to below 1.
        generator: of the random numbers, on the update's device; default torch's own.

    Returns:
        a new tensor whose expectation is the update.

    Raises:
        ValueError: if `drop` is out of range.

    Source: Yu et al. 2023, Language Models are Super Mario (DARE), arXiv 2311.03099. Explained in lab 11_lora_today.
    """
    drop = real("drop", drop, "lie from 0 to below 1", lambda share: 0 <= share < 1)
    # In 16 bits chance would be one of 256 or 2,048 numbers, none of which reaches a high drop.
    wide = torch.promote_types(update.dtype, torch.float32)
    chance = torch.rand(update.shape, generator=generator, dtype=wide, device=update.device)
    return update * (chance >= drop) / (1 - drop)


def _stacked(updates: Iterable[Tensor]) -> Tensor:
    updates = list(updates)
    shapes = {tuple(update.shape) for update in updates}
    if len(shapes) != 1:
        raise ValueError(f"updates must be at least one tensor, all of one shape, got {sorted(shapes) or 'none'}")
    return torch.stack(updates)  # (t, ...)


def _trim(update: Tensor, density: float) -> Tensor:
    flat = update.flatten()
    kept = flat.abs().topk(int(density * flat.numel())).indices
    return torch.zeros_like(flat).index_copy(0, kept, flat[kept]).view(update.shape)
