"""What the checks of lab 07 share: numbers made from known codes, and expectations about types."""

from __future__ import annotations

import torch

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.failure import Failure

TINY = 1e-5  # of what other cases measure: numbers whose steps some guards take for zero
THRESHOLDS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
SIDES = ("most below zero", "most above zero", "all above zero", "all below zero")


def small_taken_for_zero() -> list[tuple]:
    """What guards make of small steps: id, what the step becomes, text and hint."""
    guards = ((lambda s, t: 1.0 if s < t else s, "so small a step is taken for zero and becomes 1"),
              (lambda s, t: max(s, t), "a step below {t:g} becomes {t:g}"),
              (lambda s, t: s + t, "{t:g} is added to every step"))  # fmt: skip
    hint = "Only where the largest magnitude is 0 is there no step; small numbers have small steps."
    return [("small-is-not-zero", lambda s, g=guard, t=t: g(s, t), text.format(t=t), hint)
            for t in THRESHOLDS for guard, text in guards]  # fmt: skip


def spread(v: torch.Tensor) -> torch.Tensor:
    """The standard deviation; a single number has none."""
    return v.std() if v.numel() > 1 else torch.tensor(float("nan"))


def on_grid(
    draw: Draw, bits: int, shape: tuple[int, ...], side: str = SIDES[0], size: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Draw numbers x = s (q + d) with known codes q and step s.

    The largest magnitude is s L and unique, L = 2**(bits - 1) - 1, and `side` says where it and the others stand; the
    other numbers lie at least a tenth of a step from the middle between two codes and from the codes themselves, on
    both sides, so that no way of rounding but one gives q.

    Returns:
        x float32 of the shape, q int64 of the shape, s
    """
    s, L, n = draw.number(0.11, 0.49) * size, 2 ** (bits - 1) - 1, torch.Size(shape).numel()
    q = draw.integers(-(L - 1), max(L // 2, 0), n)
    d = 0.1 + 0.3 * draw.integers(0, 99, n) / 99
    d = torch.where(draw.integers(0, 1, n) == 1, d, -d)
    if n > 3:  # every way of rounding is shown a number that it gets wrong
        q[1:3], d[1:3] = torch.tensor([min(1, L // 2), -min(1, L - 1)]), torch.tensor([0.3, -0.3]).double()
        q[3], d[3] = min(1, L // 2), -0.3
    q[0], d[0] = -L, 0.0
    x = q + d
    if side.startswith("all"):  # |q + d| has the code |q|
        x, q = x.abs(), q.abs()
    if side in ("most above zero", "all below zero"):
        x, q = -x, -q
    return (s * x).float().reshape(shape), q.reshape(shape), s


def parts(value, names: str) -> list:
    """The results of a function that must return several."""
    wanted = names.count(",") + 1
    if type(value) is list and len(value) == wanted:
        return value
    came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
    came = "None: is a return missing?" if value is None else came
    raise Failure("not-all-results", f"expected {wanted} results, {names}, got {came}", f"Write return {names}.")


def expect_step_number(scale, shape: tuple[int, ...], what: str = "step") -> None:
    """Raise a Failure unless a step, or what is named, is one number."""
    if type(scale) in (int, float) or (isinstance(scale, torch.Tensor) and scale.numel() == 1):
        return
    if isinstance(scale, torch.Tensor):
        text = f"there must be one {what} for the whole tensor of shape {shape}, got shape {tuple(scale.shape)}"
        raise Failure("step-per-row", text, "max() without a dimension looks at the whole tensor.")
    raise Failure("no-number", f"the {what} must be one number, got {scale!r}", "Look at the order of the results.")


def expect_integers(codes: torch.Tensor, dtype: torch.dtype, hint: str) -> None:
    """Raise a Failure unless codes have the type in which they are stored."""
    if codes.dtype != dtype:
        text = f"the codes have the right values, but are stored as {codes.dtype}: {codes.element_size()} bytes each"
        if codes.element_size() == 1:
            text = f"the codes must be {dtype}, got {codes.dtype}"
        raise Failure("codes-wrong-type", text, hint)


def except_ends(wrong: torch.Tensor, codes: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """A wrong way's codes, with those at the ends taken from the answer if they differ by one at most.

    The largest magnitude lies on a whole number of steps, where rounding errors decide which way cutting goes.
    """
    if codes.shape != wrong.shape:
        return wrong
    given = codes.double()
    apart = (given - wrong + 128) % 256 - 128  # in int8, 128 has become -128
    return torch.where(ends & (apart.abs() <= 1), given, wrong)
