"""What an instructor should look at: code in a submission that reaches for more than its exercise.

Nothing here decides points: the judge stands outside the student's process, so tricks earn nothing. A flag says that
one was tried, as far as the text shows it; honest code may be flagged now and then, and a person decides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from grader.text.cell_text import parsed

PATCHES = "patches-a-library"
# Attributes of the notebook's shell by which a cell changes how other cells run.
MACHINERY = ("ast_transformers", "input_transformers_cleanup", "input_transformers_post", "events", "run_cell",
             "run_cell_async", "user_global_ns", "history_manager")  # fmt: skip
PROCESSES = ("subprocess", "multiprocessing", "ctypes", "pty", "signal")
LEAVES = ("_exit", "fork", "forkpty", "execv", "execvp", "execve", "kill", "killpg", "abort", "system", "popen")
INSIDE = (
    "get_objects",
    "get_referrers",
    "_getframe",
    "_current_frames",
    "currentframe",
    "f_back",
    "f_globals",
    "f_locals",
)
FILES = ("sqlite3", "glob", "pathlib", "shutil")
DESCRIPTORS = ("fstat", "read", "write", "dup", "dup2", "fdopen")
ENVIRONMENT = ("environ", "getenv", "environb")
NETWORK = ("socket", "requests", "urllib3", "httpx", "http", "ftplib", "smtplib")
# Names that stand for libraries in every lab, whatever its cells import.
LIBRARIES = ("torch", "nn", "F", "lora_utils", "check", "math", "__builtins__")


def tampering(sources: Iterable[str]) -> list[str]:
    """Return short names of what the texts of a submission try, each once, in alphabetical order."""
    cells = [list(ast.walk(tree)) for source in sources if (tree := parsed(source)) is not None]
    imported = set(LIBRARIES).union(*map(_imported, cells))
    found: set[str] = set()
    for nodes in cells:
        own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        libraries = imported - own | _imported(nodes)
        for node in nodes:
            found |= _kinds(node, libraries)
    return sorted(found)


def _imported(nodes: list[ast.AST]) -> set[str]:
    """Names in a cell that stand for something imported."""
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}


def _kinds(node: ast.AST, imported: set[str]) -> set[str]:
    """Return what one piece of a cell tries."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        tops = {name.split(".")[0] for name in named}
        if isinstance(node, ast.ImportFrom):
            named += [f"{node.module}.{alias.name}" for alias in node.names]
        seen = {"imports-the-grader": "grader" in tops, "starts-processes": bool(tops & set(PROCESSES))}
        seen |= {"uses-the-network": bool(tops & set(NETWORK)) or "urllib.request" in named}
        seen |= {"touches-files": bool(tops & set(FILES))}
        return {kind for kind, is_so in seen.items() if is_so} | ({PATCHES} if "unittest.mock" in named else set())
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        return {PATCHES} if any(_inside_a_library(target, imported) for target in targets) else set()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("exec", "eval", "compile"):
            return {"runs-text"}
        if node.func.id == "open":
            return {"touches-files"}
        if node.func.id in ("setattr", "delattr") and node.args and _root(node.args[0]) in imported:
            return {PATCHES}
    if isinstance(node, ast.Call) and _last(node.func) in ("__import__", "import_module"):
        return set() if all(isinstance(argument, ast.Constant) for argument in node.args) else {"runs-text"}
    if isinstance(node, ast.Attribute) and node.attr in MACHINERY and _root(node) in ("get_ipython", "ip"):
        return {"changes-the-notebook"}
    if isinstance(node, ast.Attribute) and _root(node) == "os":
        kinds = {"starts-processes": LEAVES, "uses-descriptors": DESCRIPTORS, "reads-the-environment": ENVIRONMENT}
        return {kind for kind, names in kinds.items() if node.attr in names}
    if isinstance(node, ast.Attribute) and node.attr in INSIDE:
        return {"looks-inside-python"}
    if isinstance(node, ast.Name) and node.id == "In" and isinstance(node.ctx, ast.Load):
        return {"looks-at-other-cells"}
    if isinstance(node, ast.FunctionDef) and (node.name == "__class__" or (node.name == "__eq__" and _says_yes(node))):
        return {"pretends-to-be-equal"}
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc"):
        return {"looks-at-processes"}
    return set()


def _inside_a_library(target: ast.expr, imported: set[str]) -> bool:
    """Whether assigning to this changes something that was imported, or the table of modules."""
    if isinstance(target, ast.Subscript):
        holder = target.value
        table = _last(holder.func if isinstance(holder, ast.Call) else holder) in ("__dict__", "vars", "modules")
        names = {n.id for n in ast.walk(holder) if isinstance(n, ast.Name)}
        return table and bool(names & imported)
    return isinstance(target, ast.Attribute) and _root(target) in imported


def _says_yes(function: ast.FunctionDef) -> bool:
    """Whether a function returns True whatever it is asked."""
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return bool(returned) and all(isinstance(value, ast.Constant) and value.value is True for value in returned)


def _last(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _root(node: ast.AST) -> str:
    """The name at the beginning of a chain of attributes and calls."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
