"""The files of the course's package that decide what a lab's submissions earn: those that its cells and checks import.

A room's face only hands names on, so of a face the one file counts that holds the name. What draws decides nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from grader.course_package import course_package

PACKAGE = course_package().name
FROM = re.compile(rf"^[ \t]*from ({PACKAGE}[\w.]*) import (\([^)]*\)|[^\n#]+)", re.MULTILINE)
IMPORT = re.compile(rf"^[ \t]*import ({PACKAGE}[\w.]*)", re.MULTILINE)
USED = re.compile(rf"\b{PACKAGE}\.(\w+)")
DRAWS = (f"{PACKAGE}.plots",)  # figures; no check looks at one


def decisive_sha256(texts: Iterable[str]) -> str:
    """Hash the files that cells need, with what those need.

    Args:
        texts: of the cells that grading runs.
    """
    found: set[Path] = set()
    waiting = [path for text in texts for path in imported(text)]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported(_text(path))
    digest = hashlib.sha256()
    for path in sorted(found):
        name = path.relative_to(course_package()).as_posix()
        digest.update(f"{name}\0{_text(path)}\0".encode())
    return digest.hexdigest()


def imported(text: str) -> Iterator[Path]:
    """Yield the files of the package that a text imports itself; all of a room where it imports the room."""
    for module, names in FROM.findall(text):
        for name in (part.split(" as ")[0].strip() for part in names.strip("()").split(",") if part.strip()):
            yield from _files(f"{module}.{name}") or _holder(module, name)
    for module in IMPORT.findall(text):
        for name in USED.findall(text) if module == PACKAGE else ():
            yield from _files(f"{PACKAGE}.{name}") or _holder(PACKAGE, name)
        yield from _files(module) if module != PACKAGE else ()


def _files(module: str) -> list[Path]:
    """Return the file of a module, or all files of a room; nothing for what is neither."""
    path = course_package().parent.joinpath(*module.split("."))
    if module.startswith(DRAWS):
        return []
    if path.is_dir():
        return sorted(path.rglob("*.py"))
    return [path.with_suffix(".py")] if path.with_suffix(".py").is_file() else []


def _holder(module: str, name: str) -> list[Path]:
    """Return the file from which a module has a name: itself, or where the room's face takes it from."""
    face = course_package().parent.joinpath(*module.split("."), "__init__.py")
    if not face.is_file():
        return _files(module)
    for source, names in FROM.findall(_text(face)):
        if names.strip() == f"{name} as {name}":
            return _files(source)
    return [] if module.startswith(DRAWS) else [face]


@lru_cache(1000)
def _text(path: Path) -> str:
    """Read a file once a process: a run is graded by what it began with."""
    return path.read_text(encoding="utf-8")
