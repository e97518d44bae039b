"""A student's check from the terminal: the visible sentences, no hidden one, and what is still to come."""

from __future__ import annotations

import json

import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app

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
