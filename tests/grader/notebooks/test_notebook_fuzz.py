"""Ten thousand damaged notebooks: each is read or refused in one sentence, and what is read can be restored."""

from __future__ import annotations

import json
import random

import tiny_course as tiny

from grader.notebooks.notebook_file import Unreadable, parse
from grader.notebooks.restoration import restore

COUNT, SEED = 10_000, 20260301
PIECES = (
    b"", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"null", b"true", b"-1", b"1e999", b"9" * 30, b",", b":",
    b"\xff", b"\x00", b"\xef\xbb\xbf", b'"metadata": {"nbgrader": 3}', b'"cell_type": "code"', b'"source": [1]',
    b'"nbformat": 3', b'"id": []', b"\n", b"[" * 200,
)  # fmt: skip


def damaged(whole: bytes, draw: random.Random) -> bytes:
    """A file with one to five places changed, and now and then cut short."""
    made = bytearray(whole)
    for _ in range(draw.randint(1, 5)):
        place = draw.randrange(len(made))
        made[place : place + draw.choice((0, 1, 2, 5, 40))] = draw.choice(PIECES)
    return bytes(made[: draw.randrange(len(made))] if draw.random() < 0.1 else made)


def swapped(value: object, draw: random.Random) -> object:
    """A notebook as JSON has it, with parts of it exchanged for something else: what a bug in a tool writes."""
    if draw.random() < 0.03:
        return draw.choice(
            (None, True, 3, -1.5, "text", "\ud800", [], {}, [None], {"a": {}}, "code", ["x\n", "y"], 10**40)
        )
    if isinstance(value, dict):
        return {key if draw.random() > 0.01 else "other": swapped(one, draw) for key, one in value.items()}
    if isinstance(value, list):
        made = [swapped(one, draw) for one in value]
        return made * 2 if draw.random() < 0.02 else made
    return value


def test_ten_thousand_damaged_notebooks(tmp_path):
    course = tiny.make_course(tmp_path)
    key = tiny.keys_of(course)[tiny.FIRST]
    notebook = tiny.notebook(course, **tiny.GOOD)
    whole, draw = json.dumps(notebook).encode(), random.Random(SEED)
    read, refused, sentences = 0, 0, []
    for number in range(COUNT):
        content = damaged(whole, draw) if number % 2 else json.dumps(swapped(notebook, draw)).encode(errors="replace")
        try:
            cells = parse(content).cells
        except Unreadable as error:
            refused += 1
            sentences.append(str(error))
            continue
        restored = restore(cells, key)
        assert [cell.id for cell in restored.cells if cell.graded] == [cell.id for cell in key.graded]
        read += 1
    assert all(sentence.isprintable() for sentence in sentences)
    assert min(read, refused) > COUNT / 20  # both happen
