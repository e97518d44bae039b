"""Find secrets in files: in plain text, escaped as JSON once or twice, and inside zips and wheels."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader.release.secrets import SHORTEST, bare

ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
ROUNDS = 2  # a notebook in a JSON file
HEAD = min(SHORTEST.values())


@dataclass(frozen=True)
class Leak:
    """A secret in a file.

    Args:
        file: its path; of a file in a zip, the zip's path and its own.
        kind: what it is of.
    """

    file: str
    kind: str


def leaks(files: Mapping[str, bytes], secrets: Mapping[str, str]) -> list[Leak]:
    """Return each file that holds a secret, once for each kind, in the files' order.

    Args:
        files: by path.
        secrets: see `secrets_of`.
    """
    by_head: defaultdict[str, list[str]] = defaultdict(list)
    for passage in secrets:
        by_head[passage[:HEAD]].append(passage)
    found = {
        Leak(name, secrets[passage]): None
        for name, content in _unpacked(files)
        for text in _readings(content)
        for passage in _held(text, by_head)
    }
    return list(found)


def _unpacked(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, content in files.items():
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inner = {f"{name}/{one}": archive.read(one) for one in archive.namelist()}
            yield from _unpacked(inner)
        else:
            yield name, content


def _readings(content: bytes) -> Iterator[str]:
    """Yield what counts of a text as it stands, and as it reads when its escapes are undone."""
    text = content.decode("utf-8", errors="replace")
    yield bare(text)
    for _ in range(ROUNDS):
        if "\\" not in text:
            return
        text = ESCAPED.sub(_meant, text)
        yield bare(text)


def _meant(escape: re.Match) -> str:
    return chr(int(escape[1], 16)) if escape[1] else CONTROLS.get(escape[2], escape[2])


def _held(text: str, by_head: Mapping[str, list[str]]) -> Iterator[str]:
    for place in range(len(text) - HEAD + 1):
        for passage in by_head.get(text[place : place + HEAD], ()):
            if text.startswith(passage, place):
                yield passage
