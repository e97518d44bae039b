"""The book in a real browser, opened as a folder: nothing broken, nothing fetched, on a telephone and on a laptop."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
WIDTHS = {1280: 800, 390: 844}  # a laptop and a telephone
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MUTE = "() => [...document.images].filter(one => !one.alt || !one.complete || !one.naturalWidth).map(one => one.src)"


class Links(HTMLParser):
    """Where a page's links and files lead, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets, self.anchors = [], set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.targets += [given[name] for name in ("href", "src") if given.get(name)]
        self.anchors.add(given.get("id"))


@pytest.fixture(scope="module", params=["notebooks", "solutions"])
def site(request, tmp_path_factory) -> Path:
    pytest.importorskip("sphinx", reason="Sphinx is not installed: run `make browser`")
    out = tmp_path_factory.mktemp("book") / request.param
    command = [sys.executable, "-m", "book", "--twins", request.param, "--out", str(out)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return out


def broken(site: Path) -> list[str]:
    """Links inside a site that lead to no file, or to no place in it."""
    pages = {page.resolve(): Links(page) for page in sorted(site.rglob("*.html"))}
    found = []
    for page, links in pages.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            anchors = pages[path].anchors if path in pages else {parts.fragment}
            if not path.is_file() or unquote(parts.fragment) not in anchors | {""}:
                found.append(f"{page.relative_to(site)}: {target}")
    return found


def test_every_link_inside_leads_to_a_page_and_a_place_in_it(site):
    assert broken(site.resolve()) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"></p><a href="#here"><a href="#gone"><a href="b.html"><a href="a.html">'
    )
    assert broken(tmp_path.resolve()) == ["a.html: #gone", "a.html: b.html"]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_opens_by_itself_with_texts_for_pictures_and_no_wider_than_the_screen(site, chromium, width):
    page = chromium.new_page(viewport={"width": width, "height": WIDTHS[width]})
    home, wrong, pictures = site.as_uri(), [], 0
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith((home, "data:")) else None
    )
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        seen = [f"picture without text: {one}" for one in page.evaluate(MUTE)]
        seen += ["wider than the screen"] if page.evaluate(WIDE) > 0 else []
        pictures += page.locator("img").count()
        wrong += [f"{path.relative_to(site)}: {one}" for one in seen]
    page.close()
    assert wrong == []
    assert pictures >= (30 if site.name == "solutions" else 0)


def test_search_finds_a_word_without_a_server(site, chromium):
    page = chromium.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=adapter")
    page.wait_for_selector("ul.search li a")
    page.locator("ul.search li a").first.click()
    assert page.locator("h1").count() == 1
    page.close()


def test_hints_are_folded_and_light_and_dark_follow_the_system(site, chromium):
    lab = (site / "labs" / "05_lora_layer" / "05_lora_layer.html").as_uri()
    papers = set()
    for scheme in ("light", "dark"):
        page = chromium.new_page(color_scheme=scheme)
        page.goto(lab)
        assert page.locator(".admonition.exercise details").count() >= 21
        assert page.locator(".admonition.exercise details[open]").count() == 0
        papers.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(papers) == 2
