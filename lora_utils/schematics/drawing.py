"""A drawing: boxes, arrows, braces and words at given places, written as SVG that needs nothing but itself.

Places are pixels from the upper left corner. There is no solver: a schematic computes its few places by itself. What
would not be readable is refused when it is drawn: words that are wider than their box, and anything off the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from lora_utils.schematics.style import HATCHED, KINDS, SOLID, style_sheet

WIDTH = 820  # of every drawing: the column of a notebook, and of a README
MARGIN = 24
TOP = 62  # where a drawing begins under its heading
LINE = 17  # from one line of words to the next
LEGEND = {
    "frozen": "frozen",
    "trained": "trained",
    "gradient": "gradient",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations",
}
# The widest letters of the font stack's members are DejaVu's and Verdana's: what fits them fits everybody.
EM = {"": 7.8, "small": 7.2, "code": 7.3, "name": 8.4, "head": 10.2}  # pixels a letter, on average

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle with the middles of its sides, where arrows begin and end."""

    x: float
    y: float
    width: float
    height: float

    def at(self, across: float, down: float) -> Point:
        """A point by shares of width and height: at(0, 0.5) is the middle of the left side."""
        return self.x + across * self.width, self.y + down * self.height

    @property
    def left(self) -> Point:
        """Middle of the left side."""
        return self.at(0, 0.5)

    @property
    def right(self) -> Point:
        """Middle of the right side."""
        return self.at(1, 0.5)

    @property
    def top(self) -> Point:
        """Middle of the upper side."""
        return self.at(0.5, 0)

    @property
    def bottom(self) -> Point:
        """Middle of the lower side."""
        return self.at(0.5, 1)


