"""The wheel of a release, installed without the grader: a student's command checks what a student has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from in_process import LABS, ROOT

from grader.release.wheel import build_wheel

pytestmark = pytest.mark.kernel
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """The programs of a bare environment: the wheel, and this environment's packages but for the course's own."""
    folder = tmp_path_factory.mktemp("student")
    name, content = build_wheel(ROOT)
    (folder / name).write_bytes(content)
    venv.create(folder / "venv", with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")})
    # A folder that a .pth file names is a place for imports alone: the .pth files in it, as of the course, do nothing.
    Path(paths["purelib"], "packages.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    python = Path(paths["scripts"]) / Path(sys.executable).name
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, folder / name], env=ALONE, check=True)
    return python.parent


def call(programs: Path, program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run([programs / program, *arguments], cwd=cwd, env=ALONE, capture_output=True, text=True)


def filled(lab: str) -> dict:
    """The student notebook with the answers of its solution."""
    folders = [json.loads((ROOT / name / lab / f"{lab}.ipynb").read_text()) for name in ("notebooks", "solutions")]
    made, solution = folders
    answers = {cell["id"]: cell["source"] for cell in solution["cells"]}
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = answers[cell["id"]]
    return made


def test_the_grader_is_not_there_and_the_package_is_the_wheels(programs, tmp_path):
    python = Path(sys.executable).name
    found = call(programs, python, "-c", "import lora_utils; print(lora_utils.__file__)", cwd=tmp_path)
    assert Path(found.stdout.strip()).is_relative_to(programs.parent), found.stderr
    assert "No module named 'grader'" in call(programs, python, "-c", "import grader", cwd=tmp_path).stderr


@pytest.mark.parametrize("lab", ["00_welcome", "05_lora_layer", "10_quiz"])
def test_an_untouched_notebook_is_not_passed_and_one_filled_from_the_solution_is(lab, programs, tmp_path):
    assert lab in LABS
    untouched = (ROOT / "notebooks" / lab / f"{lab}.ipynb").read_bytes()
    for name, content, code in (("mine", untouched, 1), ("right", json.dumps(filled(lab)).encode(), 0)):
        (tmp_path / f"{name}.ipynb").write_bytes(content)
        done = call(programs, "lora-utils", "check", f"{name}.ipynb", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert "in all: " in done.stdout
