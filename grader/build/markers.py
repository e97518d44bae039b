"""The marker lines of a lab source, and what lies between them.

nbgrader looks for the words anywhere in a line and says nothing about a marker it does not recognise: a misspelt
marker hands the answer to every student. Here a marker is one exact line, and anything close to it is refused.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

SOLUTION = "SOLUTION"
HIDDEN_TESTS = "HIDDEN TESTS"
KINDS = (SOLUTION, HIDDEN_TESTS)
PHRASES = tuple(f"{edge} {kind}" for kind in KINDS for edge in ("BEGIN", "END"))
MARKER = re.compile(r"\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*")

# "BEGIN SOLN" is 0.83 like "BEGIN SOLUTION"; the honest comment "# solution" is 0.80 like "END SOLUTION".
CLOSE = 0.82


@dataclass(frozen=True)
class Region:
    """What stands between a BEGIN line and its END line; `first` and `last` are the marker lines, from 0."""

    kind: str
    first: int
    last: int
    lines: tuple[str, ...]


def near_miss(line: str, *, code: bool) -> str | None:
    """Return the marker that a line was probably meant to be, or None.

    Args:
        line: one line of a cell.
        code: whether the cell holds code. In text only capitals count, so that a heading "Solution" is free.
    """
    if MARKER.fullmatch(line):
        return None
    for phrase in PHRASES:
        if phrase in line:
            return f"### {phrase}"
    stripped = line.strip()
    if not stripped.startswith("#"):
        return None
    words = " ".join(re.sub(r"[^A-Za-z]+", " ", stripped).split())
    words = words.upper() if code else words
    scores = {phrase: difflib.SequenceMatcher(None, words, phrase).ratio() for phrase in PHRASES}
    best = max(scores, key=scores.__getitem__)
    if scores[best] >= CLOSE or re.fullmatch(r"#+\s*(BEGIN|END)\b[A-Z _-]*", stripped):
        return f"### {best}"
    return None


def faults(text: str, *, code: bool) -> Iterator[str]:
    """Say what is wrong with the markers of one cell: misspelt, nested, unclosed or stray."""
    lines = text.split("\n")
    meant = {number: near_miss(line, code=code) for number, line in enumerate(lines, start=1)}
    for number, marker in meant.items():
        if marker is not None:
            line = lines[number - 1].strip()
            yield f"line {number} of the cell, {line!r}, is not a marker; write exactly {marker!r} on its own line"
    if not any(meant.values()):
        yield from pairing_faults(lines)


def pairing_faults(lines: list[str]) -> Iterator[str]:
    """Say which of the well-spelt markers of one cell are nested, unclosed or stray."""
    open_kind, open_line = None, 0
    for number, line in enumerate(lines, start=1):
        match = MARKER.fullmatch(line)
        if match is None:
            continue
        edge, kind = match.groups()
        if edge == "BEGIN" and open_kind is not None:
            yield (
                f"BEGIN {kind} on line {number} of the cell stands inside the {open_kind} region opened on line "
                f"{open_line}; close that one first with '### END {open_kind}'"
            )
        elif edge == "END" and open_kind is None:
            yield (
                f"END {kind} on line {number} of the cell has no BEGIN {kind} before it; "
                f"add '### BEGIN {kind}' or delete the line"
            )
        elif edge == "END" and kind != open_kind:
            yield (
                f"END {kind} on line {number} of the cell closes the {open_kind} region opened on line {open_line}; "
                f"write '### END {open_kind}'"
            )
            open_kind = None
        elif edge == "BEGIN":
            open_kind, open_line = kind, number
        else:
            open_kind = None
    if open_kind is not None:
        yield f"BEGIN {open_kind} on line {open_line} of the cell is never closed; add '### END {open_kind}' after it"


def regions(text: str) -> list[Region]:
    """List the regions of a cell whose markers have no faults."""
    found: list[Region] = []
    lines = text.split("\n")
    first = 0
    for number, line in enumerate(lines):
        match = MARKER.fullmatch(line)
        if match is None:
            continue
        edge, kind = match.groups()
        if edge == "BEGIN":
            first = number
        else:
            found.append(Region(kind, first, number, tuple(lines[first + 1 : number])))
    return found


def kinds(text: str) -> set[str]:
    """Name the kinds of region that a cell opens or closes."""
    matches = (MARKER.fullmatch(line) for line in text.split("\n"))
    return {match.group(2) for match in matches if match}
