"""What a student's own cells showed: text and figures for the feedback page, taken from a process that nobody trusts.

Text is cut to size and loses its control characters. A figure must be a PNG of bounded size, and is put together anew
from the chunks that hold its pixels. HTML, SVG and JavaScript never come this far.

Source of the format: PNG (third edition), W3C, sections 5 and 11.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
import zlib

from grader.results import CellOutput

MOST_TEXT = 20_000  # bytes of one cell's text, half of them its beginning and half its end
MOST_FIGURES = 6  # of a submission
MOST_ONE_FIGURE = 300_000  # bytes
MOST_BYTES = 1_500_000  # text and figures of a submission, text as JSON has it: what is sent on must fit into one frame
LONGEST_ESCAPE = 6  # bytes that JSON needs for a control character
LONGEST_SIDE = 4_000  # pixels of a figure
MOST_COUNTED = 999  # figures that are said to be left out
COMMON = ("#", "%", "import ", "from ")  # how lines begin that many cells have
LONGEST_TITLE = 70  # characters of the line by which a cell is recognised

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # the chunks that are kept
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # bits by colour type


class Allowance:
    """What one submission may still show."""

    def __init__(self) -> None:
        self.figures, self.bytes = MOST_FIGURES, MOST_BYTES

    def take(self, said: object) -> dict | None:
        """Return as much of what a cell is said to have shown as is sound and has room; None for nothing.

        Args:
            said: {"text", "figures" (base64), "left_out"}, or whatever a forged answer has there.
        """
        if not isinstance(said, dict):
            return None
        text, figures, left_out = said.get("text"), said.get("figures"), said.get("left_out")
        text = middle_out(text, MOST_TEXT) if isinstance(text, str) else ""
        if len(json.dumps(text)) > self.bytes:
            text = middle_out(text, self.bytes // LONGEST_ESCAPE)
        self.bytes = max(0, self.bytes - len(json.dumps(text)))
        left_out = min(max(left_out, 0), MOST_COUNTED) if type(left_out) is int else 0
        kept = []
        for one in figures[:MOST_COUNTED] if isinstance(figures, list) else []:
            png = self._figure(one)
            if png is None:
                left_out += 1
            else:
                kept.append(base64.b64encode(png).decode())
        return {"text": text, "figures": kept, "left_out": left_out} if text.strip() or kept or left_out else None

    def _figure(self, said: object) -> bytes | None:
        if not isinstance(said, str) or len(said) > MOST_ONE_FIGURE * 4 / 3 + 4 or not self.figures:
            return None
        try:
            png = sound_png(base64.b64decode(said, validate=True))
        except (binascii.Error, ValueError):
            return None
        if png is None or len(png) > min(MOST_ONE_FIGURE, self.bytes):
            return None
        self.figures -= 1
        self.bytes -= len(png)
        return png


def middle_out(text: str, most: int) -> str:
    """Return a text of at most so many bytes: where it is longer, its beginning and its end."""
    raw = text.encode(errors="replace")  # half a surrogate pair is no text
    if len(raw) <= most:
        return raw.decode()
    half = max(0, most // 2 - 50)  # room for the words between
    first, last = raw[:half].decode(errors="ignore"), raw[len(raw) - half :].decode(errors="ignore")
    words = f"\n[{len(raw) - 2 * half:,} bytes left out]\n"
    return first + words + last if half else ""


def sound_png(data: bytes) -> bytes | None:
    """Return a PNG of nothing but pixels; None for anything that is no PNG, is damaged, or is too large to look at.

    Chunks with text, profiles, animation or anything private are dropped, as is what follows the end.
    """
    if not data.startswith(SIGNATURE):
        return None
    place, kept, kinds = len(SIGNATURE), [SIGNATURE], []
    while b"IEND" not in kinds:
        if place + 12 > len(data):
            return None
        length, kind = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + 12 + length]
        place += len(chunk)
        if len(chunk) != 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            return None
        if not kinds and (kind != b"IHDR" or not _fits(chunk[8:-4])):
            return None
        if kind in PIXELS:
            kept.append(chunk)
            kinds.append(kind)
        elif kind[:1].isupper():  # it says that it must be understood
            return None
    return b"".join(kept) if kinds.count(b"IHDR") == 1 and b"IDAT" in kinds else None


def _fits(header: bytes) -> bool:
    if len(header) != 13:
        return False
    width, height, bits, color, compression, filtering, interlace = struct.unpack(">2I5B", header)
    size = 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE
    return size and bits in DEPTHS.get(color, ()) and (compression, filtering) == (0, 0) and interlace in (0, 1)


def cell_outputs(cells: list, runs: dict) -> list[CellOutput]:
    """Return what the student's own cells showed, in the notebook's order.

    Args:
        cells: the restored notebook's, see `grader.notebooks.restoration`.
        runs: what became of them, by id.
    """
    made = []
    for cell in cells:
        run = runs.get(cell.id)
        if run is None or not cell.own or not run.shown:
            continue
        text = readable(run.shown["text"])
        if text or run.shown["figures"] or run.shown["left_out"]:
            made.append(CellOutput(cell.number, title(cell.source), text, run.shown["figures"], run.shown["left_out"]))
    return made


def readable(text: str) -> str:
    """Return what a terminal would show of a text: no colours or other control characters, overwritten lines gone."""
    from grader.text.terminal_text import overwritten

    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", "", text)
    text = overwritten(text.replace("\r\n", "\n"))
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text).rstrip()


def title(source: str) -> str:
    """Return the line by which its writer recognises a cell: the first that is no comment, import or magic."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    line = next((line for line in lines if not line.startswith(COMMON)), lines[0] if lines else "")
    line = "".join(c if c.isprintable() else "�" for c in line)
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"
