"""The pages print, work by keyboard and read well aloud: every rule is tried on pages, and on a page that breaks it."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
import tiny_course as tiny
from class_pages import feedback, report
from sqlalchemy import create_engine

from grader.class_run.grading_run import Graded, Run
from grader.notebooks.submission import Refusal
from grader.records.attempts import Attempts
from grader.reports.kept import keep_outputs
from grader.results import CellOutput, CheckLine, Exercise, Message, Result

VOID = {"meta", "img", "br", "rect", "link", "hr", "input"}
TEXT_CONTRAST, SHAPE_CONTRAST = 4.5, 3.0  # WCAG 2.2, success criteria 1.4.3 and 1.4.11


class Page(HTMLParser):
    """Elements with attributes, the text inside, and the elements around them; `stray` holds tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[dict] = []
        self.open: list[dict] = []
        self.stray: list[str] = []
        self.feed(text)
        self.stray += [one["tag"] for one in self.open]

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", "around": [one["tag"] for one in self.open], "inside": [], **dict(attrs)}
        self.elements.append(element)
        if self.open:
            self.open[-1]["inside"].append(tag)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1]["tag"] != tag:
            self.stray.append(tag)
            return
        self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags: str) -> list[dict]:
        return [one for one in self.elements if one["tag"] in tags]


