"""Formgrader shows a class that was handed in anywhere on disk: its real server, with the course's own settings."""

from __future__ import annotations

import json
import shutil

import pytest
import stock_nbgrader as stock
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app

pytestmark = pytest.mark.kernel


def test_the_list_of_labs_counts_the_class_and_leads_to_it(tmp_path):
    (tmp_path / "course").mkdir()
    root = tiny.make_course(tmp_path / "course")
    shutil.copy(stock.CONFIG, root)
    for student in ("ada", "bo"):
        tiny.hand_in(tmp_path / "elsewhere", student, tiny.notebook(root, **tiny.GOOD), when="2026-03-01 12:00:00 UTC")
    tiny.hand_in(root / ".nbgrader" / "submitted", "bo", tiny.notebook(root), when="2026-03-01 12:00:00 UTC")
    tiny.hand_in(root / ".nbgrader" / "submitted", "cy", tiny.notebook(root))  # which nobody has graded
    command = ["grade", str(tmp_path / "elsewhere"), "--root", str(root), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*command, "--sandbox", "off"])
    assert done.exit_code == 0, done.output
    with stock.environment() as environment, stock.formgrader(root, environment) as ask:
        counted = {one["name"]: one["num_submissions"] for one in json.loads(ask("api/assignments"))}
        assert counted == {tiny.FIRST: 3, tiny.SECOND: 0}
        assert json.loads(ask(f"api/assignment/{tiny.FIRST}"))["num_submissions"] == 3
        listed = {one["student"]: one["score"] for one in json.loads(ask(f"api/submissions/{tiny.FIRST}"))}
        assert listed == {"ada": 8.0, "bo": 8.0, "cy": 0.0}
