"""One of a thing or several: how sentences, pages and reports count."""

from __future__ import annotations


def counted(number: float, noun: str) -> str:
    """Return "1 point", "2 points", "0.5 points"; points have two places at most.

    Args:
        number: how many.
        noun: for one of them; an s makes it several.
    """
    return f"{number if isinstance(number, int) else f'{round(number, 2):g}'} {plural(noun, number)}"


def plural(noun: str, number: float) -> str:
    """Return a noun as it stands after a number that is written before it some other way."""
    return noun if number == 1 else f"{noun}s"
