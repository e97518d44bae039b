"""The cells that every student notebook begins with: what the link says, and what the package's cell does where."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import percent_source as source
import pytest

from grader.build.first_cells import LINK_ID, PACKAGE, PACKAGE_ID, first_cells, is_first_cell
from grader.build.source import read_source
from grader.build.twins import student_twin
from grader.course import Course

GITHUB = "https://github.com/ada/kit"
ADDRESS = "https://example.org/peft_by_hand-1.0-py3-none-any.whl"
VERSIONS = {"torch": "2.11.0+cpu", "numpy": "2.1.3", "ipython": "7.34.0"}
KEPT = ["torch==2.11.0+cpu", "numpy==2.1.3", "ipython==7.34.0"]


class Platform:
    """A place where the cell runs: what it finds there, and what pip makes of it."""

    def __init__(self, monkeypatch, folder: Path) -> None:
        self.folder, self.kaggle, self.calls = folder / "content", folder / "kaggle", []
        self.there, self.installs, self.code, self.words, self.versions = False, True, 0, "", dict(VERSIONS)
        self.folder.mkdir()
        monkeypatch.chdir(self.folder)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if self.there else None)
        monkeypatch.setattr(importlib.metadata, "version", self.version)
        monkeypatch.setattr(subprocess, "run", self.pip)

    def version(self, name: str) -> str:
        if name not in self.versions:
            raise PackageNotFoundError(name)
        return self.versions[name]

    def pip(self, command: list[str], **options) -> SimpleNamespace:
        assert command[:4] == [sys.executable, "-m", "pip", "install"], "another Python than the notebook's"
        self.calls.append([one for one in command[4:] if not one.startswith("--")])
        self.there = self.installs and not self.code
        return SimpleNamespace(returncode=self.code, stdout="", stderr=self.words)

    def run(self, address: str = "") -> dict:
        """Execute the cell as a notebook does; returns the names that it leaves behind."""
        names: dict = {}
        text = first_cells("05_lora_layer", wheel=address)[-1].source.replace("/kaggle/input", str(self.kaggle))
        exec(compile(text, "<cell>", "exec"), names)
        return names


@pytest.fixture
def platform(monkeypatch, tmp_path):
    return Platform(monkeypatch, tmp_path)


def wheel_in(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "peft_by_hand-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    return str(wheel)


def test_where_the_package_is_nothing_happens(platform, capsys):
    platform.there = True
    names = platform.run(ADDRESS)
    assert platform.calls == []
    assert capsys.readouterr().out == ""
    assert names.keys() - {"__builtins__"} == {"importlib", "get_lora_utils"}


@pytest.mark.parametrize("place", ["content", "content/kit", "kaggle/wheel"])
def test_a_wheel_that_lies_there_is_installed_and_what_is_loaded_is_kept(
    place, platform, tmp_path, monkeypatch, capsys
):
    wheel = wheel_in(tmp_path / place)
    if place == "content/kit":
        notebook = tmp_path / place / "notebooks" / "05_lora_layer"
        notebook.mkdir(parents=True)
        monkeypatch.chdir(notebook)
    platform.run(ADDRESS)
    assert platform.calls == [[wheel, *KEPT]]
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"lora_utils is not installed here; pip gets it from {wheel}, which takes a minute ..."
    assert last == "lora_utils is installed."


def test_else_it_comes_from_the_courses_address(platform):
    platform.run(ADDRESS)
    assert platform.calls == [[ADDRESS, *KEPT]]


def test_where_there_is_no_torch_yet_pip_brings_one(platform):
    platform.versions = {"ipython": "9.0"}
    platform.run(ADDRESS)
    assert platform.calls == [[ADDRESS, "ipython==9.0"]]


def test_without_wheel_and_address_it_asks_for_the_wheel_in_one_sentence(platform):
    for place in (f"into {platform.folder}", "as a data set (Add Input)"):
        with pytest.raises(RuntimeError) as raised:
            platform.run()
        asked = f"upload the wheel of the course's kit, peft_by_hand-....whl, {place} and run this cell again."
        assert str(raised.value) == f"lora_utils is not installed here: {asked}"
        platform.kaggle.mkdir(exist_ok=True)
    assert platform.calls == []


@pytest.mark.parametrize(
    ("kaggle", "cure"), [(False, "mend that"), (True, "switch Internet on in the notebook's settings, which pip needs")]
)
def test_what_pip_says_is_shown_and_no_other_cause_is_claimed(kaggle, cure, platform, capsys):
    platform.code, platform.words = 1, "ERROR: HTTP error 404"
    if kaggle:
        platform.kaggle.mkdir()
    with pytest.raises(RuntimeError, match="pip did not install .* and says why above") as raised:
        platform.run(ADDRESS)
    assert f"above: {cure}, or upload the wheel" in str(raised.value)
    assert "ERROR: HTTP error 404" in capsys.readouterr().out


def test_an_installation_that_the_session_does_not_see_is_told(platform):
    platform.installs = False
    with pytest.raises(RuntimeError, match="where this session does not look: restart it"):
        platform.run(ADDRESS)


def test_the_link_leads_to_the_notebook_and_stands_there_for_github_alone():
    link, package = first_cells("05_lora_layer", GITHUB)
    place = "https://colab.research.google.com/github/ada/kit/blob/main/notebooks/05_lora_layer/05_lora_layer.ipynb"
    assert link.source == f"[Open in Colab]({place})"
    assert (link.id, package.id) == (LINK_ID, PACKAGE_ID)
    for repository in ("", "https://gitlab.com/ada/kit", "https://github.com/ada"):
        assert [cell.id for cell in first_cells("05_lora_layer", repository)] == [PACKAGE_ID]


def test_they_are_known_whatever_their_addresses_are_and_only_unchanged():
    cells = [cell for wheel in ("", ADDRESS) for cell in first_cells("05_lora_layer", GITHUB, wheel)]
    for cell in cells:
        assert is_first_cell(cell.cell_type, cell.source.replace("\n", "  \n") + "\n")
        assert not is_first_cell(cell.cell_type, cell.source + "\nmore")
        assert not is_first_cell("raw", cell.source)
    sly = PACKAGE.format(address='"a"), print("mine"')
    assert not is_first_cell("code", sly)


def test_a_student_twin_has_them_the_link_above_everything_and_the_package_above_the_first_code(tmp_path):
    path = tmp_path / "01_doubling.py"
    path.write_text(source.good_lab())
    twin = student_twin(read_source(path), "01_doubling", Course(tmp_path, repository=GITHUB, wheel=ADDRESS))
    assert [cell.id for cell in twin.cells[:4]] == [LINK_ID, "cell-01", PACKAGE_ID, "setup"]
    assert twin.cells[2].metadata == {
        "deletable": False, "editable": False, "tags": ["skip-when-grading"], "jupyter": {"source_hidden": True},
        "cellView": "form",
    }  # fmt: skip
    assert ADDRESS in twin.cells[2].source
    assert [cell.id for cell in student_twin(read_source(path)).cells[:3]] == ["cell-01", PACKAGE_ID, "setup"]
