"""What an instructor should look at: code in a submission that reaches for more than its exercise.

Nothing here decides points: the judge stands outside the student's process, so tricks earn nothing. A flag says that
one was tried, as far as the text shows it; honest code may be flagged now and then, and a person decides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

# Attributes of the notebook's shell by which a cell changes how other cells run.
MACHINERY = ("ast_transformers", "input_transformers_cleanup", "input_transformers_post", "events", "run_cell",
             "run_cell_async", "user_global_ns", "history_manager")  # fmt: skip
PROCESSES = ("subprocess", "multiprocessing", "ctypes", "pty", "signal")
LEAVES = ("_exit", "fork", "forkpty", "execv", "execvp", "execve", "kill", "killpg", "abort", "system", "popen")


def tampering(sources: Iterable[str]) -> list[str]:
    """Return short names of what the texts of a submission try, each once, in alphabetical order."""
    found: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        modules = _imported(tree)
        for node in ast.walk(tree):
            found |= _kinds(node, modules)
    return sorted(found)


def _imported(tree: ast.AST) -> set[str]:
    """Names in a cell that stand for modules, those that every lab's set-up imports included."""
    names = {"torch", "nn", "lora_utils", "check", "math"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def _kinds(node: ast.AST, modules: set[str]) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        tops = {name.split(".")[0] for name in named}
        kinds = {"imports-the-grader"} if "grader" in tops else set()
        return kinds | ({"starts-processes"} if tops & set(PROCESSES) else set())
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        if any(isinstance(t, ast.Attribute) and _root(t) in modules for t in targets):
            return {"patches-a-library"}
    if isinstance(node, ast.Attribute) and node.attr in MACHINERY and _root(node) in ("get_ipython", "ip"):
        return {"changes-the-notebook"}
    if isinstance(node, ast.Attribute) and node.attr in LEAVES and _root(node) == "os":
        return {"starts-processes"}
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc"):
        return {"looks-at-processes"}
    return set()


def _root(node: ast.AST) -> str:
    """The name at the beginning of a chain of attributes and calls."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
