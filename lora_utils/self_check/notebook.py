"""A lab's notebook as a student has saved it: its code cells, which of them decide points, and which no check needs.

Everything is read from the file: nbgrader's names of the cells, their points and the lab's tags. Where an editor has
dropped these, a graded cell is known by its text, and every cell runs.

Source: nbformat, the JSON schema of version 4; nbgrader, the metadata of schema version 3.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

SKIP_TAG = "skip-when-grading"
FORMAT = 4
SAVE_AGAIN = "open it in JupyterLab, save it and check it again"
# A graded cell of the labs: lora_layer_grade = check.lora_layer(LoRALayer, points=4, of=6)
GRADED = re.compile(r"^\w+ = (?:check\.)?\w+\(.*\bpoints=[\d.]+(?:, of=([\d.]+))?\)", re.MULTILINE)
NAMED = re.compile(r"^(\w+?)(?:_grade)? = ", re.MULTILINE)


class CannotCheck(ValueError):
    """The notebook cannot be checked; the message is one sentence with the cure."""


@dataclass(frozen=True)
class Cell:
    """One code cell.

    Args:
        number: as Restart and Run All counts, from 1.
        source: its text.
        name: nbgrader's; else "".
        graded: whether it decides points.
        answer: whether the student writes here.
        skip: whether no check needs it, so that grading leaves it out.
        points: what it is worth.
    """

    number: int
    source: str
    name: str = ""
    graded: bool = False
    answer: bool = False
    skip: bool = False
    points: float = 0.0

    @property
    def exercise(self) -> str:
        """The name of the exercise that a graded cell decides."""
        return self.name.removeprefix("test-")


@dataclass(frozen=True)
class Notebook:
    """What is kept of the file.

    Args:
        cells: its code cells, in order.
        withheld: what the lab teaches of lora_utils, which is not there when it is graded.
        notes: what the reader should know of the file, one sentence each.
    """

    cells: tuple[Cell, ...]
    withheld: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_notebook(path: Path) -> Notebook:
    """Read a notebook.

    Args:
        path: the `.ipynb` file.

    Raises:
        CannotCheck: there is no such file, it is damaged, no notebook, of another format or language, or of no lab.
    """
    cells, withheld, notes = [], [], []
    for place, data in enumerate(_cells_of(path), start=1):
        source = _source(data)
        if source is None:
            raise CannotCheck(f"{path.name} is damaged: its cell {place} is not a notebook cell; {SAVE_AGAIN}.")
        metadata = _dict(data.get("metadata"))
        withheld += [name for name in metadata.get("withheld", ()) if isinstance(name, str)]
        if data["cell_type"] == "code":
            cells.append(_cell(len(cells) + 1, source, metadata))
    if not any(cell.graded or cell.answer for cell in cells):
        cells = [_by_text(cell) for cell in cells]
        notes.append("the file does not name its cells, so the checks were recognised by their text and all cells ran")
    if not any(cell.graded for cell in cells):
        cure = "open one of the course's notebooks, or start again from a fresh copy"
        raise CannotCheck(f"{path.name} holds no check of this course; {cure}.")
    checked = {cell.exercise for cell in cells if cell.graded}
    lone = [cell.name for cell in cells if cell.answer and cell.name not in checked]
    notes += [f"the check of {name!r} is missing; copy its cell from a fresh notebook of this lab" for name in lone]
    return Notebook(tuple(cells), tuple(withheld), tuple(notes))


def _cells_of(path: Path) -> list:
    """Return a notebook's cells as JSON has them."""
    try:
        content = path.read_bytes()
    except OSError as error:
        cure = "give the path of an .ipynb file that you can read"
        raise CannotCheck(f"{path} cannot be opened ({error.strerror or error}); {cure}.") from None
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CannotCheck(f"{path.name} is a binary file and not a notebook; give the .ipynb file.") from None
    except RecursionError:
        raise CannotCheck(f"{path.name} is nested too deeply to be a notebook; {SAVE_AGAIN}.") from None
    except ValueError as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CannotCheck(f"{path.name} is not valid JSON{place}, so it is damaged; {SAVE_AGAIN}.") from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise CannotCheck(f"{path.name} is JSON but not a notebook; give the .ipynb file that JupyterLab saved.")
    if notebook["nbformat"] != FORMAT:
        found = str(notebook["nbformat"])[:20]
        cure = "save it from a current JupyterLab, which writes that format"
        raise CannotCheck(f"{path.name} is in notebook format {found}, and this command reads format {FORMAT}; {cure}.")
    _require_python(path, _dict(notebook.get("metadata")))
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        raise CannotCheck(f"{path.name} has no cells; start again from the lab's notebook.")
    return cells


def _require_python(path: Path, metadata: dict) -> None:
    for part, field in (("language_info", "name"), ("kernelspec", "language")):
        language = _dict(metadata.get(part)).get(field)
        if isinstance(language, str) and language.strip() and "python" not in language.lower():
            cure = "choose the kernel Python 3 (ipykernel), save it and check it again"
            raise CannotCheck(f"{path.name} is a notebook for {language[:30]!r} and not for Python; {cure}.")


def _source(data: object) -> str | None:
    """Return a cell's text; None for what is no cell."""
    if not isinstance(data, dict) or data.get("cell_type") not in ("code", "markdown", "raw"):
        return None
    source = data.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return source if isinstance(source, str) else None


def _cell(number: int, source: str, metadata: dict) -> Cell:
    tags = metadata.get("tags")
    skip = isinstance(tags, list) and SKIP_TAG in tags
    nbgrader = _dict(metadata.get("nbgrader"))
    answer, points, name = bool(nbgrader.get("solution")), nbgrader.get("points"), nbgrader.get("grade_id")
    graded = bool(nbgrader.get("grade")) and not answer
    points = float(points) if graded and isinstance(points, int | float) else 0.0
    return Cell(number, source, name if isinstance(name, str) else "", graded, answer, skip, points)


def _by_text(cell: Cell) -> Cell:
    found = GRADED.search(cell.source)
    if found is None:
        return cell
    name = NAMED.match(found[0])[1].replace("_", "-")
    return replace(cell, name=f"test-{name}", graded=True, points=float(found[1] or 0))


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}
