"""Text, outputs and names of a submission are made so that no page has more in it than they show."""

from __future__ import annotations

import base64
import random
import time

import jupytext
import pytest
from bs4 import BeautifulSoup
from in_process import ROOT
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from staff_pages import page

from grader.notebooks.inert import CLOSE, OPEN, PNG, TAGS, InertCells, inert_cell, inert_html, inert_text
from lora_utils.schematics import schematic

HOSTILE = [cell.source for cell in jupytext.read(ROOT / "tests" / "attacks" / "hostile_texts.py").cells[1:]]
SCRIPT = "<script>document.title = 'ran'</script>"
PICTURE = base64.b64encode(PNG + b"rest").decode()


def elements(html: str) -> list[tuple[str, dict]]:
    return [(one.name, one.attrs) for one in BeautifulSoup(html, "html.parser").find_all(True)]


@pytest.mark.parametrize("seed", range(300))
def test_pieces_of_hostile_texts_stay_one_text_however_they_are_put_together(seed):
    chance = random.Random(seed)
    pieces = [
        *HOSTILE,
        "\n\n",
        "\n",
        "    ",
        "\r\n",
        "\0",
        "`",
        "$$",
        "\\begin{a}",
        CLOSE,
        OPEN,
        "&#10;",
        "<!--",
        "\ud800",
    ]
    text = "".join(piece[: chance.randrange(1, len(piece) + 1)] for piece in chance.choices(pieces, k=12))
    made = inert_text(text)
    soup = BeautifulSoup(markdown2html(made), "html.parser")
    assert [one.name for one in soup.find_all(True)] == ["pre"]
    assert soup.pre.get_text() == text.replace("\0", "\ufffd").replace("\ud800", "?")
    assert soup.get_text().strip() == soup.pre.get_text().strip()  # nothing outside of it
    assert inert_text(made) == made


def test_a_long_text_costs_no_time():
    """nbconvert takes hours to render this one."""
    start = time.process_time()
    inert_cell(new_markdown_cell(r"\begin{a}" * 1_000_000), set())
    assert time.process_time() - start < 10


def test_the_labs_own_text_stays_as_it_is():
    text = "# A *heading* with <b>markup</b> and $\\alpha$"
    assert inert_cell(new_markdown_cell(text), {text}).source == text
    assert inert_cell(new_markdown_cell(text + " "), {text}).source == inert_text(text + " ")


@pytest.mark.parametrize("text", HOSTILE)
def test_html_of_an_output_keeps_no_attribute_and_nothing_that_acts(text):
    (outer, attributes), *inner = elements(inert_html(text))
    assert (outer, attributes) == ("div", {"class": ["tex2jax_ignore"]})
    assert [one for one in inner if one[0] not in TAGS or one[1]] == []
    assert inert_html(inert_html(text)) == inert_html(text)


def test_a_table_of_checks_is_still_a_table():
    table = (
        '<table><caption style="text-align:left">double: 3 of 4 points</caption><tr><td><strong>FAILED</strong></td>'
    )
    assert [name for name, _ in elements(inert_html(table))] == [
        "div",
        "table",
        "caption",
        "tbody",
        "tr",
        "td",
        "strong",
    ]


def test_a_schematic_is_there_in_words():
    shown = schematic("low_rank_update")._repr_mimebundle_()
    (output,) = outputs(shown)
    assert output.data == {"text/plain": shown["text/plain"]}  # else an empty frame would hide the words
    (output,) = outputs(shown | {"text/html": "<b>so</b>" + shown["text/html"]})
    assert set(output.data) == {"text/plain", "text/html"}


def outputs(data: dict, **metadata) -> list[NotebookNode]:
    cell = new_code_cell("x", outputs=[new_output("display_data", data, metadata=metadata)])
    return inert_cell(cell, set()).outputs


@pytest.mark.parametrize(
    "kind",
    ["application/javascript", "image/svg+xml", "text/markdown", "text/latex", "image/jpeg", "application/pdf",
     "text/vnd.mermaid", "application/vnd.jupyter.widget-view+json", "application/json", "text/HTML", "x/y"],
)  # fmt: skip
def test_other_kinds_of_output_are_left_out(kind):
    (output,) = outputs({kind: SCRIPT, "text/plain": "said"}, filenames={"image/png": "javascript:1"}, isolated=True)
    assert (output.data, output.metadata) == ({"text/plain": "said"}, {})


@pytest.mark.parametrize(
    ("data", "kept"),
    [(PICTURE, True), (PICTURE[:4] + "\n" + PICTURE[4:], True), (base64.b64encode(SCRIPT.encode()).decode(), False),
     ('"><script>', False), ("é", False)],
)  # fmt: skip
def test_a_picture_is_one_or_is_left_out(data, kept):
    (output,) = outputs({"image/png": data})
    assert output.data == ({"image/png": PICTURE} if kept else {})


def test_numbers_of_execution_are_numbers():
    """The student's kernel counts, and formgrader prints what it says as it is."""
    cell = new_code_cell("x", outputs=[new_output("execute_result", {"text/plain": "1"}, execution_count=2)])
    cell.execution_count = cell.outputs[0].execution_count = SCRIPT
    made = inert_cell(cell, set())
    assert (made.execution_count, made.outputs[0].execution_count) == (None, None)
    cell.execution_count = 3
    assert inert_cell(cell, set()).execution_count == 3


def test_metadata_that_templates_act_on_goes():
    cell = new_code_cell("x", metadata={"tags": ["a"], "alt": SCRIPT, "transient": {"remove_source": True}})
    cell.attachments = {"x.svg": {"image/svg+xml": SCRIPT}}
    made = inert_cell(cell, set())
    assert made.metadata == {"tags": ["a"]}
    assert "attachments" not in made


def test_formgrader_gets_names_as_text_and_notebooks_without_metadata_of_their_own():
    name = f'"><img src=x onerror=alert(1)>{SCRIPT}'
    notebook = new_notebook(cells=[new_markdown_cell(SCRIPT)], metadata={"widgets": {"a": SCRIPT}, "title": SCRIPT})
    names = {"assignment_id": "gone", "notebook_id": "gone", "student": name, "first_name": None, "notebook_path": name}
    made, resources = InertCells().preprocess(notebook, names)
    assert set(made.metadata) == {"kernelspec", "language_info"}
    assert made.cells[0].source == inert_text(SCRIPT)
    before = [one.name for one in page(made).find_all(True)]
    assert [one.name for one in page(made, **resources).find_all(True)] == before
    assert name in page(made, **resources).get_text()
