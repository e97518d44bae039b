"""environment.yml, the torchtext extra, the ranges in pyproject.toml and the constraints must tell one story."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev extra")

ROOT = Path(__file__).parents[1]
CARD = {"jupyterlab", "torch", "bitsandbytes", "nbgrader", "matplotlib", "nbval", "torchtext"}
OWN = {"lora_utils", "grader", "__future__"}
OPTIONAL = {"torchtext", "distributed"}  # extras of their own; who misses one is told
NEEDED_BESIDES = {"nbconvert": "nbgrader_config.py", "setuptools": "builds the students' wheel"}
# Python and torch of today's images, of which a package that is replaced needs a restart:
# Colab: Python 3.13, torch 2.11.0 (googlecolab/backend-info, pip-freeze.gpu.txt and os-info.txt of 19 August 2026).
# Kaggle: Python 3.12, torch 2.11.0; built on Colab's image of 16 July 2026 (Kaggle/docker-python, Dockerfile.tmpl).
COLAB = {
    "torch": "2.11.0", "ipython": "7.34.0", "traitlets": "5.7.1", "ipywidgets": "7.7.1", "matplotlib": "3.10.0",
    "numpy": "2.1.3", "pyarrow": "18.1.0", "safetensors": "0.8.0", "tokenizers": "0.22.2", "platformdirs": "4.11.3",
    "tqdm": "4.67.3", "filelock": "3.32.3", "typer": "0.27.1", "rich": "13.9.4", "packaging": "26.3",
}  # fmt: skip
KAGGLE = COLAB | {
    "numpy": "2.0.2", "platformdirs": "4.10.0", "filelock": "3.29.7", "typer": "0.26.8", "packaging": "26.2",
}  # fmt: skip
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
    assert pip[-1] == "-e .[lab,staff]", "the course itself is installed last"
    return pins(pip[:-1])


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins(line for line in lines if line and not line.startswith("#"))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def named(*extras: str) -> list[Requirement]:
    """What the project's base asks for, and its extras; not the project itself."""
    lines = [*project()["dependencies"], *(line for one in extras for line in project()["optional-dependencies"][one])]
    return [one for one in map(Requirement, lines) if one.name != project()["name"]]


def imported(package: str) -> dict[str, str]:
    """The distributions that a package's files import, each with one of these files; optional ones are left out."""
    home, found = packages_distributions(), {}
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.split(".")[0] for name in names} - OWN - OPTIONAL - sys.stdlib_module_names:
                found[canonicalize_name(home.get(top, [top])[0])] = str(path.relative_to(ROOT))
    return found


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
    for requirement in named("lab", "staff", "dev"):
        version = versions.get(canonicalize_name(requirement.name))
        own = requirement.name == "peft" and pinned is full_card  # for the current environment only
        assert version is None or own or requirement.specifier.contains(version), f"{requirement} excludes {version}"


def test_the_constraints_pin_everything_the_project_names_and_the_current_torch():
    now = constraints()
    assert now["torch"] == "2.13.0"
    everything = named("lab", "staff", "dev", "book", "browser")
    assert [one.name for one in everything if canonicalize_name(one.name) not in now] == []
    assert "torchtext" not in now


def test_the_base_is_what_students_import_and_staff_adds_what_the_grader_does():
    base = {canonicalize_name(one.name) for one in named()}
    staff = base | {canonicalize_name(one.name) for one in named("staff")}
    assert {name: file for name, file in imported("lora_utils").items() if name not in base} == {}
    assert {name: file for name, file in imported("grader").items() if name not in staff} == {}
    assert base & {"jupyterlab", "nbgrader", "nbval", "notebook", "sqlalchemy"} == set()


def test_nobody_needs_what_nobody_imports():
    imports = {*imported("lora_utils"), *imported("grader"), *NEEDED_BESIDES}
    assert [str(one) for one in named("staff") if canonicalize_name(one.name) not in imports] == []


@pytest.mark.parametrize("platform", [COLAB, KAGGLE], ids=["Colab", "Kaggle"])
def test_the_base_stands_beside_what_the_platforms_have(platform):
    clashes = [str(one) for one in named() if one.name in platform and not one.specifier.contains(platform[one.name])]
    assert clashes == []
    assert {one.name for one in named()} - platform.keys() == {"bitsandbytes", "gguf"}


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
