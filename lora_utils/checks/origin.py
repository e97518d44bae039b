"""Whether an answer is the student's own, or the course's reference under another name."""

from __future__ import annotations

import types

from lora_utils.checks.subject import Subject

PACKAGE = "lora_utils"
OWN_WORK = "own-work"


def borrowed(subject: Subject, allowed: tuple[str, ...]) -> list[str]:
    """Return the names from lora_utils that an answer is, inherits from or mentions, less those allowed."""
    return [name for name in subject.probe(uses_of_package)["names"] if name not in allowed]


def uses_of_package(*objects) -> dict:
    """Probe: the names from lora_utils that the objects are, inherit from or mention in their code."""
    names: set[str] = set()
    for item in objects:
        if isinstance(item, type):
            names.update(c.__name__ for c in item.__mro__ if _ours(c))
            members = [m for c in item.__mro__ if not _library(c) for m in vars(c).values()]
        else:
            if _ours(item):
                names.add(getattr(item, "__name__", type(item).__name__))
            members = [item]
        for member in members:
            function = getattr(member, "__func__", member)
            if isinstance(function, types.FunctionType) and not _ours(function):
                names.update(_mentions(function.__code__, function.__globals__))
    return {"names": sorted(names)}


def _mentions(code: types.CodeType, scope: dict) -> set[str]:
    found = {name for name in code.co_names if name == PACKAGE or name.startswith(PACKAGE + ".")}
    found |= {name for name in code.co_names if _ours(scope.get(name))}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _mentions(constant, scope)
    return found


def _ours(item) -> bool:
    if isinstance(item, types.ModuleType):
        return item.__name__.split(".")[0] == PACKAGE
    if not isinstance(item, (type, types.FunctionType)):
        return False
    return (getattr(item, "__module__", "") or "").split(".")[0] == PACKAGE


def _library(cls: type) -> bool:
    return cls.__module__.split(".")[0] in ("torch", "builtins", "abc", "typing", "collections")
