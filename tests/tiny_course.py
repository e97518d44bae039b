"""A course of two tiny labs, and submissions made from it: what the tests of grading work on."""

from __future__ import annotations

import json
from pathlib import Path

from grader.build.build import find_labs
from grader.build.source import read_source
from grader.build.twins import solution_twin, student_twin, to_bytes
from grader.notebooks.answer_key import AnswerKey, read_keys
from grader.notebooks.notebook_file import SubmittedCell
from grader.notebooks.submission import Submission

FIRST, SECOND = "01_double", "02_sign"

META = 'nbgrader={{"grade": {grade}, "grade_id": "{id}", "locked": {locked}{points}, "schema_version": 3, '
META += '"solution": {solution}, "task": false}}'


def _meta(id: str, *, points: float | None = None, solution: bool = False) -> str:
    flag = {True: "true", False: "false"}
    return META.format(
        id=id,
        grade=flag[points is not None],
        locked=flag[not solution],
        points="" if points is None else f', "points": {points}',
        solution=flag[solution],
    )


SETUP = f"""# %% {_meta("setup")}
import math
from lora_utils.checks import Exercise, Failure
from lora_utils.checks.framework.probes import call

def exercise(name, expected):
    made = Exercise(name)

    @made.check
    def right(subject, draw):
        "It computes the right number."
        x = draw.number(1, 9)
        seen = subject.probe(call, args=[x])["value"]
        if seen == x:
            raise Failure("unchanged", f"for {{x}} expected {{expected(x)}}, got the input back", "Multiply it.")
        if seen != expected(x):
            raise Failure("wrong-number", f"for {{x}} expected {{expected(x)}}, got {{seen!r}}")

    return made

check_double, check_half = exercise("double", lambda x: 2 * x), exercise("half", lambda x: x / 2)
"""


def _task(name: str, title: str, body: str, hidden: str) -> str:
    return f"""
# %% [markdown]
# ### Exercise: {title}
# Write `{name}`.

# %% {_meta(name, solution=True)}
def {name}(x):
    ### BEGIN SOLUTION
    {body}
    ### END SOLUTION

# %% {_meta("test-" + name, points=4)}
grade = check_{name}({name}, points=3, of=4)
### BEGIN HIDDEN TESTS
def of_zero(subject, draw):
    "It also works for zero."
    secret_of_the_grader = subject.probe(call, args=[0.0])["value"]
    if secret_of_the_grader != {hidden}:
        raise Failure("not-zero", f"expected {hidden} for 0, got {{secret_of_the_grader!r}}")
grade = grade.hidden(of_zero, points=1)
### END HIDDEN TESTS
grade
"""


SOURCES = {
    FIRST: "# %% [markdown]\n# # Doubling\n\n"
    + SETUP
    + _task("double", "twice as much", "return 2 * x", "0.0")
    + '\n# %% tags=["skip-when-grading"]\nraise RuntimeError("training, which grading never runs")\n'
    + _task("half", "half as much", "return x / 2", "0.0"),
    SECOND: "# %% [markdown]\n# # Halving\n\n" + SETUP + _task("half", "half again", "return x / 2", "0.0").replace(
        "grade_id\": \"half\"", "grade_id\": \"halve\""
    ).replace("test-half", "test-halve"),
}  # fmt: skip


def make_course(root: Path) -> Path:
    """Write the course's sources and twins (not executed) and return its folder."""
    (root / "pyproject.toml").write_text("")
    for name, text in SOURCES.items():
        (root / "solutions" / name).mkdir(parents=True)
        (root / "notebooks" / name).mkdir(parents=True)
        (root / "solutions" / name / f"{name}.py").write_text(text)
    for lab in find_labs(root):
        source = read_source(lab.source)
        lab.solution.write_bytes(to_bytes(solution_twin(source)))
        lab.student.write_bytes(to_bytes(student_twin(source)))
    return root


def keys_of(root: Path) -> dict[str, AnswerKey]:
    """The answer keys of the whole course."""
    return read_keys(root, [])


def notebook(root: Path, lab: str = FIRST, **answers: str) -> dict:
    """The student notebook of a lab as JSON data, with some answer cells replaced."""
    data = json.loads((root / "notebooks" / lab / f"{lab}.ipynb").read_text())
    for cell in data["cells"]:
        cell["source"] = "".join(cell["source"])
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell["source"] = answers[name]
    return data


def cell_of(data: dict, id: str) -> dict:
    """The cell with this id."""
    return next(cell for cell in data["cells"] if cell["id"] == id)


def hand_in(folder: Path, student: str, data: dict | bytes, lab: str = FIRST, when: str = "") -> Path:
    """Write a submission on nbgrader's layout and return the notebook's path."""
    path = folder / student / lab / f"{lab}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    if when:
        (path.parent / "timestamp.txt").write_text(when)
    return path


def submission(data: dict, student: str = "ada", lab: str = FIRST) -> Submission:
    """A submission as grading gets it, without a file."""
    cells = tuple(
        SubmittedCell(
            c["cell_type"],
            c["source"],
            c.get("id", ""),
            c["metadata"].get("nbgrader", {}).get("grade_id", ""),
        )
        for c in data["cells"]
    )
    text = json.dumps(data, sort_keys=True)
    return Submission(student, lab, cells, f"sha-of-{hash(text)}")


GOOD = {"double": "def double(x):\n    return x + x", "half": "def half(x):\n    return 0.5 * x"}
