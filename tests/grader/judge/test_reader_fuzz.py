"""Ten thousand texts, whole programs and torn ones: every reading of each ends, in an answer, and in good time."""

from __future__ import annotations

import random
import time

from in_process import LABS, cells

from grader.judge.reader import READINGS, read

COUNT, SEED = 10_000, 20260302
MOST_SECONDS = 2.0  # of one text; the process that reads students' texts has ten for a whole submission
PIECES = (
    "", "(", ")", "[", "]", "{", "}", "'", '"""', "\\", "\n", "    ", "\t", ":", "=", ":=", "->", "@", "%",
    "%%time\n", "!true\n", "?", "??", "$", "\x00", "\ud800", "lambda x: ", "await ", "async def f(): ", "yield ", "*",
    "**", "...", "if x:\n", "elif y:\n", "match x:\n case _:\n", "import a.b as c\n", "from . import x\n",
    "def f(a, /, *, b=1):\n", "class A(B, metaclass=C):\n", "f'{x!r:>{y}}'", "1e999", "0x", "\u00e9", "\U0001f600",
    "# c\n", "return", "global x\n", ".a" * 300, "(" * 150, "-" * 300, "[" * 90 + "]" * 90, "x if y else " * 80,
    "elif x == 1:\n    y = 1\n" * 100,
)  # fmt: skip


def torn(sources: list[str], draw: random.Random) -> str:
    """A piece of a program of the labs, with up to six places changed."""
    source = draw.choice(sources)
    start = draw.randrange(len(source))
    made = source if draw.random() < 0.5 else source[start : start + draw.randint(1, 400)]
    for _ in range(draw.randint(0, 6)):
        place = draw.randint(0, len(made))
        made = made[:place] + draw.choice(PIECES) + made[place + draw.choice((0, 0, 1, 4)) :]
    return made


def test_ten_thousand_texts_are_read():
    draw = random.Random(SEED)
    sources = [cell.source for lab in LABS for cell in cells(lab) if 0 < len(cell.source) < 1_500]
    assert len(sources) > 100
    for _ in range(COUNT):
        text = torn(sources, draw)
        start = time.process_time()
        for reading in READINGS:
            answer = read(reading, [text])
            assert isinstance(answer, list)
        assert time.process_time() - start < MOST_SECONDS, text
