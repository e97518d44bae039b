"""Running a lab's source inside the test process: what a kernel would do, at a hundredth of the cost."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import symtable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from unittest import mock

import jupytext

from grader.build.clear_answers import ClearAnswers
from lora_utils.checks import Grade
from lora_utils.checks.framework.draw import SEED_VARIABLE

ROOT = Path(__file__).parents[1]
LABS = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.py"))


@dataclass
class Run:
    """What happened: one Grade a graded cell (None when the cell raised), the errors, and what reached stderr."""

    grades: dict[str, Grade | None] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    stderr: str = ""


@lru_cache
def cells(lab: str) -> list:
    """Code cells of a lab's source that grading runs, in order."""
    notebook = jupytext.read(ROOT / "solutions" / lab / f"{lab}.py")
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "skip-when-grading" not in cell.metadata.get("tags", [])
    ]


def grade_id(cell) -> str:
    """The cell's nbgrader id, or nothing."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def answers(lab: str) -> list[str]:
    """Ids of the solution cells."""
    return [grade_id(c) for c in cells(lab) if c.metadata.get("nbgrader", {}).get("solution")]


def points(lab: str) -> dict[str, float]:
    """Points of each graded cell."""
    meta = [c.metadata.get("nbgrader", {}) for c in cells(lab)]
    return {m["grade_id"]: float(m["points"]) for m in meta if m.get("grade")}


def that_meet(lab: str, exercise: str, answer: str) -> frozenset[str]:
    """Graded cells that may see what an answer defines: they name it, or what a cell in between made of it."""
    met, graded = set(), set()
    for cell in cells(lab):
        own = grade_id(cell) == exercise
        defined, used = global_names(answer if own else cell.source)
        if own or used & met:
            met |= defined
            if cell.metadata.get("nbgrader", {}).get("grade"):
                graded.add(grade_id(cell))
    return frozenset(graded)


@cache
def global_names(source: str) -> tuple[set[str], set[str]]:
    """The names of the notebook that a cell defines, and those that it uses, inside its functions too."""
    top = symtable.symtable(_plain(source), "cell", "exec")
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    used, tables = {s.get_name() for s in top.get_symbols() if s.is_referenced()}, top.get_children()
    while tables:
        table = tables.pop()
        used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        tables += table.get_children()
    return defined, used


def stub(lab: str) -> dict[str, str]:
    """The untouched answer cells, as the release has them."""
    clear = ClearAnswers()
    cleared = {}
    for cell in cells(lab):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            copy = cell.copy()
            clear.preprocess_cell(copy, {"language": "python"}, 0)
            cleared[grade_id(cell)] = copy.source
    return cleared


def run(lab: str, replaced: dict[str, str] | None = None, seed: str = "0", only: frozenset[str] | None = None) -> Run:
    """Run a lab in one fresh namespace, as a notebook does.

    Args:
        lab: for example "05_lora_layer".
        replaced: new text for answer cells, by grade_id.
        seed: the course seed that the checks draw from.
        only: run just these of the graded cells; all when None.
    """
    result, namespace = Run(), {"__name__": "__main__", "display": lambda *things: None}
    stderr = io.StringIO()
    with (
        mock.patch.dict(os.environ, {SEED_VARIABLE: seed}),
        contextlib.redirect_stderr(stderr),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        for cell in cells(lab):
            name = grade_id(cell)
            graded = cell.metadata.get("nbgrader", {}).get("grade", False)
            if graded and only is not None and name not in only:
                continue
            source = (replaced or {}).get(name, cell.source)
            try:
                value = _execute(source, namespace, f"<{lab} {name}>")
            except Exception as error:
                result.errors[name] = error
                value = None
            if graded:
                result.grades[name] = value if isinstance(value, Grade) else None
    result.stderr = stderr.getvalue()
    return result


def _plain(source: str) -> str:
    """A cell without what only IPython understands."""
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())


def _execute(source: str, namespace: dict, filename: str):
    """Execute a cell and return the value of its last expression, as IPython displays it."""
    tree = ast.parse(_plain(source), filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), filename, "eval"), namespace) if last else None
