"""What is left of a program once a copyist has changed what is easily changed: names, layout, comments, docstrings.

A text cannot be kept from being copied, only be recognised. Two definitions have one fingerprint when they take the
same steps in the same order. Short ones often do by nature: of 857 definitions in right answers that others wrote, 33
agree with the lab's own solution, the longest of 62 syntax nodes, a helper function that was taken over as it stands.
The longest that a text dictates are the five formulas of AdamW, 75 nodes in their order. So agreement counts from
`NATURAL` nodes on, where none of the 857 has any.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from typing import NamedTuple

from grader.text.cell_text import FUNCTIONS, parsed

LONGEST = 50_000  # characters of a text; of a longer one only the text itself counts
NATURAL = 76  # syntax nodes: two people arrive at one solution of fewer by themselves


class Fingerprint(NamedTuple):
    """Of one definition, or of a text that has none.

    Args:
        digest: equal where the steps are.
        length: syntax nodes in it, without signatures, which exercises give; of a text that is no Python, characters.
    """

    digest: str
    length: int


def fingerprints(source: str) -> list[Fingerprint]:
    """Return one fingerprint for each function and class that a text defines at its top level.

    A text that defines none, or is no Python, has one for the whole of it.
    """
    tree = parsed(source) if len(source) <= LONGEST else None
    try:
        if tree is not None:
            definitions = [node for node in tree.body if isinstance(node, FUNCTIONS | ast.ClassDef)]
            return [_fingerprint(copy.deepcopy(node)) for node in definitions or [tree]]
    except RecursionError:
        pass
    text = "".join(source.split())
    return [Fingerprint(_digest(text), len(text))]


def _fingerprint(tree: ast.AST) -> Fingerprint:
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, FUNCTIONS | ast.ClassDef) and ast.get_docstring(node, False):
            node.body = node.body[1:] or [ast.Pass()]
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    bound = {name for node in nodes for name in _bound(node)}
    numbers: dict[str, str] = {}
    for node in nodes:
        for field in ("id", "arg", "name", "attr", "asname"):
            own = getattr(node, field, None)
            if isinstance(own, str) and own in bound:
                setattr(node, field, numbers.setdefault(own, f"_{len(numbers)}"))
    given = {id(one) for node in nodes if isinstance(node, ast.arguments) for one in ast.walk(node)}
    return Fingerprint(_digest(ast.dump(tree)), sum(id(node) not in given for node in nodes))


def _digest(steps: str) -> str:
    return hashlib.sha256(steps.encode(errors="replace")).hexdigest()


def _bound(node: ast.AST) -> list[str]:
    """Return the names that a piece of a program chooses itself."""
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.id if isinstance(node, ast.Name) else node.attr]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, FUNCTIONS | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.ExceptHandler | ast.alias):
        return [one for one in (getattr(node, "asname", None), getattr(node, "name", None)) if one]
    return []
