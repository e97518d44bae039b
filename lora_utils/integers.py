"""Whole numbers that a caller gives. A rank from numpy, pandas or a tensor is an integer, too, and becomes Python's."""

from __future__ import annotations

import operator
from typing import Any


def as_python(value: Any) -> Any:
    """Return a scalar of numpy or torch as Python's own, and anything else as it came."""
    try:
        return value.item()
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return value


def as_integer(value: Any) -> int | None:
    """Return an integer of any library as Python's int, and None for whatever is none; True and False are none.

    Floats are none either, also 2.0: `operator.index` is the rule that Python itself applies to the index of a list.
    """
    if isinstance(as_python(value), bool):  # torch's True is an index, too
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def at_least(lowest: int, name: str, value: Any) -> int:
    """Return an argument as Python's int.

    Args:
        lowest: the smallest value allowed.
        name: of the argument, for the message.
        value: what the caller gave.

    Raises:
        ValueError: if it is no integer, or below `lowest`.
    """
    found = as_integer(value)
    if found is None or found < lowest:
        raise ValueError(f"{name} must be an integer of at least {lowest}, got {value!r}")
    return found
