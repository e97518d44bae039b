"""What checks say, read from their source: nothing is run, so "…" stands for what is known only while a check runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

UNKNOWN = "…"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What takes an id first, and at which places it takes the sentence and the hint.
SENTENCE = {"Failure": (1, 2), "Rule": (2, 3), "Mistake": (2, 3), "rule": (2, 3)}


@dataclass(frozen=True)
class Message:
    """What a check says to a recognised mistake.

    Args:
        id: short name of the mistake.
        text: what is wrong, with "…" for numbers.
        hint: what to look at next; empty where there is none.
    """

    id: str
    text: str
    hint: str


def messages(module: str) -> list[Message]:
    """Return the messages that a module of checks makes, in its order, each once.

    Args:
        module: its source.
    """
    tree = ast.parse(module)
    found = {}
    for scope, names in _scopes(tree):
        for node in _own_nodes(scope):
            made = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SENTENCE:
                made = _of_call(node, node.func.id, names)
            elif isinstance(node, ast.Tuple):
                made = _of_row(node, names)
            if made:
                found[made] = None
    return list(found)


def _scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, dict[str, str]]]:
    """Yield the module and its functions, each with the names that hold one known text there."""
    pending: list[tuple[ast.AST, dict[str, str]]] = [(tree, {})]
    while pending:
        scope, names = pending.pop(0)
        given: dict[str, list[ast.expr]] = {}
        for node in _own_nodes(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    pairs = [(target, node.value)]
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                        pairs = list(zip(target.elts, node.value.elts, strict=False))
                    for one, value in pairs:
                        if isinstance(one, ast.Name):
                            given.setdefault(one.id, []).append(value)
        own = dict(names)
        for name, values in given.items():
            own.pop(name, None)
            text = _text(values[0], own) if len(values) == 1 else None
            if text:
                own[name] = text
        yield scope, own
        pending += [(node, own) for node in _own_nodes(scope) if isinstance(node, ast.FunctionDef)]


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, not those inside the functions that it defines."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef):
            pending = [*ast.iter_child_nodes(node), *pending]


def _text(node: ast.expr | None, names: Mapping[str, str]) -> str | None:
    """Return what an expression says, with "…" in place of values; None where it is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, names) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = _text(node.left, names), _text(node.right, names)
        return "".join(part or UNKNOWN for part in parts) if any(parts) else None
    return None


def _part(node: ast.expr, names: Mapping[str, str]) -> str:
    value = node.value if isinstance(node, ast.FormattedValue) else node
    text = _text(value, names)
    return UNKNOWN if text is None else text


def _of_call(node: ast.Call, name: str, names: Mapping[str, str]) -> Message | None:
    """Return what a call of `SENTENCE` says; None where its id or its sentence is made elsewhere."""
    named = {one.arg: one.value for one in node.keywords}

    def given(name: str, place: int) -> str | None:
        return _text(named.get(name, node.args[place] if place < len(node.args) else None), names)

    text, hint = SENTENCE[name]
    id, says = given("id", 0), given("text", text) or given("rationale", text)
    return Message(id, says, given("hint", hint) or "") if id and says else None


def _of_row(node: ast.Tuple, names: Mapping[str, str]) -> Message | None:
    """Return what a row of a table of mistakes says: an id, and after it a sentence and perhaps a hint."""
    texts = [_text(one, names) for one in node.elts]
    ids = [place for place, text in enumerate(texts) if text and ID.fullmatch(text)]
    said = [text for text in texts[ids[-1] + 1 :] if text and " " in text] if ids else []
    return Message(texts[ids[-1]], said[0], said[1] if len(said) > 1 else "") if said else None
