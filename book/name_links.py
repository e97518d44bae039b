"""Names of the package in a lab's text as links into the reference: a reader who meets one finds what it promises."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from book.reference import ROOMS

SPAN = re.compile(r"(?<![`\[])`(?P<said>(?:lora_utils\.(?:\w+\.)*)?(?P<name>\w+)(?:\([^`\n]*\))?)`(?!`)")
NOT_PROSE = re.compile(r"(^```.*?^```|^#[^\n]*$)", re.MULTILINE | re.DOTALL)  # code, and headings, which link already


def public_names(package: Path) -> dict[str, str]:
    """Return what labs import from the package: name -> where the reference has it; a name of two rooms is left out.

    Args:
        package: the folder of `lora_utils`.
    """
    places = [(name, f"{package.name}.{room}.{name}") for room in ROOMS for name in _names_of(package, room)]
    often = Counter(name for name, _ in places)
    return {name: place for name, place in places if often[name] == 1}


def _names_of(package: Path, room: str) -> list[str]:
    face = package / room / "__init__.py"
    if face.is_file():
        imports = [node for node in ast.parse(face.read_text()).body if isinstance(node, ast.ImportFrom)]
        return [alias.asname for node in imports for alias in node.names if alias.asname]
    body = ast.parse((package / f"{room}.py").read_text()).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]


def linked(text: str, names: dict[str, str]) -> str:
    """Return a cell's Markdown in which the first mention of each of these names, as code, leads to its place.

    Args:
        text: of the cell; what is inside fences, headings and links stays as it is.
        names: from `public_names`.
    """
    seen: set[str] = set()

    def link(found: re.Match) -> str:
        name = found["name"]
        if name not in names or name in seen:
            return found[0]
        seen.add(name)
        return f"{{py:obj}}`{found['said']} <{names[name]}>`"

    parts = NOT_PROSE.split(text)
    return "".join(part if place % 2 else SPAN.sub(link, part) for place, part in enumerate(parts))
