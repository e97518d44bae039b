"""Small percent sources for the tests of the builder."""

from __future__ import annotations

import json
from pathlib import Path

SETUP = {"grade": False, "grade_id": "setup", "locked": True, "schema_version": 3, "solution": False, "task": False}
SOLUTION = {"grade": False, "grade_id": "double", "locked": False, "schema_version": 3, "solution": True, "task": False}
TEST = {
    "grade": True,
    "grade_id": "test-double",
    "locked": True,
    "points": 4,
    "schema_version": 3,
    "solution": False,
    "task": False,
}
ANSWER = """def double(x):
    \"\"\"Return twice x.\"\"\"
    ### BEGIN SOLUTION
    twice_as_much = x + x
    return twice_as_much
    ### END SOLUTION"""
CHECKS = """grade = 3.0 if double(2) == 4 else 0.0
### BEGIN HIDDEN TESTS
grade += 1.0 if double(-7) == -14 else 0.0
### END HIDDEN TESTS
grade"""


def cell(source: str, metadata: dict | None = None, *, tags: list[str] | None = None, kind: str = "") -> str:
    """Write one percent cell; text of a markdown cell is commented."""
    line = "# %%" + (f" [{kind}]" if kind else "")
    if metadata is not None:
        line += f" nbgrader={json.dumps(metadata)}"
    if tags is not None:
        line += f" tags={json.dumps(tags)}"
    body = "\n".join(f"# {text}".rstrip() for text in source.split("\n")) if kind else source
    return f"{line}\n{body}\n"


def text(source: str) -> str:
    """Write a markdown cell."""
    return cell(source, kind="markdown")


def setup(source: str = "import math") -> str:
    """Write the locked cell of imports."""
    return cell(source, SETUP)


def solution(source: str = ANSWER, **changed) -> str:
    """Write a solution cell; keywords replace metadata, None removes a key."""
    return cell(source, merged(SOLUTION, changed))


def checks(source: str = CHECKS, **changed) -> str:
    """Write a test cell; keywords replace metadata, None removes a key."""
    return cell(source, merged(TEST, changed))


def merged(metadata: dict, changed: dict) -> dict:
    return {key: value for key, value in {**metadata, **changed}.items() if value is not None}


def lab(*cells: str) -> str:
    """Join cells to a source."""
    return "\n".join(cells)


def good_lab() -> str:
    """One exercise with partial credit, a hidden test, a training cell that is not run when grading."""
    training = cell("trained = [double(n) for n in range(3)]\nprint(trained)", tags=["skip-when-grading"])
    return lab(text("# Doubling\n\nTwice is $2x$."), setup(), solution(), checks(), training)


def course(root: Path, **labs: str) -> Path:
    """Write a course folder with the given labs, `x01_topic` standing for 01_topic."""
    (root / "pyproject.toml").write_text("")
    (root / "solutions").mkdir()
    for name, source in labs.items():
        folder = root / "solutions" / name.removeprefix("x")
        folder.mkdir()
        (folder / f"{folder.name}.py").write_text(source)
    return root
