"""The autograder's zip in a folder that stands for Gradescope's container."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tiny_course as tiny
from platform_imports import gradescope_accepts
from typer.testing import CliRunner

from grader.cli import app
from grader.engine.canary import sandbox_faults
from grader.exports import gradescope_container
from grader.results import OPEN

HALF = "def half(x):\n    return 0.5 * x if x else 1"  # the visible check passes


@pytest.fixture(scope="module")
def archive(course, tmp_path_factory):
    """The zip of the first lab, and what was said of it."""
    out, seed = tmp_path_factory.mktemp("zip") / "autograder.zip", tmp_path_factory.mktemp("secret") / "seed"
    options = ["--out", str(out), "--seed-file", str(seed), "--root", str(course)]
    said = CliRunner().invoke(app, ["gradescope", "01", *options])
    assert said.exit_code == 0, said.output
    return out, said.output, seed.read_text().strip()


@pytest.fixture
def container(archive, tmp_path):
    """A folder as Gradescope makes it: /autograder/source unpacked, the script copied, the environment installed."""
    with zipfile.ZipFile(archive[0]) as file:
        file.extractall(tmp_path / "source")
    (tmp_path / "run_autograder").write_bytes((tmp_path / "source" / "run_autograder").read_bytes())
    (tmp_path / "venv").symlink_to(sys.prefix)
    (tmp_path / "submission").mkdir()
    return tmp_path


def run(container: Path) -> tuple[dict, str]:
    """What results.json and staff's output say."""
    environment = {"PATH": os.environ["PATH"], "AUTOGRADER": str(container), "OMP_NUM_THREADS": "1"}
    script = ["bash", str(container / "run_autograder")]
    done = subprocess.run(script, cwd=container, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    results = json.loads((container / "results" / "results.json").read_text())
    gradescope_accepts(results)
    return results, done.stdout


def hand_in(container: Path, name: str, data: dict) -> None:
    path = container / "submission" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def test_the_zip_is_as_gradescope_asks_and_its_content_is_named(archive):
    out, said, seed = archive
    with zipfile.ZipFile(out) as file:
        names = set(file.namelist())
        for script in ("setup.sh", "run_autograder"):
            assert stat.S_IMODE(file.getinfo(script).external_attr >> 16) == 0o755
            assert file.read(script).startswith(b"#!/usr/bin/env bash\n")
            assert subprocess.run(["bash", "-n"], input=file.read(script), check=False).returncode == 0
        assert file.read("seed").decode() == seed
    assert {"course/lora_utils/__init__.py", f"course/solutions/{tiny.FIRST}/{tiny.FIRST}.ipynb"} <= names
    assert not any("__pycache__" in name or tiny.SECOND in name for name in names)
    assert "8 points" in said
    assert "solution, its hidden checks and the course's seed: nobody who is a student may have it." in said


def test_the_same_course_gives_the_same_bytes(archive, course, tmp_path):
    out, _, seed = archive
    (tmp_path / "seed").write_text(seed)
    (tmp_path / "seed").chmod(0o600)
    again = tmp_path / "again.zip"
    options = ["--out", str(again), "--seed-file", str(tmp_path / "seed"), "--root", str(course)]
    assert CliRunner().invoke(app, ["gradescope", "01", *options]).exit_code == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_submission_is_graded_in_the_container(container, course):
    hand_in(container, "work/Copy of 01.ipynb", tiny.notebook(course, double=tiny.GOOD["double"], half=HALF))
    hand_in(container, "__MACOSX/hand-in/x.ipynb", {})
    results, staff = run(container)
    assert results["score"] == 7
    assert [(one["score"], one["visibility"]) for one in results["tests"]] == [
        (3.0, "visible"),
        (1.0, "after_published"),
        (3.0, "visible"),
        (0.0, "after_published"),
    ]
    assert "expected 0.0 for 0, got 1" in results["tests"][3]["output"]
    assert ("graded without the sandbox" in staff) is bool(sandbox_faults())


def test_staff_are_told_where_the_container_allows_no_sandbox(container, course, monkeypatch, capsys):
    monkeypatch.setattr(gradescope_container, "sandbox_faults", lambda: ["it can be left."])
    hand_in(container, "01_double.ipynb", tiny.notebook(course, **tiny.GOOD))
    results = gradescope_container.grade_container(container)
    assert (results["score"], results["extra_data"]["sandbox"]) == (8, OPEN)
    assert capsys.readouterr().out.startswith("graded without the sandbox, which this container does not allow, so")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "01_double.ipynb is not among what was handed in (no notebook); hand in 01_double.ipynb, once."),
        ({"a.ipynb": tiny.SECOND, "b.ipynb": tiny.SECOND}, "is not among what was handed in (a.ipynb, b.ipynb)"),
        ({"a.ipynb": tiny.FIRST, "b.ipynb": tiny.FIRST}, "was handed in 2 times; hand in 01_double.ipynb, once."),
        ({"02_sign.ipynb": tiny.SECOND}, "holds none of this lab's cells"),
    ],
)
def test_what_cannot_be_graded_gets_a_sentence_and_no_points(files, said, container, course):
    for name, lab in files.items():
        hand_in(container, name, tiny.notebook(course, lab))
    results, _ = run(container)
    assert (results["score"], results["tests"]) == (0.0, [])
    assert said in results["output"]


def test_no_such_lab(course, tmp_path):
    said = CliRunner().invoke(app, ["gradescope", "07", "--out", str(tmp_path / "a.zip"), "--root", str(course)])
    assert said.exit_code == 2
    assert not (tmp_path / "a.zip").exists()
