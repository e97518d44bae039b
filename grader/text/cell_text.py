"""What a cell's text says without running it: its syntax, and the names that it defines and reads.

Of a stranger's text it is asked only in a process of its own, see `reader`; of the lab's own cells once, when
its answer key is read.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from functools import lru_cache

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as in a notebook's cells
LONGEST_KEPT = 10_000  # characters of a cell whose syntax is kept: a tree takes a hundred times its text
# IPython's tokens each hold a copy of their line (in Python 3.12 one of their own), so a text costs up to the sum of
# the squares of its lines' lengths in bytes; a long cell of a notebook is far below a million.
MOST_TRANSFORMED = 50_000_000
MANY = 512  # cells of a lab, of which a class hands in the same ones


def used_names(source: str) -> list[str]:
    """Return the names that a cell reads and does not itself define at its top level, in alphabetical order."""
    tree = ast.parse(source)
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return sorted(read - defined_names(source))


@lru_cache(MANY)
def defined_names(source: str) -> frozenset[str]:
    """Return the names that a cell defines at its top level; none for a text that is no Python."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return frozenset()
    found: set[str] = set()
    for node in body:
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        else:
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(found)


def is_python(source: str) -> bool:
    """Whether a text is Python as it stands, without IPython's magics."""
    return _syntax(source) is not None


def parsed(source: str) -> ast.Module | None:
    """Parse a cell, magics included; None where it is no Python. The tree is shared, so nobody may change it."""
    return _parsed(source) if len(source) <= LONGEST_KEPT else _parsed.__wrapped__(source)


@lru_cache(MANY)
def _parsed(source: str) -> ast.Module | None:
    if source.lstrip().startswith("%%"):  # %%time and its like run the rest of the cell
        source = source.lstrip().partition("\n")[2]
    tree = _syntax(source) or _syntax(source, magics=True)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.arg):
            node.annotation = None  # a signature that names a type of the package, as the stub does, uses nothing of it
        elif isinstance(node, FUNCTIONS):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.copy_location(ast.Constant(None), node.annotation)
    return tree


def _syntax(source: str, magics: bool = False) -> ast.Module | None:
    if "\0" in source:  # no Python; from 3.12 on the tokenizer raises SystemError over it
        return None
    if magics and sum(len(line) ** 2 for line in source.split("\n")) > MOST_TRANSFORMED:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if magics:
                from IPython.core.inputtransformer2 import TransformerManager

                source = TransformerManager().transform_cell(source)
            return compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST | FLAGS)
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            return None


def preparation(source: str, never: Iterable[str] = ()) -> str:
    """Return the imports and constants of a cell that does not run: what other cells may take from it at no cost.

    Each of them runs, also where one before it fails, and the failure still shows.

    Args:
        source: the cell.
        never: names that are left alone.
    """
    tree, kept = _syntax(source) or _syntax(source, magics=True), []
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [a for a in node.names if (a.asname or a.name).split(".")[0] not in never and a.name != "*"]
            kept += [node] if node.names else []
        elif isinstance(node, ast.Assign) and _is_constant(node, never):
            kept.append(node)
    made: list[ast.stmt] = []
    for node in reversed(kept):
        made = [ast.Try([node], [], [], made)] if made else [node]
    return "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in made)


def _is_constant(node: ast.Assign, never: Iterable[str]) -> bool:
    if not all(isinstance(target, ast.Name) and target.id not in never for target in node.targets):
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def bare(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())
