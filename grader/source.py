"""Read a lab source (jupytext percent script) into notebook cells with stable ids.

The rules a source must keep are in `rules.py`; this module parses, and names the cell in every complaint.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

SKIP_TAG = "skip-when-grading"
CELL_KEYS = ("nbgrader", "tags")


@dataclass(frozen=True)
class Problem:
    """One thing to cure in one source; `str()` is the sentence for the author."""

    path: str
    cell: int | None
    label: str
    text: str

    def __str__(self) -> str:
        place = self.path if self.cell is None else f"{self.path}: cell {self.cell} ({self.label})"
        return f"{place}: {self.text}."


class SourceError(ValueError):
    """A source that cannot be built; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def label(cell: NotebookNode) -> str:
    """Return the grade_id of a cell, else its first line, so that an author finds it."""
    grade_id = grader_metadata(cell).get("grade_id")
    if isinstance(grade_id, str) and grade_id:
        return grade_id
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "empty cell")
    return repr(first if len(first) <= 50 else first[:47] + "...")


def grader_metadata(cell: NotebookNode) -> dict:
    """Return the nbgrader metadata of a cell, or an empty dict where there is none or it is not a dict."""
    metadata = cell.metadata.get("nbgrader")
    return metadata if isinstance(metadata, dict) else {}


def text_before_first_cell(text: str) -> str | None:
    """Return the first line of content that stands before the first `# %%` line, or None.

    A jupytext header (between two `# ---` lines) is no content.
    """
    in_header = False
    for number, line in enumerate(text.split("\n")):
        stripped = line.strip()
        if stripped == "# ---" and (number == 0 or in_header):
            in_header = not in_header
        elif stripped.startswith(("# %%", "#%%")):
            return None
        elif stripped and not in_header:
            return stripped
    return None


def parse(path: Path) -> NotebookNode:
    """Parse a percent script; cells get ids from their grade_id, else from their number ("cell-07").

    Raises:
        SourceError: the file cannot be read as a percent script.
    """
    import jupytext

    try:
        text = path.read_text(encoding="utf-8")
        if text_before_first_cell(text + "\n# %%") is None and "%%" not in text:
            return nbformat.v4.new_notebook()
        notebook = jupytext.reads(text, fmt="py:percent")
    except Exception as error:
        raise SourceError(
            [Problem(path.name, None, "", f"cannot be read as a percent script ({error}); mend or restore the file")]
        ) from error
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells, start=1):
        grade_id = grader_metadata(cell).get("grade_id")
        usable = isinstance(grade_id, str) and grade_id and grade_id not in taken and len(grade_id) <= 64
        cell["id"] = grade_id if usable else f"cell-{number:02d}"
        taken.add(cell["id"])
    return notebook


def read_source(path: Path, name: str | None = None) -> NotebookNode:
    """Read and validate a lab source.

    Args:
        path: the percent script.
        name: how to call the file in messages; default: its file name.

    Returns:
        The complete notebook, solutions and hidden tests in it, without outputs.

    Raises:
        SourceError: with one `Problem` for each thing that is wrong.
    """
    from grader.rules import problems

    name = name or path.name
    try:
        notebook = parse(path)
    except SourceError as error:
        raise SourceError([Problem(name, None, "", problem.text) for problem in error.problems]) from error
    found = list(problems(notebook, path.read_text(encoding="utf-8"), name))
    if found:
        raise SourceError(found)
    return notebook
