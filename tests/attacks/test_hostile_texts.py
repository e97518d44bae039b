"""Whatever a student writes into a cell is text in formgrader: the page has the parts it always has."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest
import tiny_course as tiny
from nbformat.v4 import new_code_cell
from staff_pages import page, shape

from grader.records.formgrader_copy import write_copy
from grader.results import Result

TEXTS = {
    cell.metadata["title"]: cell.source
    for cell in jupytext.read(Path(__file__).with_name("hostile_texts.py")).cells
    if cell.cell_type == "markdown"
}
HARMLESS = "harmless"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


def own(kind: str, **more):
    """A way to add a cell of one's own."""
    return lambda data, text: data["cells"].insert(
        1, {"cell_type": kind, "id": "own", "metadata": {}, "source": text, **more}
    )


def changed(data: dict, text: str) -> None:
    """Write over the lab's heading."""
    data["cells"][0]["source"] = text


PLACES = {
    "markdown": own("markdown", attachments={"x.svg": {"image/svg+xml": "<svg onload=\"document.title = 'ran'\"/>"}}),
    "raw": own("raw"),
    "the lab's own text": changed,
}


def copy_of(course: Path, folder: Path, place: str, text: str):
    """The notebook for formgrader of a submission with this text."""
    data = tiny.notebook(course)
    PLACES[place](data, text)
    key = tiny.keys_of(course)[tiny.FIRST]
    result = Result("ada", tiny.FIRST, "s", "c", [], "namespaces", "id", {}, 1.0)
    return nbformat.read(write_copy(folder, tiny.submission(data), key, result), as_version=4)


@pytest.fixture(scope="module")
def harmless(course, tmp_path_factory):
    """What the page is made of where the text does nothing, by place."""
    folder = tmp_path_factory.mktemp("harmless")
    return {place: shape(page(copy_of(course, folder, place, HARMLESS))) for place in PLACES}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_adds_nothing_to_a_page_but_itself(name, place, course, harmless, tmp_path):
    made = page(copy_of(course, tmp_path, place, TEXTS[name]))
    assert shape(made) == harmless[place]
    shown = [one.get_text() for one in made.find_all("pre", class_="tex2jax_ignore")]
    assert shown == [TEXTS[name]]  # all of it can be read, and MathJax passes over it


@pytest.mark.parametrize("name", TEXTS)
def test_code_adds_nothing_either(name, course, tmp_path):
    """Code is colored letter by letter, so what counts is that there is nothing but colors."""
    notebook = copy_of(course, tmp_path, "markdown", HARMLESS)
    notebook.cells.insert(0, new_code_cell(TEXTS[name]))
    code = page(notebook).find("div", class_="highlight")
    assert {one.name for one in code.find_all(True)} <= {"pre", "span"}
    assert {key for one in code.find_all(True) for key in one.attrs} <= {"class"}


def test_a_name_that_is_markup_gets_no_page(course, tmp_path):
    submission = tiny.submission(tiny.notebook(course), student='"><svg onload=alert(1)>')
    result = Result("ada", tiny.FIRST, "s", "c", [], "namespaces", "id", {}, 1.0)
    with pytest.raises(ValueError, match="rename the student's folder"):
        write_copy(tmp_path, submission, tiny.keys_of(course)[tiny.FIRST], result)
