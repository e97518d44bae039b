"""How long a lab takes: what it says, and what its words, exercises, figures and code add up to."""

import re

from nbformat import NotebookNode

from grader.build.source_format import SKIP_TAG

WORDS_A_MINUTE = 200  # of a text that has formulas
FIGURE_MINUTES = 2
LINES_A_MINUTE = 30  # of code that is read, not written
OFF = 10  # minutes that a statement may be off
STATED = re.compile(r"about (\d+) minutes")
CORE = re.compile(r"the core takes (\d+)")
EXERCISE = re.compile(r"\| *(\d+) min(?:utes)? *\|")
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)  # hints, which not everybody opens
HEADING = re.compile(r"^(#+) (.*)", re.MULTILINE)
SPARE = "if you have time"  # in a heading: nothing later needs this section


def stated_minutes(notebook: NotebookNode, says: re.Pattern = STATED) -> int | None:
    """Return the minutes that the lab's first cell states, of all or (CORE) of its core; None where it states none."""
    found = says.search(notebook.cells[0].source) if notebook.cells else None
    return int(found[1]) if found else None


def estimated_minutes(notebook: NotebookNode) -> float:
    """Return words / 200 + exercises + 2 a figure + lines of code to read / 30, in minutes."""
    return sum(map(_minutes, notebook.cells))


def core_minutes(notebook: NotebookNode) -> float:
    """Return the same without the sections that say in their headings that they are for those who have time."""
    total, depth = 0.0, 0  # depth of the heading of such a section, 0 outside
    for cell in notebook.cells:
        found = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if found and (not depth or len(found[1]) <= depth):
            depth = len(found[1]) if SPARE in found[2].lower() else 0
        total += 0 if depth else _minutes(cell)
    return total


def _minutes(cell: NotebookNode) -> float:
    if cell.cell_type == "markdown":
        text = FOLDED.sub(" ", cell.source)
        exercises = sum(map(int, EXERCISE.findall(text))) if "### Exercise" in text else 0
        return len(re.findall(r"[A-Za-z][A-Za-z'-]+", text)) / WORDS_A_MINUTE + exercises
    if SKIP_TAG in cell.metadata.get("tags", []):
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        return FIGURE_MINUTES * len(re.findall(r"\bfigure\(", cell.source)) + lines / LINES_A_MINUTE
    return 0.0
