"""Common mistakes, a page a lab: from the catalogue what is written, from the visible checks what they say to it.

Of an entry of the catalogue its title is taken and its code left out. Hidden checks are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from book.check_messages import UNKNOWN, Message, messages

ENTRY = re.compile(r'^# %% (?P<title>.+?) message="(?P<message>[^"]+)"', re.MULTILINE)
EXERCISE = re.compile(r"""\bExercise\(\s*["']([\w-]+)["']""")
SPECIAL = re.compile(r"(`[^`]+`)|([\\*_<>\[\]$#|~{}`])")


def written(catalogue: str) -> dict[str, list[str]]:
    """Return the titles of wrong answers by the message that each gets; their code is left out.

    Args:
        catalogue: a file of wrong answers, one percent cell each.
    """
    found: dict[str, list[str]] = {}
    for entry in ENTRY.finditer(catalogue):
        titles = found.setdefault(entry["message"], [])
        if entry["title"] not in titles:
            titles.append(entry["title"])
    return found


@cache
def _messages_of(path: Path) -> list[Message]:
    return messages(path.read_text(encoding="utf-8"))


def _judges(room: Path, exercise: str) -> list[Path]:
    """Return the files that may speak to an exercise: its own, those of its lab that are no other's, the framework."""
    own, shared = [], []
    for path in sorted(room.glob("*.py")):
        exercises = EXERCISE.findall(path.read_text(encoding="utf-8"))
        if exercise in exercises:
            own.append(path)
        elif not exercises:
            shared.append(path)
    return [*own, *shared, *sorted((room.parent / "framework").glob("*.py"))]


def recognised(catalogue: Path, room: Path) -> list[tuple[list[str], list[Message]]]:
    """Return what an exercise's visible checks recognise: titles of wrong answers, and what is said to them.

    Args:
        catalogue: the exercise's file of wrong answers.
        room: the checks of its lab.
    """
    made = [_messages_of(path) for path in _judges(room, catalogue.stem)]
    found = []
    for id, titles in written(catalogue.read_text(encoding="utf-8")).items():
        said = next(filter(None, ([one for one in of_file if one.id == id] for of_file in made)), [])
        if said:
            found.append((titles, said))
    return found


def plain(text: str) -> str:
    """Return a sentence so that Markdown shows it as it is; what stands between backticks is code."""
    return SPECIAL.sub(lambda found: found[1] or f"\\{found[2]}", " ".join(text.split()))


def mistakes_page(title: str, lab: str, exercises: Mapping[str, str], catalogue: Path, room: Path) -> str:
    """Return the page of a lab in Markdown; empty where its visible checks recognise nothing.

    Args:
        title: of the lab.
        lab: its name, for the link.
        exercises: headings by grade_id, in the lab's order.
        catalogue: the folder of its wrong answers.
        room: the folder of its checks.
    """
    lines: list[str] = []
    for exercise, heading in exercises.items():
        path = catalogue / f"{exercise}.py"
        found = recognised(path, room) if path.is_file() else []
        lines += [f"## {plain(heading)}", ""] if found else []
        for titles, said in found:
            lines.append(plain("; ".join(titles)))
            for one in said:
                hint = f" *{plain(one.hint)}*" if one.hint else ""
                end = "" if one.text.endswith((".", "?", "!", UNKNOWN)) else "."
                lines.append(f": {plain(one.text)}{end}{hint}")
            lines.append("")
    if not lines:
        return ""
    intro = f"""# Mistakes in lab {lab[:2]}

What people write in [{plain(title)}](../labs/{lab}/{lab}.ipynb), what the check says to it in one of its forms, and
*its hint*. An ellipsis stands for numbers and names of your own answer. Each was tried: the check recognised it.
"""
    return "\n".join([intro, *lines])
