"""Malformed sources are refused in one sentence that names the file, the cell and the cure."""

from __future__ import annotations

import re

import percent_source as source
import pytest

from grader.build.markers import near_miss, regions
from grader.build.source import read_source
from grader.build.source_format import SourceError


def problems(tmp_path, text: str) -> list[str]:
    path = tmp_path / "05_topic.py"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_source(path, "solutions/05_topic/05_topic.py")
    found = [str(problem) for problem in caught.value.problems]
    for sentence in found:
        assert sentence.startswith("solutions/05_topic/05_topic.py: ")
        assert sentence.endswith(".")
        assert "\n" not in sentence
    return found


def only(tmp_path, text: str) -> str:
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    return found[0]


def test_a_good_source_is_read(tmp_path):
    path = tmp_path / "05_topic.py"
    path.write_text(source.good_lab())
    notebook = read_source(path)
    assert [cell.id for cell in notebook.cells] == ["cell-01", "setup", "double", "test-double", "cell-05"]
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code", "code"]
    assert notebook.cells[2].source == source.ANSWER


GOOD = (source.solution(), source.checks())
STUB = "def double(x):\n    {}\n    return 2 * x\n    {}"

HINTS = "### Exercise 1\n<details><summary>Hint 3: the last step</summary>\n{hint}\n</details>"
LONG = "doubled = sum([x, x], start=0)  # ()\n    return doubled"

