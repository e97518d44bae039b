"""Lines of hidden checks, and the files of a folder in which one of them can be read."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from grader.notebooks.answer_key import AnswerKey

SHORTEST = 12  # characters of a line that says something: `x = y` may stand anywhere


def hidden_lines(key: AnswerKey) -> list[str]:
    """The lines of a lab's hidden regions, remarks included, sentences for the reader not."""
    found = []
    for cell in key.graded:
        for part in cell.source.split("### BEGIN HIDDEN TESTS")[1:]:
            region = re.sub(r'(?s)""".*?"""', "", part.split("### END HIDDEN TESTS")[0])
            found += [" ".join(line.split()) for line in region.splitlines()]
    return sorted({line for line in found if len(line) >= SHORTEST})


def texts(folder: Path) -> dict[str, str]:
    """What can be read in every file of a folder: markup, escapes and line breaks taken away."""
    found = {}
    for path in sorted(folder.rglob("*.*")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            text = " ".join(_strings(json.loads(text)))
        if path.suffix == ".html":
            text = html.unescape(re.sub(r"<[^>]*>", "", text))
        if path.suffix == ".csv":
            text = text.replace('""', '"')
        found[str(path.relative_to(folder))] = " ".join(text.split())
    return found


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in _strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    return [value] if isinstance(value, str) else []


def leaks(folder: Path, lines: list[str]) -> list[tuple[str, str]]:
    """Every file with a line that it must not have."""
    # Sentences begin with a capital, so case does not count.
    found = {name: text.lower() for name, text in texts(folder).items()}
    return [(name, line) for name, text in found.items() for line in lines if line.lower() in text]
