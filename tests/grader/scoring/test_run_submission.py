"""The engine, for real: whatever a submission does costs the exercise it does it in, and nobody else anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tiny_course as tiny
from processes import still_running

from grader.class_run.grading_run import grade_all
from grader.engine.service import engine
from grader.notebooks.restoration import Cell, restore
from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits, execute
from grader.text.cell_text import defined_names, preparation

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=4, output_bytes=1_000_000)
HALF = tiny.GOOD["half"]
SWALLOWS = """import time
while True:
    try:
        time.sleep(0.02)
    except BaseException:
        pass"""


def graded(course, key, **answers):
    """Verdicts and first message ids of both exercises."""
    result = grade(tiny.submission(tiny.notebook(course, **answers)), key, LIMITS)
    assert [e.grade_id for e in result.exercises] == ["test-double", "test-half"]
    return (
        result,
        [e.verdict for e in result.exercises],
        [e.messages[0].id if e.messages else "" for e in result.exercises],
    )


def test_right_answers_get_full_marks_hidden_tests_included(course, key):
    result, verdicts, _ = graded(course, key, **tiny.GOOD)
    assert verdicts == ["pass", "pass"]
    assert (result.score, result.max_score) == (8.0, 8.0)
    assert [check.hidden for check in result.exercises[0].checks] == [False, True]
    assert result.flags == []
    assert result.sandbox == "+".join(["namespaces", *engine(True).walls])
    assert result.versions["cell_seconds"] == "4"


def test_an_untouched_notebook_gets_nothing(course, key):
    result, verdicts, ids = graded(course, key)
    assert (verdicts, ids, result.score) == (["not-attempted"] * 2, ["not-attempted"] * 2, 0.0)


@pytest.mark.parametrize(
    ("answer", "verdict", "message"),
    [
        ("import os\nos._exit(3)", "crash", "process-ended"),
        ("def double(x):\n    import os\n    os._exit(3)", "crash", "process-ended"),
        ("import ctypes\nctypes.string_at(0)", "crash", "process-ended"),
        ("exit()", "crash", "process-ended"),
        ("while True:\n    pass", "timeout", "ran-too-long"),
        ("def double(x):\n    while True:\n        pass", "timeout", "ran-too-long"),
        (SWALLOWS, "timeout", "ran-too-long"),
        ("while True:\n    print('x' * 10_000)", "crash", "printed-too-much"),
        ("def double(x:\n    return 2 * x", "fail", "raised-SyntaxError"),
        ("raise SystemExit", "fail", "raised-SystemExit"),
        ("input('your name? ')", "fail", "raised-EOFError"),
    ],
    ids=["exit", "exit in check", "segfault", "exit()", "loop", "loop in check", "swallowing loop", "flood", "syntax",
         "system exit", "input"],
)  # fmt: skip
def test_a_catastrophe_costs_its_own_exercise_only(answer, verdict, message, course, key):
    result, verdicts, ids = graded(course, key, double=answer, half=HALF)
    assert verdicts == [verdict, "pass"]
    assert ids[0] == message
    assert result.score == 4.0


def test_an_honest_warning_costs_nothing(course, key):
    warns = (
        "import sys, warnings\ndef double(x):\n    warnings.warn('I guess')\n    print('!', file=sys.stderr)\n"
        "    return 2 * x"
    )
    _, verdicts, _ = graded(course, key, double=warns + "\nwarnings.warn('here too')", half=HALF)
    assert verdicts == ["pass", "pass"]


def test_copied_and_deleted_test_cells_cost_nothing(course, key):
    data = tiny.notebook(course, **tiny.GOOD)
    data["cells"].append(dict(tiny.cell_of(data, "test-double")))
    data["cells"].remove(tiny.cell_of(data, "test-half"))
    result = grade(tiny.submission(data), key, LIMITS)
    assert result.score == 8.0
    assert result.flags == ["graded-cell-copied", "graded-cell-missing"]


def test_tricks_with_metadata_and_displays_earn_nothing(course, key):
    data = tiny.notebook(course, double="def double(x):\n    return x\ndisplay({'a': 4.0})\n4.0", half=HALF)
    for cell in data["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
    tiny.cell_of(data, "test-double")["source"] = "4.0"
    result = grade(tiny.submission(data), key, LIMITS)
    assert [e.verdict for e in result.exercises] == ["partial", "pass"]
    assert result.exercises[0].points == 1.0  # zero doubled is zero
    assert result.flags == ["graded-cell-edited"]


def test_cells_see_an_empty_folder_and_nothing_of_the_graders_environment(course, key, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "a token")
    look = (
        "import os\nhome = os.environ['HOME']\nfound = [os.listdir('.'), os.environ.get('COURSE_SECRET'), "
        "home == os.path.expanduser('~'),\n os.environ['OMP_NUM_THREADS'], '.ipynb' in str(os.listdir(home))]\n"
        "raise ValueError(found)"
    )
    runs = execute([Cell("look", "code", look)], {}, LIMITS)
    assert runs["look"].evalue == "[[], None, True, '1', False]"


def test_time_for_a_whole_submission_is_limited(course, key):
    cells = [Cell(f"c{i}", "code", "while True: pass") for i in range(3)]
    runs = execute(cells, {}, Limits(cell_seconds=1, submission_cells=1.5))
    assert [runs[f"c{i}"].status for i in range(3)] == ["timeout", "timeout", "not-run"]


def test_a_process_that_dies_later_is_charged_to_the_cell_that_prepared_it():
    later = "import os, threading\nthreading.Timer(0.3, os._exit, [1]).start()"
    cells = [
        Cell("good", "code", "x = 1"),
        Cell("bomb", "code", later),
        Cell("wait", "code", "import time; time.sleep(1)"),
    ]
    runs = execute([*cells, Cell("after", "code", "x")], {}, LIMITS)
    assert runs["good"].status == "ok"
    assert "crash" in (runs["bomb"].status, runs["wait"].status)


@pytest.mark.parametrize("apart", [True, False], ids=["in a session of its own", "plain"])
@pytest.mark.parametrize("sandbox", [True, False])
def test_nothing_of_a_submission_keeps_running(sandbox, apart):
    word = f"60.{sandbox:d}8315{apart:d}"
    child = f"subprocess.Popen(['sleep', '{word}'], start_new_session={apart})"
    start = f"import subprocess\nchild = {child}\nassert child.poll() is None"
    cells = [Cell("child", "code", start), Cell("dies", "code", "import os; os._exit(1)")]
    runs = execute(cells, {}, LIMITS, sandbox)
    assert (runs["child"].status, runs["dies"].status) == ("ok", "crash")
    assert still_running(word) == []


def test_one_that_explodes_leaves_the_others_and_every_record(course, tmp_path, monkeypatch):
    """A crash, a fault of the grader itself and an unreadable file beside an honest submission."""
    from grader.scoring import grading as module

    keys, handed_in = tiny.keys_of(course), tmp_path / "in"
    tiny.hand_in(handed_in, "ada", tiny.notebook(course, **tiny.GOOD))
    tiny.hand_in(handed_in, "boom", tiny.notebook(course, double="import os; os._exit(1)", half=HALF))
    tiny.hand_in(handed_in, "junk", b"{")
    tiny.hand_in(handed_in, "unlucky", tiny.notebook(course, double="unlucky = 1", half=HALF))

    def stumble(cells, key, exercises):
        if any("unlucky" in cell.source for cell in cells):
            raise MemoryError("the grader's own fault")
        return restore(cells, key, exercises)

    monkeypatch.setattr(module, "restore", stumble)
    url = f"sqlite:///{tmp_path / 'g.db'}"
    run = grade_all(handed_in, keys, url, limits=LIMITS, workers=2)
    assert {row.student: row.result.score for row in run.graded} == {"ada": 8.0, "boom": 4.0, "unlucky": 0.0}
    assert [row.student for row in run.refused] == ["junk"]
    assert len(run.problems) == 2
    assert any(text.startswith("unlucky: 01_double was not fully graded") for text in run.problems)

    monkeypatch.undo()
    again = grade_all(handed_in, keys, url, limits=LIMITS, workers=2)
    standings = {row.student: (row.standing.number, row.standing.new) for row in again.graded}
    assert standings == {"ada": (1, False), "boom": (1, False), "unlucky": (1, True)}  # only our own fault is repeated
    assert {row.student: row.standing.score for row in again.graded}["unlucky"] == 4.0


SKIPPED = """import re
from math import (floor, pi as CIRCLE)
from lora_utils.checks import Exercise as double
WIDE, = [3]
SIZES = {"small": (1, 2)}
trained = double(SIZES)
"""


def test_imports_and_constants_of_a_cell_that_grading_leaves_out_are_there(course):
    """They stood above the answer in the student's notebook, and a name of an answer is never among them."""
    key = tiny.keys_of(course)[tiny.FIRST]
    place, skipped = next((i, c) for i, c in enumerate(key.cells) if c.skip)
    text = preparation(SKIPPED, {"double"})
    bare = [line.strip() for line in text.splitlines() if line.strip() not in ("try:", "finally:")]
    assert bare == ["import re", "from math import floor, pi as CIRCLE", "SIZES = {'small': (1, 2)}"]
    cells = list(key.cells)
    cells[place] = replace(skipped, source=SKIPPED, student=SKIPPED, prepares=text)
    answer = "def half(x):\n    return float(re.sub('1', '1', str(x))) * SIZES['small'][0] / SIZES['small'][1]"
    data = tiny.notebook(course, double=tiny.GOOD["double"], half=answer)
    tiny.cell_of(data, skipped.id)["source"] = SKIPPED
    assert verdicts(data, replace(key, cells=tuple(cells))) == ["pass", "pass"]


