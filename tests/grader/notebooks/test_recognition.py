"""A lab and its cells are known by their names, or by their text where an editor has dropped the names."""

from __future__ import annotations

import copy
import json

import pytest
import tiny_course as tiny
from in_process import LABS, ROOT

from grader.notebooks.answer_key import read_keys
from grader.notebooks.notebook_file import parse
from grader.notebooks.recognition import lab_of, with_names
from grader.notebooks.restoration import restore
from grader.notebooks.submission import Submission, collect


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


@pytest.fixture(scope="module")
def real():
    return read_keys(ROOT, [])


def stripped(data: dict, ids: str = "") -> bytes:
    """A notebook as an editor saves it that knows neither nbgrader's metadata nor our ids."""
    data = copy.deepcopy(data)
    for number, cell in enumerate(data["cells"]):
        cell["metadata"] = {}
        del cell["id"]
        if ids:
            cell["id"] = f"{ids}{number}"
        cell["source"] = cell["source"] + "  \n"
    return json.dumps(data).encode()


@pytest.mark.parametrize("ids", ["", "colab"])
@pytest.mark.parametrize("lab", [tiny.FIRST, tiny.SECOND])
def test_without_names_a_notebook_is_restored_as_with_them(lab, ids, course, keys):
    answers = {
        "double": tiny.GOOD["double"],
        "half": "def half(x):\n    return 0.5 * x",
        "halve": "x = 1\ndef half(x): return x",
    }
    whole = tiny.notebook(course, lab, **answers)
    whole["cells"].insert(3, {"cell_type": "code", "id": "own", "metadata": {}, "source": "helper = 3"})
    bare = parse(stripped(whole, ids)).cells
    assert lab_of(bare, keys) == lab
    expected = restore(parse(json.dumps(whole).encode()).cells, keys[lab])
    found = restore(with_names(bare, keys[lab]), keys[lab])
    assert [(c.id, c.source.strip()) for c in found.cells] == [(c.id, c.source.strip()) for c in expected.cells]
    assert found.flags == expected.flags == []


@pytest.mark.parametrize("lab", LABS)
def test_every_lab_of_the_course_is_known_by_its_text(lab, real):
    data = json.loads((ROOT / "notebooks" / lab / f"{lab}.ipynb").read_text())
    data["cells"] = [cell | {"source": "".join(cell["source"])} for cell in data["cells"]]
    bare = parse(stripped(data)).cells
    assert lab_of(bare, real) == lab
    expected = restore(parse(json.dumps(data).encode()).cells, real[lab])
    assert [c.id for c in restore(with_names(bare, real[lab]), real[lab]).cells] == [c.id for c in expected.cells]


def test_an_untouched_stub_and_an_answer_of_another_name_are_found_by_their_place(course, keys):
    data = tiny.notebook(course, half="def something_else(x):\n    return x")
    cells = with_names(parse(stripped(data)).cells, keys[tiny.FIRST])
    assert [cell.grade_id for cell in cells if cell.grade_id] == ["setup", "double", "test-double", "half", "test-half"]


def test_cells_with_names_are_left_alone(course, keys):
    cells = parse(json.dumps(tiny.notebook(course)).encode()).cells
    assert with_names(cells, keys[tiny.FIRST]) is cells


def test_what_is_of_no_lab_is_of_none(course, keys):
    data = tiny.notebook(course)
    data["cells"] = [cell for cell in data["cells"] if "test-" not in json.dumps(cell["metadata"])]
    assert lab_of(parse(stripped(data)).cells, keys) is None
    assert (
        lab_of(parse(json.dumps(tiny.notebook(course, tiny.SECOND)).encode()).cells, {tiny.FIRST: keys[tiny.FIRST]})
        is None
    )


def test_a_stripped_notebook_is_graded_from_a_folder_and_says_so(tmp_path, course, keys):
    tiny.hand_in(tmp_path, "ada", stripped(tiny.notebook(course)))
    (found,) = collect(tmp_path, keys)
    assert isinstance(found, Submission)
    assert found.notes == ["the file does not name its cells, so they were recognised by their text"]
