"""Schematics in a real browser, with its own measure of words: none covers another, or runs over an edge or a line."""

from __future__ import annotations

import pytest

from lora_utils.schematics import SCHEMATICS, schematic

pytestmark = pytest.mark.browser
# Boxes of words, of rectangles and circles, and the pieces of lines, as the browser lays them out.
LAID_OUT = """() => {
    const box = one => { const {x, y, width, height} = one.getBBox(); return [x, y, x + width, y + height]; };
    const drawn = [...document.querySelectorAll("svg > text, svg > rect, svg > circle")]
        .filter(one => !one.matches(".paper, [fill]"));
    const pieces = [...document.querySelectorAll("svg > path.flow, svg > path.gradient")].flatMap(one => {
        const points = one.getAttribute("d").slice(1).split("L").map(point => point.split(" ").map(Number));
        return points.length > 9 ? [] : points.slice(1).map((point, i) => [...points[i], ...point]);
    });
    return {
        words: drawn.filter(one => one.localName === "text").map(one => [one.textContent, ...box(one)]),
        shapes: drawn.filter(one => one.localName !== "text")
            .map(one => [one.localName === "circle" ? "circle" : one.getAttribute("class"), ...box(one)]),
        pieces,
    };
}"""
FAMILIES = ["", "DejaVu Sans", "Liberation Sans"]  # the system's own, a wide one, one as wide as Arial


def meet(one: list[float], other: list[float], by: float = 1.5) -> bool:
    """Whether two boxes overlap by more than a hair."""
    return (min(one[2], other[2]) - max(one[0], other[0]) > by) and (min(one[3], other[3]) - max(one[1], other[1]) > by)


def inside(one: list[float], other: list[float]) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] + 1 and one[2] <= other[2] and one[3] <= other[3] + 1


def faults(found: dict) -> list[str]:
    """Words that meet other words, an edge, or a line."""
    said = []
    words, shapes = ([(name, box) for name, *box in found[key]] for key in ("words", "shapes"))
    for number, (text, box) in enumerate(words):
        said += [f"{text!r} covers {other!r}" for other, its in words[:number] if meet(box, its)]
        in_a_circle = any(kind == "circle" and inside(box, its) for kind, its in shapes)  # which may sit on a corner
        said += [f"{text!r} runs over the edge of a {kind}" for kind, its in shapes
                 if meet(box, its) and not inside(box, its) and not in_a_circle]  # fmt: skip
        boxes = [its for kind, its in shapes if inside(box, its) and kind != "group"]
        for x0, y0, x1, y1 in found["pieces"]:
            line = [min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1]
            if meet(box, line) and not any(its for its in boxes):
                said.append(f"{text!r} lies on a line")
    return said


@pytest.fixture
def lay_out(chromium):
    """A function from an SVG text and a family of fonts to where everything lies."""
    page = chromium.new_page(viewport={"width": 900, "height": 1100})

    def measured(svg: str, family: str = "") -> dict:
        page.set_content(f"<body>{svg}</body>")
        if family:
            page.add_style_tag(content=f"svg text:not(.code) {{font-family: '{family}' !important}}")
        return page.evaluate(LAID_OUT)

    yield measured
    page.close()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", SCHEMATICS)
def test_words_keep_to_their_places(lay_out, name, family):
    found = lay_out(schematic(name).svg(), family)
    assert len(found["words"]) > 8
    assert faults(found) == []


def test_words_that_lie_badly_are_found(lay_out):
    drawing = schematic("low_rank_update")
    drawing.text(200, 107, "over another", anchor="start")
    drawing.text(700, 300, "across", anchor="start")
    drawing.text(200, 130, "here")
    said = faults(lay_out(drawing.svg()))
    assert {
        "'over another' covers 'x (b, 50)'",
        "'across' runs over the edge of a frozen",
        "'here' lies on a line",
    } <= set(said)


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)")])
def test_a_file_follows_its_reader_and_a_notebook_stays_light(chromium, scheme, paper):
    page = chromium.new_page(color_scheme=scheme)
    color = "getComputedStyle(document.querySelector('.paper')).fill"
    drawing = schematic("text_classifier")
    page.set_content(drawing.svg())
    assert page.evaluate(color) == paper
    page.set_content(drawing.svg(follows_reader=False))
    assert page.evaluate(color) == "rgb(255, 255, 255)"
    page.set_content(drawing._repr_mimebundle_()["text/html"])
    assert page.evaluate("document.images[0].decode().then(() => document.images[0].naturalWidth)") == 820
    page.close()
