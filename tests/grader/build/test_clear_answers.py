"""What students get of a solution cell: the stub for code to write, the starting value for a value to fill in."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from grader.build.clear_answers import ClearAnswers

STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def cleared(source, cell=new_code_cell):
    cell = cell(source, metadata={"nbgrader": {"solution": True, "grade": False}})
    ClearAnswers().preprocess_cell(cell, {"language": "python"}, 0)
    return cell.source


def test_a_value_keeps_its_starting_line_and_nothing_else():
    answer = 'answer = ""  # type here\n### BEGIN SOLUTION\nanswer = "secret"\nanswer += "more"\n### END SOLUTION\n'
    assert cleared(answer) == 'answer = ""  # type here'


@pytest.mark.parametrize("begins", ["class Own(Base):", "def Own(x):"])
def test_an_open_answer_keeps_its_starting_line(begins):
    answer = f"Own = None  # yours\n### BEGIN SOLUTION\n{begins}\n    x = 1\n\n    y = 2\n### END SOLUTION\n"
    assert cleared(answer) == "Own = None  # yours"


def test_what_follows_a_value_stays():
    answer = "rank = None\n### BEGIN SOLUTION\nrank = 4\n### END SOLUTION\nprint(rank)"
    assert cleared(answer) == "rank = None\nprint(rank)"


def test_two_values_are_cleared_one_by_one():
    answer = "a = 0\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\nb = 0\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION"
    assert cleared(answer) == "a = 0\nb = 0"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", STUB),
        ("y = 2\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION", f"y = 2\n{STUB}"),
        ("x = 2\n\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION", f"x = 2\n\n{STUB}"),
        (
            "def f(x):\n    x = 2\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION",
            "def f(x):\n    x = 2\n    # YOUR CODE HERE\n    raise NotImplementedError()",
        ),
        ("x = 2", STUB),
    ],
    ids=["no value before", "another name", "not right before", "inside a function", "no region"],
)
def test_everything_else_is_cleared_as_nbgrader_does(answer, expected):
    assert cleared(answer) == expected


def test_written_text_gets_nbgraders_own_stub():
    answer = 'x = ""\n### BEGIN SOLUTION\nx = "secret"\n### END SOLUTION'
    assert cleared(answer, new_markdown_cell) == 'x = ""\nYOUR ANSWER HERE'
