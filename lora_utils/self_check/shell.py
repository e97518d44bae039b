"""The process in which a notebook's cells run: one IPython shell, and one line of JSON as each cell ends.

    python -m lora_utils.self_check.shell < orders.json

It is started in the notebook's folder, as a kernel is. What cells print and draw is nobody's to see here, and nobody
answers `input()`. A cell that no check needs is left out, except for its imports and constants, as when the lab is
graded: whoever writes below it may use them.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import sys
from collections.abc import Callable
from typing import TextIO

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from lora_utils.checks import Grade

LONGEST = 500  # characters of what an exception says
NOBODY = "there is nobody to answer input() when a notebook is checked or graded"


class Shell(InteractiveShell):
    """IPython as cells know it from a kernel, without windows, history and a terminal."""

    def enable_gui(self, gui=None) -> None:
        """Accept %matplotlib with any name: figures are drawn by what MPLBACKEND names."""

    def ask_exit(self) -> None:
        """End the cell, where a kernel would end."""
        raise SystemExit


def make_shell() -> Shell:
    """Return the shell in which all cells run."""
    config = Config()
    config.HistoryManager.enabled = False
    builtins.input = _no_input
    return Shell.instance(config=config)


def _no_input(prompt: str = "") -> str:
    raise EOFError(NOBODY)


def run_cell(shell: Shell, source: str) -> dict:
    """Run one cell and return what became of it, as plain data.

    Returns:
        `ename` and `evalue` of what it raised; or `grade` of a cell whose value is one: what the reader is told, and
        the points earned, seen and possible.
    """
    ran = shell.run_cell(source)
    error = ran.error_before_exec or ran.error_in_exec
    if error is not None:
        return {"ename": type(error).__name__, "evalue": _said(error)}
    if not isinstance(ran.result, Grade):
        return {}
    grade = ran.result
    told = {"text": str(grade), "points": float(grade), "seen": grade.of - grade.still_hidden, "of": grade.of}
    passed = bool(grade.results) and all(one.verdict == "pass" for one in grade.results)
    return {"grade": told | {"passed": passed}}


def _said(error: BaseException) -> str:
    """Return an exception's own words, of a typing error with its line."""
    if isinstance(error, SyntaxError):
        return f"{error.msg}, in line {error.lineno}"
    try:
        words = " ".join(str(error).split())
    except Exception:  # of a class of the student's own
        return ""
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} ..."


def prepare(shell: Shell, source: str, never: set[str]) -> None:
    """Run the imports and constants of a cell, each by itself; what fails is missed where it is needed.

    Args:
        shell: see `make_shell`.
        source: the cell.
        never: names that stay what they are: those that answers define.
    """
    for node in parsed(shell, source):
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [one for one in node.names if (one.asname or one.name).split(".")[0] not in {"*", *never}]
            wanted = bool(node.names)
        else:
            wanted = isinstance(node, ast.Assign) and _is_constant(node) and not names({node}) & never
        if wanted:
            shell.run_cell(ast.unparse(node))


def parsed(shell: Shell, source: str) -> list[ast.stmt]:
    """Return a cell's statements, magics included; none where it is no Python."""
    try:
        return ast.parse(shell.transform_cell(source)).body
    except (SyntaxError, ValueError, RecursionError):
        return []


def names(statements: set[ast.stmt] | list[ast.stmt]) -> set[str]:
    """Return the names that statements define at their top level."""
    found: set[str] = set()
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return found


def _is_constant(node: ast.Assign) -> bool:
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return all(isinstance(target, ast.Name) for target in node.targets)


def serve(orders: list[dict], tell: Callable[[dict], None]) -> None:
    """Run cells in order.

    Args:
        orders: for each cell its `number` and `source`, whether it is an `answer`, and whether to `skip` it.
        tell: called once when all is ready, and with what became of each cell.
    """
    shell = make_shell()
    tell({"ready": True})
    written = [parsed(shell, order["source"]) for order in orders if order["answer"]]
    never = set().union(*map(names, written))
    for order in orders:
        if order["skip"]:
            prepare(shell, order["source"], never)
        tell({"number": order["number"]} | ({} if order["skip"] else run_cell(shell, order["source"])))


def own_channel() -> TextIO:
    """Return standard output for ourselves alone; what cells read and write from now on is nothing."""
    channel = os.fdopen(os.dup(1), "w", encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # a kernel's take every character, a pipe's may not
    return channel


if __name__ == "__main__":
    given = json.loads(sys.stdin.buffer.read())
    channel = own_channel()
    serve(given, lambda what: print(json.dumps(what), file=channel, flush=True))
    os._exit(0)  # threads of a cell that never end keep nobody waiting
