"""grader regrade: the same inputs, what each check showed and saw, and a script that repeats one of them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course as tiny
from sqlalchemy import create_engine
from this_machine import needs_sandbox
from typer.testing import CliRunner

from grader.build.build import build_lab, find_labs
from grader.class_run import grading_run
from grader.cli import app
from grader.records import Attempts, Regrades
from grader.results import Exercise

LAB = tiny.FIRST
HELPED = "%matplotlib inline\ndef double(x):\n    return helper(x)"  # by a cell of the student's own
WRONG = "def half(x):\n    return x / 2 + (x > 0)"  # the visible check fails, the hidden one passes


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A course in which ada has been graded twice; the second notebook is another one."""
    root = tiny.make_course(tmp_path_factory.mktemp("course"))
    keys, url = tiny.keys_of(root), f"sqlite:///{root / 'gradebook.db'}"
    for answers in (tiny.GOOD, {"double": HELPED, "half": WRONG}):
        data = tiny.notebook(root, **answers)
        place = next(i for i, cell in enumerate(data["cells"]) if cell["metadata"].get("nbgrader", {}).get("solution"))
        own = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None}
        data["cells"].insert(place, own | {"source": "def helper(x):\n    return x + x\nunused = 1 / 1"})
        data["cells"].insert(place, own | {"id": "noise", "source": "raise RuntimeError('not needed')"})
        tiny.hand_in(root / "in", "ada", data, when="2026-03-01 09:00 UTC")
        assert grading_run.grade_all(root / "in", keys, url, sandbox=False).problems == []
    return root


def regrade(root: Path, *options: str, student: str = "ada", lab: str = "01", folder: str = "in"):
    fixed = ["--db", str(root / "gradebook.db"), "--root", str(root), "--sandbox", "off"]
    return CliRunner().invoke(app, ["regrade", student, lab, str(root / folder), *fixed, *options])


def test_a_check_tells_what_it_showed_and_saw(root):
    said = regrade(root, "--attempt", "2")
    assert said.exit_code == 0, said.output
    assert "ada, 01_double: attempt 2 of 2, handed in 2026-03-01 09:00:00 UTC" in said.output
    assert re.search(r"then   5 of 8 points, .*\nnow    5 of 8 points, by the same checks", said.output)
    assert "double: 4 of 4 points, passed; then 4, passed" in said.output
    shown = re.search(r"  not passed: It computes the right number\.\n      for (\S+) expected (\S+), got (\S+)\n"
                      r"      right, call: args=\[(\S+)\].*\n        saw value=(\S+)", said.output)  # fmt: skip
    assert shown is not None, said.output
    x, expected, got, argument, seen = (float(one) for one in shown.groups())
    assert (x, expected, got) == pytest.approx((argument, x / 2, seen))  # the message has fewer digits
    assert said.output.count("call: args") == 1
    said = regrade(root, "--attempt", "2", "--all")
    assert "  passed: It also works for zero. (hidden)\n      of-zero, call: args=[0]" in said.output


def test_the_inputs_are_those_of_the_recorded_grade(root):
    engine = create_engine(f"sqlite:///{root / 'gradebook.db'}")
    (_, attempt) = Attempts(engine).all("ada", LAB)
    engine.dispose()
    exercise = Exercise.from_dict(attempt.exercises[1])
    number = re.search(r"for (\S+) expected", exercise.checks[0].text)[1]
    assert f"args=[{number}]" in regrade(root, "--attempt", "2").output


def test_a_regrade_is_recorded_and_counts_for_nothing(root):
    engine = create_engine(f"sqlite:///{root / 'gradebook.db'}")
    before = [(one.number, one.score, one.graded_at) for one in Attempts(engine).all()]
    regrades = len(Regrades(engine).all("ada", LAB))
    assert regrade(root, "--attempt", "2").exit_code == 0
    assert "regraded before, " in regrade(root, "--attempt", "2").output
    assert [(one.number, one.score, one.graded_at) for one in Attempts(engine).all()] == before
    found = Regrades(engine).all("ada", LAB)
    assert len(found) == regrades + 2
    assert (found[-1].attempt, found[-1].result["score"]) == (2, 5)
    assert "probed" not in found[-1].result
    engine.dispose()


def test_a_regrade_of_another_attempt_is_not_told(root, tmp_path):
    assert regrade(root, "--attempt", "2").exit_code == 0
    tiny.hand_in(tmp_path, "ada", tiny.notebook(root, double=HELPED, half=tiny.GOOD["half"]))
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    shutil.copy(root / "gradebook.db", tmp_path)
    assert grading_run.grade_all(tmp_path, tiny.keys_of(root), url, sandbox=False).problems == []
    options = ["--db", url, "--root", str(root), "--sandbox", "off", "--attempt"]
    told = [CliRunner().invoke(app, ["regrade", "ada", "01", str(tmp_path), *options, "3"]).output for _ in range(2)]
    assert [said.count("regraded before, ") for said in told] == [0, 1], told