def test_one_import_that_is_withheld_costs_the_others_nothing_and_is_named(course):
    key = tiny.keys_of(course)[tiny.FIRST]
    place, skipped = next((i, c) for i, c in enumerate(key.cells) if c.skip)
    source = "from lora_utils.training import train\nimport string\nfrom lora_utils import accuracy\nTWO = 2"
    cells = list(key.cells)
    names = defined_names(source)
    cells[place] = replace(skipped, source=source, student=source, prepares=preparation(source), defines=names)
    withheld = ("lora_utils.training.training_loop.train",)
    key = replace(key, cells=tuple(cells), withheld=withheld)
    used = "def half(x):\n    return x / TWO if accuracy and string.digits else 0"
    for half, wanted in ((used, "pass"), ("def half(x):\n    return train(x)", "fail")):
        data = tiny.notebook(course, double=tiny.GOOD["double"], half=half)
        tiny.cell_of(data, skipped.id)["source"] = source
        result = grade(tiny.submission(data), key, LIMITS, sandbox=False)
        assert result.exercises[1].verdict == wanted
    (first, *_) = result.exercises[1].messages
    assert first.text.startswith("`train` is not there when graded: this lab asks you to write train, so lora_utils.")
    assert first.hint == "Write it yourself, and take the import out."


