"""A lab's notebook as a page: exercise boxes, what of its cells is shown, and figures that can be read aloud."""

from __future__ import annotations

import re
from copy import deepcopy

import nbformat
from nbformat import NotebookNode

from book.name_links import linked

BOX = re.compile(
    r"^(?P<heading>### Exercise [^\n]+)\n+"
    r"\| goal \| difficulty \| time \| expected length \|\n\|[-| ]+\|\n\|(?P<row>[^\n]+)\|\n+(?P<task>.*)\Z",
    re.DOTALL | re.MULTILINE,
)
TITLE = re.compile(r"""\b(?:title = |figure\(\s*)f?(?P<quote>["'])(?P<text>.+?)(?P=quote)""")
FOR_PROGRAMS = "application/vnd."  # kinds of output that no page shows: a grade as data
NO_TITLE = "figure made by the cell above"


def lab_page(notebook: NotebookNode, names: dict[str, str], *, executed: bool) -> NotebookNode:
    """Return a notebook as the book shows it; the notebook itself stays as it is.

    Graded cells are left out where nothing was executed, since the one call in them says nothing on a page; of
    solutions they are folded, with the hidden tests and the table that the check printed.

    Args:
        notebook: a twin of a lab.
        names: of the package, which lead to the reference; see `public_names`.
        executed: whether it is a solution twin, with outputs.
    """
    page = deepcopy(notebook)
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = exercise_box(linked(cell.source, names))
            continue
        tags = set(cell.metadata.get("tags", []))
        if cell.metadata.get("nbgrader", {}).get("grade"):
            tags.add("hide-cell" if executed else "remove-cell")
        if executed and cell.metadata.get("jupyter", {}).get("source_hidden"):
            tags.add("hide-input")
        for output in cell.get("outputs", []):
            for kind in [kind for kind in output.get("data", {}) if kind.startswith(FOR_PROGRAMS)]:
                del output["data"][kind]
        cell.metadata["tags"] = sorted(tags)
        cell.metadata["mystnb"] = {"image": {"alt": figure_title(cell.source)}}
    return page


def exercise_box(text: str) -> str:
    """Return a cell's Markdown with its exercise, if it holds one, as an admonition titled with the goal.

    Args:
        text: `### Exercise ...`, the table of goal, difficulty, time and expected length, then the task with its hints.
    """
    found = BOX.search(text)
    if not found:
        return text
    goal, difficulty, time, length = (part.strip() for part in re.split(r"(?<!\\)\|", found["row"]))
    return (
        f"{text[: found.start()]}{found['heading']}\n\n::::::{{admonition}} Goal: {goal}\n:class: exercise\n\n"
        f"**Difficulty** {difficulty} · **time** {time} · **expected length** {length}\n\n"
        f"{found['task'].rstrip()}\n::::::\n"
    )


def figure_title(source: str) -> str:
    """Return what a cell's figure states, which is its title, for those who cannot see it."""
    found = TITLE.search(source)
    return re.sub(r"\{[^}]*\}", "…", found["text"]) if found else NO_TITLE


def heading(notebook: NotebookNode) -> str:
    """Return the title of a lab, without the `#`."""
    return next(cell.source for cell in notebook.cells if cell.cell_type == "markdown").splitlines()[0].lstrip("# ")


def exercises(notebook: NotebookNode) -> dict[str, str]:
    """Return the heading over each solution cell, by its grade_id, in the lab's order."""
    found, last = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^### (.+)$", cell.source, re.MULTILINE)
            last = headings[-1] if headings else last
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            found[cell.metadata.nbgrader.grade_id] = last
    return found


def read_notebook(path) -> NotebookNode:
    """Read a notebook in the form that the rest of this room works on."""
    return nbformat.read(path, as_version=4)
