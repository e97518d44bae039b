"""A student's check from the terminal: the visible sentences, no hidden one, and what is still to come."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.class_run import visible_checks as self_check
from grader.cli import app
from grader.scoring.run_submission import Limits

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


def check(course, data) -> tuple[int, str]:
    path = course / "mine.ipynb"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    done = CliRunner().invoke(app, ["check", str(path), "--root", str(course)])
    return done.exit_code, done.output


def test_visible_checks_pass_and_hidden_ones_are_announced(course):
    code, text = check(course, tiny.notebook(course, **tiny.GOOD))
    assert code == 0
    assert "double: 3 of 3 points; 1 more decided by hidden checks when graded" in text
    assert "passed         It computes the right number." in text
    assert "zero" not in text


def test_a_mistake_gets_its_sentence_and_hint(course):
    code, text = check(course, tiny.notebook(course, double="def double(x):\n    return x", half=tiny.GOOD["half"]))
    assert code == 1
    assert "double: 0 of 3 points" in text
    assert "got the input back" in text
    assert "Hint: Multiply it." in text
    assert "half: 3 of 3 points" in text


def test_an_untouched_notebook_and_an_endless_loop_get_a_sentence(course):
    code, text = check(course, tiny.notebook(course))
    assert code == 1
    assert text.count("not attempted") == 2


def test_it_needs_no_solution(course):
    for lab in (tiny.FIRST, tiny.SECOND):
        solution = course / "solutions" / lab / f"{lab}.ipynb"
        solution.rename(solution.with_suffix(".away"))
    try:
        assert check(course, tiny.notebook(course, **tiny.GOOD))[0] == 0
    finally:
        for lab in (tiny.FIRST, tiny.SECOND):
            solution = course / "solutions" / lab / f"{lab}.ipynb"
            solution.with_suffix(".away").rename(solution)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("{", "mine.ipynb is not valid JSON at line 1"),
        ({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1", "metadata": {}}]},
         "mine.ipynb is the notebook of no lab of this course"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_gets_one_sentence(course, data, sentence):
    code, text = check(course, data)
    assert code == 2
    assert sentence in text
    assert text.count("\n") == 1


def test_cells_that_broke_are_told_and_nothing_is_promised_for_them(course):
    code, text = check(course, tiny.notebook(course, double="def double(x:\n    return 2", half="half = 1 / 0"))
    assert code == 1
    assert "double: 0 of 4 points\n" in text
    assert "your answer cell 'double' raised SyntaxError" in text
    assert "your answer cell 'half' raised ZeroDivisionError" in text


def test_what_was_set_right_is_noted(course):
    data = tiny.notebook(course, **tiny.GOOD)
    data["cells"].remove(tiny.cell_of(data, "test-half"))
    code, text = check(course, data)
    assert code == 0
    assert "note: locked cell 'test-half' was missing and was put back\n" in text


def test_a_setup_cell_alone_is_of_no_lab(course):
    data = tiny.notebook(course)
    data["cells"] = [tiny.cell_of(data, "setup")]
    code, text = check(course, data)
    assert (code, "is the notebook of no lab of this course" in text) == (2, True)


def test_a_system_that_cannot_fork_is_told_so(course, monkeypatch):
    monkeypatch.setattr(self_check, "can_fork", lambda: False)
    code, text = check(course, tiny.notebook(course))
    assert code == 2
    assert text == f"grader check: {self_check.NO_FORK}\n"


def test_it_runs_under_the_callers_account_within_the_limits_given(course, monkeypatch):
    asked = []

    def execute(cells, environment, limits, sandbox):
        asked.append((limits, sandbox))
        return {}

    monkeypatch.setattr(self_check, "execute", execute)
    path = course / "mine.ipynb"
    path.write_text(json.dumps(tiny.notebook(course)))
    limits = Limits(cell_seconds=3)
    self_check.self_check(path, course, limits)
    self_check.self_check(path, course)
    assert asked == [(limits, False), (Limits(), False)]


def test_a_lab_that_was_not_released_is_passed_over(course):
    twin = course / "notebooks" / tiny.SECOND / f"{tiny.SECOND}.ipynb"
    away = twin.rename(twin.with_suffix(".away"))
    try:
        assert check(course, tiny.notebook(course, **tiny.GOOD))[0] == 0
    finally:
        away.rename(twin)


WINDOWS = """
import os, sys
sys.modules["resource"] = None  # what Windows has not, and no library needs where it is missing
del os.fork
from grader.cli import app
app()
"""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["check", "mine.ipynb"], "on Windows use WSL 2"),
        (["grade", "notebooks", "--out", "out"], "on Windows use WSL 2"),
        (["--help"], "doctor"),
        (["doctor"], "packages"),
    ],
)
def test_without_what_only_unix_has_every_command_says_its_sentence(command, words, course):
    (course / "mine.ipynb").write_text(json.dumps(tiny.notebook(course, **tiny.GOOD)))
    done = subprocess.run([sys.executable, "-c", WINDOWS, *command], cwd=course, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert words in done.stdout + done.stderr
