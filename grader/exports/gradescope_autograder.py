"""The zip of a Gradescope autograder: the course itself, and the two scripts that Gradescope asks for.

The form is that of gradescope-autograders.readthedocs.io, "Autograder Specifications": setup.sh and run_autograder at
the root; Gradescope unpacks all into /autograder/source, runs setup.sh once, and run_autograder for each submission.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.build.build import SOLUTIONS
from grader.course_package import course_package
from grader.notebooks.answer_key import AnswerKey

COURSE, SEED = "course", "seed"  # in the zip
ROOT_FILES = ("pyproject.toml", "README.md", "LICENSE", "constraints.txt")  # what pip needs to install the packages
EXECUTABLE, PLAIN = 0o755, 0o644
BEGINNING = (1980, 1, 1, 0, 0, 0)  # the same course gives the same bytes

# The images of Ubuntu have different Pythons; --extra-index-url is for PyTorch without its GPU libraries.
SETUP = """#!/usr/bin/env bash
set -e
export DEBIAN_FRONTEND=noninteractive
cd "${AUTOGRADER:=/autograder}/source"
apt-get update
apt-get install -y libseccomp2
for python in python3.13 python3.12 python3.11; do
    if apt-get install -y "$python" "$python-venv"; then break; fi
done
"$python" -m venv "$AUTOGRADER/venv"
"$AUTOGRADER/venv/bin/python" -m pip install --extra-index-url https://download.pytorch.org/whl/cpu \\
    -c course/constraints.txt -e "./course[staff]"
"""
RUN = """#!/usr/bin/env bash
export AUTOGRADER="${AUTOGRADER:=/autograder}"
cd "$AUTOGRADER/source/course"
exec "$AUTOGRADER/venv/bin/python" -c "from grader.exports import run_container; run_container()"
"""


def write_autograder(root: Path, key: AnswerKey, out: Path, seed: str | None = None) -> Path:
    """Write the autograder of one lab and return its path; a Gradescope assignment is for one lab.

    Whoever has the zip has the lab's solution and hidden checks, and the seed where one is given.

    Args:
        root: the course.
        key: the lab.
        out: the zip.
        seed: the course's own, from which all test inputs derive; default: the known one.

    Raises:
        OSError: it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", SETUP.encode(), EXECUTABLE)
        _add(archive, "run_autograder", RUN.encode(), EXECUTABLE)
        if seed is not None:
            _add(archive, SEED, seed.encode())
        for name, path in _files(root, key.lab):
            _add(archive, f"{COURSE}/{name}", path.read_bytes())
    return out


def _files(root: Path, lab: str) -> Iterator[tuple[str, Path]]:
    """Yield what the container needs, by its place in the course."""
    for name in ROOT_FILES:
        if (root / name).is_file():
            yield name, root / name
    for package in (course_package(), Path(__file__).parents[1]):
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(package.parent).as_posix(), path
    for suffix in ("py", "ipynb"):
        yield f"{SOLUTIONS}/{lab}/{lab}.{suffix}", root / SOLUTIONS / lab / f"{lab}.{suffix}"


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = PLAIN) -> None:
    entry = zipfile.ZipInfo(name, BEGINNING)
    entry.external_attr, entry.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
