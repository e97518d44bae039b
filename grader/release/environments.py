"""The files from which students install: the versions of constraints.txt, and the full card for conda."""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader.release.wheel import EXTRAS, project_of

CONSTRAINTS = "constraints.txt"
HEADING = "# The exact versions that the course was tested with.\n"
CONDA = "# With torchtext, whose last release needs torch 2.3: conda env create -f environment.yml\n"


def requirements(root: Path, wheel: str) -> str:
    """Return requirements.txt: the wheel with JupyterLab, and a pin for each package that it names.

    Args:
        root: the course's folder; its constraints.txt has the versions.
        wheel: its file name, beside requirements.txt.
    """
    pins = {canonicalize_name(Requirement(line).name): line for line in _pinned(root)}
    named = [Requirement(line) for line in _named(root, "lab")]
    lines = [pins[name] for one in named if (name := canonicalize_name(one.name)) in pins]
    return f"{HEADING}--constraint {CONSTRAINTS}\n./{wheel}[lab]\n" + "".join(f"{line}\n" for line in lines)


def constraints(root: Path) -> str:
    """Return constraints.txt: the versions of everything that these packages need in turn, where it is needed."""
    return HEADING + "".join(f"{line}\n" for line in _pinned(root))


def conda_environment(root: Path, wheel: str) -> str:
    """Return environment.yml: the course's own as far as students need it, with the wheel for the course."""
    wanted = {canonicalize_name(Requirement(line).name) for line in _named(root, *EXTRAS)}
    kept = []
    for line in (root / "environment.yml").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):  # is for whoever has the course's own folder
            continue
        package = line.strip().removeprefix("- ").partition(" # ")[0].strip()
        if package.startswith("-e "):
            line = f"      - ./{wheel}[lab] # the course itself"
        elif "==" in package and canonicalize_name(Requirement(package).name) not in wanted:
            continue
        kept.append(line)
    return CONDA + "\n".join(kept) + "\n"


def _named(root: Path, *extras: str) -> list[str]:
    """Return the packages that the project asks for, with these extras."""
    project = project_of(root)
    return [*project["dependencies"], *(line for one in extras for line in project["optional-dependencies"][one])]


def _pinned(root: Path) -> list[str]:
    lines = (root / CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
