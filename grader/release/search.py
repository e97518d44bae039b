"""Find secrets in files: in plain text, escaped as JSON once or twice, and inside zips and wheels."""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from grader.release.secrets import SHORTEST, Secret, bare

ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
ROUNDS = 2  # a notebook in a JSON file
LONGEST_SHOWN = 100  # characters of a line
HEAD = min(SHORTEST.values())


@dataclass(frozen=True)
class Leak:
    """A secret in a file.

    Args:
        file: its path; of a file in a zip, the zip's path and its own.
        kind: what it is of.
        line: of the file, from 1, on which it begins.
        text: that line.
        where: what has it by right, see `Secret`.
    """

    file: str
    kind: str
    line: int = field(default=0, compare=False)
    text: str = field(default="", compare=False)
    where: str = field(default="", compare=False)

    def __str__(self) -> str:
        # A seed is not shown, also not to whoever reads the terminal behind the instructor.
        shown = f" ({self.text!r})" if self.where else ""
        return f"{self.file}, line {self.line}{shown}, holds {self.kind}{f' of {self.where}' if self.where else ''}"


def leaks(files: Mapping[str, bytes], secrets: Mapping[str, Secret]) -> list[Leak]:
    """Return each file that holds a secret, once for each kind, where it is met first; in the files' order.

    Args:
        files: by path.
        secrets: see `secrets_of`.
    """
    by_head: defaultdict[str, list[str]] = defaultdict(list)
    for passage in secrets:
        by_head[passage[:HEAD]].append(passage)
    found: dict[Leak, None] = {}
    for name, content in _unpacked(files):
        plain = content.decode("utf-8", errors="replace").split("\n")
        for lines in _readings(plain):
            starts = list(accumulate(map(len, lines), initial=0))
            for place, passage in _held("".join(lines), by_head):
                number, secret = bisect_right(starts, place), secrets[passage]
                text = plain[number - 1].strip()[:LONGEST_SHOWN]
                found.setdefault(Leak(name, secret.kind, number, text, secret.where))
    return list(found)


def _unpacked(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, content in files.items():
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inner = {f"{name}/{one}": archive.read(one) for one in archive.namelist()}
            yield from _unpacked(inner)
        else:
            yield name, content


def _readings(lines: list[str]) -> Iterator[list[str]]:
    """Yield what counts of each line as it stands, and as it reads when its escapes are undone."""
    yield [bare(line) for line in lines]
    for _ in range(ROUNDS):
        if not any("\\" in line for line in lines):
            return
        lines = [ESCAPED.sub(_meant, line) for line in lines]
        yield [bare(line) for line in lines]


def _meant(escape: re.Match) -> str:
    return chr(int(escape[1], 16)) if escape[1] else CONTROLS.get(escape[2], escape[2])


def _held(text: str, by_head: Mapping[str, list[str]]) -> Iterator[tuple[int, str]]:
    for place in range(len(text) - HEAD + 1):
        for passage in by_head.get(text[place : place + HEAD], ()):
            if text.startswith(passage, place):
                yield place, passage
