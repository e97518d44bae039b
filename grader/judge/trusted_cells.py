"""Cells whose text is the course's own: how the judge executes them."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import types
from functools import lru_cache

from lora_utils.checks.framework.subject import Handle


def execute(source: str, namespace: dict) -> object:
    """Execute a trusted cell and return the value of its last expression, if it ends in one."""
    body, last = compiled(source)
    exec(body, namespace)
    return eval(last, namespace) if last else None


@lru_cache(512)  # a class hands in the same cells
def compiled(source: str) -> tuple[types.CodeType, types.CodeType | None]:
    """Compile a cell of the lab, its last expression apart."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = compile(ast.Expression(last.value), "<graded cell>", "eval") if last else None
    return compile(tree, "<graded cell>", "exec"), value


def value_of(cell: dict, namespace: dict, side) -> object:
    """Execute a graded cell, with a handle for whatever it reads of the student's, and return its value.

    Args:
        cell: with `source`, `reads` and `names`; the names that answers define are never taken from `namespace`.
        namespace: what the locked cells above have made; it stays as it is.
        side: of the handles, see `Handle`; `end_check` tells it that the cell is over.
    """
    scope = dict(namespace)
    for name in cell["reads"]:
        if name in cell["names"] or (name not in scope and not hasattr(builtins, name)):
            scope[name] = Handle(name, side)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return execute(cell["source"], scope)
    finally:
        side.end_check()