def test_a_script_repeats_one_check_with_the_same_numbers(root, tmp_path):
    script = tmp_path / "repeat.py"
    said = regrade(root, "--attempt", "2", "--script", str(script))
    assert f"{script}: repeats the check half:right" in said.output
    text = script.read_text()
    assert "def helper" not in text  # `half` does without
    assert "RuntimeError" not in text
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    sentence = re.search(r"for \S+ expected \S+, got \S+", said.output)[0]
    assert sentence in done.stdout
    assert re.search(rf"Failure: .*{re.escape(sentence)}", done.stderr), done.stderr


def test_a_script_holds_what_the_answer_needs_and_hidden_checks_too(root, tmp_path):
    script = tmp_path / "repeat.py"
    regrade(root, "--attempt", "2", "--check", "double:of-zero", "--script", str(script))
    text = script.read_text()
    assert "def helper" in text
    assert "# %matplotlib inline" in text
    assert "RuntimeError" not in text
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed        It also works for zero." in done.stdout


def test_a_check_that_never_got_an_answer_shows_what_it_asked(root, tmp_path):
    data = tiny.notebook(root, double="def double(x):\n    import os\n    os._exit(3)", half=tiny.GOOD["half"])
    tiny.hand_in(root / "crash", "lin", data)
    url = f"sqlite:///{root / 'gradebook.db'}"
    grading_run.grade_all(root / "crash", tiny.keys_of(root), url, sandbox=False)
    said = regrade(root, student="lin", folder="crash")
    assert re.search(r"double: 0 of 4 points.*\n.*\n  call: args=\[\S+\].*\n    saw no answer", said.output), (
        said.output
    )


@pytest.mark.parametrize(
    ("student", "options", "folder", "sentence"),
    [
        ("nobody", (), "in", "'nobody' has no attempt at 01_double; attempts are made by `grader grade`."),
        ("ada", ("--attempt", "7"), "in", "ada has 2 attempts at 01_double, so no number 7."),
        ("ada", ("--attempt", "1"), "in", "the file of ada's attempt 1 at 01_double (sha256 "),
        ("ada", ("--attempt", "0"), "in", "ada has 2 attempts at 01_double, so no number 0."),
        ("ada", (), "elsewhere", "give the folder that holds the hand-ins."),
    ],
)
def test_what_cannot_be_graded_again_is_said(student, options, folder, sentence, root):
    said = regrade(root, *options, student=student, folder=folder)
    assert said.exit_code == 2
    assert sentence in said.output


def test_another_seed_is_refused_since_the_inputs_would_differ(root, tmp_path):
    said = regrade(root, "--attempt", "2", "--seed-file", str(tmp_path / "seed"))
    assert said.exit_code == 2
    assert "ada's attempt 2 at 01_double was graded with another seed (id " in said.output


def test_no_check_of_that_name(root, tmp_path):
    said = regrade(root, "--attempt", "2", "--check", "half:nothing", "--script", str(tmp_path / "r.py"))
    assert said.exit_code == 2
    assert "give one with --check: double:right, double:of-zero, half:right, half:of-zero." in said.output


def test_students_are_shown_nothing_of_it():
    from grader.results import Probed, Result, plain

    probed = [Probed("test-double", "right", "It computes.", "call", "args=[7.25]", "value=14.5")]
    result = Result("ada", LAB, "a", "b", [], "namespaces", "c", {}, 1.0, probed=probed)
    assert "7.25" not in str(plain(result))


def test_in_the_sandbox_as_well(root):
    needs_sandbox()
    fixed = ["--db", str(root / "gradebook.db"), "--root", str(root)]
    said = CliRunner().invoke(app, ["regrade", "ada", "01", str(root / "in"), "--attempt", "2", *fixed])
    assert said.exit_code == 0, said.output
    assert "saw value=" in said.output


def test_attempts_are_hand_ins_and_the_grading_that_counts_is_compared_on_todays_scale(tmp_path):
    """The same file is graded three times: it is one attempt, and the last grading has the checks of today."""
    root = tiny.make_course(tmp_path)
    url, source = f"sqlite:///{root / 'gradebook.db'}", root / "solutions" / LAB / f"{LAB}.py"
    tiny.hand_in(root / "in", "ada", tiny.notebook(root, **tiny.GOOD))
    (lab, _) = find_labs(root)
    for sentence in ("It also works for zero.", "Zero stays zero.", "Nothing stays nothing."):
        source.write_text(re.sub(r'"It also works for zero."|"Zero stays zero."', f'"{sentence}"', source.read_text()))
        assert build_lab(lab, execute=False).problems == []
        assert grading_run.grade_all(root / "in", tiny.keys_of(root), url, sandbox=False).problems == []
    engine = create_engine(url)
    assert len(Attempts(engine).all("ada", LAB)) == 3
    engine.dispose()
    said = regrade(root)
    assert said.exit_code == 0, said.output
    assert "ada, 01_double: attempt 1 of 1, which counts, handed in at no known time" in said.output
    assert "now    8 of 8 points, by the same checks" in said.output
    assert "ada has 1 attempt at 01_double, so no number 2." in regrade(root, "--attempt", "2").output
    (root / "course.toml").write_text("[lab.01]\npoints = { double = 8 }\n")
    assert build_lab(lab, execute=False).problems == []
    said = regrade(root)
    assert said.exit_code == 0, said.output
    assert "then   12 of 12 points on today's scale, 8 of 8 as graded, " in said.output
    assert "double: 8 of 8 points, passed; then 8, passed" in said.output
