"""Read a lab source (jupytext percent script) into notebook cells with stable ids.

The rules a source must keep are in `source_rules.py`; this module parses, and names the cell in every complaint.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.build.course_values import fill, set_points, unknown_exercises
from grader.build.source_format import CELL_LINE, SKIP_TAG, Problem, SourceError, grader_metadata, label
from grader.build.source_rules import problems
from grader.course import Course, LabTerms


def parse(path: Path, name: str) -> NotebookNode:
    """Parse a percent script; cells get ids from their grade_id, else from their number ("cell-07").

    Raises:
        SourceError: the file cannot be read as a percent script.
    """
    import jupytext

    try:
        text = path.read_text(encoding="utf-8")
        if not any(CELL_LINE.match(line) for line in text.split("\n")):
            return nbformat.v4.new_notebook()
        notebook = jupytext.reads(text, fmt="py:percent")
    except UnicodeDecodeError as error:
        problem = Problem(name, None, "", f"is not UTF-8 text (byte {error.start}); save it as UTF-8")
        raise SourceError([problem]) from error
    except Exception as error:  # jupytext validates while it reads and names no cell
        bad = list(bad_tags(text, name))
        reason = str(error).strip().split("\n")[0].rstrip(".")
        fallback = Problem(name, None, "", f"cannot be read as a percent script ({reason}); mend its '# %%' lines")
        raise SourceError(bad or [fallback]) from error
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells, start=1):
        grade_id = grader_metadata(cell).get("grade_id")
        usable = isinstance(grade_id, str) and grade_id and grade_id not in taken and len(grade_id) <= 64
        cell["id"] = grade_id if usable else f"cell-{number:02d}"
        taken.add(cell["id"])
    return notebook


def bad_tags(text: str, name: str) -> Iterator[Problem]:
    """Find cell lines whose tags are not a list: jupytext refuses the whole file for one."""
    cell_lines = [line for line in text.split("\n") if CELL_LINE.match(line)]
    for number, line in enumerate(cell_lines, start=1):
        value = re.search(r"\btags=([^\[].*)", line)
        if value is not None:
            sentence = f'tags must be a list of strings, not {value.group(1)}; write tags=["{SKIP_TAG}"]'
            yield Problem(name, number, repr(line[:50]), sentence)


def read_source(path: Path, name: str | None = None, course: Course | None = None) -> NotebookNode:
    """Read and validate a lab source, and carry into it what the course decides.

    Args:
        path: the percent script.
        name: how to call the file in messages; default: its file name.
        course: the course; default: one that decides nothing else than the source.

    Returns:
        The complete notebook, solutions and hidden tests in it, without outputs.

    Raises:
        SourceError: with one `Problem` for each thing that is wrong.
    """
    name = name or path.name
    notebook = parse(path, name)
    found = list(problems(notebook, path.read_text(encoding="utf-8"), name))
    if not found:
        course = course or Course(path.parent)
        points = course.terms.get(path.stem, LabTerms()).points
        found += [Problem(name, None, "", sentence) for sentence in unknown_exercises(notebook, points)]
        set_points(notebook, points)
        said = fill(notebook, course)
        found += [Problem(name, number, label(notebook.cells[number - 1]), sentence) for number, sentence in said]
    if found:
        raise SourceError(found)
    return notebook
