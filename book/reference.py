"""The pages of the package: each room's public names, from its `__init__.py`, with their docstrings."""

from __future__ import annotations

import re
from pathlib import Path

# What labs import; left out are the checks, which judge answers, and what only programs use.
ROOMS = (
    *("methods", "variants", "quantization", "models", "wrappers"),
    *("data", "training", "experiments", "plots", "devices"),
)


def reference_page(package: Path, room: str) -> str:
    """Return the page of a room, in Markdown.

    Args:
        package: the folder of `lora_utils`.
        room: a folder of it whose `__init__.py` re-exports, or a module.

    Raises:
        FileNotFoundError: if the package has no such room.
    """
    face = package / room / "__init__.py"
    face = face if face.is_file() else package / f"{room}.py"
    if not face.is_file():
        raise FileNotFoundError(f"{package.name} has no room or module {room!r}: mend ROOMS in {Path(__file__).name}")
    module = f"{package.name}.{room}"
    members = ["   :members:"] + (["   :imported-members:"] if face.name == "__init__.py" else [])
    return "\n".join([f"# {module}", "", "```{eval-rst}", f".. automodule:: {module}", *members, "```", ""])


def as_restructured(lines: list[str]) -> list[str]:
    """Return a docstring's lines for Sphinx: a star or a bar outside of code is a product or a magnitude, no markup."""
    return [re.sub(r"(`[^`]*`)|([*|])", lambda found: found[1] or f"\\{found[2]}", line) for line in lines]
