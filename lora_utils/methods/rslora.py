"""Rank-stabilised LoRA: the path's factor is alpha / sqrt(rank), so that one learning rate serves every rank.

    y = linear(x) + (alpha / sqrt(r)) * (x A B)

Letters: r rank.
Source: Kalajdzievski 2023, A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA, arXiv 2312.03732.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import nn

from lora_utils.integers import at_least
from lora_utils.methods.inject import inject_lora
from lora_utils.reals import real


def rslora_scale(alpha: float, rank: int) -> float:
    """The factor in front of the product A B under rsLoRA: alpha / sqrt(rank).

    Args:
        alpha: the numerator, PEFT's `lora_alpha` with `use_rslora=True`.
        rank: r, at least 1.

    Raises:
        ValueError: rank is no integer of at least 1, or alpha is not finite.

    Source: Kalajdzievski 2023, section 3. The LoRA paper divides by r, this course's LoRALayer by nothing. Explained in
    lab 09_capstone.
    """
    return real("alpha", alpha) / math.sqrt(at_least(1, "rank", rank))


def inject_rslora(model: nn.Module, names: str | Iterable[str], rank: int, alpha: float) -> list[str]:
    """Replace the linear layers whose names match by LinearWithLoRA with the factor alpha / sqrt(rank), in place.

    It is LoRA: at a single rank another alpha gives the same. What the root changes is what happens when the rank is
    changed and alpha is not.

    Args:
        model, names, rank: as in inject_lora.
        alpha: divided by sqrt(rank) before it reaches the layers. PEFT: `lora_alpha=alpha, use_rslora=True`.

    Returns:
        The names of the layers replaced, in the model's order.

    Raises:
        ValueError: as inject_lora.

    Explained in lab 09_capstone.
    """
    return inject_lora(model, names, rank, rslora_scale(alpha, rank))
