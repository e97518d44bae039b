"""Whether an answer is the student's own, or the course's reference under another name."""

from __future__ import annotations

import dis
import types

from lora_utils.checks.framework.subject import StudentRaised, Subject

PACKAGE = "lora_utils"
OWN_WORK = "own-work"
LIBRARIES = ("torch", "builtins", "abc", "typing", "collections")


def borrowed(subject: Subject, allowed: tuple[str, ...]) -> list[str]:
    """Return the names from lora_utils that an answer is, inherits from or mentions, less those allowed.

    Raises:
        StudentRaised: the answer could not be looked at.
    """
    names = subject.probe(uses_of_package)["names"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise StudentRaised("WrongType", "what the answer is made of could not be seen")
    return [name for name in names if name not in allowed]


def uses_of_package(*objects) -> dict:
    """Probe: the names from lora_utils that the objects are, inherit from or mention in their code."""
    names: set[str] = set()
    for item in objects:
        if isinstance(item, type):
            names.update(c.__name__ for c in item.__mro__ if is_ours(c))
            members = [m for c in item.__mro__ if c.__module__.split(".")[0] not in LIBRARIES for m in vars(c).values()]
        else:
            if is_ours(item):
                names.add(item.__name__)
            members = [item]
        for member in members:
            function = getattr(member, "__func__", member)
            if isinstance(function, types.FunctionType) and not is_ours(function):
                names.update(mentions(function.__code__, function.__globals__))
    return {"names": sorted(names)}


def mentions(code: types.CodeType, scope: dict) -> set[str]:
    """Names from the package that code reads as globals, through the package's modules, or imports itself.

    Attribute names alone prove nothing: `model.train()` is no use of a `train` that the notebook has imported.
    """
    found: set[str] = set()
    module: types.ModuleType | None = None  # the package's module on top of the stack, waiting for its attribute
    importing = ""  # "whole" or "names" while an import from the package is under way
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and module is not None:
            value = getattr(module, step.argval, None)
            module = value if is_module_of_ours(value) else None
            if module is None:
                found.add(step.argval)
        elif step.opname == "IMPORT_FROM" and importing:
            found.add(step.argval)
            importing = "names"
        elif importing == "whole" and step.opname.startswith("STORE"):
            found.add(PACKAGE)
            importing = ""
        else:
            if module is not None:  # the module itself is used, for example by getattr
                found.add(PACKAGE)
                module = None
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                value = scope.get(step.argval)
                if is_module_of_ours(value):
                    module = value
                elif is_ours(value):
                    found.add(value.__name__)
            elif step.opname == "IMPORT_NAME":
                importing = "whole" if step.argval.split(".")[0] == PACKAGE else ""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= mentions(constant, scope)
        elif isinstance(constant, str) and (constant == PACKAGE or constant.startswith(f"{PACKAGE}.")):
            found.add(PACKAGE)  # importlib.import_module("lora_utils"), sys.modules["lora_utils.methods.lora"]
    return found


def is_module_of_ours(item) -> bool:
    """Whether something is a module of the package."""
    return isinstance(item, types.ModuleType) and item.__name__.split(".")[0] == PACKAGE


def is_ours(item) -> bool:
    """Whether something is a class or a function of the package."""
    if not isinstance(item, type | types.FunctionType):
        return False
    return (getattr(item, "__module__", "") or "").split(".")[0] == PACKAGE
