"""Whether an answer is the student's own, judged from the text of the cells and without running any of it.

The notebook asks the same of the objects (`lora_utils.checks.framework.origin`); in the student's process that question
can be answered with a lie. Here the judge reads what the cells say: a name that is imported from lora_utils, is another
name for such a thing, inherits from it, mentions it, or only passes its arguments on to it, is the reference. So is
what comes of text that is run and was made from something of the package, for example by inspect.getsource. What text
that is put together from elsewhere says, stays unseen; `grader.text.tamper_flags` flags cells that run some.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import types
import warnings
from typing import NamedTuple

from grader.text.cell_text import FLAGS, FUNCTIONS, parsed
from lora_utils.checks.framework.origin import PACKAGE, is_module_of_ours, is_ours, mentions

RUN_TEXT = ("exec", "eval", "run_cell", "run_code", "ex", "ev")
OTHER = None  # a name that stands for something from elsewhere


class Ran(NamedTuple):
    """Where a name may come from that is bound by running text: what the text's making mentions, and the call."""

    uses: frozenset[str]
    call: ast.AST


class Bindings:
    """What the names of a notebook stand for, as far as its cells say, in the order in which they are read.

    Args:
        answers: names of all answers; a function that calls another answer is not charged with what that one uses.
    """

    def __init__(self, answers: set[str]) -> None:
        self.answers = answers
        # By name: objects of the package, OTHER, or the syntax trees that make the value; Ran where text made it.
        self.bound: dict[str, list] = {}
        self.ran: list[Ran] = []  # text that was run, and that may have bound any name
        self.runners = set(RUN_TEXT)  # functions that run the text they are given
        self.bound_by_text: set[str] = set()
        self.kept: set[str] = set()  # names that such text was made from: what they stood for then, counts for ever
        self.scope: dict[str, object] = {}  # the names among them that stand for something of the package
        self._only: set[str] | None = None  # while a function is read: the names that it declares global

    def read(self, source: str, surely: bool = True, depth: int = 0) -> None:
        """Take in one cell; `surely` says that whatever it binds, it binds."""
        tree = parsed(source)
        for statement in tree.body if tree is not None and depth < 3 else ():
            self._statement(statement, surely, depth)

    def uses(self, name: str) -> set[str]:
        """Return the names from the package that a name of the notebook is, inherits from or mentions."""
        found, seen, waiting = set(), {name}, [name]
        in_text: set[str] = set()  # names that text which was run is made from: there a path or an import is a mention
        ran = self.ran
        while waiting:
            followed = waiting.pop()
            values = self.bound.get(followed)
            if values is None and not hasattr(builtins, followed):
                values, ran = ran, []  # nobody else has bound it; looked at once
            for value in values or ():
                if isinstance(value, Ran):
                    found |= value.uses
                    more = _loaded(value.call) - self.answers
                    in_text |= more
                elif not isinstance(value, ast.AST):
                    if _of_package(value) and followed == name:  # elsewhere it was mentioned
                        found.add(PACKAGE if is_module_of_ours(value) else value.__name__)
                    continue
                else:
                    found |= self._mentioned(value) | (_named_in_text(value) if followed in in_text else set())
                    more = self._followed(value)
                    in_text |= more if followed in in_text else set()
                waiting += (more := more - seen)
                seen |= more
        return found

    def _mentioned(self, node: ast.AST) -> set[str]:
        code = _compiled(node)
        return mentions(code, self.scope) if code is not None else set()

    def _bind(self, name: str, value: object, surely: bool) -> None:
        if self._only is not None and name not in self._only:
            return
        again = isinstance(value, ast.expr) and name in _loaded(value)  # text = text.replace(...)
        if surely and not again and name not in self.kept:
            self.bound[name] = []
            self.bound_by_text.discard(name)
            self.scope.pop(name, None)
        self.bound.setdefault(name, []).append(value)
        if _of_package(value):
            self.scope[name] = value

    def _statement(self, node: ast.stmt, surely: bool, depth: int) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name, value in _imported(node):
                self._bind(name, value, surely)
        elif isinstance(node, FUNCTIONS | ast.ClassDef):
            self._bind(node.name, node, surely)
            self._globals_of(node, depth)
            if any(_called(part) in self.runners and part.args for part in ast.walk(node)):
                self.runners.add(node.name)
                self._run(node)
        else:
            for value in ast.walk(node):
                if isinstance(value, ast.NamedExpr):
                    self._assign(value.target, value.value, False)
                elif isinstance(value, ast.Call):
                    self._call(value, depth)
                elif isinstance(value, ast.comprehension):
                    self._assign(value.target, value.iter, False)
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value, surely)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value, surely)
            elif isinstance(node, ast.For | ast.AsyncFor):
                self._assign(node.target, node.iter, False)
            for item in getattr(node, "items", ()):  # of a with statement
                if item.optional_vars is not None:
                    self._assign(item.optional_vars, item.context_expr, False)
            for part in _parts(node):
                self._statement(part, False, depth)

    def _assign(self, target: ast.expr, value: ast.expr, surely: bool) -> None:
        if isinstance(target, ast.Name):
            if isinstance(value, ast.Name | ast.Attribute | ast.Lambda) and self.runners & _names(value):
                self.runners.add(target.id)
            known = self._resolve(value)
            self._bind(target.id, value if known is None else known, surely)
        elif isinstance(target, ast.Tuple | ast.List):
            pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for index, part in enumerate(target.elts):
                self._assign(part, value.elts[index] if pairs else value, surely)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value, surely)
        elif isinstance(target, ast.Subscript) and _calls(target.value, "globals", "locals", "vars"):
            if name := _text(target.slice):
                self._assign(ast.Name(name), value, False)
        elif isinstance(target, ast.Attribute) and (name := _root(target)):
            self._bind(name, value, False)  # a class whose method, or the code of one, is replaced by the reference's

    def _call(self, node: ast.Call, depth: int) -> None:
        first = node.args[0] if node.args else None
        if _calls(node, *RUN_TEXT) and (text := self._text_of(first)):
            self.read(text, False, depth + 1)
        elif _called(node) in self.runners and node.args:
            self._run(node, *node.args[1:], *(keyword.value for keyword in node.keywords))
        elif _calls(node, "setattr") and isinstance(first, ast.Name) and len(node.args) == 3:
            self._bind(first.id, node.args[2], False)
        elif _calls(node, "update") and _calls(getattr(node.func, "value", None), "globals", "locals", "vars"):
            for keyword in node.keywords:
                if keyword.arg:
                    self._assign(ast.Name(keyword.arg), keyword.value, False)

    def _run(self, call: ast.AST, *namespaces: ast.expr) -> None:
        """Take in that text is run which is put together, and so may bind any answer, and names in the namespaces."""
        ran = Ran(frozenset(self._mentioned(call) | _named_in_text(call)), call)
        self.ran.append(ran)
        self.kept |= _loaded(call) - self.answers
        for name in self.answers | _loaded(*namespaces):
            self._bind(name, ran, False)
            self.bound_by_text.add(name)

    def _text_of(self, node: ast.expr | None) -> str:
        """Return a literal text, or the one that a name was given and nothing else; else nothing."""
        values = self.bound.get(node.id, ()) if isinstance(node, ast.Name) else [node]
        return _text(values[0]) if len(values) == 1 else ""

    def _globals_of(self, node: ast.stmt, depth: int) -> None:
        """Bind what a function assigns to names of the notebook."""
        names = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
        if names and self._only is None:
            self._only = names
            for part in ast.walk(node):
                if part is not node and isinstance(part, ast.stmt):
                    self._statement(part, False, depth)
            self._only = None

    def _resolve(self, node: ast.expr | None) -> object:
        """Return the package's module, class or function that an expression plainly refers to; else None."""
        if isinstance(node, ast.Name):
            return self.scope.get(node.id)
        if isinstance(node, ast.NamedExpr):
            return self._resolve(node.value)
        if isinstance(node, ast.Call) and _calls(node, "import_module", "__import__") and node.args:
            name = _text(node.args[0])
            return _module(name.split(".")[0] if _calls(node, "__import__") else name)
        holder, name = None, ""
        if isinstance(node, ast.Attribute):
            holder, name = node.value, node.attr
        elif isinstance(node, ast.Call) and _calls(node, "getattr") and len(node.args) > 1:
            holder, name = node.args[0], _text(node.args[1])
        elif isinstance(node, ast.Subscript):
            if isinstance(node.value, ast.Attribute) and node.value.attr == "modules":
                return _module(_text(node.slice))
            if isinstance(node.value, ast.Attribute) and node.value.attr == "__dict__":
                holder, name = node.value.value, _text(node.slice)
            elif isinstance(node.value, ast.Call) and _calls(node.value, "vars") and node.value.args:
                holder, name = node.value.args[0], _text(node.slice)
        module = self._resolve(holder) if holder is not None else None
        value = vars(module).get(name) if isinstance(module, types.ModuleType) else None
        return value if _of_package(value) else None

    def _followed(self, node: ast.AST) -> set[str]:
        """Names of the notebook whose own making belongs to this value: base classes, other names, what is wrapped."""
        if isinstance(node, ast.ClassDef):
            made = [part.value for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign) and part.value]
            return _loaded(*node.bases, *node.keywords, *node.decorator_list, *made)
        if isinstance(node, ast.Name):
            return {node.id}
        if not isinstance(node, FUNCTIONS):
            return _loaded(node) - self.answers
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        wrapped = {_root(body[0].value)} if len(body) == 1 and isinstance(body[0], ast.Return) else set()
        from_text = _loaded(*body) & self.bound_by_text
        return (wrapped | from_text | _loaded(*node.decorator_list)) - self.answers


