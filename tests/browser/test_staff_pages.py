"""Pages that staff and students open about hostile submissions, in a real browser: nothing runs, asks or covers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jupytext
import pytest
import stock_nbgrader as stock
import tiny_course as tiny
from in_process import ROOT
from typer.testing import CliRunner

from grader.cli import app

pytestmark = [pytest.mark.browser, pytest.mark.kernel]
TEXTS = [cell.source for cell in jupytext.read(ROOT / "tests" / "attacks" / "hostile_texts.py").cells[1:]]
# MathJax and jQuery, which nbconvert has every page fetch; that they do not come changes nothing about the rest.
NBCONVERTS = "https://cdnjs.cloudflare.com/"
SHOWS = """from IPython.display import HTML, Javascript, Latex, Markdown, SVG, display
for text in {texts!r}:
    print(text)
    display(HTML(text), Javascript("document.title = 'ran'"), Latex(text), Markdown(text))
    display({{"image/svg+xml": text}}, raw=True)
raise ValueError({texts!r}[0])"""
# What lies over the page besides the page's own bar, and what of it acts by itself or when it is clicked.
OVER = """() => [...document.querySelectorAll("body *")]
    .filter(one => !one.closest("nav, .help, #statusmessage, .skip"))
    .filter(one => ["fixed", "absolute", "sticky"].includes(getComputedStyle(one).position))
    .map(one => one.outerHTML.slice(0, 200))"""
ACTIVE = """() => [...document.querySelectorAll("a[href], form, iframe, object, embed, svg, math, img, details, meta")]
    .filter(one => !one.closest("nav")).map(one => one.cloneNode(one.localName !== "details").outerHTML.slice(0, 200))
    .sort()"""
PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title = 'ran'\"/>"


def answered(course: Path, texts: list[str]) -> dict:
    """The student notebook with these texts in cells of one's own, in the lab's heading, and shown by code."""
    data = tiny.notebook(course, double=SHOWS.format(texts=texts))
    data["cells"][0]["source"] = texts[0]
    for number, text in enumerate(texts):
        for kind, more in (("markdown", {"attachments": {"x.svg": {"image/svg+xml": PICTURE}}}), ("raw", {})):
            cell = {"cell_type": kind, "id": f"{kind}-{number}", "metadata": {}, "source": text, **more}
            data["cells"].append(cell)
    return data


@pytest.fixture(scope="module")
def environment():
    with stock.environment() as made:
        yield made


@pytest.fixture(scope="module")
def course(tmp_path_factory, environment):
    """A course with a hostile and a harmless submission graded by `grader grade`, and two by `nbgrader autograde`."""
    root = tiny.make_course(tmp_path_factory.mktemp("course"))
    shutil.copy(stock.CONFIG, root)
    for name, texts in (("hostile", TEXTS), ("harmless", ["nothing"] * len(TEXTS))):
        tiny.hand_in(root / "in", f"{name}-grader", answered(root, texts))
        tiny.hand_in(root / ".nbgrader/submitted", f"{name}-stock", answered(root, texts))
    command = ["grade", str(root / "in"), "--root", str(root), "--out", str(root / "out"), "--sandbox", "off"]
    assert CliRunner().invoke(app, command).exit_code == 0
    for command in ("autograde", "generate_feedback"):
        stock.nbgrader(root, environment, command, tiny.FIRST)
    return root


@pytest.fixture(scope="module")
def pages(course, environment):
    """The address of each page, by kind and student."""
    with stock.formgrader(course, environment) as ask:
        found = {}
        for one in json.loads(ask(f"api/submitted_notebooks/{tiny.FIRST}/{tiny.FIRST}")):
            found["formgrader", one["student"]] = f"{ask.url}/submissions/{one['id']}/?token={ask.token}"
            page = course / ".nbgrader/feedback" / one["student"] / tiny.FIRST / f"{tiny.FIRST}.html"
            found["nbgrader's feedback", one["student"]] = page.as_uri()
        for page in (course / "out" / "feedback").glob("*/*.html"):
            found["all labs" if page.name == "index.html" else "feedback", page.parent.name] = page.as_uri()
        yield found


def opened(chromium, url: str) -> dict:
    """Open a page, click what can be clicked in it, and return all that happened."""
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    seen = {"asked": [], "dialogs": [], "went": []}

    def stay_at_home(route):
        if route.request.url.startswith(("http://127.0.0.1:", "file:", "data:")):
            return route.continue_()
        if not route.request.url.startswith(NBCONVERTS):
            seen["asked"].append(route.request.url)
        return route.abort()

    page.route("**/*", stay_at_home)
    page.on("dialog", lambda dialog: (seen["dialogs"].append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda popup: seen["went"].append(popup.url))
    page.goto(url, wait_until="load")
    title = page.title()
    page.wait_for_timeout(1_000)  # for what waits for a timer or an error
    seen |= {"over": page.evaluate(OVER), "active": page.evaluate(ACTIVE), "title": page.title() == title != "ran"}
    seen["words"] = page.locator("body").inner_text()
    for link in page.get_by_text("open", exact=True).all():  # what hostile links are called
        link.click(force=True, timeout=5_000)
    if page.url.split("?")[0] != url.split("?")[0]:  # formgrader itself adds an index
        seen["went"].append(page.url)
    seen["title"] = seen["title"] and page.title() == title
    page.close()
    return seen


@pytest.mark.parametrize(
    ("kind", "by"),
    [("formgrader", "grader"), ("formgrader", "stock"), ("nbgrader's feedback", "grader"),
     ("nbgrader's feedback", "stock"), ("feedback", "grader"), ("all labs", "grader")],
)  # fmt: skip
def test_a_hostile_submission_does_no_more_than_a_harmless_one(kind, by, chromium, pages):
    hostile = opened(chromium, pages[kind, f"hostile-{by}"])
    harmless = opened(chromium, pages[kind, f"harmless-{by}"])
    assert hostile["title"]  # which every script here would have changed
    assert {name: hostile[name] for name in ("asked", "dialogs", "went")} == {"asked": [], "dialogs": [], "went": []}
    assert hostile["over"] == harmless["over"]
    assert hostile["active"] == harmless["active"]
    assert ("document.title = 'ran'" in hostile["words"]) == (kind != "all labs")  # it is there to be read
