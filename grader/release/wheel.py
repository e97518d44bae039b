"""The package in one wheel, without the grader: what students install.

It is built from a copy of the package and a pyproject.toml that says of the course's own what concerns students. The
same files give the same bytes.

Source: the wheel format, packaging.python.org; SOURCE_DATE_EPOCH, reproducible-builds.org.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PACKAGE = "lora_utils"
SCRIPT = "lora-utils"
EXTRAS = ("lab", "torchtext")
EARLIEST = "315532800"  # 1980, as early as a zip can say
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def project_of(root: Path) -> dict:
    """Return the table [project] of the course's pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def student_pyproject(root: Path) -> str:
    """Return the wheel's pyproject.toml: base, the extras of students, one command, the package's own data."""
    text = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = text["project"]
    kept = ("name", "version", "description", "requires-python", "license", "license-files", "dependencies")
    extras = {name: lines for name, lines in project["optional-dependencies"].items() if name in EXTRAS}
    data = text["tool"]["setuptools"]["package-data"]
    tables = {
        "build-system": text["build-system"],
        "project": {name: project[name] for name in kept if name in project},
        "project.optional-dependencies": extras,
        "project.scripts": {SCRIPT: project["scripts"][SCRIPT]},
        "tool.setuptools.packages.find": {"include": [f"{PACKAGE}*"]},
        "tool.setuptools.package-data": {name: data[name] for name in data if name.split(".")[0] == PACKAGE},
    }
    # Texts and lists of texts are written in TOML as in JSON.
    return "\n".join(
        f"[{table}]\n" + "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in values.items())
        for table, values in tables.items()
    )


def build_wheel(root: Path) -> tuple[str, bytes]:
    """Build the wheel that students install; no network is needed.

    Args:
        root: the course's folder.

    Returns:
        The wheel's file name and its bytes.

    Raises:
        OSError: a file that pyproject.toml names is missing.
        RuntimeError: setuptools could not build it; the message ends with its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree, out = Path(folder, "tree"), Path(folder, "out")
        shutil.copytree(root / PACKAGE, tree / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        (tree / "pyproject.toml").write_text(student_pyproject(root), encoding="utf-8")
        for name in project_of(root).get("license-files", ()):
            shutil.copy(root / name, tree / name)
        out.mkdir()
        environment = os.environ | {"SOURCE_DATE_EPOCH": EARLIEST}
        command = [sys.executable, "-c", BUILD, str(out)]
        # A wheel records who may read its files, which is not to depend on who built it.
        done = subprocess.run(command, cwd=tree, env=environment, umask=0o022, capture_output=True, text=True)
        wheels = list(out.glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            words = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
            raise RuntimeError(f"setuptools built none; it said: {words}")
        return wheels[0].name, wheels[0].read_bytes()