class Drawing:
    """A picture of boxes, arrows and words under a heading that states what it shows.

    Words between backticks are set as code. In a notebook it shows itself, on light paper of its own and with its
    description for those who cannot see it.

    Args:
        finding: the heading, a sentence of at most 78 letters
        description: what the drawing shows, in whole sentences, for those who cannot see it
        height: in pixels; every drawing is 820 wide

    Raises:
        ValueError: words that do not fit, a place off the paper, or a kind of box that there is not
    """

    def __init__(self, finding: str, description: str, height: float) -> None:
        self.finding, self.description, self.height = finding, description, height
        self._parts: list[str] = []
        self.text(MARGIN, 32, finding, kind="head", anchor="start")

    def text(self, x: float, y: float, words: str, *, kind: str = "", anchor: str = "middle", on: str = "") -> None:
        """One line of words with its middle at the height y.

        Args:
            x, y: of its anchor
            words: code where they stand between backticks
            kind: "", "small", "name" (bold) or "head"
            anchor: "start", "middle" or "end"
            on: what lies under the words: a kind of box, "soft" for a remark, or "" for the paper
        """
        if words.startswith("`"):
            words, kind = words.strip("`"), f"{kind} code".strip()
        width = self._width(words, kind)
        start = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        if start < 0 or start + width > WIDTH or not 0 < y < self.height:
            raise ValueError(
                f"{words!r} must lie on the paper of {WIDTH} x {self.height}, and it may reach from x = {start:.0f} to "
                f"{start + width:.0f} at y = {y:.0f}. Move it or use fewer words."
            )
        ground = "on" if on in SOLID else "halo" if on in HATCHED else "soft" if on == "soft" else ""
        names = " ".join(filter(None, (kind, ground)))
        named = f' class="{names}"' if names else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y + 4.5)}"{place}{named}>{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, *lines: str, kind: str = "work") -> Box:
        """A rectangle with lines of words in its middle, the first of several in bold.

        Args:
            x, y: upper left corner
            width, height: in pixels
            lines: what it says
            kind: "frozen", "trained", "state" (a tensor that passes by), "work" (a computation), or a kind of memory:
                "gradients", "optimizer", "activations"
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}.")
        self._on_paper(x, y, x + width, y + height)
        rounded = 9 if kind == "state" else 3
        shape = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{rounded}"'
        self._parts.append(f'<rect {shape} class="{kind}"/>')
        if kind in HATCHED:
            self._parts.append(f'<rect {shape} fill="url(#{HATCHED[kind]})"/>')
        made, first = Box(x, y, width, height), y + height / 2 - (len(lines) - 1) * LINE / 2
        for number, line in enumerate(lines):
            weight = "name" if number == 0 and len(lines) > 1 and not line.startswith("`") else ""
            needed = self._width(line.strip("`"), "code" if line.startswith("`") else weight)
            if needed > width - 6:
                raise ValueError(f"{line!r} needs about {needed:.0f} pixels, and its box is {width:g} wide.")
            self.text(made.top[0], first + number * LINE, line, kind=weight, on=kind)
        return made

    def sliver(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A rectangle that is too narrow for an outline, which would be wider than what it holds."""
        self._on_paper(x, y, x + width, y + height)
        size = f'width="{width:.2f}" height="{_n(height)}"'
        self._parts.append(f'<rect x="{x:.2f}" y="{_n(y)}" {size} class="{kind} bare"/>')

    def matrix(self, x: float, y: float, shape: tuple[int, int], scale: float, *lines: str, kind: str) -> Box:
        """A box as tall as a matrix has rows and as wide as it has columns, `scale` pixels each; at least 8 wide."""
        rows, columns = shape
        return self.box(x, y, max(8, columns * scale), max(8, rows * scale), *lines, kind=kind)

    def cells(self, x: float, y: float, words: list[str], width: float, height: float, kind: str) -> list[Box]:
        """A row of boxes side by side, one for each word."""
        return [self.box(x + number * width, y, width, height, word, kind=kind) for number, word in enumerate(words)]

    def arrow(self, *points: Point, kind: str = "flow", head: bool = True) -> None:
        """A line through points that ends in a head; kind "flow" is solid, "gradient" dashed and blue."""
        for x, y in points:
            self._on_paper(x, y, x, y)
        (x0, y0), (x1, y1) = points[-2:]
        length = hypot(x1 - x0, y1 - y0)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        end = (x1 - 7 * ux, y1 - 7 * uy) if head else (x1, y1)
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in (*points[:-1], end))
        self._parts.append(f'<path d="{path}" class="{kind}"/>')
        if head:
            corners = [(x1, y1), *((x1 - 9 * ux + side * uy, y1 - 9 * uy - side * ux) for side in (4, -4))]
            tip = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
            self._parts.append(f'<polygon points="{tip}" class="{"gradient-tip" if kind == "gradient" else "tip"}"/>')

    def chain(self, boxes: list[Box], kind: str = "flow") -> None:
        """Arrows along a row of boxes, from each to the next, to the right or to the left."""
        for one, following in pairwise(boxes):
            ends = (one.right, following.left) if one.x < following.x else (one.left, following.right)
            self.arrow(*ends, kind=kind)

    def line(self, *points: Point, kind: str = "flow") -> None:
        """A line through points, without a head."""
        self.arrow(*points, kind=kind, head=False)

    def node(self, x: float, y: float, sign: str, kind: str = "state", radius: float = 11) -> Box:
        """A circle with a sign in it: a sum, a product, or a number that is explained elsewhere."""
        self._on_paper(x - radius, y - radius, x + radius, y + radius)
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{kind}"/>')
        self.text(x, y, sign, kind="name", on=kind)
        return Box(x - radius, y - radius, 2 * radius, 2 * radius)

    def strip(self, points: list[Point]) -> None:
        """A tinted area inside of an outline, such as the part of a curve between two borders."""
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points) + "Z"
        self._parts.append(f'<path d="{path}" class="strip"/>')

    def brace(self, start: Point, end: Point, bend: float = 6) -> Point:
        """A curly brace along a row or a column; returns its tip.

        Args:
            start, end: of what it spans, on one height or one above the other
            bend: how far it reaches, half to its tip: down (or to the right) when positive, else up (or to the left)
        """
        (x0, y0), (x1, y1) = start, end
        h = abs(bend)
        if y0 == y1:
            b, middle = bend, (x0 + x1) / 2
            path = (f"M{_n(x0)} {_n(y0)}q0 {b} {h} {b}H{_n(middle - h)}q{h} 0 {h} {b}"
                    f"q0 {-b} {h} {-b}H{_n(x1 - h)}q{h} 0 {h} {-b}")  # fmt: skip
            tip = (middle, y0 + 2 * b)
        else:
            b, middle = bend, (y0 + y1) / 2
            path = (f"M{_n(x0)} {_n(y0)}q{b} 0 {b} {h}V{_n(middle - h)}q0 {h} {b} {h}"
                    f"q{-b} 0 {-b} {h}V{_n(y1 - h)}q0 {h} {-b} {h}")  # fmt: skip
            tip = (x0 + 2 * b, middle)
        self._parts.append(f'<path d="{path}" class="edge"/>')
        return tip

    def group(self, x: float, y: float, width: float, height: float) -> Box:
        """A dashed frame around what belongs together."""
        self._on_paper(x, y, x + width, y + height)
        shape = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="10"'
        self._parts.append(f'<rect {shape} class="group"/>')
        return Box(x, y, width, height)

    def legend(self, *kinds: str) -> None:
        """What the kinds of fill and line mean, in the lower left corner."""
        x, y = MARGIN, self.height - 22
        for kind in kinds:
            if kind == "gradient":
                self.arrow((x, y), (x + 28, y), kind="gradient")
            else:
                self.box(x, y - 7, 28, 14, kind=kind)
            self.text(x + 36, y, LEGEND[kind], kind="small", anchor="start")
            x += 36 + self._width(LEGEND[kind], "small") + 24

    def svg(self, *, follows_reader: bool = True) -> str:
        """The file's text.

        Args:
            follows_reader: whether it turns dark where the reader's system is (default); else light everywhere
        """
        size = f'width="{WIDTH}" height="{_n(self.height)}" viewBox="0 0 {WIDTH} {_n(self.height)}"'
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(self.finding)}</title>',
            f'<desc id="description">{escape(self.description)}</desc>',
            f"<style>{style_sheet(follows_reader=follows_reader)}</style>",
            '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><path d="M0 0V7" class="lines"/></pattern>'
            '<pattern id="dotted" width="7" height="7" patternUnits="userSpaceOnUse">'
            '<circle cx="2" cy="2" r="1" class="dots"/></pattern></defs>',
            f'<rect width="{WIDTH}" height="{_n(self.height)}" rx="6" class="paper"/>',
            *self._parts,
            "</svg>\n",
        ])  # fmt: skip

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook shows: a picture, since JupyterLab takes SVG out of a page it does not trust, and words."""
        words = f"{self.finding}. {self.description}"
        source = "data:image/svg+xml," + quote(self.svg(follows_reader=False))
        picture = f'<img width="{WIDTH}" style="max-width:100%" alt={quoteattr(words)} src="{source}">'
        return {"text/html": picture, "text/plain": words}

    def _width(self, words: str, kind: str) -> float:
        kind = next((one for one in ("head", "code", "name", "small") if one in kind.split()), "")
        return len(words) * EM[kind]

    def _on_paper(self, x0: float, y0: float, x1: float, y1: float) -> None:
        if x0 < 0 or y0 < 0 or x1 > WIDTH or y1 > self.height:
            raise ValueError(
                f"({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) must lie on the paper of {WIDTH} x {self.height:g} pixels."
            )


def _n(value: float) -> str:
    """A number with at most one decimal, as short as it goes."""
    return f"{value:.1f}".removesuffix(".0")
