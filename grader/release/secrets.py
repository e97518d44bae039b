"""What no student may get before a lab is over: solutions, hidden tests, quiz keys, catalogue answers, seeds.

A secret is a passage: a line of one of these texts, with as many lines after it as make up 36 characters (20 in a quiz
key, whose lines are short). White space, quotation marks, commas and backslashes do not count, so a passage is the same
however it is laid out, quoted or escaped. A text that is shorter as a whole holds no passage.

No secret is what students get anyway:

* a passage that also stands in a cell as its source gives it;
* of a hidden test, a line that is nothing but a sentence for the reader, which a visible check may say too;
* of solutions and catalogue answers, one that also stands in the modules that labs name as what they teach, in the
  visible checks, in the experiments or in the models: they compute the same things, and the course is to be read.

A seed is a passage as a whole, from 8 characters on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

from grader.build.build import Lab, find_labs
from grader.build.markers import HIDDEN_TESTS, SOLUTION, regions
from grader.build.source import read_source
from grader.build.source_format import WITHHELD_KEY
from grader.course import Course

SOLUTIONS, HIDDEN, KEY, CATALOGUE, SEED = "a solution", "a hidden test", "a quiz key", "a catalogue answer", "a seed"
SHORTEST = {SOLUTIONS: 36, HIDDEN: 36, CATALOGUE: 36, KEY: 20, SEED: 8}  # characters that count
LAID_OUT = str.maketrans("", "", "\"'`,\\")
OPEN_ROOMS = ("checks", "experiments", "models")  # of the package, beside what it teaches
CATALOGUE_FOLDER = Path("tests") / "catalogue"
SENTENCE = re.compile(r'\s*f?(?P<quote>"|\').*(?P=quote)[,)\s]*')
QUESTION = re.compile(r"\bQuestion\(")


@dataclass(frozen=True)
class Secret:
    """What a passage is of.

    Args:
        kind: a key of `SHORTEST`.
        where: the file that has it, with line or cell; default: unknown, and of a seed unsaid.
    """

    kind: str
    where: str = ""


def bare(text: str) -> str:
    """Return the characters of a text that count."""
    return "".join(text.translate(LAID_OUT).split())


def passages(lines: Iterable[str], kind: str) -> Iterator[str]:
    """Yield from each line on as many lines as are long enough together, joined.

    Args:
        lines: of one text.
        kind: of which kind it is, a key of `SHORTEST`.
    """
    yield from (passage for _, passage in _placed(lines, kind))


def _placed(lines: Iterable[str], kind: str) -> Iterator[tuple[int, str]]:
    """Yield passages, each with the number of its first line, from 0."""
    lines = [(number, line) for number, line in enumerate(lines) if bare(line)]
    for first, (number, line) in enumerate(lines):
        joined = ""
        for _, text in lines[first:]:
            joined += bare(text)
            if len(joined) >= SHORTEST[kind]:
                if kind != HIDDEN or joined != bare(line) or not SENTENCE.fullmatch(line):
                    yield number, joined
                break


def secrets_of(course: Course, seeds: Sequence[str] = ()) -> dict[str, Secret]:
    """Return all secrets of a course, by passage.

    Args:
        course: all its labs count, also those that are not in use.
        seeds: that test inputs derive from; default none.

    Raises:
        SourceError: a lab's source is malformed.
    """
    root = course.root
    sources = [(lab, read_source(lab.source, lab.relative(lab.source), course)) for lab in find_labs(root)]
    given = "\n".join(bare(text) for _, source in sources for text in _given(source))
    taught = "\n".join([given, *(bare(path.read_text(encoding="utf-8")) for path in _open_modules(root, sources))])
    found: dict[str, Secret] = {}
    for path, entry, first, lines in _catalogue(root):
        for number, one in _placed(lines, CATALOGUE):
            if one not in taught:
                found[one] = Secret(CATALOGUE, f"{path}, line {first + number}, in the answer {entry!r}")
    for lab, source in sources:
        quiz = QUESTION.search(lab.source.read_text(encoding="utf-8")) is not None
        for cell, kind, lines in _regions(source):
            meant = KEY if quiz else {SOLUTION: SOLUTIONS, HIDDEN_TESTS: HIDDEN}[kind]
            known = taught if meant == SOLUTIONS else given
            secret = Secret(meant, f"{lab.relative(lab.source)}, cell {cell!r}")
            found |= {one: secret for one in passages(lines, meant) if one not in known}
    return found | {bare(seed): Secret(SEED) for seed in seeds if len(bare(seed)) >= SHORTEST[SEED]}


def _regions(source: NotebookNode) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for cell in source.cells:
        for region in regions(cell.source):
            yield cell.id, region.kind, region.lines


def _given(source: NotebookNode) -> Iterator[str]:
    """Yield the text of each cell outside of its regions."""
    for cell in source.cells:
        inside = {number for one in regions(cell.source) for number in range(one.first, one.last + 1)}
        yield "\n".join(line for number, line in enumerate(cell.source.split("\n")) if number not in inside)


def _open_modules(root: Path, sources: Iterable[tuple[Lab, NotebookNode]]) -> Iterator[Path]:
    """Yield the package's files in which a solution may be read."""
    names = {one for _, source in sources for cell in source.cells for one in cell.metadata.get(WITHHELD_KEY, ())}
    modules = {root.joinpath(*name.split(".")[:-1]).with_suffix(".py") for name in names}
    rooms = {path for room in OPEN_ROOMS for path in (root / "lora_utils" / room).rglob("*.py")}
    yield from sorted(path for path in modules | rooms if path.is_file())


def _catalogue(root: Path) -> Iterator[tuple[str, str, int, list[str]]]:
    """Yield the answers of the catalogue, one percent cell each: file, title, number of the first line, lines."""
    for path in sorted((root / CATALOGUE_FOLDER).rglob("*.py")):
        lines = path.read_text(encoding="utf-8").split("\n")
        heads = [number for number, line in enumerate(lines) if line.startswith("# %%")]
        for head, end in pairwise([*heads, len(lines)]):
            title = re.split(r"\s\w+=", lines[head].removeprefix("# %%"))[0].strip()
            yield path.relative_to(root).as_posix(), title, head + 2, lines[head + 1 : end]
