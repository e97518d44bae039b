"""What a lab source is made of: its words, the metadata of its cells, and how a complaint names one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbformat import NotebookNode

SKIP_TAG = "skip-when-grading"
WITHHELD_KEY = "withheld"  # on the setup cell: what the lab teaches of lora_utils
COPY_KEY = "lora_utils"  # of a student notebook: what its copy of the lab has
CELL_KEYS = ("nbgrader", "tags", "jupyter", WITHHELD_KEY)  # "jupyter" folds a cell's code away: {"source_hidden": true}
CELL_LINE = re.compile(r"\s*#\s*%%+(\s|$)")


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
        elif CELL_LINE.match(line):
            return None
        elif stripped and not in_header:
            return stripped
    return None
