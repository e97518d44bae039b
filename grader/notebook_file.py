"""Read a notebook that somebody else wrote: its cells, or one sentence that says what is wrong and what cures it.

Only texts and names are taken from the file. Whatever else it holds (outputs, tags, other metadata) is not looked at.
"""

import json
import stat
from dataclasses import dataclass
from pathlib import Path

from grader.safe_names import one_line

LARGEST = 25_000_000  # bytes; a finished lab with its figures has about one million
HAND_IN_SAVED = "hand in the .ipynb file that JupyterLab saved"
SAVE_AGAIN = "open it in JupyterLab, save it and hand it in again"


class Unreadable(Exception):
    """A file that cannot be graded.

    Args:
        fault: what is wrong, as the end of a sentence about the file.
        cure: what to do about it.
    """

    def __init__(self, fault: str, cure: str) -> None:
        self.fault, self.cure = fault, cure
        super().__init__(f"{fault}; {cure}")


@dataclass(frozen=True)
class SubmittedCell:
    """What is kept of a student's cell.

    Args:
        kind: "code", "markdown" or "raw".
        source: its text.
        id: its id, where the file has ids; else "".
        grade_id: nbgrader's name for it, as the file claims; else "".
    """

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""


def read_bytes(path: Path) -> bytes:
    """Read a submitted file.

    Raises:
        Unreadable: it is missing, no ordinary file, far too big or not readable.
    """
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise Unreadable("is a link and not a file", "hand in the notebook itself")
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("is not a file", "hand in the notebook itself")
        if found.st_size > LARGEST:
            raise Unreadable(
                f"is far too big ({found.st_size / 1e6:.0f} MB, the limit is {LARGEST / 1e6:.0f} MB)",
                "clear its outputs (Edit > Clear Outputs of All Cells), save it and hand it in again",
            )
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(
            f"cannot be read ({error.strerror or error})", "make it readable for the grader's account"
        ) from error


def parse(content: bytes) -> list[SubmittedCell]:
    """Take the cells out of a notebook's bytes.

    Raises:
        Unreadable: not JSON, not a notebook, an old format, another language, or without cells.
    """
    if not content.strip():
        raise Unreadable("is empty", "save the notebook in JupyterLab and hand it in again")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is a binary file and not a notebook", HAND_IN_SAVED) from None
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise Unreadable("is nested too deeply to be a notebook", SAVE_AGAIN) from None
    except ValueError as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"is not valid JSON{place}, so it is damaged or not a notebook", SAVE_AGAIN) from None
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise Unreadable("is JSON but not a notebook", HAND_IN_SAVED)
    _require_format(notebook)
    _require_python(notebook)
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        raise Unreadable("has no cells", "start again from the lab's notebook and hand that in")
    return [_cell(cell, number) for number, cell in enumerate(cells, start=1)]


def _require_format(notebook: dict) -> None:
    version = notebook["nbformat"]
    if version == 4 and not isinstance(version, bool):
        return
    if isinstance(version, int) and 0 < version < 4:
        raise Unreadable(f"is in the old notebook format {version}", SAVE_AGAIN + ", which converts it")
    shown = version if isinstance(version, int) and abs(version) < 1000 else f"({type(version).__name__})"
    raise Unreadable(f"is in the unknown notebook format {shown} (expected 4)", SAVE_AGAIN)


def _require_python(notebook: dict) -> None:
    metadata = notebook.get("metadata")
    for part, field in (("language_info", "name"), ("kernelspec", "language")):
        value = metadata.get(part) if isinstance(metadata, dict) else None
        language = value.get(field) if isinstance(value, dict) else None
        if isinstance(language, str) and language.strip():
            if "python" in language.lower():
                return
            raise Unreadable(
                f"is a notebook for {one_line(language)[:30]!r} and not for Python",
                "choose the kernel Python 3 (ipykernel), save it and hand it in again",
            )


def _cell(cell: object, number: int) -> SubmittedCell:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    source = cell.get("source", "") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if kind not in ("code", "markdown", "raw") or not isinstance(source, str):
        raise Unreadable(f"is damaged: its cell {number} is not a notebook cell", SAVE_AGAIN)
    source = source.encode("utf-8", "replace").decode()  # a lone surrogate cannot be sent to a kernel
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    id = cell.get("id")
    return SubmittedCell(kind, source, id if isinstance(id, str) else "", grade_id if isinstance(grade_id, str) else "")
