"""What wrong results have to do with the right ones, where no known mistake explains them.

Each sentence is computed and holds for all that came, so that it is true of whoever reads it, whatever the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

ENOUGH = 3  # numbers: a factor or a constant always leads from one number to another
HALF_BYTE, BYTE = 16, 256  # what whole numbers of few bits hold

# What is done to the right result, as a student reads it.
DONE = (
    ("the sign is turned round everywhere", lambda w: -w),
    ("it is as it should be, but for the signs: those below zero have lost theirs", torch.abs),
    ("what should be below zero is 0, and all else is right", lambda w: w.clamp(min=0)),
    ("it is rounded to whole numbers", torch.round),
    ("it is cut down to whole numbers, towards zero", torch.trunc),
    ("it is rounded down to whole numbers", torch.floor),
    ("the numbers begin again at 0 after 15: four bits are kept", lambda w: w % HALF_BYTE),
    ("the numbers begin again at 0 after 255, which is where uint8 ends", lambda w: w % BYTE),
    ("the numbers above 127 have become negative: int8 ends there", lambda w: (w + 128) % BYTE - 128),
    ("it is the transpose of what is asked for", lambda w: w.mT if w.dim() > 1 and w.shape[-1] == w.shape[-2] else w),
)


def relation(values: Sequence, wanted: Sequence, close: Callable[[torch.Tensor, torch.Tensor], bool]) -> str:
    """Return a sentence that says how all values come of the right ones; nothing where none is known to hold.

    Args:
        values: what came, one a case.
        wanted: the right results, in the same order.
        close: whether two tensors of float64 agree.
    """
    pairs = [(_numbers(value), _numbers(want)) for value, want in zip(values, wanted, strict=True)]
    if any(v is None or w is None or v.shape != w.shape or not v.isfinite().all() for v, w in pairs):
        return ""
    count = sum(w.numel() for _, w in pairs)
    if count < ENOUGH:
        return ""
    for sentence, done in DONE:
        if all(close(v, done(w)) for v, w in pairs) and not all(close(done(w), w) for _, w in pairs):
            return sentence
    came, right = (torch.cat([pair[side].flatten() for pair in pairs]) for side in (0, 1))
    if (right != 0).sum() >= ENOUGH:
        factor = float(came @ right / (right @ right))
        if abs(factor) > 1e-6 and all(close(v, factor * w) for v, w in pairs):
            return f"it is {factor:.4g} times what it should be, everywhere"
    more = float((came - right).mean())
    if all(close(v, w + more) for v, w in pairs):
        return f"it is {abs(more):.4g} {'more' if more > 0 else 'less'} than it should be, everywhere"
    if all(close(v.flatten().sort().values, w.flatten().sort().values) for v, w in pairs):
        return "these are the right numbers in another order"
    return ""


def _numbers(value: object) -> torch.Tensor | None:
    if type(value) in (int, float):
        return torch.tensor(float(value), dtype=torch.float64)
    return value.to(torch.float64) if isinstance(value, torch.Tensor) and value.dtype != torch.bool else None
