"""The stock nbgrader commands work on a course made by `grader build`, with the course's own nbgrader_config.py."""

from __future__ import annotations

import copy
import csv
import shutil
import sqlite3
from functools import partial

import nbformat
import percent_source as source
import pytest
import stock_nbgrader as stock
from typer.testing import CliRunner

from grader.cli import app

pytestmark = pytest.mark.kernel
LAB = "01_doubling"
NOTEBOOK = f"{LAB}/{LAB}.ipynb"
HIDDEN = "double(-7)"
WHEEL = "https://example.org/peft_by_hand-1.0-py3-none-any.whl"
RIGHT = 'def double(x):\n    """Return twice x."""\n    return 2 * x'
ONLY_POSITIVE = RIGHT.replace("2 * x", "abs(2 * x)")
WRONG = RIGHT.replace("2 * x", "x")
SETUP, SOLUTION, TEST, TRAINING = 3, 4, 5, 6  # the cells of source.good_lab(), below those of every lab


TABLE = """
from lora_utils.checks.framework.grade import CheckResult, Grade

def table(points):
    verdict = "pass" if points == 3.0 else "fail"
    return Grade("double", [CheckResult("twice", "It doubles.", verdict, max_points=3.0)], of=4.0)
"""


def answered(release, answer: str):
    submission = copy.deepcopy(release)
    submission.cells[SOLUTION].source = answer
    return submission


def tagged(release):
    """Wrong, and asks in three ways for its test not to be run: silence is full marks in nbgrader."""
    submission = answered(release, WRONG)
    submission.cells[TEST].metadata["tags"] = ["skip-execution", "skip-when-grading"]
    submission.cells[TEST]["id"] = release.cells[TRAINING].id
    submission.cells[TRAINING]["id"] = "other"
    return submission


def copied(release):
    submission = answered(release, RIGHT)
    twin = copy.deepcopy(submission.cells[TEST])
    twin["id"] = "copy"
    submission.cells.insert(TEST, twin)
    return submission


def deleted(release, answer: str):
    submission = answered(release, answer)
    del submission.cells[TEST]
    return submission


def renamed(release):
    submission = answered(release, RIGHT)
    submission.cells[SETUP].metadata.nbgrader.grade_id = "my-setup"
    return submission


def forged(release):
    """Wrong, and shows a table that says "pass" with its test: validate may believe it, autograde may not."""
    submission = answered(release, WRONG)
    submission.cells[SOLUTION].source += f"\n{TABLE}\ntable(3.0)"
    return submission


CLASS = {  # in the order of grading; student -> (submission, points of 4)
    "copied-test": (copied, 4.0),
    "deleted-test-right": (lambda release: deleted(release, RIGHT), 4.0),
    "deleted-test-wrong": (lambda release: deleted(release, WRONG), 0.0),
    "forged-table": (forged, 0.0),
    "half-right": (lambda release: answered(release, ONLY_POSITIVE), 3.0),
    "renamed-cell": (renamed, 4.0),
    "right": (lambda release: answered(release, RIGHT), 4.0),
    "tagged": (tagged, 0.0),
    "untouched": (copy.deepcopy, 0.0),
    "warns": (
        lambda release: answered(release, RIGHT.replace("return", "import warnings; warnings.warn('odd'); return")),
        4.0,
    ),
}


@pytest.fixture(scope="module")
def environment():
    with stock.environment() as made:
        yield made


@pytest.fixture(scope="module")
def course(tmp_path_factory, environment):
    """A course after generate_assignment, a class's submissions, autograde, generate_feedback and export."""
    root = source.course(tmp_path_factory.mktemp("course"), x01_doubling=source.good_lab())
    shutil.copy(stock.CONFIG, root)
    (root / "course.toml").write_text(f'repository = "https://github.com/ada/kit"\nwheel = "{WHEEL}"\n')
    folder = root / "solutions" / LAB
    for leftover in (f"{LAB}.py~", f".{LAB}.py.swp", f"{LAB}.py.orig", f"{LAB}.ipynb.bak", "old.py"):
        (folder / leftover).write_text(source.good_lab())
    assert CliRunner().invoke(app, ["build", "--root", str(root), "--no-execute"]).exit_code == 0
    built = (root / "notebooks" / NOTEBOOK).read_bytes()

    nbgrader = partial(stock.nbgrader, root, environment)
    nbgrader("generate_assignment", LAB)
    assert (root / "notebooks" / NOTEBOOK).read_bytes() == built
    release = nbformat.read(root / "notebooks" / NOTEBOOK, as_version=4)
    for student, (submission, _) in CLASS.items():
        path = root / ".nbgrader/submitted" / student / NOTEBOOK
        path.parent.mkdir(parents=True)
        nbformat.write(submission(release), path)
        (path.parent / "timestamp.txt").write_text("2030-01-31 12:00:00 UTC")
    nbgrader("autograde", LAB)
    nbgrader("generate_feedback", LAB)
    nbgrader("export", "--to", "grades.csv")
    return root, nbgrader