MALFORMED = {
    "unclosed": (
        (source.solution(STUB.format("### BEGIN SOLUTION", "# the end")), source.checks()),
        r"cell 1 \(double\): BEGIN SOLUTION on line 2 of the cell is never closed; add '### END SOLUTION'",
    ),
    "stray end": (
        (source.solution(source.ANSWER + "\n    ### END SOLUTION"), source.checks()),
        r"cell 1 \(double\): END SOLUTION on line 7 of the cell has no BEGIN SOLUTION before it",
    ),
    "nested": (
        (source.solution(source.ANSWER.replace("    twice", "    ### BEGIN SOLUTION\n    twice", 1)), source.checks()),
        r"cell 1 \(double\): BEGIN SOLUTION on line 4 .* inside the SOLUTION region opened on line 3",
    ),
    "crossed": (
        (source.solution(STUB.format("### BEGIN SOLUTION", "### END HIDDEN TESTS")), source.checks()),
        r"cell 1 \(double\): END HIDDEN TESTS on line 4 .* closes the SOLUTION region opened on line 2",
    ),
    "hidden tests unclosed": (
        (source.solution(), source.checks(source.CHECKS.replace("### END HIDDEN TESTS\n", ""))),
        r"cell 2 \(test-double\): BEGIN HIDDEN TESTS on line 2 of the cell is never closed",
    ),
    "hidden tests stray": (
        (source.solution(), source.checks(source.CHECKS.replace("### BEGIN HIDDEN TESTS\n", ""))),
        r"cell 2 \(test-double\): END HIDDEN TESTS on line 3 of the cell has no BEGIN HIDDEN TESTS",
    ),
    "hidden tests nested": (
        (
            source.solution(),
            source.checks(source.CHECKS.replace("grade +=", "### BEGIN HIDDEN TESTS\ngrade +=")),
        ),
        r"cell 2 \(test-double\): BEGIN HIDDEN TESTS on line 3 .* inside the HIDDEN TESTS region",
    ),
    "hidden tests outside a test": (
        (*GOOD, source.cell("### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS")),
        r"cell 3 \('### BEGIN HIDDEN TESTS'\): HIDDEN TESTS stand outside a test cell",
    ),
    "hidden tests in a solution": (
        (source.solution(source.ANSWER + "\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"), source.checks()),
        r"cell 1 \(double\): HIDDEN TESTS stand outside a test cell",
    ),
    "answer outside a solution": (
        (*GOOD, source.cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION")),
        r"cell 3 .*: a SOLUTION region stands outside a solution cell",
    ),
    "answer in a test": (
        (source.solution(), source.checks("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n4.0")),
        r"cell 2 \(test-double\): a SOLUTION region stands outside a solution cell",
    ),
    "marker in text": (
        (*GOOD, source.text("Between ### BEGIN SOLUTION and the end.")),
        r"cell 3 .*: line 1 of the cell, .* is not a marker",
    ),
    "solution without markers": (
        (source.solution("double = 2"), source.checks()),
        r"cell 1 \(double\): a solution cell has no '### BEGIN SOLUTION'",
    ),
    "no points": (
        (source.solution(), source.checks(points=None)),
        r"cell 2 \(test-double\): a graded cell needs points",
    ),
    "negative points": (
        (source.solution(), source.checks(points=-1)),
        r"cell 2 \(test-double\): points must be a number of at least 0, not -1",
    ),
    "points as text": (
        (source.solution(), source.checks(points="4")),
        r"cell 2 \(test-double\): points must be a number of at least 0, not '4'",
    ),
    "points as truth": (
        (source.solution(), source.checks(points=True)),
        r"cell 2 \(test-double\): points must be a number of at least 0, not True",
    ),
    "duplicate id": (
        (source.solution(), source.checks(), source.checks()),
        r"cell 3 \(test-double\): grade_id 'test-double' is already that of cell 2",
    ),
    "missing keys": (
        (source.solution(locked=None, schema_version=None), source.checks()),
        r"cell 1 \(double\): nbgrader metadata lacks locked, schema_version; add them",
    ),
    "missing id": (
        (*GOOD, source.cell("x = 1", source.merged(source.SETUP, {"grade_id": None}))),
        r"cell 3 \('x = 1'\): nbgrader metadata lacks grade_id; add it",
    ),
    "unknown key": (
        (source.solution(), source.checks(point=4)),
        r"cell 2 \(test-double\): nbgrader metadata has unknown keys point",
    ),
    "bad flag": (
        (source.solution(locked="no"), source.checks()),
        r"cell 1 \(double\): nbgrader locked must be true or false, not 'no'",
    ),
    "old schema": (
        (source.solution(schema_version=2), source.checks()),
        r"cell 1 \(double\): nbgrader schema_version must be 3, not 2",
    ),
    "bad id": (
        (*GOOD, source.cell("x = 1", {**source.SETUP, "grade_id": "set up"})),
        r"cell 3 \(set up\): grade_id 'set up' must be 1 to 64 letters",
    ),
    "reserved id": (
        (*GOOD, source.cell("x = 1", {**source.SETUP, "grade_id": "cell-09"})),
        r"cell 3 \(cell-09\): grade_id 'cell-09' is kept for cells without one",
    ),
    "broken metadata": (
        (*GOOD, '# %% nbgrader={"grade": fals}\nx = 1'),
        r"cell 3 \('x = 1'\): the metadata .* is not valid JSON",
    ),
    "metadata of the wrong type": (
        (*GOOD, "# %% nbgrader=[1]\nx = 1"),
        r"cell 3 \('x = 1'\): nbgrader metadata must be a JSON object, not \[1\]",
    ),
    "unknown metadata": (
        (*GOOD, '# %% tag=["skip-when-grading"]\nx = 1'),
        r"cell 3 \('x = 1'\): unknown metadata 'tag' on its '# %%' line; allowed are nbgrader, tags, jupyter",
    ),
    "withheld of no package": (
        (*GOOD, '# %% withheld=["torch.nn.Linear"]\nx = 1'),
        r"cell 3 .*: withheld 'torch.nn.Linear' is defined nowhere; write for example 'lora_utils.methods.lora.LoRA",
    ),
    "withheld handed on": (
        (*GOOD, '# %% withheld=["lora_utils.methods.LoRALayer"]\nx = 1'),
        r"cell 3 .*: withheld 'lora_utils.methods.LoRALayer' is defined nowhere",
    ),
    "withheld misspelt": (
        (*GOOD, '# %% withheld=["lora_utils.methods.lora.LoraLayer"]\nx = 1'),
        r"cell 3 .*: withheld 'lora_utils.methods.lora.LoraLayer' is defined nowhere",
    ),
    "import that grading skips": (
        (*GOOD, source.cell("from torch.nn import functional as F\nx = 1", tags=["skip-when-grading"])),
        r"cell 3 .*: 'from torch.nn import functional as F' stands only in a cell that grading skips; move it to the",
    ),
    "import under a magic that grading skips": (
        (*GOOD, source.cell("%%time\nimport re", tags=["skip-when-grading"])),
        r"cell 3 .*: 'import re' stands only in a cell that grading skips",
    ),
    "too short a time": (
        ("# %% [markdown]\n# A lab of about 15 minutes.", "# %% [markdown]\n# " + "word " * 6_000, *GOOD),
        r"cell 1 .*: says about 15 minutes, and its parts add up to 30; state 30",
    ),
    "too long a core": (
        (
            "# %% [markdown]\n# A lab of about 30 minutes, of which the core takes 30.",
            "# %% [markdown]\n# " + "word " * 3_000,
            "# %% [markdown]\n# ## 2. If you have time: more\n# " + "word " * 3_000,
            *GOOD,
        ),
        r"cell 1 .*: says that the core takes 30 minutes, and its parts add up to 15; state 'the core takes 15'",
    ),
    "nothing said of the core": (
        (
            "# %% [markdown]\n# A lab of about 30 minutes.",
            "# %% [markdown]\n# ## If you have time\n# " + "word " * 6_000,
            *GOOD,
        ),
        r"cell 1 .*: says nothing of its core, and its parts add up to 0; state 'the core takes 0'",
    ),
    "a section ends with the next of its depth": (
        (
            "# %% [markdown]\n# A lab of about 60 minutes, the core takes 10.",
            "# %% [markdown]\n# ## If you have time\n# " + "word " * 4_000,
            "# %% [markdown]\n# ### More\n# " + "word " * 2_000,
            "# %% [markdown]\n# ## Needed\n# " + "word " * 6_000,
            *GOOD,
        ),
        r"cell 1 .*: says that the core takes 10 minutes, and its parts add up to 30; state 'the core takes 30'",
    ),
    "a hint with a line of the answer": (
        (
            source.text(HINTS.format(hint="Write <code>doubled = sum([x, x], start=0)</code>, then return it.")),
            source.solution(STUB.format("### BEGIN SOLUTION", "### END SOLUTION").replace("return 2 * x", LONG)),
            source.checks(),
        ),
        r"cell 1 \('### Exercise 1'\): 'Hint 3: the last step' holds a line of the solution of double, "
        r"'doubled = sum\(\[x, x\], start=0\)'; leave one step: a small case with its result",
    ),
    "tags of the wrong type": (
        (*GOOD, '# %% tags="skip-when-grading"\nx = 1'),
        r"cell 3 \(.*\): tags must be a list of strings, not \"skip-when-grading\"; write tags=",
    ),
    "misspelt tag": (
        (*GOOD, source.cell("x = 1", tags=["skip-when-graded"])),
        r"cell 3 \('x = 1'\): tag 'skip-when-graded' is not one the grader knows; write 'skip-when-grading'",
    ),
    "skipped test": (
        (source.solution(), source.cell(source.CHECKS, source.TEST, tags=["skip-when-grading"])),
        r"cell 2 \(test-double\): a solution or graded cell must run when grading",
    ),
    "test of nothing": (
        (source.solution(), source.checks(grade_id="test-duoble")),
        r"cell 2 \(test-duoble\): test 'test-duoble' has no solution cell 'duoble' before it; call it 'test-double'",
    ),
    "test before its solution": (
        (source.checks(), source.solution()),
        r"cell 1 \(test-double\): test 'test-double' has no solution cell 'double' before it; put a solution cell",
    ),
    "test in text": (
        (source.solution(), source.cell("Is it 4?", source.TEST, kind="markdown")),
        r"cell 2 \(test-double\): an automatic test must be a code cell, not markdown",
    ),
    "ungraded answer in text": (
        (
            source.cell("### BEGIN SOLUTION\nIt is 4.\n### END SOLUTION", source.SOLUTION, kind="markdown"),
            source.checks(),
        ),
        r"cell 1 \(double\): a written answer is graded by hand",
    ),
    "task": (
        (source.solution(task=True), source.checks()),
        r"cell 1 \(double\): task cells are not used",
    ),
    "path edit": (
        (*GOOD, source.cell("import sys\nsys.path.append('..')")),
        r"cell 3 \('import sys'\): it mentions sys.path; import by installation",
    ),
    "path edit in text": (
        (*GOOD, source.text("Add it to `sys.path`.")),
        r"cell 3 .*: it mentions sys.path",
    ),
    "code before the first cell": (
        ("import torch\n", *GOOD),
        r"solutions/05_topic/05_topic.py: 'import torch' stands before the first '# %%' line",
    ),
    "invalid Python": (
        (*GOOD, source.cell("x = 1\ny = (2")),
        r"cell 3 \('x = 1'\): invalid Python: '\(' was never closed \(line 2 of the cell\)",
    ),
    "invalid Python without its answer": (
        (source.solution("### BEGIN SOLUTION\nif True:\n    ### END SOLUTION\n    y = 1"), source.checks()),
        r"cell 1 \(double\): without its answers and hidden tests the cell is invalid Python",
    ),
    "invalid Python without its hidden tests": (
        (
            source.solution(),
            source.checks("if True:\n    ### BEGIN HIDDEN TESTS\n    y = 4.0\n    ### END HIDDEN TESTS\ny"),
        ),
        r"cell 2 \(test-double\): without its answers and hidden tests the cell is invalid Python",
    ),
    "nothing at all": (("",), r"solutions/05_topic/05_topic.py: has no cells; start each with a '# %%' line"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_source_is_refused(tmp_path, name):
    cells, message = MALFORMED[name]
    assert re.search(message, only(tmp_path, source.lab(*cells)))


def test_a_file_without_cell_lines_is_refused(tmp_path):
    assert "'x = 1' stands before the first '# %%' line" in only(tmp_path, "x = 1\n")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "05_topic.py"
    path.write_bytes(b"# %%\nx = '\xff'\n")
    with pytest.raises(SourceError, match=r"05_topic.py: is not UTF-8 text \(byte 10\)"):
        read_source(path)


def test_everything_wrong_is_reported_at_once(tmp_path):
    found = problems(tmp_path, source.lab(source.solution("x ="), source.checks(points=None, grade_id="test-triple")))
    assert [re.search(r"cell (\d)", sentence).group(1) for sentence in found] == ["1", "1", "2", "2"]


MISSPELT = [
    "## BEGIN SOLUTION",
    "#### BEGIN SOLUTION",
    "###BEGIN SOLUTION",
    "### BEGIN  SOLUTION",
    "### BEGIN SOLUTON",
    "### BEGIN SOLUTIONS",
    "### BEGINN SOLUTION",
    "### Begin Solution",
    "### BEGIN-SOLUTION",
    "### BEGIN SOLUTION:",
    "### START BEGIN SOLUTION",
    "x = 1  ### BEGIN SOLUTION",
    "### END SOLUTOIN",
    "# END SOLUTION",
    "### BEGIN HIDDEN TEST",
    "### BEGIN HIDEN TESTS",
    "### BEGIN TESTS",
    "### END",
    "### BEGIN ANSWER",
    "### end hidden tests",
]


@pytest.mark.parametrize("line", MISSPELT)
def test_misspelt_markers_are_refused(line):
    assert near_miss("    " + line, code=True).startswith("### ")


HARMLESS = [
    "### BEGIN SOLUTION",
    "    ### END HIDDEN TESTS  ",
    "# solution of the normal equations",
    "# Solution",
    "# the tests below are hidden from nobody",
    "begin = solution",
    "# begin with the smallest rank",
    "# at the end, sum over the batch",
]


@pytest.mark.parametrize("line", HARMLESS)
def test_honest_lines_are_left_alone(line):
    assert near_miss(line, code=True) is None


def test_a_heading_may_say_solution():
    assert near_miss("## End: solution", code=False) is None
    assert near_miss("### END SOLUTON", code=False) == "### END SOLUTION"


def test_magics_titles_headers_and_await_are_allowed(tmp_path):
    header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: py:percent\n# ---\n"
    path = tmp_path / "05_topic.py"
    more = "# %% A title\n# %matplotlib inline\n%time x = 1\n!ls\n# %%\nawait thing()\n# %%\n%%bash\nfor f in *; do\n"
    path.write_text(header + source.lab(*GOOD) + "\n" + more)
    assert len(read_source(path).cells) == 5


def test_regions_hold_their_lines():
    (region,) = regions(source.CHECKS)
    assert (region.kind, region.first, region.last) == ("HIDDEN TESTS", 1, 3)
    assert region.lines == ("grade += 1.0 if double(-7) == -14 else 0.0",)
