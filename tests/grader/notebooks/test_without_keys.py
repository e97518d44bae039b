"""Feedback made by nbgrader shows the lab's cells as students got them."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.notebooks.without_keys import WithoutKeys

TEST = {"grade": True, "grade_id": "t", "locked": True, "points": 1, "schema_version": 3, "solution": False}
LOCKED = {"nbgrader": TEST}
TASK = {"nbgrader": TEST | {"grade": False, "task": True}}
OWN = {"nbgrader": TEST | {"grade": False, "locked": False, "solution": True}}
HIDDEN = "grade = 1.0\n### BEGIN HIDDEN TESTS\ngrade += double(-7) == -14\n### END HIDDEN TESTS\ngrade"
SCHEME = "Explain.\n### BEGIN MARK SCHEME\nOne point for *why*.\n### END MARK SCHEME"


def shown(cell):
    return WithoutKeys().preprocess(new_notebook(cells=[cell]), {})[0].cells[0]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (new_code_cell(HIDDEN, metadata=LOCKED), "grade = 1.0\ngrade"),
        (new_markdown_cell(SCHEME, metadata=TASK), "Explain."),
        (new_code_cell("1 + 1", metadata=LOCKED), "1 + 1"),
        (new_code_cell("### BEGIN HIDDEN TESTS\nof my own", metadata=OWN), "### BEGIN HIDDEN TESTS\nof my own"),
        (new_code_cell("### END HIDDEN TESTS"), "### END HIDDEN TESTS"),
    ],
    ids=["hidden tests", "mark scheme", "nothing hidden", "a student's answer", "a student's own cell"],
)
def test_what_decides_points_goes_and_the_rest_stays(cell, text):
    assert shown(cell).source == text


def test_no_traceback_shows_the_lines_around():
    error = new_output("error", ename="AssertionError", evalue="no", traceback=["---> 3 grade += double(-7) == -14"])
    said = new_output("stream", text="said")
    first, second = shown(new_code_cell(HIDDEN, metadata=LOCKED, outputs=[error.copy(), said])).outputs
    assert (first.traceback, second) == (["AssertionError: no"], said)
    assert shown(new_code_cell("1 / 0", metadata=LOCKED, outputs=[error])).outputs[0].traceback == error.traceback
