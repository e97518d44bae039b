"""What the stock commands and formgrader show of a hostile submission does nothing, and students see no key."""

from __future__ import annotations

import json
import shutil
from functools import partial

import nbformat
import percent_source as source
import pytest
import stock_nbgrader as stock
from bs4 import BeautifulSoup
from in_process import ROOT
from leaks import hidden_lines, leaks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from typer.testing import CliRunner

from grader.build.build import find_labs
from grader.cli import app
from grader.notebooks.answer_key import AnswerKey

pytestmark = pytest.mark.kernel
LAB, QUIZ = "01_doubling", "10_quiz"
RAN, ABROAD = "document.title = 'ran'", "tracker.example"
HOSTILE = f"""<script>{RAN}</script> <img src="https://{ABROAD}/i.png" onerror="{RAN}"> <svg onload="{RAN}"></svg>
[open](javascript:{RAN.replace(" ", "")}) ![look](attachment:x.svg) ![look](https://{ABROAD}/i.png)
<iframe srcdoc="<script>parent.{RAN}</script>"></iframe> $\\href{{https://{ABROAD}}}{{x}}$

<div style="position: fixed; inset: 0">covered</div>"""
SHOWS = f"""from IPython.display import display, HTML
hostile = {HOSTILE!r}
for kind in ("text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex", "image/png",
             "application/vnd.jupyter.widget-view+json", "text/vnd.mermaid"):
    data = {{"model_id": hostile}} if kind.endswith("json") else hostile
    display({{kind: data, "text/plain": kind}}, raw=True, metadata={{kind: {{"isolated": True, "alt": hostile}}}})
print(hostile)
raise type(hostile, (Exception,), {{}})(hostile)"""
RAISES = 'def double(x):\n    """Return twice x."""\n    return 2 * x if x > 0 else 1 / 0'
FILES = ("page.html", "PAGE.HTM", "picture.svg", ".hidden.html", "folder/page.xml")
MESSAGE = f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{RAN}</script></html>'


def hostile(notebook):
    """A submission that tries everything, and whose answer raises inside the hidden test."""
    next(cell for cell in notebook.cells if cell.id == "double").source = RAISES
    own = new_markdown_cell(HOSTILE)
    own["attachments"] = {"x.svg": {"image/svg+xml": f'<svg onload="{RAN}"/>'}}
    notebook.cells[1:1] = [own, new_raw_cell(HOSTILE), new_raw_cell(HOSTILE, metadata={"raw_mimetype": "text/html"})]
    notebook.cells.append(new_code_cell(SHOWS))
    notebook.metadata |= {"title": HOSTILE, "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}}}
    return notebook


def guesses(notebook):
    """A quiz with something in place of every answer."""
    for cell in notebook.cells:
        cell.source = cell.source.replace(' = ""  # ', ' = "a"  # ').replace(" = None  # ", " = 1  # ")
    return notebook


@pytest.fixture(scope="module")
def environment():
    with stock.environment() as made:
        yield made


@pytest.fixture(scope="module")
def course(tmp_path_factory, environment):
    """A course after autograde and generate_feedback, and a copy for formgrader that other settings have made."""
    root = source.course(tmp_path_factory.mktemp("course"), x01_doubling=source.good_lab())
    shutil.copy(stock.CONFIG, root)
    shutil.copytree(ROOT / "solutions" / QUIZ, root / "solutions" / QUIZ)
    assert CliRunner().invoke(app, ["build", LAB, "--root", str(root), "--no-execute"]).exit_code == 0
    nbgrader = partial(stock.nbgrader, root, environment)
    for lab, student, made in ((LAB, "mallory", hostile), (LAB, "old", hostile), (QUIZ, "ada", guesses)):
        nbgrader("generate_assignment", lab)
        notebook = made(nbformat.read(root / "notebooks" / lab / f"{lab}.ipynb", as_version=4))
        folder = root / ".nbgrader/submitted" / student / lab
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{lab}.ipynb")
        for file in FILES:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(MESSAGE)
    nbgrader("autograde", LAB)
    nbgrader("autograde", QUIZ)
    copy = root / ".nbgrader/autograded/old" / LAB / f"{LAB}.ipynb"
    copy.unlink()
    shutil.copy(root / ".nbgrader/submitted/old" / LAB / f"{LAB}.ipynb", copy)
    nbgrader("generate_feedback", LAB)
    nbgrader("generate_feedback", QUIZ)
    return root


@pytest.fixture(scope="module")
def pages(course, environment):
    """Every page about the hostile submissions, by its name: formgrader's and the feedback."""
    feedback = (course / ".nbgrader/feedback").rglob(f"{LAB}.html")
    found = {f"feedback of {path.parts[-3]}": path.read_text() for path in feedback}
    with stock.formgrader(course, environment) as ask:
        for one in json.loads(ask(f"api/submitted_notebooks/{LAB}/{LAB}")):
            found[f"formgrader of {one['student']}"] = ask(f"submissions/{one['id']}/")
    return found


def acting(html: str) -> list[str]:
    """What of a hostile submission a browser would obey, not show: attributes, and elements whose text is obeyed."""
    elements = BeautifulSoup(html, "html.parser").find_all(True)
    obeyed = [f"{name}={value}" for one in elements for name, value in one.attrs.items()]
    obeyed += [one.get_text() for one in elements if one.name in ("script", "style", "iframe", "svg", "title")]
    signs = (RAN, RAN.replace(" ", ""), ABROAD, "x.svg", "position: fixed")
    return [text for text in obeyed if any(sign in text for sign in signs)]


def test_nothing_acts_in_formgrader_or_in_feedback(pages):
    names = {f"{page} of {student}" for page in ("feedback", "formgrader") for student in ("mallory", "old")}
    assert set(pages) == names
    for name, html in pages.items():
        assert HOSTILE.splitlines()[-1] in BeautifulSoup(html, "html.parser").get_text(), name  # it is there to be read
        assert acting(html) == [], name


def test_only_what_is_said_and_tables_are_left_of_outputs(course):
    copy = nbformat.read(course / ".nbgrader/autograded/mallory" / LAB / f"{LAB}.ipynb", as_version=4)
    outputs = copy.cells[-1].outputs
    assert len(outputs) == 10
    assert {kind for output in outputs for kind in output.get("data", {})} == {"text/plain", "text/html"}
    assert [output.metadata for output in outputs if "metadata" in output] == [{}] * 8


def test_no_file_beside_a_submission_gets_where_formgrader_serves_it(course):
    files = [path for path in (course / ".nbgrader/autograded").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".ipynb"}
    assert len(files) == 3


@pytest.mark.parametrize("lab", [LAB, QUIZ])
def test_no_line_of_a_hidden_test_or_key_reaches_feedback(lab, course):
    key = AnswerKey.read(next(one for one in find_labs(course) if one.name == lab))
    lines = hidden_lines(key)
    assert len(lines) >= (1 if lab == LAB else 100)
    (copy, *_) = (course / ".nbgrader/autograded").glob(f"*/{lab}/{lab}.ipynb")
    shown = " ".join(" ".join(cell.source for cell in nbformat.read(copy, as_version=4).cells).split())
    assert [line for line in lines if line not in shown] == []  # staff see them
    assert leaks(course / ".nbgrader/feedback", lines) == []
