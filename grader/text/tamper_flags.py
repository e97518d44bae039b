"""What an instructor should look at: a submission whose text reaches for more than its exercise.

Nothing here decides points: the judge stands outside the student's process, so tricks earn nothing. A flag says that
one was tried; honest code may be flagged now and then, and a person decides. What a submission changes of the libraries
and of the checks' own functions is seen while it runs, see `grader.student.machinery`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from grader.text.cell_text import parsed

IMPORTS = {
    "grader": "imports-the-grader",
    **dict.fromkeys(("subprocess", "multiprocessing", "ctypes", "pty", "signal"), "starts-processes"),
    **dict.fromkeys(("socket", "requests", "urllib3", "httpx", "http", "ftplib", "smtplib"), "uses-the-network"),
    **dict.fromkeys(("sqlite3", "glob", "pathlib", "shutil"), "touches-files"),
}
CALLS = {"exec": "runs-text", "eval": "runs-text", "compile": "runs-text", "open": "touches-files"}
OF_OS = {
    **dict.fromkeys(("_exit", "fork", "forkpty", "execv", "execvp", "execve", "kill", "killpg", "abort", "system",
                     "popen"), "starts-processes"),
    **dict.fromkeys(("fstat", "read", "write", "dup", "dup2", "fdopen"), "uses-descriptors"),
    **dict.fromkeys(("environ", "getenv", "environb"), "reads-the-environment"),
}  # fmt: skip
ATTRIBUTES = {
    # Of the notebook's shell, by which a cell changes how other cells run.
    **dict.fromkeys(("ast_transformers", "input_transformers_cleanup", "input_transformers_post", "run_cell_async",
                     "user_global_ns", "history_manager"), "changes-the-notebook"),
    **dict.fromkeys(("get_objects", "get_referrers", "_getframe", "_current_frames", "currentframe", "f_back",
                     "f_globals", "f_locals"), "looks-inside-python"),
}  # fmt: skip


def tampering(sources: Iterable[str]) -> list[str]:
    """Return short names of what the texts of a submission try, each once, in alphabetical order."""
    trees = [tree for source in sources if (tree := parsed(source)) is not None]
    return sorted({kind for tree in trees for node in ast.walk(tree) for kind in _kinds(node)})


def _kinds(node: ast.AST) -> list[str]:
    """Return what one piece of a cell tries."""
    found: list[str | None] = []
    if isinstance(node, ast.ImportFrom):
        network = node.module == "urllib" and any(alias.name == "request" for alias in node.names)
        found = [IMPORTS.get((node.module or "").split(".")[0]), "uses-the-network" if network else None]
    elif isinstance(node, ast.Import):
        found = [IMPORTS.get(alias.name.split(".")[0]) for alias in node.names]
        found += ["uses-the-network" for alias in node.names if alias.name == "urllib.request"]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        found = [CALLS.get(node.func.id)]
    elif isinstance(node, ast.Attribute):
        of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
        found = [ATTRIBUTES.get(node.attr), OF_OS.get(node.attr) if of_os else None]
    elif isinstance(node, ast.Name) and node.id == "In" and isinstance(node.ctx, ast.Load):
        found = ["looks-at-other-cells"]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc"):
        found = ["looks-at-processes"]
    return [kind for kind in found if kind]
