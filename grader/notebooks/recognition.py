"""Which lab a notebook is of, and which of the lab's cells its cells are, by their names or else by their text.

Colab and other editors drop the names; what the lab's locked cells say stays.
"""

from __future__ import annotations

import re
from dataclasses import replace

from grader.notebooks.answer_key import AnswerKey, KeyCell
from grader.notebooks.notebook_file import SubmittedCell

BY_TEXT = "the file does not name its cells, so they were recognised by their text"
DEFINED = re.compile(r"^(?:(?:async\s+)?def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)

Cells = tuple[SubmittedCell, ...]


def lab_of(cells: Cells, keys: dict[str, AnswerKey]) -> str | None:
    """Return the lab that a notebook is of; None where it is of none of these.

    Args:
        cells: as the file has them.
        keys: the labs, by name.
    """
    names = {cell.grade_id for cell in cells} | {cell.id for cell in cells}
    named = {lab: len(names & key.names) for lab, key in keys.items()}
    if any(named.values()):
        return max(named, key=named.__getitem__)
    if any(cell.grade_id for cell in cells):  # it does bear names: another lab's
        return None
    texts = {_text(cell.source) for cell in cells if cell.kind == "code"}
    # The share of a lab's tests that stand in the file; more than half, since two labs may have one in common.
    shares = {lab: sum(_text(c.student) in texts for c in key.graded) / len(key.graded) for lab, key in keys.items()}
    likely = max(shares, key=shares.__getitem__, default=None)
    return likely if likely is not None and shares[likely] > 0.5 else None


def with_names(cells: Cells, key: AnswerKey) -> Cells:
    """Give cells that bear no name of the lab the names of those that they stand for; others are left as they are.

    A locked or plain cell is known by its text, an answer by a name that it defines, or by its place when it is alone
    there.

    Args:
        cells: as the file has them.
        key: the lab.
    """
    if any(cell.grade_id in key.names or cell.id in key.names for cell in cells):
        return cells
    places = _by_text(cells, key)
    for number, meant in enumerate(key.cells):
        if meant.answer and (place := _answer(cells, key, number, places)) is not None:
            places[meant.id] = place
    meant_at = {place: key.by_id[id] for id, place in places.items()}
    return tuple(
        replace(cell, id=meant_at[place].id, grade_id=meant_at[place].grade_id) if place in meant_at else cell
        for place, cell in enumerate(cells)
    )


def is_untouched(cells: Cells, key: AnswerKey) -> bool:
    """Whether every answer is as the lab was handed out.

    Args:
        cells: with their names, see `with_names`.
        key: the lab.
    """
    came = {cell.grade_id or cell.id: _text(cell.source) for cell in cells}
    return all(came.get(meant.grade_id) == _text(meant.student) for meant in key.cells if meant.answer)


def _by_text(cells: Cells, key: AnswerKey) -> dict[str, int]:
    """Return where the lab's own cells stand, by id; each place is taken once."""
    places: dict[str, int] = {}
    for meant in key.cells:
        if meant.answer:
            continue
        for place, cell in enumerate(cells):
            alike = cell.kind == meant.kind and _text(cell.source) == _text(meant.student)
            if alike and place not in places.values():
                places[meant.id] = place
                break
    return places


def _answer(cells: Cells, key: AnswerKey, number: int, places: dict[str, int]) -> int | None:
    """Return where an answer stands: between the neighbours that were found, or wherever it defines what it should."""
    meant = key.cells[number]
    taken = set(places.values())
    free = [p for p, cell in enumerate(cells) if p not in taken and cell.kind == meant.kind]
    before = max((places[c.id] for c in key.cells[:number] if c.id in places), default=-1)
    after = min((p for c in key.cells[number + 1 :] if (p := places.get(c.id, -1)) > before), default=len(cells))
    near = [place for place in free if before < place < after]
    for place in (*near, *free):
        if meant.kind == "code" and _defines(cells[place].source, meant):
            return place
    return near[0] if len(near) == 1 else None


def _defines(source: str, meant: KeyCell) -> bool:
    """Whether a text seems to define a name of the answer; it is a stranger's, so it is not parsed here."""
    return any((found[1] or found[2]) in meant.defines for found in DEFINED.finditer(source))


def _text(source: str) -> str:
    """Return a text without white space at the ends of its lines, which editors change."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
