"""What a lab asks students to write is not in their process: a reference that is not there cannot be borrowed.

A lab names what it teaches. In the process that runs its submissions a finder stands before Python's own and refuses
the modules that define these names, and with them whatever imports those; the checks, which hold formulas too, stay
with the judge. On disk a submission sees a copy of the package without the same files. So that a room of the package
can be imported although one of its files is missing, it hands its names on when they are asked for.
"""

from __future__ import annotations

import ast
import importlib
import shutil
import sys
from collections.abc import Callable, Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

PACKAGE = "lora_utils"
LABS = f"{PACKAGE}.checks.lab_"  # how the names of all labs' checks begin
ELSEWHERE = "Checks run outside of the notebook while it is graded."


class Withheld(ImportError):
    """A module of the package that the lab being graded asks students to write."""


class Withholding(MetaPathFinder, Loader):
    """Finds the package's modules for one lab's submissions; put it first in `sys.meta_path`.

    Args:
        names: what the lab teaches, with the module that defines it: "lora_utils.methods.lora.LoRALayer".
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.taught = by_module(names)

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """Refuse what is withheld, stand in for checks, and let rooms hand on what is there.

        Raises:
            Withheld: the sentence that the student reads.
        """
        if name in self.taught:
            raise Withheld(f"this lab asks you to write {' and '.join(self.taught[name])}: {name} is not there "
                           "while the lab is graded")  # fmt: skip
        if name.startswith(LABS):
            return ModuleSpec(name, self, is_package=True)
        if name.split(".")[0] != PACKAGE:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or not spec.submodule_search_locations:
            return spec
        room = ModuleSpec(name, self, origin=spec.origin, is_package=True)
        room.submodule_search_locations += spec.submodule_search_locations
        room.has_location = True
        return room

    def exec_module(self, module: ModuleType) -> None:
        """Fill a room, or what stands for a lab's checks."""
        if module.__name__.startswith(LABS):
            module.__getattr__ = _stand_in
        else:
            tree = ast.parse(Path(module.__spec__.origin).read_text(encoding="utf-8"))
            module.__doc__ = ast.get_docstring(tree)
            module.__getattr__ = _on_request(module, handed_on(tree))


def by_module(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that a lab teaches by the module that defines them."""
    taught: dict[str, list[str]] = {}
    for name in names:
        module, _, own = name.rpartition(".")
        taught.setdefault(module, []).append(own)
    return taught


def handed_on(room: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what a room's `__init__` hands on: by name, the module that has it and what it is called there."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in room.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _on_request(room: ModuleType, names: dict[str, tuple[str, str]]) -> Callable[[str], object]:
    def get(name: str) -> object:
        if name in names:
            module, own = names[name]
            value = getattr(importlib.import_module(module), own)
        elif name.startswith("__"):
            raise AttributeError(name)
        else:
            try:
                return importlib.import_module(f"{room.__name__}.{name}")
            except ModuleNotFoundError:
                raise AttributeError(f"module {room.__name__!r} has no attribute {name!r}") from None
        setattr(room, name, value)
        return value

    return get


def _stand_in(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *objects, **more: ELSEWHERE


def withhold(names: Iterable[str]) -> None:
    """Let this process, which has not imported the package yet, never have what a lab teaches."""
    loaded = [name for name in sys.modules if name.split(".")[0] == PACKAGE]
    if loaded:
        raise RuntimeError(f"{loaded[0]} is loaded already, so nothing can be withheld")
    sys.meta_path.insert(0, Withholding(names))


def copy_without(package: Path, target: Path, names: Iterable[str]) -> None:
    """Copy the package as a submission may read it: without what the lab teaches, and without checks.

    Args:
        package: its folder.
        target: a folder that does not exist yet.
        names: as `Withholding` takes them.
    """
    hidden = {package.parent.joinpath(*module.split(".")).with_suffix(".py") for module in by_module(names)}

    def ignored(folder: str, files: list[str]) -> list[str]:
        here = Path(folder)
        checks = f"{PACKAGE}.{'.'.join(here.relative_to(package).parts)}.".startswith(f"{PACKAGE}.checks.")
        return [
            name
            for name in files
            if name == "__pycache__" or here / name in hidden or (checks and name.startswith("lab_"))
        ]

    shutil.copytree(package, target, ignore=ignored)
