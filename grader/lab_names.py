"""Which labs a text means, on every command line and in course.toml: by name, by number, or by a range of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

RANGE = re.compile(r"(\d+)\s*-\s*(\d+)", re.ASCII)
NUMBER = re.compile(r"\d+", re.ASCII)
FILES = (".py", ".ipynb")  # of a lab, whose name it is


class NoLab(ValueError):
    """A text that means no lab, or more than one where one is asked for; the message is one sentence."""


def choose_labs(texts: str | Iterable[str], labs: Iterable[str]) -> tuple[str, ...]:
    """Return the labs that are meant, in their own order; all where nothing is said.

    Args:
        texts: each with parts between commas: a name (05_lora_layer), a number (05 or 5), a range of numbers whose ends
            are labs (00-05), or a lab's file.
        labs: names of all that may be meant, each with its number before the first "_".

    Raises:
        NoLab: a part that means none.
    """
    labs = tuple(labs)
    parts = [part.strip() for text in ([texts] if isinstance(texts, str) else texts) for part in text.split(",")]
    chosen = {lab for part in parts if part for lab in _meant(part, labs)}
    return tuple(lab for lab in labs if lab in chosen or not chosen)


def choose_lab(text: str, labs: Iterable[str]) -> str:
    """Return the one lab that is meant; see `choose_labs`.

    Raises:
        NoLab: there is none, or there are several.
    """
    labs = tuple(labs)
    found = choose_labs(text, labs) if text.strip() else ()
    if len(found) != 1:
        known = ", ".join(found or labs)
        raise NoLab(f"{text!r} means {'several labs' if found else 'no lab'}; give one of {known}.")
    return found[0]


def _meant(part: str, labs: tuple[str, ...]) -> list[str]:
    if (ends := RANGE.fullmatch(part)) is not None:
        first, last = (_at(number, part, labs) for number in ends.groups())
        if first > last:
            raise NoLab(f"the range {part!r} ends before it begins; write the smaller number first.")
        return [lab for lab in labs if (number := _number(lab)) is not None and first <= number <= last]
    name = Path(part).name
    for suffix in FILES:
        name = name.removesuffix(suffix)
    if name in labs:
        return [name]
    if NUMBER.fullmatch(name):
        return [lab for lab in labs if _number(lab) == _at(name, part, labs)]
    raise _unknown(part, part, labs)


def _at(number: str, part: str, labs: tuple[str, ...]) -> int:
    """Return a number that some lab bears."""
    if int(number) not in map(_number, labs):
        raise _unknown(number, part, labs)
    return int(number)


def _number(lab: str) -> int | None:
    first = lab.partition("_")[0]
    return int(first) if NUMBER.fullmatch(first) else None


def _unknown(text: str, part: str, labs: tuple[str, ...]) -> NoLab:
    inside = f" (in {part!r})" if text != part else ""
    return NoLab(f"there is no lab {text!r}{inside}; the labs are: {', '.join(labs) or 'none'}.")
