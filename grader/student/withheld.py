"""What a lab asks students to write is not in their process: a reference that is not there cannot be borrowed.

A lab names what it teaches. The modules that define these names are absent from the process that runs its
submissions, and so is every module that needs one of them: a finder that stands before Python's own refuses them by
name, and on disk a submission sees a copy of the package without their files. The checks, which hold formulas too,
stay with the judge. So that a room of the package can be imported although some of its files are missing, it hands its
names on when asked.
"""

from __future__ import annotations

import ast
import importlib
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

PACKAGE = "lora_utils"
# How the names begin of what stays with the judge: checks, and probes, which travel from there by their code.
CHECKS = (f"{PACKAGE}.checks.lab_", f"{PACKAGE}.checks.framework.probes", f"{PACKAGE}.checks.framework.wrapping_probes")
ELSEWHERE = "Checks run outside of the notebook while it is graded."


class Withheld(ImportError):
    """A module of the package that defines what the lab being graded asks students to write."""


class NeedsWithheld(ImportError):
    """A module of the package that needs such a one."""


class Withholding(MetaPathFinder, Loader):
    """Finds the package's modules for one lab's submissions; put it first in `sys.meta_path`.

    Args:
        names: what the lab teaches, with the module that defines it: "lora_utils.methods.lora.LoRALayer".
        package: the package's folder.
    """

    def __init__(self, names: Iterable[str], package: Path) -> None:
        self.taught = by_module(names)
        self.absent = absent(package, self.taught)

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """Refuse what is withheld, stand in for checks, and let rooms hand on what is there.

        Raises:
            Withheld, NeedsWithheld: the sentence that the student reads.
        """
        if name in self.taught:
            own = _listed(self.taught[name])
            raise Withheld(f"this lab asks you to write {own}, so {name} is not there while it is graded")
        if name in self.absent:
            why = f"needs {_listed(self.taught[self.absent[name]])}, which this lab asks you to write"
            raise NeedsWithheld(f"{name} {why}, so it is not there while the lab is graded")
        if name.startswith(CHECKS):
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
        if module.__name__.startswith(CHECKS):
            module.__getattr__ = _stand_in
        else:
            tree = ast.parse(Path(module.__spec__.origin).read_text(encoding="utf-8"))
            module.__doc__ = ast.get_docstring(tree)
            names = handed_on(tree)
            module.__all__ = [name for name, (home, _) in names.items() if home not in self.absent]
            module.__dir__ = lambda: sorted({*vars(module), *module.__all__})
            module.__getattr__ = _on_request(module, names)


def absent(package: Path, taught: Iterable[str]) -> dict[str, str]:
    """Return every module that a submission does not have, each with the taught one that it is or needs.

    Args:
        package: its folder.
        taught: modules that define what the lab teaches.
    """
    needs = imports(package)
    found = {module: module for module in taught}
    while more := {
        name: found[one] for name, ones in needs.items() if name not in found for one in ones if one in found
    }:
        found |= more
    return found


@lru_cache(1)
def imports(package: Path) -> dict[str, set[str]]:
    """Return which modules each module of the package imports, rooms and checks apart; the text is read once."""
    paths = {_module_of(package, path): path for path in package.rglob("*.py")}
    trees = {
        name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths.items() if not name.startswith(CHECKS)
    }
    rooms = {name: handed_on(tree) for name, tree in trees.items() if paths[name].name == "__init__.py"}
    return {name: _imported(tree, rooms) for name, tree in trees.items() if name not in rooms}


def _module_of(package: Path, path: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.Module, rooms: dict[str, dict[str, tuple[str, str]]]) -> set[str]:
    """Return the modules that a file imports while it is imported itself, through rooms to the files behind them."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                home, _ = rooms.get(node.module, {}).get(alias.name, (node.module, ""))
                found |= {home, f"{node.module}.{alias.name}"}
    return found


def _listed(names: list[str]) -> str:
    return " and ".join(names)


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


def withhold(names: Iterable[str], package: Path) -> None:
    """Let this process, which has not imported the package yet, never have what a lab teaches; see `Withholding`."""
    loaded = [name for name in sys.modules if name.split(".")[0] == PACKAGE]
    if loaded:
        raise RuntimeError(f"{loaded[0]} is loaded already, so nothing can be withheld")
    sys.meta_path.insert(0, Withholding(names, package))


def copy_without(package: Path, target: Path, names: Iterable[str]) -> None:
    """Copy the package as a submission may read it: without what the lab teaches, and without checks.

    Args:
        package: its folder.
        target: a folder that does not exist yet.
        names: as `Withholding` takes them.
    """
    hidden = absent(package, by_module(names))

    def ignored(folder: str, files: list[str]) -> list[str]:
        modules = {name: _module_of(package, Path(folder, name)) for name in files}
        return [name for name in files if name == "__pycache__" or modules[name] in hidden
                or modules[name].startswith(CHECKS)]  # fmt: skip

    shutil.copytree(package, target, ignore=ignored)
