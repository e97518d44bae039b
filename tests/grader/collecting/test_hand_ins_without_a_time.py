"""collect and grade put a hand-in without a time in one order, and count the same files."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import graded_class as made
import lms_downloads as lms
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app

LAB = tiny.FIRST


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A course in which the latest attempt counts; answers get the points that they say."""
    root = made.make(tmp_path, monkeypatch)
    (root / "course.toml").write_text('attempts = "latest"\n')
    return root


def collect(root: Path, points: float, when: datetime | None) -> str:
    """Collect a download with one hand-in of ada's and return what the terminal says."""
    data = json.dumps(tiny.notebook(root, double=f"double = {points}", half=f"half = {points}")).encode()
    name = lms.exchange("ada", LAB, when, f"{LAB}.ipynb") if when else lms.canvas("Ada", 1, int(points), "x.ipynb")
    path = lms.make_zip(root / "download.zip", {name: data})
    done = CliRunner().invoke(app, ["collect", str(path), "--out", str(root / "in"), "--root", str(root)])
    assert done.exit_code == 0, done.output
    return done.output


def grade(root: Path) -> tuple[str, dict]:
    options = ["--out", str(root / "out"), "--root", str(root), "--sandbox", "off", "--workers", "1"]
    done = CliRunner().invoke(app, ["grade", str(root / "in"), *options], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    (entry,) = json.loads((root / "out" / "results.json").read_text())
    return done.output, entry


def listed(root: Path) -> list[tuple[str, str]]:
    with (root / "in" / "collected.csv").open(encoding="utf-8", newline="") as file:
        return [(row["became"], row["reason"].partition(" before ")[0]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("roster", [False, True])
@pytest.mark.parametrize("graded_between", [True, False])
@pytest.mark.parametrize("undated_first", [True, False])
def test_both_call_the_same_hand_in_the_last(undated_first, graded_between, roster, root):
    if roster:  # then grading reads the folder as a download
        (root / "course.toml").write_text('attempts = "latest"\nroster = "roster.csv"\n')
        (root / "roster.csv").write_text("id,name\nada,Ada\n")
    points = (2, 3) if undated_first else (3, 2)
    for number, one in enumerate(points):
        said = collect(root, one, datetime(2026, 1, 1) if one == 3 else None)
        if number == 0 and graded_between:
            assert "1 hand-in: 1 new, 0 graded again" in grade(root)[0]
    assert listed(root) == [("superseded", "came"), ("taken", "")]  # nobody says when one of them was handed in
    assert "1 taken, 0 superseded, 0 refused, 0 nothing; 1 student" in said
    assert said.splitlines()[-1].endswith("2 hand-ins of 1 student in that folder")
    said, entry = grade(root)
    assert f"2 hand-ins: {1 if graded_between else 2} new" in said
    assert entry["score"] == 2 * points[1]  # it lies behind what lay there before, in both
    assert (root / "in" / "ada" / LAB / "timestamp.txt").exists() is undated_first
    assert "2 hand-ins: 0 new" in grade(root)[0]
