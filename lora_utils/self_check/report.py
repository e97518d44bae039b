"""What the visible checks say of one notebook: exercise by exercise, in the words of the notebook's own tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lora_utils.checks.framework.grade import heading
from lora_utils.self_check.notebook import Cell, Notebook, read_notebook
from lora_utils.self_check.running import CellRun, run_cells

SECONDS = 60.0  # of one cell; those that checks need take a few
UNDEFINED = re.compile(r"\bname '(\w+)' is not defined")
NOT_WRITTEN = "not written yet: the stub is still there"


@dataclass(frozen=True)
class Exercise:
    """What one graded cell came to.

    Args:
        text: for the reader, of one or more lines.
        points: earned.
        seen: points that the checks here decide.
        of: points with hidden checks.
        passed: whether every visible check passed.
    """

    text: str
    points: float
    seen: float
    of: float
    passed: bool


@dataclass(frozen=True)
class Report:
    """What the visible checks say of one notebook.

    Args:
        exercises: in the notebook's order.
        notes: what the reader should know besides, one sentence each.
        borrowed: of these, what costs points when graded.
    """

    exercises: tuple[Exercise, ...]
    notes: tuple[str, ...] = ()
    borrowed: tuple[str, ...] = ()

    @property
    def all_passed(self) -> bool:
        """Whether every visible check passed, and grading will find nothing borrowed."""
        return all(one.passed for one in self.exercises) and not self.borrowed

    def lines(self) -> list[str]:
        """Return the report, line by line."""
        points, seen, of = (sum(getattr(e, name) for e in self.exercises) for name in ("points", "seen", "of"))
        texts = [line for one in self.exercises for line in one.text.splitlines()]
        return [*texts, heading("in all", points, seen, of), *(f"note: {n}" for n in (*self.borrowed, *self.notes))]


def check_notebook(path: Path, seconds: float = SECONDS) -> Report:
    """Run the visible checks of a notebook under the caller's own account.

    Args:
        path: the `.ipynb` file, as saved.
        seconds: on the clock, that one cell may take, above 0; default 60.

    Raises:
        CannotCheck: see `read_notebook` and `run_cells`.
    """
    notebook = read_notebook(path)
    runs = run_cells(notebook.cells, path.resolve().parent, seconds)
    graded = [cell for cell in notebook.cells if cell.graded]
    exercises = tuple(_exercise(cell, notebook.cells, runs) for cell in graded)
    checked = [answer for cell in graded if runs[cell.number].grade for answer in _answers(cell, notebook.cells)]
    told = [told for answer in checked if (told := _told(answer, notebook.cells, runs[answer.number]))]
    broke = [f"{one}; what it had defined before was checked" for one in told if one != NOT_WRITTEN]
    return Report(exercises, (*broke, *notebook.notes), tuple(_borrowed(notebook)))


def _exercise(graded: Cell, cells: Sequence[Cell], runs: Mapping[int, CellRun]) -> Exercise:
    grade = runs[graded.number].grade
    if grade is not None:
        return Exercise(**grade)
    told = [told for cell in (*_answers(graded, cells), graded) if (told := _told(cell, cells, runs[cell.number]))]
    first = told[0] if told else "the check gave no result; copy its cell from a fresh notebook of this lab"
    text = f"{heading(graded.exercise, 0, graded.points, graded.points)}\n  {first}"
    return Exercise(text, 0.0, graded.points, graded.points, False)


def _answers(graded: Cell, cells: Sequence[Cell]) -> list[Cell]:
    """Return the answers that a graded cell looks at: those since the graded cell before it."""
    above = [cell for cell in cells if cell.number < graded.number]
    last = max((cell.number for cell in above if cell.graded), default=0)
    return [cell for cell in above if cell.answer and cell.number > last]


def _told(cell: Cell, cells: Sequence[Cell], run: CellRun) -> str | None:
    """Say what became of a cell that did not end well; None where it did."""
    what = f"your answer cell {cell.name!r}" if cell.answer else "your code, while it was being checked,"
    if run.status == "error":
        if run.ename == "NotImplementedError" and not run.evalue:  # torch says what it has not implemented
            return NOT_WRITTEN
        lost = UNDEFINED.search(run.evalue) if run.ename == "NameError" else None
        left_out = next((c for c in cells if lost and c.skip and _defines(c, lost[1])), None)
        if left_out is not None:
            why = "is left out when grading (training that no check needs)"
            return f"{lost[1]} is not defined, because your cell {left_out.number}, which defines it, {why}"
        return f"{what} raised {run.ename}: {run.evalue}" if run.evalue else f"{what} raised {run.ename}"
    endings = {
        "timeout": f"{what} was stopped after {run.evalue}: look for a loop that never ends, or far too much work",
        "ended": f"{what} ended the Python process: look for os._exit(), or for memory that runs out",
        "not-run": f"{what} was not run, because too many cells before it were stopped; mend the first of them",
    }
    return endings.get(run.status)


def _defines(cell: Cell, name: str) -> bool:
    return re.search(rf"(?m)^(?:(?:async +)?def|class) +{name}\b|^{name} *(?::[^=\n]*)?=(?!=)", cell.source) is not None


def _borrowed(notebook: Notebook) -> Iterator[str]:
    """Say where a cell uses what the lab asks its reader to write: when it is graded, that is not there."""
    taught = {name.rpartition(".")[2] for name in notebook.withheld}
    trees = {cell: _parsed(cell.source) for cell in notebook.cells if not cell.skip}
    roots = {"lora_utils"}.union(*map(_from_package, trees.values()))
    for cell, tree in trees.items():
        if cell.graded:  # the course's own, whose checks are called after what they check
            continue
        reached = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and _root(n) in roots}
        imported = {alias.name for alias in _imports(tree)}
        where = f"your answer cell {cell.name!r}" if cell.answer else f"your cell {cell.number}"
        for name in sorted(taught & (imported | reached)):
            yield f"{where} uses {name} of lora_utils, which is not there when this lab is graded: write it yourself"


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # magics, or an answer of which its own run tells more
        return ast.Module([], [])


def _imports(tree: ast.Module) -> Iterator[ast.alias]:
    """Yield what a cell imports from the package, and the package itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lora_utils":
            yield from node.names
        elif isinstance(node, ast.Import):
            yield from (one for one in node.names if one.name.split(".")[0] == "lora_utils")


def _from_package(tree: ast.Module) -> set[str]:
    """Return the names under which a cell has the package, or something of it."""
    return {alias.asname or alias.name.split(".")[0] for alias in _imports(tree)}


def _root(node: ast.Attribute) -> str:
    """Return the name that a chain of attributes begins with; nothing where it begins otherwise."""
    inner = node.value
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return inner.id if isinstance(inner, ast.Name) else ""
