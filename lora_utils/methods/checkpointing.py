"""Gradient checkpointing: keep the input of each block, forget the rest, and compute it again in the backward pass.

A step then holds one vector per token and block, plus the inside of one block at a time, instead of the insides of
all. It pays with one more forward pass: a third more work where all weights are trained, half as much again where they
are frozen, since the backward pass is then as short as the forward pass.
Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from torch import nn
from torch.utils.checkpoint import checkpoint

from lora_utils.models.decoder import Cache


def checkpoint_blocks(blocks: Iterable[nn.Module]) -> int:
    """Make each block forget its intermediate results and recompute them when gradients are needed, in place.

    Names and parameters of the model stay as they are, so adapters are saved and loaded as before. Not reentrant:
    the older kind returns no gradient for a block's parameters when its input needs none, as the frozen embedding's
    output does (huggingface/transformers #21381, peft #1142).

    Args:
        blocks: modules that run one after another, such as `decoder.blocks`; one that comes several times is changed
            once. A block runs twice while gradients are recorded, so it must change nothing outside itself, but for a
            Cache that it is given, such as a prefix: the second run gets a copy of that from before the first.

    Returns:
        How many different blocks there are.

    Raises:
        ValueError: if a block is checkpointed already.

    Source: Chen et al. 2016, section 4. Explained in lab 08_qlora.
    """
    blocks = set(blocks)
    if any("forward" in vars(block) for block in blocks):
        raise ValueError("a block has a forward of its own already; call forget_checkpoints(blocks) first")
    for block in blocks:
        block.forward = _Recomputed(block.forward)
    return len(blocks)


def forget_checkpoints(blocks: Iterable[nn.Module]) -> int:
    """Undo `checkpoint_blocks` and return how many blocks were changed back."""
    changed = [block for block in set(blocks) if isinstance(vars(block).get("forward"), _Recomputed)]
    for block in changed:
        del block.forward
    return len(changed)


class _Recomputed:
    """A forward method under checkpoint; an object and not a closure, so that a model with it can be deep-copied."""

    def __init__(self, forward) -> None:
        self.forward = forward

    def __call__(self, *args, **kwargs):
        before = {id(one): copy.copy(one) for one in (*args, *kwargs.values()) if isinstance(one, Cache)}
        first = True

        def as_before(one):
            return copy.copy(before[id(one)]) if id(one) in before else one

        def forward(*args, **kwargs):
            nonlocal first
            if first:
                first = False
                return self.forward(*args, **kwargs)
            return self.forward(*map(as_before, args), **{name: as_before(one) for name, one in kwargs.items()})

        return checkpoint(forward, *args, use_reentrant=False, **kwargs)