def test_what_a_student_adds_to_such_a_cell_is_there_too(course):
    key = tiny.keys_of(course)[tiny.FIRST]
    skipped = next(c for c in key.cells if c.skip)
    data = tiny.notebook(course, double=tiny.GOOD["double"], half="def half(x):\n    return x * HALF + m.floor(0)")
    tiny.cell_of(data, skipped.id)["source"] = "import math as m\nHALF = 0.5\n" + skipped.source
    assert verdicts(data, key) == ["pass", "pass"]
    tiny.cell_of(data, skipped.id)["source"] = "import math as m\nHALF = 1 / 2\n" + skipped.source
    assert verdicts(data, key) == ["pass", "fail"]


def test_such_a_cell_takes_no_answers_place_also_where_the_student_changed_it(course):
    key = tiny.keys_of(course)[tiny.FIRST]
    skipped = next(c for c in key.cells if c.skip)
    data = tiny.notebook(course, **tiny.GOOD)
    cell = tiny.cell_of(data, skipped.id)
    cell["source"] = "from math import floor as half\n" + skipped.source
    data["cells"].remove(cell)
    data["cells"].insert(data["cells"].index(tiny.cell_of(data, "test-half")), cell)
    assert verdicts(data, key) == ["pass", "pass"]


def verdicts(data: dict, key) -> list[str]:
    return [exercise.verdict for exercise in grade(tiny.submission(data), key, LIMITS, sandbox=False).exercises]


def test_a_cell_that_asks_for_threads_costs_no_check_its_time(course):
    """The fork of a process that has had OpenMP's threads hangs at its first large product."""
    product = "(torch.randn(800, 800) @ torch.randn(800, 800)).sum()"
    key = tiny.keys_of(course)[tiny.FIRST]
    half = f"import torch\ntorch.set_num_threads(4)\n{product}\ndef half(x):\n    {product}\n    return x / 2"
    result = grade(tiny.submission(tiny.notebook(course, double=tiny.GOOD["double"], half=half)), key, LIMITS)
    assert [exercise.verdict for exercise in result.exercises] == ["pass", "pass"]
