"""One of a thing or several: how sentences, pages and reports count."""

from __future__ import annotations

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def counted(number: float, noun: str) -> str:
    """Return "1 point", "2 points", "0.5 points"; points have two places at most.

    Args:
        number: how many.
        noun: for one of them; an s makes it several.
    """
    return f"{number if isinstance(number, int) else f'{round(number, 2):g}'} {plural(noun, number)}"


def in_words(number: int) -> str:
    """Return a number from 0 to 99 as words, "twenty-five"; a larger one in digits."""
    if number >= 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return ONES[number] if number < len(ONES) else f"{TENS[tens - 2]}-{ONES[ones]}" if ones else TENS[tens - 2]


def plural(noun: str, number: float) -> str:
    """Return a noun as it stands after a number that is written before it some other way."""
    return noun if number == 1 else f"{noun}s"
