"""The drawing layer against a foreign reader of XML and HTML, and what it refuses to draw."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from lora_utils.schematics import Drawing
from lora_utils.schematics.style import DARK, LIGHT, SOLID

SVG = "{http://www.w3.org/2000/svg}"


def elements(drawing: Drawing, kind: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(drawing.svg()).findall(f"{SVG}{kind}")


def drawing(finding: str = "One box", description: str = "A box.", height: float = 200) -> Drawing:
    return Drawing(finding, description, height)


def test_what_it_says_is_text_and_not_mark_up():
    d = drawing('a < b & "c"', "1 > 0 & it's so.")
    d.box(10, 80, 90, 30, "<pad>", kind="state")
    root = ElementTree.fromstring(d.svg())
    assert root.find(f"{SVG}title").text == 'a < b & "c"'
    assert root.find(f"{SVG}desc").text == "1 > 0 & it's so."
    assert [text.text for text in root.findall(f"{SVG}text")] == ['a < b & "c"', "<pad>"]
    assert {root.find(f"{SVG}title").get("id"), root.find(f"{SVG}desc").get("id")} == set(
        root.get("aria-labelledby").split()
    )


def test_a_notebook_shows_a_light_picture_with_its_description():
    d = drawing('Half "here"', "A box & an arrow.")
    d.arrow((10, 90), (60, 90))
    shown = d._repr_mimebundle_()
    tags = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    reader.feed(shown["text/html"])
    ((tag, attributes),) = tags
    assert (tag, attributes["alt"]) == ("img", 'Half "here". A box & an arrow.')
    assert shown["text/plain"] == attributes["alt"]
    kind, _, data = attributes["src"].partition(",")
    assert kind == "data:image/svg+xml"
    picture = unquote(data)
    assert picture == d.svg(follows_reader=False)
    assert "prefers-color-scheme" not in picture
    assert "prefers-color-scheme:dark" in d.svg()


def test_an_arrow_ends_in_a_head_that_points_along_it():
    d = drawing()
    d.arrow((20, 150), (120, 150), (120, 100))
    (path,), (head,) = elements(d, "path"), elements(d, "polygon")
    assert path.get("d") == "M20 150L120 150L120 107"
    corners = [tuple(map(float, corner.split(","))) for corner in head.get("points").split()]
    assert corners[0] == (120, 100)
    assert sorted(corners[1:]) == [(116, 109), (124, 109)]


@pytest.mark.parametrize(("bend", "tip"), [(6, (60, 112)), (-5, (60, 90))])
def test_a_brace_spans_a_row_and_bends_to_its_tip(bend, tip):
    d = drawing()
    assert d.brace((20, 100), (100, 100), bend) == tip
    numbers = re.findall(r"[A-Za-z]|-?[\d.]+", elements(d, "path")[0].get("d"))
    assert numbers[:3] == ["M", "20", "100"]
    assert d.brace((30, 60), (30, 140), bend) == (30 + 2 * bend, 100)


def test_a_row_is_joined_in_its_direction():
    d = drawing()
    cells = [d.box(x, 100, 20, 20) for x in (10, 50, 90)]
    d.chain(cells)
    d.chain(cells[::-1], kind="gradient")
    heads = [p.get("points").split()[0] for p in elements(d, "polygon")]
    assert heads == ["50,110", "90,110", "70,110", "30,110"]
    assert [p.get("class") for p in elements(d, "path")] == ["flow", "flow", "gradient", "gradient"]


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda d: d.box(10, 60, 40, 30, "too long for it"), "'too long for it' needs about .* and its box is 40 wide"),
        (lambda d: d.box(10, 60, 40, 30, kind="cold"), "kind must be one of frozen, trained, .*, got 'cold'"),
        (lambda d: d.box(800, 60, 40, 30), r"\(800, 60\) to \(840, 90\) must lie on the paper of 820 x 200"),
        (lambda d: d.arrow((10, 60), (10, 260)), r"\(10, 260\) must lie on the paper"),
        (lambda d: d.text(800, 60, "beyond the edge"), "'beyond the edge' must lie on the paper of 820 x 200"),
        (lambda d: d.text(400, 300, "below"), "'below' must lie on the paper of 820 x 200"),
        (lambda d: drawing("word " * 20), "must lie on the paper"),
    ],
)
def test_what_nobody_could_read_is_refused(draw, said):
    with pytest.raises(ValueError, match=said):
        draw(drawing())


def contrast(one: str, other: str) -> float:
    """Of two colors, by WCAG 2.2."""

    def luminance(color: str) -> float:
        parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_lines_stand_out_by_day_and_by_night(colors):
    assert contrast("#ffffff", "#000000") == 21
    words = [("ink", "paper"), ("soft", "paper"), ("ink", "frozen"), *(("on", kind) for kind in SOLID)]
    lines = [("edge", "paper"), ("gradient", "paper"), ("ink", "trained" if colors is LIGHT else "paper")]
    assert {pair: contrast(*(colors[name] for name in pair)) for pair in words
            if contrast(*(colors[name] for name in pair)) < 4.5} == {}  # fmt: skip
    assert [pair for pair in lines if contrast(*(colors[name] for name in pair)) < 3] == []
