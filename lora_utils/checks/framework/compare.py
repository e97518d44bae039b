"""Comparing what a probe saw with what the judge computed, and recognising well-known mistakes.

The judge computes not only the right result but also the results of the usual mistakes. A wrong answer that equals one
of them gets that mistake's own message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from lora_utils.checks.framework.failure import Failure

# Relative to the largest expected magnitude. Sums of a dozen float32 products err by about 1e-6 of it; the mildest
# mistakes in the catalogue are more than a hundred times beyond.
TOLERANCE = 2e-5
NEARLY = 1e-2  # of the largest number; bfloat16 has eight bits
ENOUGH = 3  # numbers: a factor or a constant always leads from one number to another
HALF_BYTE, BYTE = 16, 256  # what whole numbers of few bits hold

# What may have been done to the right result, as a student reads it.
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


@dataclass(frozen=True)
class Mistake:
    """A recognisable wrong result.

    Args:
        id: the message's name in reports and in the catalogue.
        value: what that mistake computes.
        text: what is wrong, in one sentence.
        hint: what to do about it; default none.
    """

    id: str
    value: torch.Tensor | float
    text: str
    hint: str | None = None


def close(actual, expected, tolerance: float = TOLERANCE) -> bool:
    """Return whether two numbers or tensors agree in shape and, within tolerance * max(1, max |expected|), in value."""
    actual, expected = _float64(actual), _float64(expected)
    if actual is None or actual.shape != expected.shape:
        return False
    if expected.numel() == 0:
        return True
    if not torch.isfinite(actual).all() or not torch.isfinite(expected).all():
        return False
    return bool((actual - expected).abs().max() <= tolerance * max(1.0, float(expected.abs().max())))


def came_as(value) -> str:
    """Name what came instead of a tensor or a number; to probes a tuple and a list are one."""
    if value is None:
        return "None"
    return f"{len(value)} things in a list or tuple" if type(value) is list else f"a {type(value).__name__}"


def expect_tensor(actual, what: str) -> None:
    """Raise a Failure unless what a probe brought back is a tensor; a forgotten return gives None."""
    if not isinstance(actual, torch.Tensor):
        hint = "Is a return missing, or does it give something else than one tensor?"
        raise Failure("no-tensor", f"{what} must be a tensor, got {came_as(actual)}", hint)


def expect_number(actual, what: str, kind: type = float) -> None:
    """Raise a Failure unless what came back is a plain number of the kind that the exercise promises.

    Args:
        actual: what the probe saw.
        what: names the quantity in the message.
        kind: int, for a whole number, or float, which a whole number is too; default float.
    """
    name = "a whole number (int)" if kind is int else "a plain number (float)"
    if isinstance(actual, torch.Tensor):
        turn = f"{kind.__name__}(...) or .item() makes a number of a tensor that holds one."
        shape = tuple(actual.shape)
        raise Failure("not-a-number", f"{what} must be {name}, got a tensor of shape {shape}", turn)
    if type(actual) is int or (type(actual) is float and kind is float):
        return
    if type(actual) is float:
        said = f"{what} must be {name}, got the float {actual:g}"
        raise Failure("not-whole", said, "Use // or int(...): a float prints as 2.0 and is no index.")
    came = "None: is a return missing?" if actual is None else came_as(actual)
    raise Failure("not-a-number", f"{what} must be {name}, got {came}", "Look at what the last line returns.")


def share_left(found: torch.Tensor, target: torch.Tensor, start: torch.Tensor) -> float:
    """Return which share of the squared distance from start to target is left, for outputs on inputs of the judge's.

    The targets of these inputs are not told beside the student's object, so that the outputs cannot be made up of them.
    """
    return float((found - target).square().mean() / (start - target).square().mean())


def learns(parameter: dict) -> bool:
    """Return whether the step that `parameters_of` tries has moved a parameter."""
    value, after = parameter["value"], parameter["after"]
    return torch.equal(after.nan_to_num(), (value - 1).nan_to_num())  # NaN, which differs from itself, is no fault here


def expect_explained(seen, again, what: str, kept: bool = False) -> None:
    """Raise a Failure unless what was seen is what the parts that came back make of it.

    A part may be said to be trainable, zero or inside; what the answer does must bear it out. No honest answer fails
    here, whatever is wrong with it: `again` is the answer's own output too, for parts of the judge's choice. None is no
    output at all; that, and numbers that are not finite, the checks of the output tell of. `kept` says that what was
    seen is what came before the parts had other numbers.
    """
    if isinstance(again, torch.Tensor) and not torch.isfinite(again).all():
        return
    if (seen is None) != (again is None) or (seen is not None and not close(seen, again, 1e-3)):
        if kept:
            raise Failure("facts-disagree", f"{what} is the one that came before they had them: it was made once and "
                          "kept", "Compute in every call: keep parameters in self, and no results.")  # fmt: skip
        gap = where_wrong(seen, again, 1e-3)
        raise Failure("facts-disagree", f"{what} is not what the numbers in its parameters make of it{gap}",
                      "Keep what is trained in the parameters, and use them in forward: no copies.")  # fmt: skip


def expect_apart(alone, beside, what: str) -> None:
    """Raise a Failure unless an object gives the same whether or not a second one has been made after it.

    Args:
        alone: what it gave when it was the only one.
        beside: what it gave once there was another.
        what: names the object, for example "layer".
    """
    if beside is None or not close(beside, alone):
        gap = where_wrong(beside, alone)
        raise Failure("shares-state", f"once a second {what} is made and used, the first gives something else{gap}",
                      "Keep in self whatever one object needs: what stands on the class or in a global is one for all "
                      "of them.")  # fmt: skip


def expect_close(
    actual,
    expected,
    *,
    what: str,
    id: str = "wrong-value",
    hint: str | None = None,
    mistakes: tuple[Mistake, ...] = (),
    tolerance: float = TOLERANCE,
    alone: bool = True,
) -> None:
    """Raise a Failure unless `actual` is close to `expected`.

    Args:
        actual: what the probe saw.
        expected: what the judge computed.
        what: names the quantity in the message, for example "the output".
        id: message id when no known mistake is recognised; default "wrong-value".
        hint: the hint for that case; default none.
        mistakes: known wrong results, tried in order. One that equals the right result is passed over.
        tolerance: relative to the largest expected magnitude (at least 1); default 2e-5.
        alone: whether to say how a wrong result comes of the right one, unless other cases tell more; default yes.

    Raises:
        Failure: with the recognised mistake's id, text and hint, else with the shape or the largest difference.
    """
    if close(actual, expected, tolerance):
        return
    for mistake in mistakes:
        if not close(mistake.value, expected, tolerance) and close(actual, mistake.value, tolerance):
            raise Failure(mistake.id, mistake.text, mistake.hint)
    actual64, expected64 = _float64(actual), _float64(expected)
    if actual64 is None:
        came = "None: is a return missing?" if actual is None else came_as(actual)
        raise Failure(id, f"{what} must be a tensor or a number, got {came}", hint)
    if actual64.shape != expected64.shape:
        text = f"{what} must have shape {tuple(expected64.shape)}, got {tuple(actual64.shape)}"
        raise Failure(f"{id}-shape", text + _axes(actual64, expected64, tolerance), hint)
    if not (finite := torch.isfinite(actual64)).all():
        first, count = tuple((~finite).nonzero()[0].tolist()), int((~finite).sum())
        text = f"{what} must be finite, got {actual64[first].item():g}"
        if first:
            more = f", and so are {count - 1} of the other {finite.numel() - 1} numbers" if count > 1 else ""
            text += f" at {list(first)}, where {expected64[first].item():.4g} is expected{more}"
        raise Failure(f"{id}-not-finite", text, hint)
    if expected64.numel() == 1:
        raise Failure(id, f"{what} must be {expected64.item():.6g}, got {actual64.item():.6g}", hint)
    gap = float((actual64 - expected64).abs().max())
    how = alone and relation([actual64], [expected64], tolerance)
    if alone and not how and few_digits(actual64, expected64, tolerance):
        how = "the first digits are right: look for what keeps few"
    more = f"; {how}" if how else ""
    text = f"expected other values for {what}: the largest difference is {gap:.3g}"
    raise Failure(id, text + where_wrong(actual64, expected64, tolerance) + more, hint)


def where_wrong(actual: torch.Tensor | None, expected: torch.Tensor | None, tolerance: float = TOLERANCE) -> str:
    """Return, to end a sentence, where two tensors of one shape differ most, how often, and what these places share."""
    actual, expected = _float64(actual), _float64(expected)
    if actual is None or expected is None or actual.shape != expected.shape or not actual.numel():
        return ""
    gaps = (actual - expected).abs()
    wrong = ~(gaps <= tolerance * max(1.0, float(expected.abs().max())))  # NaN is wrong too
    worst = torch.unravel_index(gaps.argmax(), gaps.shape)
    place = [int(i) for i in worst]
    count, of = int(wrong.sum()), wrong.numel()
    told = f", at {place}: it must be {' and is '.join(_apart(expected[worst].item(), actual[worst].item()))}"
    if count == of:
        return f"{told}; {'both' if of == 2 else f'all {of}'} numbers are wrong" if of > 1 else told
    told += f"; {count} of {of} numbers {'is' if count == 1 else 'are'} wrong"
    if count < ENOUGH:
        return told
    for axis, size in enumerate(wrong.shape if wrong.dim() > 1 else ()):
        hit = wrong.movedim(axis, 0).flatten(1).any(dim=1).nonzero().flatten().tolist()
        if len(hit) == 1:
            return f"{told}, all of them at index {hit[0]} of axis {axis}, which has {size}"
    for sentence, group in (("below zero", expected < 0), ("above zero", expected > 0), ("zero", expected == 0)):
        if torch.equal(wrong, group):
            return f"{told}: those that should be {sentence}, and no others"
    return told


def few_digits(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = TOLERANCE) -> bool:
    """Whether a wrong tensor looks as if digits had been lost: many numbers are a little off, and none is far."""
    actual, expected = _float64(actual), _float64(expected)
    gaps, largest = (actual - expected).abs(), float(expected.abs().max())
    wrong, whole = gaps > tolerance * max(1.0, largest), torch.equal(expected, expected.round())
    many = 3 * int(wrong.sum()) >= int((expected != 0).sum())
    return many and not whole and bool(gaps.max() <= NEARLY * largest)


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many digits as tell them apart, four at least."""
    said = ((f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (4, 6, 9, 17))
    return next((pair for pair in said if pair[0] != pair[1]), (repr(one), repr(other)))


def _axes(actual: torch.Tensor, expected: torch.Tensor, tolerance: float) -> str:
    """Return, to end a sentence, how a wrong shape comes of the right one; nothing where that is not plain."""
    came, wanted = list(actual.shape), list(expected.shape)
    if [n for n in came if n != 1] == [n for n in wanted if n != 1]:
        told = {-1: ": an axis of size 1 is missing", 1: ": there is an axis of size 1 too many"}
        return told.get(len(came) - len(wanted), "")
    if came == wanted[::-1] and len(came) == 2:
        return ": its transpose is right" if close(actual.T, expected, tolerance) else ": the axes have changed places"
    gone = [axis for axis in range(len(wanted)) if came == wanted[:axis] + wanted[axis + 1 :]]
    return f": axis {gone[0]}, of size {wanted[gone[0]]}, is gone" if len(gone) == 1 else ""


def relation(values: Sequence, wanted: Sequence, tolerance: float = TOLERANCE) -> str:
    """Return a sentence that says how all values come of the right ones; nothing where none is known to hold.

    Args:
        values: what came, one a case.
        wanted: the right results, in the same order.
        tolerance: as in `close`; default 2e-5.
    """

    def agree(one: torch.Tensor, other: torch.Tensor) -> bool:
        return close(one, other, tolerance)

    if any(isinstance(one, bool) for one in (*values, *wanted)):
        return ""
    pairs = [(_float64(value), _float64(want)) for value, want in zip(values, wanted, strict=True)]
    if any(v is None or w is None or v.shape != w.shape or not v.isfinite().all() for v, w in pairs):
        return ""
    count = sum(w.numel() for _, w in pairs)
    if count < ENOUGH:
        return ""
    if not any(v.any() for v, _ in pairs):
        return "it is 0 everywhere"
    for sentence, done in DONE:
        if all(agree(v, done(w)) for v, w in pairs) and not all(agree(done(w), w) for _, w in pairs):
            return sentence
    came, right = (torch.cat([pair[side].flatten() for pair in pairs]) for side in (0, 1))
    if (right != 0).sum() >= ENOUGH:
        factor = float(came @ right / (right @ right))
        if abs(factor) > 1e-6 and f"{factor:.4g}" != "1" and all(agree(v, factor * w) for v, w in pairs):
            return f"it is {factor:.4g} times what it should be, everywhere"
    more = float((came - right).mean())
    if all(agree(v, w + more) for v, w in pairs):
        return f"it is {abs(more):.4g} {'more' if more > 0 else 'less'} than it should be, everywhere"
    if all(agree(v.flatten().sort().values, w.flatten().sort().values) for v, w in pairs):
        return "these are the right numbers in another order"
    return ""


def _float64(value) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        return value.to(torch.float64)
    if isinstance(value, (bool, int, float)):
        return torch.tensor(float(value), dtype=torch.float64)
    return None