def _compiled(node: ast.stmt | ast.expr) -> types.CodeType | None:
    """Compile one piece, in order to look at its code; it is never run."""
    statement = node if isinstance(node, ast.stmt) else ast.Expr(node)
    module = ast.fix_missing_locations(ast.Module([statement], []))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(module, "<answer>", "exec", FLAGS, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _imported(node: ast.Import | ast.ImportFrom) -> list[tuple[str, object]]:
    """Return the names that an import binds, each with the object of the package or OTHER."""
    if isinstance(node, ast.Import):
        tops = [alias.name.split(".")[0] for alias in node.names]  # what `import a.b` binds is a
        return [
            (alias.asname or top, _module(alias.name if alias.asname else top))
            for alias, top in zip(node.names, tops, strict=True)
        ]
    module = _module(node.module or "")
    if module is None:
        return [(alias.asname or alias.name, OTHER) for alias in node.names]
    if node.names[0].name == "*":
        return [(name, value) for name, value in vars(module).items() if name[0] != "_" and _of_package(value)]
    found = []
    for alias in node.names:
        value = vars(module).get(alias.name) or _module(f"{module.__name__}.{alias.name}")
        found.append((alias.asname or alias.name, value if _of_package(value) else OTHER))
    return found


def _module(name: str) -> types.ModuleType | None:
    if not re.fullmatch(rf"{PACKAGE}(\.[a-z]\w*)*", name):
        return None
    try:
        return importlib.import_module(name)
    except Exception:  # there is no such module, or it needs what this machine lacks
        return None


def _of_package(value: object) -> bool:
    return is_module_of_ours(value) or is_ours(value)


def _calls(node: ast.AST | None, *names: str) -> bool:
    """Whether a node is a call of something with one of these names."""
    return _called(node) in names


def _called(node: ast.AST | None) -> str:
    """The name of what a node calls; nothing for what is no call, or of something without a name."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _loaded(*nodes: ast.AST) -> set[str]:
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}


def _names(node: ast.AST) -> set[str]:
    return _loaded(node) | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def _named_in_text(node: ast.AST) -> set[str]:
    """Return the package's name if a text in there has it: a path, or an import that is yet to be put together."""
    return {PACKAGE for part in ast.walk(node) if PACKAGE in _text(part)}


def _root(node: ast.AST | None) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _parts(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements inside a compound statement."""
    holders = [node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    return [part for one in holders for field in ("body", "orelse", "finalbody") for part in getattr(one, field, ())]
