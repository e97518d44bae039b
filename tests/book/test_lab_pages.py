"""A lab's page: exercise boxes, folded hints, cells that are left out or folded, figures with a text."""

from __future__ import annotations

from pathlib import Path

import nbformat.v4 as nb
import pytest
from nbformat import NotebookNode

from book.lab_pages import NO_TITLE, exercise_box, exercises, figure_title, heading, lab_page, read_notebook
from book.sources import TWINS

ROOT = Path(__file__).parents[2]
BOX = """### Exercise 2: double it

| goal | difficulty | time | expected length |
| --- | --- | --- | --- |
| a product, `a \\| b` | 1 of 5 | 3 min | 1 line |

Write `double`.

<details><summary>Hint 1: where to start</summary>
Add <code>x</code> to itself.
</details>"""


def cell(source: str, grade_id: str, **kinds) -> NotebookNode:
    return nb.new_code_cell(source, metadata={"nbgrader": {"grade_id": grade_id, **kinds}})


def tiny() -> NotebookNode:
    graded = cell("g = check.double(double)\ng", "test-double", grade=True)
    drawn = nb.new_code_cell('title = f"Half of {n} is lost"', metadata={"tags": ["skip-when-grading"]})
    drawn.outputs = [nb.new_output("display_data", {"image/png": "", "application/vnd.lora-utils.grade+json": {}})]
    cells = [nb.new_markdown_cell("# 01 Doubling\n\ntext"), nb.new_markdown_cell(BOX)]
    return nb.new_notebook(cells=[*cells, cell("def double(x): ...", "double", solution=True), graded, drawn])


def test_an_exercise_becomes_a_box_with_its_goal_and_its_hints_folded():
    text = exercise_box(BOX)
    assert text.startswith(
        "### Exercise 2: double it\n\n::::::{admonition} Goal: a product, `a \\| b`\n:class: exercise"
    )
    assert "**Difficulty** 1 of 5 · **time** 3 min · **expected length** 1 line" in text
    assert text.index("Write `double`.") < text.index("<details>") < text.rindex("::::::")


def test_a_text_without_a_box_stays_as_it_is():
    assert (
        exercise_box("### Exercise\n\n| a | b |\n| - | - |\n| 1 | 2 |")
        == "### Exercise\n\n| a | b |\n| - | - |\n| 1 | 2 |"
    )


@pytest.mark.parametrize(("executed", "tag"), [(False, "remove-cell"), (True, "hide-cell")])
def test_graded_cells_are_left_out_for_students_and_folded_with_solutions(executed, tag):
    notebook = tiny()
    page = lab_page(notebook, {}, executed=executed)
    assert [one.metadata.get("tags") for one in page.cells[2:]] == [[], [tag], ["skip-when-grading"]]
    assert page.cells[4].metadata.mystnb == {"image": {"alt": "Half of … is lost"}}
    assert list(page.cells[4].outputs[0].data) == ["image/png"]
    assert notebook.cells[3].metadata.get("tags") is None


def test_a_figure_is_called_what_its_title_states():
    assert figure_title('fig, axes = figure(\n    "It\'s lower", x, y)') == "It's lower"
    assert figure_title("plt.plot(x)") == NO_TITLE


def test_headings_are_found_by_the_grade_id_below_them():
    assert heading(tiny()) == "01 Doubling"
    assert exercises(tiny()) == {"double": "Exercise 2: double it"}


@pytest.mark.parametrize("twins", TWINS)
def test_every_exercise_of_the_course_becomes_a_box(twins):
    boxes = 0
    for path in sorted((ROOT / twins).glob("*/*.ipynb")):
        page = lab_page(read_notebook(path), {}, executed=twins == "solutions")
        texts = [one.source for one in page.cells if one.cell_type == "markdown"]
        assert not [text for text in texts if "| goal |" in text], path
        boxes += sum(":class: exercise" in text for text in texts)
    assert boxes >= 70
