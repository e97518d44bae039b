"""How long a lab takes: what it says, and what its words, exercises, figures and code add up to.

A section whose heading begins with "If you have time" is not needed later: the core is all the others.
"""

import re

from nbformat import NotebookNode

from grader.build.source_format import SKIP_TAG

WORDS_A_MINUTE = 200  # of a text that has formulas
FIGURE_MINUTES = 2
LINES_A_MINUTE = 30  # of code that is read, not written
OFF = 10  # minutes that a statement may be off
STATED = re.compile(r"about (\d+) minutes")
CORE = re.compile(r"the core about (\d+)")
SECTION = re.compile(r"^## +(.*)", re.MULTILINE)
MARKED = re.compile(r"^(?:\d+\. )?If you have time")
EXERCISE = re.compile(r"\| *(\d+) min(?:utes)? *\|")
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)  # hints, which not everybody opens


def stated_minutes(notebook: NotebookNode) -> int | None:
    """Return the minutes that the lab's first cell states; None where it states none."""
    return _first_number(STATED, notebook)


def stated_core(notebook: NotebookNode) -> int | None:
    """Return the minutes that the lab's first cell states for its core; None where it states none."""
    return _first_number(CORE, notebook)


def _first_number(pattern: re.Pattern[str], notebook: NotebookNode) -> int | None:
    found = pattern.search(notebook.cells[0].source) if notebook.cells else None
    return int(found[1]) if found else None


def estimated_minutes(notebook: NotebookNode, core: bool = False) -> float:
    """Return words / 200 + exercises + 2 a figure + lines of code to read / 30, in minutes.

    Args:
        notebook: the cells.
        core: leave out the sections that are marked; default False.
    """
    total, marked = 0.0, False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (headings := SECTION.findall(cell.source)):
            marked = bool(MARKED.match(headings[-1]))
        if core and marked:
            continue
        if cell.cell_type == "markdown":
            text = FOLDED.sub(" ", cell.source)
            total += len(re.findall(r"[A-Za-z][A-Za-z'-]+", text)) / WORDS_A_MINUTE
            total += sum(map(int, EXERCISE.findall(text))) if "### Exercise" in text else 0
        elif SKIP_TAG in cell.metadata.get("tags", []):
            total += FIGURE_MINUTES * len(re.findall(r"\bfigure\(", cell.source))
            total += sum(bool(line.strip()) for line in cell.source.splitlines()) / LINES_A_MINUTE
    return total
