"""The instructor's cells come back, whatever was done to them; the student's answers and own cells stay."""

from __future__ import annotations

import copy

import pytest
import tiny_course as tiny

from grader.build.first_cells import PACKAGE_ID
from grader.notebooks.restoration import restore

ANSWERS = ("double", "half")
TESTS = ("test-double", "test-half")
TRAINING = "training, which grading never runs"


@pytest.fixture
def data(course):
    return tiny.notebook(course, **tiny.GOOD)


def index(data: dict, id: str) -> int:
    return next(i for i, cell in enumerate(data["cells"]) if cell["id"] == id)


def order(restored) -> list[str]:
    """Ids of what runs."""
    return [cell.id for cell in restored.cells if cell.runs]


def assert_graded_as_in_the_lab(restored, key):
    """Every locked cell is there once, with the instructor's text, each test below its answer and above the next."""
    for meant in key.cells:
        if meant.locked:
            (found,) = [cell for cell in restored.cells if cell.id == meant.id]
            assert (found.source, found.kind) == (meant.source, meant.kind)
    assert [id for id in order(restored) if id in (*ANSWERS, *TESTS, "setup")] == [
        "setup", "double", "test-double", "half", "test-half",
    ]  # fmt: skip


def test_an_honest_notebook_is_left_as_it_is_and_gets_the_hidden_tests(data, key):
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    assert restored.notes == []
    assert restored.flags == []
    assert [cell for cell in restored.cells if cell.key is None] == [], "what installs the package was taken for theirs"
    assert "secret_of_the_grader" not in str(data)
    assert "secret_of_the_grader" in next(c.source for c in restored.cells if c.id == "test-double")


def test_a_student_who_writes_into_the_cell_that_installs_the_package_keeps_what_they_wrote(data, key):
    tiny.cell_of(data, PACKAGE_ID)["source"] += "\nimport statistics"
    (own,) = [cell for cell in restore(tiny.submission(data).cells, key).cells if cell.key is None]
    assert own.runs
    assert own.source.endswith("import statistics")


def test_skip_is_decided_by_the_source(data, key):
    for cell in data["cells"]:
        cell["metadata"]["tags"] = ["skip-when-grading", "skip-execution"]
    training = next(cell for cell in data["cells"] if TRAINING in cell["source"])
    training["metadata"]["tags"] = []
    training["source"] += "\nmine = 1"
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    (cell,) = [c for c in restored.cells if TRAINING in c.source]
    assert not cell.runs


def test_skip_holds_by_text_where_a_file_has_no_ids(data, key):
    for cell in data["cells"]:
        del cell["id"]
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    assert not any(TRAINING in c.source for c in restored.cells if c.runs)


def test_a_graded_cell_cannot_take_the_place_of_a_skipped_one(data, key):
    training = next(cell for cell in data["cells"] if TRAINING in cell["source"])
    test = tiny.cell_of(data, "test-half")
    training["id"], test["id"] = test["id"], training["id"]
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    assert {cell.id for cell in restored.cells if cell.graded and cell.runs} == set(TESTS)


def edited(data):
    tiny.cell_of(data, "test-double")["source"] = "4.0"
    return "graded-cell-edited"


def deleted(data):
    data["cells"].remove(tiny.cell_of(data, "test-double"))
    return "graded-cell-missing"


def retyped(data):
    tiny.cell_of(data, "test-double")["cell_type"] = "raw"
    return "graded-cell-retyped"


def copied(data):
    clone = copy.deepcopy(tiny.cell_of(data, "test-double"))
    data["cells"].insert(index(data, "test-half"), clone)
    return "graded-cell-copied"


def moved_up(data):
    cell = data["cells"].pop(index(data, "test-half"))
    data["cells"].insert(1, cell)
    return "graded-cell-moved"


def moved_down(data):
    data["cells"].append(data["cells"].pop(index(data, "test-double")))
    return "graded-cell-moved"


def setup_last(data):
    data["cells"].append(data["cells"].pop(index(data, "setup")))
    return "graded-cell-moved"


def setup_deleted(data):
    data["cells"].remove(tiny.cell_of(data, "setup"))
    return "graded-cell-missing"


def points_raised(data):
    tiny.cell_of(data, "test-double")["metadata"]["nbgrader"]["points"] = 400
    return None


