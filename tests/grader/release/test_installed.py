"""The wheel of a release, installed with what it asks for and no more: a student's command checks what there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from in_process import LABS, ROOT
from packaging.requirements import Requirement

from grader.release.wheel import build_wheel, project_of

pytestmark = pytest.mark.kernel
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    """The programs of a bare environment: the wheel, and of this environment's packages those that it asks for."""
    folder = tmp_path_factory.mktemp("student")
    name, content = build_wheel(ROOT)
    (folder / name).write_bytes(content)
    venv.create(folder / "venv", with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")})
    link_packages(folder / "packages", project_of(ROOT)["dependencies"])
    Path(paths["purelib"], "packages.pth").write_text(f"{folder / 'packages'}\n")
    python = Path(paths["scripts"]) / Path(sys.executable).name
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, folder / name], env=ALONE, check=True)
    return python.parent


def link_packages(folder: Path, wanted: list[str]) -> None:
    """Let a folder have these packages, and what they need in turn, as this environment has them."""
    folder.mkdir()
    waiting, done = [Requirement(line) for line in wanted], set()
    while waiting:
        one = waiting.pop()
        if one.name in done or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        done.add(one.name)
        found = distribution(one.name)
        waiting += [Requirement(line) for line in found.requires or ()]
        for top in {file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists():
                (folder / top).symlink_to(found.locate_file(top))


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
    for name in ("grader", "nbgrader", "jupyterlab", "nbformat"):
        assert f"No module named '{name}'" in call(programs, python, "-c", f"import {name}", cwd=tmp_path).stderr


@pytest.mark.parametrize("lab", ["00_welcome", "05_lora_layer", "10_quiz"])
def test_an_untouched_notebook_is_not_passed_and_one_filled_from_the_solution_is(lab, programs, tmp_path):
    assert lab in LABS
    untouched = (ROOT / "notebooks" / lab / f"{lab}.ipynb").read_bytes()
    for name, content, code in (("mine", untouched, 1), ("right", json.dumps(filled(lab)).encode(), 0)):
        (tmp_path / f"{name}.ipynb").write_bytes(content)
        done = call(programs, "lora-utils", "check", f"{name}.ipynb", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert "in all: " in done.stdout