def test_a_release_holds_the_student_twin_and_nothing_else(course):
    root, _ = course
    released = [path for path in (root / "notebooks").rglob("*") if path.is_file()]
    assert [path.relative_to(root / "notebooks").as_posix() for path in released] == [NOTEBOOK]
    text = released[0].read_text()
    assert "double(2)" in text
    assert f"/ada/kit/blob/main/notebooks/{NOTEBOOK})" in text
    assert WHEEL in text
    for secret in ("twice_as_much", HIDDEN, "BEGIN", "executed_sha256"):
        assert secret not in text


def test_the_class_gets_its_points(course):
    root, _ = course
    with open(root / "grades.csv", newline="") as lines:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(lines)}
    assert scores == {student: points for student, (_, points) in CLASS.items()}


def test_nobody_waits_for_a_human(course):
    root, _ = course
    with sqlite3.connect(root / ".nbgrader/gradebook.db") as gradebook:
        rows = gradebook.execute("select needs_manual_grade from grade").fetchall()
    gradebook.close()
    assert rows == [(0,)] * len(CLASS)


def test_training_is_not_run_when_grading_and_no_source_travels(course):
    root, _ = course
    for student in CLASS:
        folder = root / ".nbgrader/autograded" / student / LAB
        assert sorted(path.name for path in folder.iterdir()) == [f"{LAB}.ipynb", "timestamp.txt"]
        cells = nbformat.read(folder / f"{LAB}.ipynb", as_version=4).cells
        training = [cell for cell in cells if "trained = " in cell.source]
        assert [cell.outputs for cell in training] == [[]]


def test_feedback_is_written_for_everybody(course):
    root, _ = course
    for student, (_, points) in CLASS.items():
        page = (root / ".nbgrader/feedback" / student / LAB / f"{LAB}.html").read_text()
        assert f"{points} / 4.0" in page


def test_validate_accepts_all_visible_checks_and_complains_of_less(course, tmp_path):
    """The hidden point is not there to be earned."""
    root, nbgrader = course
    release = nbformat.read(root / "notebooks" / NOTEBOOK, as_version=4)
    test = release.cells[TEST]
    test.source = TABLE + test.source.removesuffix("grade") + "table(grade)"
    del test.metadata.nbgrader["checksum"]
    verdicts = {}
    for name, text in {"right": RIGHT, "wrong": WRONG, "untouched": release.cells[SOLUTION].source}.items():
        nbformat.write(answered(release, text), tmp_path / f"{name}.ipynb")
        verdicts[name] = nbgrader("validate", str(tmp_path / f"{name}.ipynb"))
    assert "Success! Your notebook passes all the tests." in verdicts["right"]
    assert "VALIDATION FAILED ON 1 CELL(S)!" in verdicts["wrong"]
    assert "NotImplementedError" in verdicts["untouched"]


def test_validate_notices_an_edited_test(course, tmp_path):
    root, nbgrader = course
    edited = nbformat.read(root / "notebooks" / NOTEBOOK, as_version=4)
    edited.cells[TEST].source = "4.0"
    nbformat.write(edited, tmp_path / "edited.ipynb")
    assert "THE CONTENTS OF 1 TEST CELL(S) HAVE CHANGED!" in nbgrader("validate", str(tmp_path / "edited.ipynb"))


def test_formgrader_answers(course, environment):
    root, _ = course
    with stock.formgrader(root, environment) as ask:
        page = ask("manage_assignments")
        assert "formgrader" in page
        assert "manage_assignments" in page
        gradebook = ask("api/assignments")
        assert f'"name": "{LAB}"' in gradebook
        assert f'"num_submissions": {len(CLASS)}' in gradebook
