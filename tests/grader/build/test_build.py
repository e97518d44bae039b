"""The command `grader build`: what it writes, keeps, refuses, and finds drifted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import percent_source as source
import pytest
from typer.testing import CliRunner

import grader.build.run_solution
from grader.cli import app

SOLUTION = "solutions/01_doubling/01_doubling.ipynb"
STUDENT = "notebooks/01_doubling/01_doubling.ipynb"


@pytest.fixture
def runs(monkeypatch):
    """Replace the kernel by one that prints the number of its run; the list holds the runs."""
    names: list[str] = []

    def execute(notebook, name, root=None):
        names.append(name)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"run {len(names)}\n")]
        return notebook

    monkeypatch.setattr(grader.build.run_solution, "execute", execute)
    return names


@pytest.fixture
def root(tmp_path):
    return source.course(tmp_path, x01_doubling=source.good_lab())


def build(root: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["build", "--root", str(root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def edit(root: Path, old: str, new: str) -> None:
    path = root / "solutions/01_doubling/01_doubling.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def files(root: Path) -> dict[str, bytes]:
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_both_twins_are_written_once(root, runs):
    code, output = build(root)
    assert (code, runs) == (0, ["solutions/01_doubling/01_doubling.py"])
    assert f"wrote {SOLUTION}, {STUDENT}" in output
    before = files(root)
    assert set(before) == {"pyproject.toml", "solutions/01_doubling/01_doubling.py", SOLUTION, STUDENT}
    code, output = build(root)
    assert (code, len(runs)) == (0, 1)
    assert "01_doubling: up to date" in output
    assert files(root) == before


def test_a_build_does_not_depend_on_its_folder(tmp_path, runs):
    trees = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        root = source.course(tmp_path / name, x01_doubling=source.good_lab())
        assert build(root, "--no-execute")[0] == 0
        trees.append(files(root))
    assert trees[0] == trees[1]
    assert runs == []


def test_outputs_survive_a_change_of_text_and_are_renewed_with_the_code(root, runs):
    build(root)
    edit(root, "Doubling", "Twice as much")
    build(root)
    assert len(runs) == 1
    assert "run 1" in (root / SOLUTION).read_text()
    assert "Twice as much" in (root / SOLUTION).read_text()
    edit(root, "import math", "import math, cmath")
    build(root)
    assert len(runs) == 2
    assert "run 2" in (root / SOLUTION).read_text()


def test_no_execute_keeps_fresh_outputs_and_drops_stale_ones(root, runs):
    build(root)
    assert build(root, "--no-execute")[0] == 0
    assert "run 1" in (root / SOLUTION).read_text()
    edit(root, "import math", "import cmath")
    assert build(root, "--no-execute")[0] == 0
    twin = nbformat.read(root / SOLUTION, as_version=4)
    code = [cell for cell in twin.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert "lora_utils" not in twin.metadata
    assert len(runs) == 1


def test_a_malformed_or_failing_lab_leaves_the_others_alone(tmp_path, runs, monkeypatch):
    root = source.course(
        tmp_path,
        x01_doubling=source.lab(source.solution("x ="), source.checks(points=None)),
        x02_doubling=source.good_lab(),
        x03_doubling=source.good_lab(),
    )
    succeed = grader.build.run_solution.execute

    def execute(notebook, name, root=None):
        if "02" in name:
            raise grader.build.run_solution.ExecutionError(f"{name}: cell 2 (setup): ValueError: no.")
        return succeed(notebook, name, root)

    monkeypatch.setattr(grader.build.run_solution, "execute", execute)
    code, output = build(root)
    assert code == 1
    assert "solutions/01_doubling/01_doubling.py: cell 1 (double): invalid Python" in output
    assert "solutions/01_doubling/01_doubling.py: cell 2 (test-double): a graded cell needs points" in output
    assert "solutions/02_doubling/02_doubling.py: cell 2 (setup): ValueError: no." in output
    assert sorted(path.name for path in root.rglob("*.ipynb")) == ["03_doubling.ipynb"] * 2


def test_labs_are_chosen_by_name_number_or_path(tmp_path, runs):
    root = source.course(tmp_path, x01_one=source.good_lab(), x02_two=source.good_lab(), x03_three=source.good_lab())
    assert build(root, "02", "solutions/03_three/03_three.py")[0] == 0
    assert [name.split("/")[1] for name in runs] == ["02_two", "03_three"]
    code, output = build(root, "04")
    assert code == 2
    assert "there is no lab '04'; the labs are: 01_one, 02_two, 03_three." in output


def test_outside_a_course_there_is_one_sentence(tmp_path):
    code, output = build(tmp_path)
    assert (code, output) == (2, "grader: no course here; run it inside the course's folder or give --root.\n")


def test_a_course_without_labs_is_clean(tmp_path):
    root = source.course(tmp_path)
    assert build(root, "--check") == (0, "0 labs: both twins match their source\n")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


STALE = r"its outputs are not those of the code in 01_doubling.py"
DRIFTS = {
    "answer edited in the solution twin": (
        lambda root: change(root / SOLUTION, "twice_as_much = x + x", "twice_as_much = 2 * x"),
        [f"{SOLUTION}: {STALE}"],
    ),
    "text edited in the solution twin": (
        lambda root: change(root / SOLUTION, "# Doubling", "# Trebling"),
        [f"{SOLUTION}: differs from 01_doubling.py, its cell 1 ('# Doubling') differs in source"],
    ),
    "points edited in the solution twin": (
        lambda root: change(root / SOLUTION, '"points": 4', '"points": 5'),
        [f"{SOLUTION}: differs from 01_doubling.py, its cell 4 (test-double) differs in metadata"],
    ),
    "standard error in the solution twin": (
        lambda root: change(root / SOLUTION, '"name": "stdout"', '"name": "stderr"'),
        [f"{SOLUTION}: differs from 01_doubling.py, its cell 2 (setup) differs in outputs"],
    ),
    "recorded hash removed": (
        lambda root: change(root / SOLUTION, "executed_sha256", "executed_sha255"),
        [f"{SOLUTION}: {STALE}"],
    ),
    "text edited in the student twin": (
        lambda root: change(root / STUDENT, "# Doubling", "# Trebling"),
        [f"{STUDENT}: differs from 01_doubling.py, its cell 1 ('# Doubling') differs in source"],
    ),
    "answer left in the student twin": (
        lambda root: change(root / STUDENT, "raise NotImplementedError()", "return x + x"),
        [f"{STUDENT}: differs from 01_doubling.py, its cell 4 (double) differs in source"],
    ),
    "student twin executed": (
        lambda root: change(root / STUDENT, '"execution_count": null', '"execution_count": 1'),
        [f"{STUDENT}: differs from 01_doubling.py, its cell 2 ('# @title On Colab and"],
    ),
    "cell id changed in the student twin": (
        lambda root: change(root / STUDENT, '"id": "cell-05"', '"id": "cell-06"'),
        [f"{STUDENT}: differs from 01_doubling.py, its cell 6 (", "differs in id"],
    ),
    "layout changed in the student twin": (
        lambda root: (root / STUDENT).write_text((root / STUDENT).read_text() + "\n"),
        [f"{STUDENT}: differs from 01_doubling.py, its notebook metadata or layout differs"],
    ),
    "student twin broken": (
        lambda root: (root / STUDENT).write_text("{"),
        [f"{STUDENT}: differs from 01_doubling.py, it is not a notebook"],
    ),
    "student twin missing": (lambda root: os.remove(root / STUDENT), [f"{STUDENT}: is missing"]),
    "solution twin missing": (lambda root: os.remove(root / SOLUTION), [f"{SOLUTION}: is missing"]),
    "text of the source changed": (
        lambda root: edit(root, "# Doubling", "# Twice as much"),
        [f"{SOLUTION}: differs from 01_doubling.py", f"{STUDENT}: differs from 01_doubling.py"],
    ),
    "answer of the source changed": (lambda root: edit(root, "x + x", "2 * x"), [f"{SOLUTION}: {STALE}"]),
    "visible code of the source changed": (
        lambda root: edit(root, "import math", "import cmath"),
        [f"{SOLUTION}: {STALE}", f"{STUDENT}: differs from 01_doubling.py, its cell 3 (setup) differs in source"],
    ),
    "cell added to the source": (
        lambda root: edit(root, "# %% nbgrader", "# %% [markdown]\n# More.\n\n# %% nbgrader"),
        [f"{SOLUTION}: differs", f"{STUDENT}: differs"],
    ),
    "source malformed": (
        lambda root: edit(root, "### END SOLUTION", "### END SOLUTON"),
        ["solutions/01_doubling/01_doubling.py: cell 3 (double): line 6"],
    ),
    "notebook of no source": (
        lambda root: os.renames(root / STUDENT, root / "notebooks/02_old/02_old.ipynb"),
        [
            "notebooks/02_old/02_old.ipynb: no source builds it; add solutions/02_old/02_old.py or delete it.",
            f"{STUDENT}: is missing",
        ],
    ),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_check_finds_a_planted_drift_and_changes_nothing(root, runs, name):
    build(root)
    assert build(root, "--check") == (0, "1 lab: both twins match their source\n")
    plant, expected = DRIFTS[name]
    plant(root)
    before = files(root)
    code, output = build(root, "--check")
    assert code == 1
    assert all(part in output for part in expected), output
    if name not in ("cell id changed in the student twin", "cell added to the source"):
        assert len(output.strip().split("\n")) == len(expected), output
    assert files(root) == before
    assert len(runs) == 1


def test_building_cures_a_drift(root, runs):
    build(root)
    clean = files(root)
    change(root / STUDENT, "# Doubling", "# Trebling")
    os.remove(root / SOLUTION)
    build(root)
    assert files(root).keys() == clean.keys()
    assert build(root, "--check")[0] == 0


def test_json_is_what_nbformat_reads(root, runs):
    build(root)
    for path in (SOLUTION, STUDENT):
        assert json.loads((root / path).read_text())["nbformat_minor"] == 5
