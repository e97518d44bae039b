"""A student's metadata never decides what runs or counts."""

from __future__ import annotations

import copy

import nbformat
import percent_source as source
import pytest

from grader.build.first_cells import PACKAGE_ID
from grader.build.source import read_source
from grader.build.twins import solution_twin, student_twin
from grader.notebooks.restore_tags import restore_metadata

SETUP, SOLUTION, TEST, TRAINING = 1, 2, 3, 4


@pytest.fixture
def pair(tmp_path):
    """A student's copy of the release, without the cell that is in no lab's source, and the instructor's notebook."""
    path = tmp_path / "01_doubling.py"
    path.write_text(source.good_lab())
    notebook = read_source(path)
    student = student_twin(notebook)
    student.cells = [cell for cell in student.cells if cell.id != PACKAGE_ID]
    return student, solution_twin(notebook)


def test_an_honest_submission_keeps_what_it_had(pair):
    submitted, original = pair
    assert restore_metadata(submitted, original) == []
    assert [cell.metadata.get("tags", []) for cell in submitted.cells] == [[], [], [], [], ["skip-when-grading"]]
    assert submitted.cells[TEST].metadata.nbgrader == source.TEST
    assert submitted.cells[TEST].metadata.editable is False
    assert submitted.cells[SOLUTION].metadata.deletable is False


@pytest.mark.parametrize("tags", [["skip-execution"], ["skip-when-grading"], "skip-when-grading", 3, None])
@pytest.mark.parametrize("index", [SETUP, SOLUTION, TEST])
def test_tags_of_the_lab_come_back(pair, index, tags):
    submitted, original = pair
    submitted.cells[index].metadata["tags"] = tags
    restore_metadata(submitted, original)
    assert "tags" not in submitted.cells[index].metadata


def test_a_graded_cell_does_not_take_the_tags_of_another_by_its_id_or_text(pair):
    submitted, original = pair
    submitted.cells[TEST]["id"] = original.cells[TRAINING].id
    submitted.cells[TEST].source = original.cells[TRAINING].source
    restore_metadata(submitted, original)
    assert "tags" not in submitted.cells[TEST].metadata
    assert submitted.cells[TEST].metadata.nbgrader.grade_id == "test-double"


def test_a_plain_cell_is_known_by_its_text_then_by_its_id(pair):
    submitted, original = pair
    moved = copy.deepcopy(submitted.cells[TRAINING])
    moved["id"] = "a1b2c3"
    edited = submitted.cells[TRAINING]
    edited.source = "trained = []"
    edited.metadata = nbformat.NotebookNode()
    new = nbformat.v4.new_code_cell("print(1)", id="new", metadata={"tags": ["skip-when-grading"]})
    submitted.cells += [moved, new]
    restore_metadata(submitted, original)
    tags = [cell.metadata.get("tags", []) for cell in submitted.cells[TRAINING:]]
    assert tags == [["skip-when-grading"], ["skip-when-grading"], []]


def test_the_last_copy_of_a_cell_counts_and_the_others_are_plain(pair):
    submitted, original = pair
    first = copy.deepcopy(submitted.cells[TEST])
    first.source = "4.0"
    submitted.cells.insert(TEST, first)
    notes = restore_metadata(submitted, original)
    assert notes == ["a copy of cell 'test-double' was treated as an ordinary cell"]
    assert "nbgrader" not in submitted.cells[TEST].metadata
    assert submitted.cells[TEST + 1].metadata.nbgrader.points == 4


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        ({**source.TEST, "points": 40}, "the points of cell 'test-double' were set back to those of the lab"),
        ({**source.TEST, "solution": True}, "the solution of cell 'test-double' were set back to those of the lab"),
        ({"grade_id": "test-double"}, "the grade, locked, points, schema_version, solution, task of cell"),
    ],
)
def test_changed_grading_metadata_is_set_back(pair, metadata, note):
    submitted, original = pair
    submitted.cells[TEST].metadata["nbgrader"] = nbformat.from_dict(metadata)
    (found,) = restore_metadata(submitted, original)
    assert found.startswith(note)
    assert submitted.cells[TEST].metadata.nbgrader == source.TEST


@pytest.mark.parametrize("metadata", [{}, [], "x", {"grade": True}, {"grade_id": ["x"], "grade": True}])
def test_broken_grading_metadata_is_dropped(pair, metadata):
    submitted, original = pair
    submitted.cells[TEST].metadata["nbgrader"] = metadata
    restore_metadata(submitted, original)
    assert "nbgrader" not in submitted.cells[TEST].metadata


def test_an_unknown_cell_is_plain_and_reported(pair):
    submitted, original = pair
    submitted.cells[SETUP].metadata.nbgrader.grade_id = "bonus"
    assert restore_metadata(submitted, original) == [
        "a cell named 'bonus' is not part of the lab and was treated as an ordinary cell"
    ]
    assert "nbgrader" not in submitted.cells[SETUP].metadata


def test_unknown_metadata_is_dropped(pair):
    submitted, original = pair
    submitted.cells[0].metadata["collapsed"] = True
    submitted.cells[TEST].metadata["editable"] = "yes"
    restore_metadata(submitted, original)
    assert submitted.cells[0].metadata == {}
    assert "editable" not in submitted.cells[TEST].metadata
