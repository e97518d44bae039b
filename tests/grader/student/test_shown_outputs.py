"""What a process that nobody trusts says its cells showed: cut to size, harmless, and a figure is a PNG or nothing."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import pytest

from grader.notebooks.restoration import Cell
from grader.sandbox.channel import MOST_TEXT as MOST_FRAME
from grader.scoring.run_submission import CellRun
from grader.student import shown_outputs as module
from grader.student.shown_outputs import SIGNATURE, Allowance, cell_outputs, middle_out, readable, sound_png, title


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width=2, height=3, bits=8, color=2, compression=0, filtering=0, interlace=0) -> bytes:
    return chunk(b"IHDR", struct.pack(">2I5B", width, height, bits, color, compression, filtering, interlace))


PIXELS, END = chunk(b"IDAT", zlib.compress(3 * (b"\0" + 2 * b"\x10\x20\x30"))), chunk(b"IEND")
PNG = SIGNATURE + header() + PIXELS + END
NO_PNG = {
    "nothing": b"",
    "a web page": b"<script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a signature and a web page": SIGNATURE + b"<script>alert(1)</script>",
    "another signature": b"GIF89a" + PNG[8:],
    "cut short": PNG[:-3],
    "no end": SIGNATURE + header() + PIXELS,
    "no pixels": SIGNATURE + header() + END,
    "no header": SIGNATURE + PIXELS + END,
    "header comes later": SIGNATURE + chunk(b"tEXt", b"a\0b") + header() + PIXELS + END,
    "two headers": SIGNATURE + header() + header(9, 9) + PIXELS + END,
    "long header": SIGNATURE + chunk(b"IHDR", struct.pack(">2I5B", 2, 3, 8, 2, 0, 0, 0) + b"x") + PIXELS + END,
    "too wide": SIGNATURE + header(width=4_001) + PIXELS + END,
    "too high": SIGNATURE + header(height=4_001) + PIXELS + END,
    "no width": SIGNATURE + header(width=0) + PIXELS + END,
    "no height": SIGNATURE + header(height=0) + PIXELS + END,
    "bits that do not go with the colours": SIGNATURE + header(bits=4) + PIXELS + END,
    "unknown colours": SIGNATURE + header(color=5) + PIXELS + END,
    "unknown compression": SIGNATURE + header(compression=1) + PIXELS + END,
    "unknown filter": SIGNATURE + header(filtering=1) + PIXELS + END,
    "unknown interlacing": SIGNATURE + header(interlace=2) + PIXELS + END,
    "damaged": PNG.replace(PIXELS, PIXELS[:-1] + b"\0"),
    "a length beyond the end": SIGNATURE + header() + struct.pack(">I", 1 << 31) + PIXELS[4:] + END,
    "a critical chunk of unknown kind": SIGNATURE + header() + chunk(b"ABCD") + PIXELS + END,
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_png_stays_and_loses_everything_but_its_pixels():
    assert sound_png(PNG) == PNG
    note, profile = chunk(b"tEXt", b"a\0<script>"), chunk(b"iCCP", b"x" * 50)
    assert sound_png(SIGNATURE + header() + note + profile + PIXELS + END + b"<script>") == PNG
    largest = SIGNATURE + header(4_000, 4_000, 1, 3) + chunk(b"PLTE", b"abc") + chunk(b"tRNS", b"a") + PIXELS + END
    assert sound_png(largest) == largest


@pytest.mark.parametrize("name", NO_PNG)
def test_anything_else_is_refused(name):
    assert sound_png(NO_PNG[name]) is None
    assert Allowance().take({"text": "", "figures": [b64(NO_PNG[name])]}) == {"text": "", "figures": [], "left_out": 1}


@pytest.mark.parametrize("figure", [None, 7, [], "no base64", b64(PNG)[:-1], "é", " " + b64(PNG)])
def test_what_is_no_base64_is_left_out(figure):
    assert Allowance().take({"text": "a", "figures": [figure]}) == {"text": "a", "figures": [], "left_out": 1}


@pytest.mark.parametrize("said", [None, 7, "text", [], {}, {"text": 5, "figures": 5, "left_out": "5"}, {"text": " \n"}])
def test_nothing_of_use_is_nothing(said):
    assert Allowance().take(said) is None


@pytest.mark.parametrize(("left_out", "counted"), [(2, 2), (-3, 0), (True, 0), (2.5, 0), (10**30, 999)])
def test_the_number_of_figures_left_out_is_a_small_number(left_out, counted):
    assert Allowance().take({"text": "a", "left_out": left_out})["left_out"] == counted


def png_of(size: int) -> bytes:
    """A sound PNG of so many bytes."""
    return SIGNATURE + header() + chunk(b"IDAT", bytes(size - len(SIGNATURE + header() + END) - 12)) + END


def test_a_submission_has_six_figures():
    allowance = Allowance()
    first, second = (allowance.take({"text": "", "figures": 4 * [b64(PNG)]}) for _ in range(2))
    assert (len(first["figures"]), first["left_out"]) == (4, 0)
    assert (len(second["figures"]), second["left_out"]) == (2, 2)
    assert base64.b64decode(first["figures"][0]) == PNG


def test_a_figure_has_300_kilobytes():
    figures = [b64(png_of(300_000)), b64(png_of(300_001)), b64(PNG)]
    taken = Allowance().take({"text": "", "figures": figures})
    assert taken == {"text": "", "figures": [figures[0], figures[2]], "left_out": 1}


def test_a_submission_has_a_megabyte_and_a_half():
    allowance = Allowance()
    texts = [len(allowance.take({"text": "x" * 20_000})["text"]) for _ in range(73)]
    assert set(texts) == {20_000}
    taken = allowance.take({"text": "x" * 10_000, "figures": [b64(png_of(30_000)), b64(png_of(29_000))]})
    assert (taken["left_out"], len(taken["figures"])) == (1, 1)
    assert 0 < len(allowance.take({"text": "x" * 20_000})["text"]) <= 1_000
    assert allowance.bytes >= 0


@pytest.mark.parametrize("letter", ["\0", "é", "\U0001f600", "\ud800"])
def test_what_is_sent_on_fits_into_one_frame_whatever_the_letters(letter):
    allowance = Allowance()
    taken = [allowance.take({"text": letter * 20_000}) for _ in range(200)]
    assert 1_000_000 < sum(len(json.dumps(one["text"])) for one in taken if one) <= 1_501_000 < MOST_FRAME / 4


def test_a_long_text_keeps_its_beginning_and_its_end():
    text = "first" + 30_000 * "x" + "last"
    short = middle_out(text, 20_000)
    assert 19_900 <= len(short) <= 20_000
    assert short.startswith("first")
    assert short.endswith("last")
    assert f"[{len(text) - 2 * 9_950:,} bytes left out]" in short
    assert middle_out("é" * 10_000, 20_000) == "é" * 10_000
    assert len(middle_out("é" * 10_001, 20_000).encode()) <= 20_000
    assert middle_out("\ud800", 20) == "?"  # half a pair cannot be written to a file
    assert middle_out("x" * 500, 80) == ""


def test_text_has_no_control_characters():
    assert readable("a\x1b[1;31mred\x1b[0m b\x1b]8;;http://x\x07link\n\tc\x00\x08\x9b") == "ared blink\n\tc���"
    assert readable("10 %\r55 %\r\nnext \n\n") == "55 %\nnext"
    assert readable("a\u202egnp.exe") == "a�gnp.exe"  # would turn what follows round


def test_a_cell_is_called_by_its_first_line():
    assert title("# a remark\n\n  plot(x)  \nplot(y)") == "plot(x)"
    assert title("%matplotlib inline\nimport a\nfrom b import c\nfromage()") == "fromage()"
    assert title("# only a remark") == "# only a remark"
    assert title("\n") == ""
    assert title("x" * 90) == "x" * 69 + "…"
    assert title("a\x1b[2Jb") == "a�[2Jb"


class Meant:
    """What matters here of a cell of the answer key."""

    def __init__(self, answer=False, locked=False, student=""):
        self.answer, self.locked, self.student, self.grade_id, self.skip, self.graded = (
            answer,
            locked,
            student,
            "",
            0,
            0,
        )


def test_only_the_students_own_cells_are_listed():
    said = {"text": "hello", "figures": [], "left_out": 0}
    cells = [
        Cell("t", "markdown", "words"),
        Cell("s", "code", "setup", Meant(locked=True, student="setup"), 1),
        Cell("a", "code", "answer", Meant(answer=True), 2),
        Cell("p", "code", "plot(x) ", Meant(student="plot(x)"), 3),
        Cell("q", "code", "plot(y)", Meant(student="plot(x)"), 4),
        Cell("student-9", "code", "own", None, 5),
        Cell("student-10", "code", "mute", None, 6),
        Cell("student-11", "code", "never ran", None, 7),
    ]
    runs = {cell.id: CellRun("ok", shown=said) for cell in cells[1:6]} | {"student-10": CellRun("ok")}
    found = cell_outputs(cells, runs)
    assert [(one.number, one.title) for one in found] == [(2, "answer"), (4, "plot(y)"), (5, "own")]
    assert [cell.own for cell in cells] == [True, False, True, False, True, True, True, True]
    runs["q"].shown, runs["a"].shown = said | {"text": "\x1b[0m"}, {"text": "", "figures": [], "left_out": 2}
    assert [(one.title, one.text, one.left_out) for one in cell_outputs(cells, runs)] == [
        ("answer", "", 2),
        ("own", "hello", 0),
    ]


def test_the_caps_are_those_that_the_page_names():
    assert (module.MOST_TEXT, module.MOST_FIGURES, module.MOST_ONE_FIGURE) == (20_000, 6, 300_000)
    assert (module.MOST_BYTES, module.LONGEST_SIDE) == (1_500_000, 4_000)
