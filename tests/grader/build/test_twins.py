"""The two twins of a source: what is in them, and what is not."""

from __future__ import annotations

import nbformat
import percent_source as source
import pytest

from grader.build.first_cells import PACKAGE_ID
from grader.build.outputs import hide_paths, normalize
from grader.build.source import read_source
from grader.build.twins import clean, code_sha256, has_outputs_of, solution_twin, student_twin, to_bytes
from grader.text.terminal_text import overwritten


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "01_doubling.py"
    path.write_text(source.good_lab())
    return read_source(path)


def stream(text: str, name: str = "stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def executed(notebook):
    """The notebook as a kernel would leave it: outputs in the first code cell, odd counts."""
    ran = clean(notebook)
    for count, cell in enumerate((cell for cell in ran.cells if cell.cell_type == "code"), start=3):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "4.0"}, execution_count=count)]
    return ran


def test_the_student_twin_holds_no_answer(notebook):
    twin = student_twin(notebook)
    twin.cells = [cell for cell in twin.cells if cell.id != PACKAGE_ID]
    assert twin.cells[2].source == (
        'def double(x):\n    """Return twice x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    )
    assert twin.cells[3].source == "grade = 3.0 if double(2) == 4 else 0.0\ngrade"
    assert twin.cells[4].source == notebook.cells[4].source
    assert all(cell.outputs == [] and cell.execution_count is None for cell in twin.cells if cell.cell_type == "code")
    assert "executed_sha256" not in to_bytes(twin).decode()


def test_cells_are_locked_as_in_nbgrader(notebook):
    locks = {
        cell.id: (cell.metadata.get("deletable"), cell.metadata.get("editable"))
        for cell in student_twin(notebook).cells
    }
    assert locks == {
        "cell-01": (None, None),
        "get-lora-utils": (False, False),
        "setup": (False, False),
        "double": (False, None),
        "test-double": (False, False),
        "cell-05": (None, None),
    }


def test_metadata_is_an_allow_list(notebook):
    notebook.metadata["secret"] = notebook.cells[0].metadata["lines_to_next_cell"] = 2
    for twin, more in ((solution_twin(notebook), set()), (student_twin(notebook), {"lora_utils"})):
        assert set(twin.metadata) == {"kernelspec", "language_info"} | more
        assert twin.metadata.language_info == {"name": "python"}
        assert set(twin.metadata.kernelspec) == {"name", "display_name", "language"}
        assert twin.cells[0].metadata == {}
        assert set(twin.cells[-1].metadata) == {"tags"}


def test_the_solution_twin_keeps_answers_and_counts_from_one(notebook):
    twin = solution_twin(notebook, executed(notebook))
    assert [cell.source for cell in twin.cells] == [cell.source for cell in notebook.cells]
    code = [cell for cell in twin.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert [cell.outputs[0].execution_count for cell in code] == [1, 2, 3, 4]
    assert has_outputs_of(twin, notebook)


def test_outputs_belong_to_one_code_only(notebook):
    twin = solution_twin(notebook, executed(notebook))
    notebook.cells[0].source += "\nMore text."
    assert has_outputs_of(twin, notebook)
    notebook.cells[1].source += "\nimport os"
    assert not has_outputs_of(twin, notebook)
    assert not has_outputs_of(None, notebook)
    assert not has_outputs_of(solution_twin(notebook), notebook)


def test_outputs_of_a_hand_edited_twin_are_not_trusted(notebook):
    twin = solution_twin(notebook, executed(notebook))
    twin.cells[1].source += "\nimport os"
    assert not has_outputs_of(twin, notebook)


def test_the_hash_separates_cells(notebook):
    joined = clean(notebook)
    code = [cell for cell in joined.cells if cell.cell_type == "code"]
    code[0].source, code[1].source = code[0].source + code[1].source, ""
    assert code_sha256(joined) != code_sha256(notebook)


def test_building_leaves_the_source_alone_and_repeats(notebook):
    before = to_bytes(clean(notebook))
    first, second = to_bytes(student_twin(notebook)), to_bytes(student_twin(notebook))
    assert first == second
    assert first.endswith(b"}\n")
    assert to_bytes(clean(notebook)) == before
    nbformat.validate(nbformat.reads(first.decode(), as_version=4))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\n", "a\nb\n"),
        ("\rstep 1/2\rstep 2/2\r         \rdone in 3 s\n", "done in 3 s\n"),
        ("abc\rX\n", "Xbc\n"),
        ("\rbar\r   \r", ""),
        ("kept spaces  \n", "kept spaces  \n"),
    ],
)
def test_a_progress_bar_leaves_what_a_terminal_shows(text, shown):
    assert overwritten(text) == shown


def test_an_output_of_a_bar_alone_vanishes():
    assert normalize([stream("\rbar"), stream("\r   \r")], 1) == []


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("<matplotlib.legend.Legend at 0x7f00>", False),
        ("[<matplotlib.lines.Line2D at 0x7f00>]", False),
        ("Text(16, 0.5, 'rank')", False),
        ("<Axes: >", False),
        ("'Text(16)'", True),
        ("0.25", True),
    ],
)
def test_outputs_lose_what_a_last_line_of_plotting_returns(shown, kept):
    value = nbformat.v4.new_output("execute_result", {"text/plain": shown}, execution_count=1)
    assert bool(normalize([value], 1)) is kept


def test_outputs_lose_standard_error_and_live_widgets_and_join_streams():
    widget = nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "9f"}, "text/plain": "Bar()"}
    )
    kept = normalize([stream("a\n"), stream("warned\n", "stderr"), stream("b\n"), widget], 7)
    assert [output.get("text") for output in kept] == ["a\nb\n", None]
    assert kept[1].data == {"text/plain": "Bar()"}
    assert normalize(kept, 7) == kept


def test_folders_become_names_longest_first():
    names = {"/home/ada": "~", "/home/ada/course": "<course>", "/": "<root>"}
    given = {"text/plain": "/home/ada/course/x.py, /home/ada/y, /home/adamant", "image/png": "/home/ada", "n": [3]}
    assert hide_paths(given, names) == {
        "text/plain": "<course>/x.py, ~/y, /home/adamant",
        "image/png": "/home/ada",
        "n": [3],
    }
