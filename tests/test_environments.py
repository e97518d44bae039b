"""environment.yml, the torchtext extra, the ranges in pyproject.toml and the constraints must tell one story."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev extra")

ROOT = Path(__file__).parents[1]
CARD = {"jupyterlab", "torch", "bitsandbytes", "nbgrader", "matplotlib", "nbval", "torchtext"}
TIED_TO_TORCH = {"torch", "torchtext", "bitsandbytes"}  # these differ between the two environments, on purpose


def pins(lines) -> dict[str, str]:
    """Exact versions by package name, from lines such as "torch==2.3.1"."""
    found = {}
    for line in lines:
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{line!r} is not an exact version"
        found[requirement.name.lower().replace("_", "-")] = specifier.version
    return found


def full_card() -> dict[str, str]:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert pip[-1] == "-e .", "the course itself is installed last"
    return pins(pip[:-1])


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins(line for line in lines if line and not line.startswith("#"))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_yml_has_the_seven_packages():
    assert set(full_card()) >= CARD


def test_every_line_of_environment_yml_gives_a_reason():
    lines = (ROOT / "environment.yml").read_text().split("dependencies:")[1].splitlines()
    packages = [line for line in lines if line.strip().startswith("- ") and line.strip() != "- pip:"]
    assert len(packages) >= len(CARD)
    assert [line for line in packages if " # " not in line] == []


def test_the_extra_names_the_same_versions_as_environment_yml():
    card = full_card()
    for line in project()["optional-dependencies"]["torchtext"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(card[requirement.name]), f"{line} excludes {card[requirement.name]}"
    assert {Requirement(line).name for line in project()["optional-dependencies"]["torchtext"]} == TIED_TO_TORCH


def test_the_extra_excludes_the_versions_of_the_current_environment():
    now = constraints()
    for line in project()["optional-dependencies"]["torchtext"]:
        requirement = Requirement(line)
        assert requirement.name not in now or not requirement.specifier.contains(now[requirement.name]), line


def test_both_environments_share_every_version_that_does_not_depend_on_torch():
    now = constraints()
    assert {n: v for n, v in full_card().items() if n not in TIED_TO_TORCH and now.get(n) != v} == {}


@pytest.mark.parametrize("pinned", [full_card, constraints])
def test_the_ranges_admit_the_pinned_versions(pinned):
    versions = pinned()
    for line in project()["dependencies"]:
        requirement = Requirement(line)
        name = requirement.name.lower()
        assert name not in versions or requirement.specifier.contains(versions[name]), (
            f"{line} excludes {versions[name]}"
        )


def test_the_constraints_pin_everything_the_project_names_and_the_current_torch():
    extras = project()["optional-dependencies"]
    named = [*project()["dependencies"], *extras["dev"], *extras["browser"]]
    now = constraints()
    assert now["torch"] == "2.13.0"
    assert [n for n in (Requirement(line).name.lower() for line in named) if n not in now] == []
    assert "torchtext" not in now


def test_every_pin_can_be_installed_on_every_python_that_the_course_promises():
    """Debian 12 has Python 3.11.2, where a package that needs 3.11.5 ends `make` before it has begun."""
    promised = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
    assert SpecifierSet(project()["requires-python"]).contains(promised[0])
    too_new = []
    for name in constraints():
        try:
            needs = SpecifierSet(metadata(name).get("Requires-Python", ""))
        except PackageNotFoundError:  # of an extra that is not installed here
            continue
        if not all(needs.contains(python) for python in promised):
            too_new.append(f"{name} needs Python {needs}")
    assert too_new == []
