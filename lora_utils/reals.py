"""Real numbers that a caller gives: factors, rates and shares. One from numpy or a tensor becomes Python's."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lora_utils.integers import as_python


def as_real(value: Any) -> float:
    """Return a real number of any library as Python's, and NaN for whatever is none; True, False and "8" are none.

    NaN, since no comparison holds for it. A tensor that is trained is none either: as a number it would stand still.
    """
    found = value if getattr(value, "requires_grad", False) else as_python(value)
    if isinstance(found, bool) or not isinstance(found, numbers.Real | Decimal):
        return math.nan
    try:
        return found if isinstance(found, int) and math.isfinite(found) else float(found)
    except OverflowError:  # 10**400 is larger than any float
        return math.nan


def real(
    name: str, value: Any, must: str = "be a finite number", holds: Callable[[float], bool] = math.isfinite
) -> float:
    """Return an argument as Python's number.

    Args:
        name: of the argument, for the message.
        value: what the caller gave.
        must: what it has to do, for the message (default "be a finite number").
        holds: whether a finite number does (default: each one).

    Raises:
        ValueError: if it is no number, or `holds` says no.
    """
    found = as_real(value)
    if not (math.isfinite(found) and holds(found)):
        trained = "a number that is trained: " if getattr(value, "requires_grad", False) is True else ""
        raise ValueError(f"{name} must {must}, got {trained}{value!r}")
    return found


def above_zero(name: str, value: Any) -> float:
    """Return an argument as Python's number, or raise ValueError unless it is finite and above 0."""
    return real(name, value, "be above 0", lambda found: found > 0)