def faults(text: str) -> set[str]:
    """Return short names of what keeps a page from reading aloud, or from working by keyboard."""
    page, found = Page(text), set()
    ids = [one["id"] for one in page.elements if "id" in one]
    levels = [int(one["tag"][1]) for one in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    rules = {
        "tags do not match": not page.stray,
        "language": page.all("html")[0].get("lang") == "en",
        "title": [bool(one["text"].strip()) for one in page.all("title")] == [True],
        "one h1, first": levels[:1] == [1] and levels.count(1) == 1,
        "a heading level is jumped": all(after - before <= 1 for before, after in itertools.pairwise(levels)),
        "empty heading": all(one["text"].strip() for one in page.all("h1", "h2", "h3", "h4")),
        "one main": len(page.all("main")) == 1,
        "th without scope": all(one.get("scope") in ("col", "row") for one in page.all("th")),
        "table without caption": all(one["inside"][:1] == ["caption"] for one in page.all("table")),
        "empty caption": all(one["text"].strip() for one in page.all("caption")),
        "picture without words": all(one.get("alt") for one in page.all("img"))
        and all(
            (one.get("role") == "img" and one.get("aria-label")) or one.get("aria-hidden") == "true"
            for one in page.all("svg")
        ),
        "ids are not unique": len(ids) == len(set(ids)),
        "a reference leads nowhere": all(
            one[name].lstrip("#") in ids
            for one in page.elements
            for name in ("aria-labelledby", "href")
            if one.get(name, "").startswith("#") or (name == "aria-labelledby" and name in one)
        ),
        "no way to skip": bool(page.all("a")) and page.all("a")[0].get("href", "").startswith("#"),
        "link without words": all(
            one.get("href") and re.search(r"[a-zA-Z]{4}", one.get("aria-label") or one["text"]) for one in page.all("a")
        ),
        "not for the keyboard": not any(
            name.startswith("on") or one.get("tabindex", "0") != "0" or one.get("role") in ("button", "link")
            for one in page.elements
            for name in one
        ),
        "scrolls by mouse only": all(
            one.get("tabindex") == "0" and one.get("aria-label")
            for one in page.elements
            if "scroll" in (one.get("class") or "").split()
        ),
        "loads from elsewhere": not any(
            re.match(r"(https?:)?//", one.get(name) or "") for one in page.elements for name in ("src", "href")
        )
        and not page.all("link", "iframe", "object"),
    }
    found |= {name for name, holds in rules.items() if not holds}
    return found


def css_of(text: str, scheme: str = "light") -> tuple[str, dict[str, str]]:
    """The page's style sheet with the colours of a scheme in place of their names, and those."""
    css = re.search(r"(?s)<style>(.*?)</style>", text)[1]
    named = re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", css)
    colors = dict(named if scheme == "dark" else reversed(named))  # the dark ones stand below the light ones
    return re.sub(r"var\(--([a-z]+)\)", lambda found: colors[found[1]], css), colors


def pairs(text: str, scheme: str = "light") -> list[tuple[float, float, str]]:
    """Contrast and what is asked for, of every ink on every paper and of every drawn shape on the page's paper."""
    css, colors = css_of(text, scheme)
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", css)
    papers = {
        color
        for selector, body in rules
        for color in re.findall(r"background: (#[0-9a-f]{3,6})", body)
        if selector.strip() != "img"  # a student's picture is drawn for white
    }
    inks = {color for _, body in rules for color in re.findall(r"(?<![\w-])color: (#[0-9a-f]{3,6})", body)}
    shapes = {color for _, body in rules for color in re.findall(r"fill: (#[0-9a-f]{3,6})", body)} - {colors["paper"]}
    assert inks
    assert papers == {colors["paper"], colors["tint"]}
    assert shapes
    made = [(contrast(ink, paper), TEXT_CONTRAST, f"{ink} on {paper}") for ink in inks for paper in papers]
    return made + [(contrast(shape, colors["paper"]), SHAPE_CONTRAST, f"shape {shape}") for shape in shapes]


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""

    def luminance(color: str) -> float:
        digits = color.lstrip("#")
        digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """Pages of a class in which everything happens that a page can show."""
    folder = tmp_path_factory.mktemp("pages")
    keys = tiny.keys_of(tiny.make_course(folder))
    engine = create_engine(f"sqlite:///{folder / 'a.db'}")
    attempts, run = Attempts(engine), Run(keys)
    lines = [
        CheckLine("It computes `2 * x`.", "pass"),
        CheckLine("It also works for zero.", "fail", "got 1", "Use `2 * x`.", True),
        CheckLine("It waits.", "skipped"),
    ]
    message = Message("wrong-number", "expected 2, got 1", "Multiply it.")
    shown = [CellOutput(3, "plot(x)", "a text", ["QUJD", "REVG"], 2), CellOutput(4, "", "b", [])]
    for name, points, verdict in (("ada", 4.0, "pass"), ("bo", 1.0, "partial"), ("cy", 0.0, "timeout")):
        exercises = [
            Exercise("test-double", points, 4.0, verdict, [] if points == 4 else [message], lines if points else []),
            Exercise("test-half", 4.0, 4.0, "pass"),
        ]
        notes = ["locked cell 'x' was edited"] * 9
        rest = ("namespaces", "id", {}, 1.0, "2026-03-01T12:00:00+00:00", ["tampering:x"], notes, shown)
        one = Result(name, tiny.FIRST, "same", "c", exercises, *rest)
        keep_outputs(one, folder)
        run.rows.append(Graded(one, attempts.add(one, 90_000.0)))
    run.rows.append(Refusal("dan", tiny.FIRST, "dan/x.ipynb", "is empty", "save it"))
    made = {path.parent.name: path.read_text() for path in feedback(run, attempts, folder)}
    made["all labs of bo"] = (folder / "feedback" / "bo" / "index.html").read_text()
    made["class"] = report(run, attempts, folder)
    made["class of nobody"] = report(Run(keys), None, folder)
    engine.dispose()
    return made


PAGES = ["ada", "bo", "cy", "dan", "all labs of bo", "class", "class of nobody"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_aloud_and_works_by_keyboard(name, pages):
    assert faults(pages[name]) == set()
    assert "<table" in pages[name] or name in ("dan", "class of nobody")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_and_shapes_stand_out_from_every_background(name, scheme, pages):
    assert [pair for pair in pairs(pages[name], scheme) if pair[0] < pair[1]] == []
    light, dark = (css_of(pages[name], one)[1] for one in ("light", "dark"))
    assert light.keys() == dark.keys()
    assert [color for color in light if light[color] == dark[color]] == []
    assert "@media screen and (prefers-color-scheme: dark)" in pages[name]  # paper is white for all


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_whole_and_without_what_is_for_the_screen(name, pages):
    css, _ = css_of(pages[name])
    printed = css.split("@media print")[1]
    assert re.search(r"\.skip[^{]*\{ display: none; \}", printed)
    assert "max-width: none" in printed
    assert "break-inside: avoid" in printed
    if "class" in name:
        assert "overflow: visible" in printed  # a table that scrolls would be cut at the edge of the paper


BREAKS = {
    "tags do not match": ("</main>", "</main></div>"),
    "language": ('lang="en"', ""),
    "title": ("<title>", "<title></title><title>"),
    "one h1, first": ("<main>", "<main><h1>again</h1>"),
    "a heading level is jumped": ("<main>", "<main><h4>deep</h4>"),
    "empty heading": ("<main>", "<main><h2> </h2>"),
    "one main": ("<main>", "<main></main><main>"),
    "th without scope": ('<th scope="row">', "<th>"),
    "table without caption": ("<main>", "<main><table><tbody></tbody></table>"),
    "empty caption": ("<main>", "<main><table><caption></caption></table>"),
    "picture without words": ("<main>", '<main><img src="data:x" alt="">'),
    "ids are not unique": ("<main>", '<main id="h1">'),
    "a reference leads nowhere": ('href="#exercises"', 'href="#nowhere"'),
    "no way to skip": ('<a class="skip" href="#exercises">', '<a class="skip" href="x.html">'),
    "link without words": ("<main>", '<main><a href="x.html">24</a>'),
    "not for the keyboard": ("<main>", '<main><p onclick="x()">'),
    "scrolls by mouse only": ("<main>", '<main><div class="scroll"></div>'),
    "loads from elsewhere": ("<main>", '<main><img alt="words" src="https://example.org/x.png">'),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_a_page_that_breaks_a_rule_is_seen(fault, pages):
    before, after = BREAKS[fault]
    assert before in pages["bo"]
    assert fault in faults(pages["bo"].replace(before, after, 1))


def test_a_pale_color_is_seen(pages):
    for name, color in (("soft", "#8a94a3"), ("tint", "#5d6b7d"), ("other", "#b98a00")):
        page = re.sub(rf"--{name}: #[0-9a-f]+", f"--{name}: {color}", pages["bo"], count=1)
        assert [pair for pair in pairs(page, "dark") if pair[0] < pair[1]] == []
        assert [pair for pair in pairs(page) if pair[0] < pair[1]]
    assert [pair for pair in pairs(pages["class"].replace("--bar: #0b4f8a", "--bar: #cfe0ff", 1)) if pair[0] < pair[1]]
