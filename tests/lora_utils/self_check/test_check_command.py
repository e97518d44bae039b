"""A student's check from the terminal: the visible sentences, no hidden one, and what is still to come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from lora_utils.cli import app
from lora_utils.self_check import running
from lora_utils.self_check.notebook import read_notebook
from lora_utils.self_check.report import _borrowed

pytestmark = pytest.mark.kernel
FIXTURES = Path(__file__).parents[2] / "fixtures" / "notebooks"


@pytest.fixture
def check(tmp_path):
    """Runs the command on a notebook; returns its exit code and what it says."""

    def run(data: dict | str, *options: str) -> tuple[int, str]:
        path = tmp_path / "mine.ipynb"
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        done = CliRunner().invoke(app, ["check", str(path), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


def own_cell(data: dict, source: str, before: str, **metadata) -> dict:
    """The notebook with a cell more, which stands before another."""
    place = data["cells"].index(tiny.cell_of(data, before))
    cell = {"cell_type": "code", "id": "own", "source": source, "metadata": metadata, "outputs": []}
    data["cells"].insert(place, cell)
    return data


def stripped(data: dict) -> dict:
    """As an editor leaves it that drops names, tags and ids."""
    bare = [{"cell_type": c["cell_type"], "source": c["source"], "metadata": {}} for c in data["cells"]]
    return data | {"cells": bare}


def test_visible_checks_pass_and_hidden_ones_are_announced(course, check):
    code, text = check(tiny.notebook(course, **tiny.GOOD))
    assert code == 0
    assert "double: 3 of 3 points; 1 more decided by hidden checks when graded\n" in text
    assert "  passed        It computes the right number.\n" in text
    assert text.endswith("in all: 6 of 6 points; 2 more decided by hidden checks when graded\n")
    assert "zero" not in text


def test_a_mistake_gets_its_sentence_and_hint(course, check):
    code, text = check(tiny.notebook(course, double="def double(x):\n    return x", half=tiny.GOOD["half"]))
    assert code == 1
    assert "double: 0 of 3 points" in text
    assert "got the input back" in text
    assert "Hint: Multiply it." in text
    assert "half: 3 of 3 points" in text


def test_an_untouched_notebook_has_nothing_attempted(course, check):
    code, text = check(tiny.notebook(course))
    assert code == 1
    assert text.count("not attempted") == 2


def test_cells_that_broke_are_told_and_nothing_is_promised_for_them(course, check):
    code, text = check(tiny.notebook(course, double="def double(x:\n    return 2", half="half = 1 / 0"))
    assert code == 1
    assert "double: 0 of 4 points\n" in text
    assert "your answer cell 'double' raised SyntaxError: '(' was never closed, in line 1\n" in text
    assert "your answer cell 'half' raised ZeroDivisionError: division by zero\n" in text


def test_a_stub_that_fails_where_it_stands_is_not_attempted(course, check):
    code, text = check(tiny.notebook(course, double="raise NotImplementedError()", half=tiny.GOOD["half"]))
    assert (code, "double: 0 of 4 points\n  not written yet: the stub is still there\n" in text) == (1, True)


ENDLESS = "while True:\n    pass"


def test_a_cell_that_never_ends_is_stopped_and_the_others_count(course, check):
    data = tiny.notebook(course, double="def double(x):\n    while True:\n        pass", half=tiny.GOOD["half"])
    code, text = check(own_cell(data, ENDLESS, "half"), "--timeout", "1")
    assert code == 1
    said = "your code, while it was being checked, was stopped after 1 seconds: look for a loop that never ends"
    assert f"double: 0 of 4 points\n  {said}" in text
    assert "half: 3 of 3 points" in text


def test_only_so_many_processes_are_started_for_one_notebook(course, check):
    data = tiny.notebook(course, double=ENDLESS, half=tiny.GOOD["half"])
    for _ in range(running.PROCESSES):
        data = own_cell(data, ENDLESS, "test-double")
    code, text = check(data, "--timeout", "0.5")
    assert code == 1
    assert "your answer cell 'double' was stopped after 0.5 seconds" in text
    assert "your answer cell 'half' was not run, because too many cells before it were stopped" in text


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("double = input('how? ')", "your answer cell 'double' raised EOFError: there is nobody to answer input()"),
        ("import os\nos._exit(3)", "your answer cell 'double' ended the Python process: look for os._exit()"),
        ("exit()", "your answer cell 'double' raised SystemExit\n"),
        ("import getpass\ngetpass.getpass()", "your answer cell 'double' raised EOFError"),
    ],
)
def test_what_needs_a_person_or_ends_the_process_is_told(source, sentence, course, check):
    code, text = check(tiny.notebook(course, double=source, half=tiny.GOOD["half"]))
    assert code == 1
    assert sentence in text
    assert "half: 3 of 3 points" in text


def test_what_an_answer_prints_is_shown(course, check):
    answer = "def double(x):\n    print('x is', type(x).__name__)\n    return 2 * x"
    code, text = check(tiny.notebook(course, double=answer, half=tiny.GOOD["half"]))
    assert code == 0
    assert "While it was checked, your code printed:\nx is float\n" in text


def test_magics_figures_and_top_level_await_work_as_in_a_notebook(course, check):
    drawn = "from matplotlib import pyplot\npyplot.plot([1])\npyplot.show()"
    source = f"%matplotlib inline\nimport asyncio\nawait asyncio.sleep(0)\n{drawn}\ntwo = 2"
    data = tiny.notebook(course, double=tiny.GOOD["double"], half="%time half = lambda x: x / two")
    assert check(own_cell(data, source, "half"))[0] == 0


@pytest.mark.parametrize(
    "source",
    ["from lora_utils.methods import LoRALayer\ndouble = lambda x: 2 * x",
     "import lora_utils\ndef double(x):\n    lora_utils.LoRALayer\n    return 2 * x",
     "import lora_utils.methods.lora as lora\ndef double(x):\n    lora.LoRALayer\n    return 2 * x",
     "from lora_utils import methods as m\ndef double(x):\n    m.lora.LoRALayer\n    return 2 * x"],
)  # fmt: skip
def test_an_answer_that_borrows_what_the_lab_teaches_is_told(source, course, check):
    data = tiny.notebook(course, double=source, half=tiny.GOOD["half"])
    assert check(data)[0] == 0
    tiny.cell_of(data, "setup")["metadata"]["withheld"] = ["lora_utils.methods.lora.LoRALayer"]
    code, text = check(data)
    assert code == 1
    assert "note: your answer cell 'double' uses LoRALayer of lora_utils, which is not there when this lab" in text


def test_of_a_cell_that_grading_leaves_out_imports_and_constants_are_there_and_the_rest_is_named(course, check):
    left_out = "import math as m\ntwo = 2\ndouble = 7\ntrained = int('3')\ndef helper(x):\n    return 2 * x"
    data = tiny.notebook(course, double="def double(x):\n    return m.floor(two) * x", half=tiny.GOOD["half"])
    assert check(own_cell(data, left_out, "test-double", tags=["skip-when-grading"]))[0] == 0
    data = tiny.notebook(course, double="double = helper", half=tiny.GOOD["half"])
    code, text = check(own_cell(data, left_out, "double", tags=["skip-when-grading"]))
    assert code == 1
    assert "helper is not defined, because your cell 3, which defines it, is left out when grading" in text


def test_a_notebook_whose_cells_have_lost_their_names_is_checked_by_their_text(course, check):
    code, text = check(stripped(tiny.notebook(course, **tiny.GOOD)))
    assert code == 0
    assert "in all: 6 of 6 points; 2 more" in text
    assert "note: the file does not name its cells" in text
    broken = tiny.notebook(course, double="double = 1 / 0", half=tiny.GOOD["half"])
    code, text = check(stripped(broken))
    assert (code, "grade: 0 of 4 points\n  your code, while it was being checked, raised NameError" in text) == (
        1,
        True,
    )


def test_a_check_that_is_missing_is_noted(course, check):
    data = tiny.notebook(course, **tiny.GOOD)
    data["cells"].remove(tiny.cell_of(data, "test-half"))
    code, text = check(data)
    assert code == 0
    assert "note: the check of 'half' is missing; copy its cell from a fresh notebook of this lab\n" in text


SENTENCES = {
    "binary": "is a binary file and not a notebook",
    "damaged_cell": "is damaged: its cell 1 is not a notebook cell",
    "empty": "is not valid JSON at line 1, so it is damaged",
    "julia": "is a notebook for 'julia' and not for Python",
    "nbformat3": "is in notebook format 3, and this command reads format 4",
    "nbformat5": "is in notebook format 5, and this command reads format 4",
    "no_cells": "has no cells",
    "not_a_notebook": "is JSON but not a notebook",
    "not_json": "is not valid JSON at line ",
    "nothing_of_the_lab": "holds no check of this course",
    "r_kernel": "is a notebook for 'R' and not for Python",
}


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.ipynb")))
def test_what_cannot_be_checked_gets_one_sentence(name):
    done = CliRunner().invoke(app, ["check", str(FIXTURES / f"{name}.ipynb")])
    assert done.exit_code == 2
    assert done.output.startswith(f"lora-utils check: {name}.ipynb {SENTENCES[name]}")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("path", ["nowhere.ipynb", "."])
def test_a_path_without_a_file_gets_one_sentence(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["check", path])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert done.output.startswith(f"lora-utils check: {path} cannot be opened (")


def test_a_process_that_does_not_start_is_told(course, check, monkeypatch):
    monkeypatch.setattr(running, "COMMAND", (sys.executable, "-c", "raise SystemExit('no torch here')"))
    code, text = check(tiny.notebook(course))
    assert code == 2
    assert "the process that runs the notebook did not start (no torch here)" in text
    monkeypatch.setattr(running, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(running, "READY_SECONDS", 0.2)
    assert "did not start (after 0.2 seconds it had said nothing)" in check(tiny.notebook(course))[1]


WINDOWS = """
import os, sys
sys.modules |= dict.fromkeys(["resource", "fcntl", "termios", "pwd", "grp", "pty", "tty"])  # which Windows has not
del os.fork, os.killpg, os.setsid, os.getuid
"""


def test_it_needs_nothing_that_only_unix_has_and_no_character_that_a_console_lacks(course, tmp_path):
    data = tiny.notebook(course, double="def double(x):\n    print('\N{GREEK SMALL LETTER ALPHA}')\n    return x")
    (tmp_path / "mine.ipynb").write_text(json.dumps(data))
    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    path = os.pathsep.join([str(tmp_path), str(Path(running.__file__).parents[2])])
    command = [sys.executable, "-c", "from lora_utils.cli import app; app()", "check", "mine.ipynb"]
    environment = os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment)
    assert done.stderr == b""
    assert done.returncode == 1
    assert b"double: 0 of 3 points" in done.stdout
    assert b"your code printed:" in done.stdout


def test_points_are_said_to_a_hundredth_and_code_without_its_marks(course, check):
    data = tiny.notebook(course, double=tiny.GOOD["double"], half="def half(x):\n    return x")
    for cell in data["cells"]:
        cell["source"] = cell["source"].replace("points=3, of=4", "points=10 / 3, of=5")
        cell["source"] = cell["source"].replace('"Multiply it."', '"Return `x / 2`."')
    _, said = check(data)
    assert "double: 3.33 of 3.33 points; 1.67 more decided by hidden checks when graded\n" in said
    assert "in all: 3.33 of 6.67 points; 3.33 more decided by hidden checks when graded" in said
    assert "Hint: Return x / 2.\n" in said


def test_an_answer_that_breaks_after_its_definition_is_noted(course, check):
    _, said = check(tiny.notebook(course, **tiny.GOOD | {"half": tiny.GOOD["half"] + "\nprint(1 / 0)"}))
    assert "half: 3 of 3 points" in said
    cause = "ZeroDivisionError: division by zero; what it had defined before was checked"
    assert f"note: your answer cell 'half' raised {cause}" in said


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[3].glob("notebooks/[0-9]*/*.ipynb")), ids=lambda p: p.stem
)
def test_of_the_courses_own_cells_nothing_is_said_to_be_borrowed(path):
    """A check may bear the name of what it checks: `check.pissa_start` is no use of the course's `pissa_start`."""
    assert list(_borrowed(read_notebook(path))) == []