def unlocked(data):
    tiny.cell_of(data, "test-double")["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}
    return None


def renamed(data):
    tiny.cell_of(data, "test-double")["metadata"]["nbgrader"]["grade_id"] = "something-else"
    return None


def answer_called_a_test(data):
    tiny.cell_of(data, "half")["metadata"]["nbgrader"] |= {"grade": True, "locked": True, "solution": False}
    return None


def all_tests_deleted(data):
    data["cells"] = [cell for cell in data["cells"] if cell["id"] not in (*TESTS, "setup")]
    return "graded-cell-missing"


@pytest.mark.parametrize(
    "change",
    [
        edited, deleted, retyped, copied, moved_up, moved_down, setup_last, setup_deleted, points_raised, unlocked,
        renamed, answer_called_a_test, all_tests_deleted,
    ],
)  # fmt: skip
def test_locked_cells_are_set_right(change, data, key):
    flag = change(data)
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    assert [restored.flags] == [[flag] if flag else []]
    assert bool(restored.notes) == bool(flag)
    for id in ANSWERS:
        (answer,) = [cell for cell in restored.cells if cell.id == id]
        assert answer.source == tiny.GOOD[id]


def test_trailing_space_that_an_editor_removed_is_no_edit(data, key):
    cell = tiny.cell_of(data, "test-double")
    cell["source"] = "\n".join(line + "  " for line in cell["source"].splitlines()) + "\n"
    assert restore(tiny.submission(data).cells, key).flags == []


def test_a_students_own_cells_run_where_they_stand(data, key):
    helper = {"cell_type": "code", "id": "mine", "metadata": {}, "source": "factor = 2"}
    data["cells"].insert(index(data, "test-double"), helper)
    restored = restore(tiny.submission(data).cells, key)
    ids = order(restored)
    assert restored.cells[[c.id for c in restored.cells].index("test-double") - 1].source == "factor = 2"
    assert len(ids) == 6


def test_a_helper_below_an_answer_runs_before_a_test_that_is_put_back(data, key):
    helper = {"cell_type": "code", "id": "mine", "metadata": {}, "source": "factor = 2"}
    data["cells"].insert(index(data, "test-double"), helper)
    deleted(data)
    restored = restore(tiny.submission(data).cells, key)
    sources = [cell.source for cell in restored.cells]
    test = next(cell.source for cell in restored.cells if cell.id == "test-double")
    assert sources.index("factor = 2") < sources.index(test)


def test_a_changed_copy_of_a_test_runs_as_an_ordinary_cell(data, key):
    clone = copy.deepcopy(tiny.cell_of(data, "test-double")) | {"id": "clone", "source": "print(double(3))"}
    data["cells"].insert(index(data, "half"), clone)
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    (own,) = [cell for cell in restored.cells if cell.key is None]
    assert own.source == "print(double(3))"
    assert not own.graded


def test_a_copied_answer_cell_does_not_push_out_the_original(data, key):
    clone = copy.deepcopy(tiny.cell_of(data, "double")) | {"id": "clone", "source": "tried = double(1)"}
    data["cells"].insert(index(data, "test-double"), clone)
    restored = restore(tiny.submission(data).cells, key)
    assert next(c.source for c in restored.cells if c.id == "double") == tiny.GOOD["double"]
    assert restored.flags == ["answer-cell-copied"]


def test_an_answer_turned_into_text_is_turned_back(data, key):
    tiny.cell_of(data, "half")["cell_type"] = "markdown"
    restored = restore(tiny.submission(data).cells, key)
    assert next(c.kind for c in restored.cells if c.id == "half") == "code"
    assert restored.flags == ["answer-retyped"]


def test_answers_in_another_order_keep_their_tests_below_them(data, key):
    first, second = index(data, "double"), index(data, "half")
    data["cells"][first], data["cells"][second] = data["cells"][second], data["cells"][first]
    ids = order(restore(tiny.submission(data).cells, key))
    assert ids.index("test-double") > ids.index("double")
    assert ids.index("test-half") > ids.index("half")
    assert ids[0] == "setup"


def test_metadata_without_names_still_matches_by_cell_id(data, key):
    for cell in data["cells"]:
        cell["metadata"] = {}  # as some editors leave it
    restored = restore(tiny.submission(data).cells, key)
    assert_graded_as_in_the_lab(restored, key)
    assert restored.flags == []
