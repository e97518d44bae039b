"""Read a notebook that somebody else wrote: its cells, or one sentence that says what is wrong and what cures it.

Only texts and names are taken from the file. Whatever else it holds (outputs, tags, other metadata) is not looked at.
"""

import errno
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import compute_checksum

from grader.build.source_format import COPY_KEY
from grader.text.safe_names import one_line

LARGEST = 25_000_000  # bytes; a finished lab with its figures has about one million
MOST_PARTS = 500_000  # lists, objects and names in the JSON; a finished lab has a few thousand
MOST_CELLS = 2_000  # a lab has about sixty
MOST_CODE = 500_000  # characters in all code cells; a finished lab has about thirty thousand
HAND_IN_SAVED = "hand in the .ipynb file that JupyterLab saved"
FEWER = "leave out what the lab does not ask for and hand it in again"
SAVE_AGAIN = "open it in JupyterLab, save it and hand it in again"


# Of Python, where the notebook says by which it was run; in a text the quotation marks would have a backslash.
VERSION = re.compile(rb'"version"\s*:\s*"3\.(\d{1,3})[."]')


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
        as_given: its text still is the one that it was handed out with, by the checksum that nbgrader gave it.
    """

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""
    as_given: bool = False


@dataclass(frozen=True)
class SubmittedNotebook:
    """What is kept of a student's notebook.

    Args:
        cells: in order.
        exercises: names of the graded cells that the lab had when this copy was handed out; None where it says nothing.
    """

    cells: tuple[SubmittedCell, ...]
    exercises: frozenset[str] | None = None


def read_bytes(path: Path) -> bytes:
    """Read a submitted file: an ordinary one, never through a link, and never more than the limit.

    Raises:
        Unreadable: it is missing, no ordinary file, far too big or not readable.
    """
    if path.is_symlink():
        raise Unreadable("is a link and not a file", "hand in the notebook itself")
    try:
        # Not to be fooled by a file that becomes a link or a pipe while we look: no following, no waiting.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(opened, "rb") as file:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("is not a file", "hand in the notebook itself")
            content = file.read(LARGEST + 1) if found.st_size <= LARGEST else b""
            if max(found.st_size, len(content)) > LARGEST:
                size = max(found.st_size, len(content)) / 1e6
                raise Unreadable(
                    f"is far too big ({size:.0f} MB, the limit is {LARGEST / 1e6:.0f} MB)",
                    "clear its outputs (Edit > Clear Outputs of All Cells), save it and hand it in again",
                )
            return content
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise Unreadable("is not a file", "hand in the notebook itself") from None
        raise Unreadable(
            f"cannot be read ({error.strerror or error})", "make it readable for the grader's account"
        ) from error


def parse(content: bytes) -> SubmittedNotebook:
    """Take out of a notebook's bytes what is kept of it.

    Raises:
        Unreadable: not JSON, not a notebook, an old format, another language, without cells, or with far too much.
    """
    if not content.strip():
        raise Unreadable("is empty", "save the notebook in JupyterLab and hand it in again")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("is a binary file and not a notebook", HAND_IN_SAVED) from None
    if sum(map(text.count, ("{", "[", '":'))) > MOST_PARTS:  # each takes a hundred bytes of memory and more
        raise Unreadable("has far too many parts to be a notebook", SAVE_AGAIN)
    try:
        notebook = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except RecursionError:
        raise Unreadable("is nested too deeply to be a notebook", SAVE_AGAIN) from None
    except MemoryError:
        raise Unreadable("holds far too much to be a notebook", SAVE_AGAIN) from None
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
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"has {len(cells):,} cells, and the limit is {MOST_CELLS:,}", FEWER)
    read = tuple(_cell(cell, number) for number, cell in enumerate(cells, start=1))
    code = sum(len(cell.source) for cell in read if cell.kind == "code")
    if code > MOST_CODE:
        raise Unreadable(f"holds {code:,} characters of code, and the limit is {MOST_CODE:,}", FEWER)
    return SubmittedNotebook(read, _exercises(notebook.get("metadata")))


def python_of(content: bytes) -> tuple[int, int] | None:
    """Return the version of Python by which a notebook says that it was run last, such as (3, 13)."""
    found = VERSION.findall(content)
    return (3, int(found[-1])) if found else None  # the notebook's own metadata stands last


def _without_repeats(pairs: list[tuple[str, object]]) -> dict:
    """Make an object of its parts; one that says something twice says different things to different readers."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Unreadable(f"says {one_line(twice)[:30]!r} twice in one place, so it is damaged", SAVE_AGAIN)
    return made


def _no_number(name: str) -> None:
    """Refuse NaN and the infinities, which JSON lacks: JupyterLab could not have opened this file either."""
    raise ValueError(name)


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


def _exercises(metadata: object) -> frozenset[str] | None:
    ours = metadata.get(COPY_KEY) if isinstance(metadata, dict) else None
    names = ours.get("exercises") if isinstance(ours, dict) else None
    return frozenset(filter(lambda one: isinstance(one, str), names)) if isinstance(names, list) else None


def _as_given(kind: str, source: str, nbgrader: dict) -> bool:
    """Whether nbgrader's checksum of a cell is still right. (A forged one hides a remark and wins nothing.)"""
    cell = NotebookNode(cell_type=kind, source=source, metadata=NotebookNode(nbgrader=NotebookNode(nbgrader)))
    try:
        return nbgrader["checksum"] == compute_checksum(cell)
    except (KeyError, TypeError, ValueError, AttributeError):  # a stranger's metadata
        return False


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
    nbgrader = nbgrader if isinstance(nbgrader, dict) else {}
    id, grade_id = (value if isinstance(value, str) else "" for value in (cell.get("id"), nbgrader.get("grade_id")))
    return SubmittedCell(kind, source, id, grade_id, _as_given(kind, source, nbgrader))
