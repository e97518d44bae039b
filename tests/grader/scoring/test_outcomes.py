"""A cell that is lost takes its definitions with it: what fails for want of them names that cell; the rest counts."""

from __future__ import annotations

import pytest
import tiny_course as tiny

from grader.judge.reader import read
from grader.notebooks.restoration import Cell
from grader.scoring.grading import grade
from grader.scoring.outcomes import Losses
from grader.scoring.run_submission import CellRun, Limits

LIMITS = Limits(cell_seconds=4, output_bytes=1_000_000)
USES = "def double(x):\n    return helper(x)"
HELPER = "def helper(x):\n    return 2 * x\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def graded(course):
    """Grade a notebook with cells of the student's own above the answer `double`."""
    key = tiny.keys_of(course)[tiny.FIRST]

    def run(*own: str, double: str = USES, below: str = ""):
        data = tiny.notebook(course, double=double, half=tiny.GOOD["half"])
        place = data["cells"].index(tiny.cell_of(data, "double"))
        cells = [{"cell_type": "code", "id": f"own{i}", "metadata": {}, "source": text} for i, text in enumerate(own)]
        data["cells"][place:place] = cells
        if below:
            data["cells"].append({"cell_type": "code", "id": "below", "metadata": {}, "source": below})
        return grade(tiny.submission(data), key, LIMITS)

    codes = [cell["id"] for cell in tiny.notebook(course)["cells"] if cell["cell_type"] == "code"]
    run.first = codes.index("double") + 1  # as Restart and Run All counts
    return run


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("while True:\n    pass", "was stopped after 4 s"),
        ("import os\nos._exit(1)", "ended the Python process"),
        ("while True:\n    print('x' * 10_000)", "was stopped because the notebook printed more than 1 MB"),
        ("exit()", "ended the Python process (exit() was called)"),
    ],
    ids=["loop", "exit", "flood", "exit()"],
)
def test_a_probe_that_misses_a_helper_names_the_cell_that_lost_it(trouble, words, graded):
    result = graded("early = 1", HELPER + trouble)
    double, half = result.exercises
    assert half.verdict == "pass"
    assert (double.points, double.messages[0].id) == (0.0, "lost-definition")
    assert double.messages[0].text == (
        f"`helper` is not defined, because your cell {graded.first + 1} (`def helper(x):`) {words}; "
        "it is needed at: return helper(x)"
    )
    assert double.checks[0].text == double.messages[0].text
    assert double.messages[0].hint
    assert not result.repeatable  # with more time it may come out differently


@pytest.mark.kernel
def test_an_answer_cell_that_misses_a_helper_has_the_verdict_of_the_cell_that_lost_it(graded):
    result = graded(HELPER + "while True: pass", double="table = helper(1)\ndef double(x):\n    return x * table")
    assert [exercise.verdict for exercise in result.exercises] == ["timeout", "pass"]
    assert result.exercises[0].messages[0].text.startswith("`helper` is not defined, because your cell ")
    assert result.exercises[0].messages[0].text.endswith("was stopped after 4 s")


@pytest.mark.kernel
def test_a_cell_that_raises_is_named_with_what_it_raised_and_a_chain_to_its_first_cell(graded):
    result = graded(
        "import os\nbase = 2\nos._exit(1)", "factor = base * 1", double="def double(x):\n    return factor * x"
    )
    text = result.exercises[0].messages[0].text
    assert text.startswith(
        f"`factor` is not defined, because your cell {graded.first + 1} (`factor = base * 1`) raised"
    )
    assert f"`base` is not defined, because your cell {graded.first} (`import os`) ended the Python process" in text


@pytest.mark.kernel
def test_earlier_definitions_still_count(graded):
    result = graded(HELPER, "spare = 1\nimport os\nos._exit(1)")
    assert [exercise.verdict for exercise in result.exercises] == ["pass", "pass"]


@pytest.mark.kernel
def test_a_helper_that_stands_below_its_use_is_told_to_move_up(graded):
    text = graded(below=HELPER).exercises[0].messages[0].text
    assert "which defines it, comes only further down" in text


@pytest.mark.kernel
def test_a_name_that_nobody_defines_stays_the_answers_own_fault(graded):
    message = graded("other = 1").exercises[0].messages[0]
    assert message.id == "raised-NameError"
    assert "name 'helper' is not defined, at: return helper(x)" in message.text


def said(runs: dict[str, CellRun], *cells: Cell) -> str:
    """What is said of the name `helper`, missed in the last of some cells."""
    found = Losses(list(cells), runs, read).of("name 'helper' is not defined", cells[-1].id)
    return found.said if found else ""


USER = Cell("user", "code", "helper(1)", None, 9)


@pytest.mark.parametrize(
    "source",
    [
        "%time 1\ndef helper(x):\n    return x",
        "def helper(x:\n    return x",
        "!ls\nhelper = 3",
        "import a as helper, (",
    ],
)
def test_a_cell_that_is_no_python_is_searched_for_the_line_that_would_define_the_name(source):
    run = CellRun("error", "SyntaxError", "invalid syntax")
    assert "raised SyntaxError: invalid syntax" in said({"c": run}, Cell("c", "code", source, None, 3), USER)


@pytest.mark.parametrize("source", ["helper == 3", "print('helper')", "other = 1", "# def helper"])
def test_a_cell_that_only_mentions_the_name_is_not_blamed(source):
    assert said({"c": CellRun("timeout", evalue="4 s")}, Cell("c", "code", source, None, 3), USER) == ""


def test_a_cell_that_grading_leaves_out_is_named(course):
    key = tiny.keys_of(course)[tiny.FIRST]
    skipped = next(cell for cell in key.cells if cell.skip)
    cell = Cell(skipped.id, "code", "helper = train()", skipped, 5)
    assert said({}, cell, USER) == (
        "`helper` is not defined, because your cell 5 (`helper = train()`) is left out when grading "
        "(training that no check needs)"
    )
