"""The course as it stands in the repository: twins match their sources, and students get no answers.

Every guard is a function that lists faults; each is itself shown a planted fault further down.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import percent_source
import pytest
from typer.testing import CliRunner

from grader.build.build import find_labs
from grader.build.first_cells import LINK_ID, PACKAGE_ID
from grader.build.source import read_source
from grader.build.twins import solution_twin, student_twin, to_bytes
from grader.cli import app

ROOT = Path(__file__).parents[1]
LABS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir() and any(path.iterdir()))
FORBIDDEN = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "sys.path", "executed_sha256")
BAR = re.compile(r"\x1b\[[A-K]|\d%\|")  # the cursor moved, or a bar that was never wiped away
MACHINE_PATH = re.compile(r"/(?:home|root|Users|tmp|mnt|workspace)/|[A-Z]:\\\\Users")


def source_of(lab: str) -> str:
    return (ROOT / "solutions" / lab / f"{lab}.py").read_text(encoding="utf-8")


def twin_of(folder: str, lab: str) -> dict:
    return json.loads((ROOT / folder / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))


def text_of(cell: dict) -> str:
    return "".join(cell["source"])


def secret_lines(source: str) -> set[str]:
    """Lines longer than 12 characters that stand in a solution or hidden region and in no visible line.

    Reads the raw script line by line, not through the builder's own parser.
    """
    inside, outside, hiding = [], [], False
    for line in source.splitlines():
        if re.search(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)", line):
            hiding = "BEGIN" in line
        else:
            (inside if hiding else outside).append(line.strip().removeprefix("# "))
    visible = "\n".join(outside)
    return {line for line in inside if len(line) > 12 and line not in visible}


def leftovers(notebook: dict, source: str) -> list[str]:
    """Outputs and execution counts in a student twin."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    faults = [f"{cell['id']} has outputs" for cell in code if cell["outputs"]]
    return faults + [f"{cell['id']} has been executed" for cell in code if cell["execution_count"] is not None]


def forbidden_words(notebook: dict, source: str) -> list[str]:
    """Markers and path edits anywhere in a student twin."""
    text = json.dumps(notebook)
    return [f"it says {word}" for word in FORBIDDEN if word in text]


def answers(notebook: dict, source: str) -> list[str]:
    """Lines of solutions and hidden tests in a student twin."""
    text = "\n".join(text_of(cell) for cell in notebook["cells"])
    return [f"it gives away {line!r}" for line in sorted(secret_lines(source)) if line in text]


def cell_ids(notebook: dict, source: str) -> list[str]:
    """Ids that are missing, doubled, or not made from the grade_id or the cell's number."""
    faults, seen = [], set()
    cells = [cell for cell in notebook["cells"] if cell.get("id") not in (LINK_ID, PACKAGE_ID)]  # of every lab
    for number, cell in enumerate(cells, start=1):
        expected = cell["metadata"].get("nbgrader", {}).get("grade_id", f"cell-{number:02d}")
        if cell.get("id") != expected:
            faults.append(f"cell {number} is called {cell.get('id')!r} instead of {expected!r}")
        if cell.get("id") in seen:
            faults.append(f"two cells are called {cell['id']!r}")
        seen.add(cell.get("id"))
    return faults


def metadata(notebook: dict, source: str) -> list[str]:
    """Keys beyond the allow-list."""
    known = {"kernelspec", "language_info", "lora_utils"}
    faults = [f"the notebook has {key}" for key in notebook["metadata"].keys() - known]
    faults += [f"its own part has {key}" for key in notebook["metadata"]["lora_utils"].keys() - {"exercises"}]
    allowed = {"nbgrader", "tags", "jupyter", "withheld", "deletable", "editable"}
    for cell in notebook["cells"]:
        folded = {"cellView"} if cell.get("id") == PACKAGE_ID else set()  # by Colab
        for key in cell["metadata"].keys() - allowed - folded:
            faults.append(f"{cell.get('id')} has {key}")
        if cell["metadata"].get("jupyter", {"source_hidden": True}) != {"source_hidden": True}:
            faults.append(f"{cell.get('id')} has {cell['metadata']['jupyter']}")
    return faults


def locks(notebook: dict, source: str) -> list[str]:
    """Tests and set-up that a student could edit or delete by mistake."""
    faults = []
    for cell in notebook["cells"]:
        graded = cell["metadata"].get("nbgrader", {})
        frozen = graded and not graded["solution"]
        if graded and cell["metadata"].get("deletable") is not False:
            faults.append(f"{cell['id']} can be deleted")
        if frozen and cell["metadata"].get("editable") is not False:
            faults.append(f"{cell['id']} can be edited")
    return faults


STUDENT_GUARDS = (leftovers, forbidden_words, answers, cell_ids, metadata, locks)


def unfinished(notebook: dict, source: str) -> list[str]:
    """A solution twin that was not executed from top to bottom."""
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    faults = [] if counts == list(range(1, len(counts) + 1)) else [f"its execution counts are {counts}"]
    if "executed_sha256" not in notebook["metadata"].get("lora_utils", {}):
        faults.append("it does not say which code its outputs belong to")
    return faults


def unwanted_outputs(notebook: dict, source: str) -> list[str]:
    """Errors, standard error, progress bars and paths of somebody's machine in the outputs of a solution twin."""
    faults = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error" or output.get("name") == "stderr":
                faults.append(f"{cell['id']} shows {output.get('name', 'an error')}")
            text = json.dumps({mime: value for mime, value in output.get("data", {}).items() if mime != "image/png"})
            text += "".join(output.get("text", []))
            found = MACHINE_PATH.search(text)
            if found:
                faults.append(f"{cell['id']} shows a path, {found.group()}")
            if BAR.search(text):
                faults.append(f"{cell['id']} shows a progress bar")
    return faults


SOLUTION_GUARDS = (unfinished, unwanted_outputs, cell_ids)


def test_every_folder_of_solutions_is_a_lab_with_both_twins():
    assert [lab.name for lab in find_labs(ROOT)] == LABS
    for lab in find_labs(ROOT):
        assert lab.solution.is_file()
        assert lab.student.is_file()


def test_twins_match_their_sources():
    result = CliRunner().invoke(app, ["build", "--check", "--root", str(ROOT)])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{len(LABS)} lab")


@pytest.mark.parametrize("guard", STUDENT_GUARDS, ids=lambda guard: guard.__name__)
@pytest.mark.parametrize("lab", LABS)
def test_student_twin(lab, guard):
    assert guard(twin_of("notebooks", lab), source_of(lab)) == []


@pytest.mark.parametrize("guard", SOLUTION_GUARDS, ids=lambda guard: guard.__name__)
@pytest.mark.parametrize("lab", LABS)
def test_solution_twin(lab, guard):
    assert guard(twin_of("solutions", lab), source_of(lab)) == []


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_secrets_to_keep(lab):
    """Else the search for answers would find nothing because it looked for nothing."""
    assert secret_lines(source_of(lab))


# The guards, each shown a fault.


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[dict, dict, str]:
    """The student and solution twins of a small lab, as they stand on disk, and its source."""
    path = tmp_path_factory.mktemp("sample") / "01_doubling.py"
    path.write_text(percent_source.good_lab())
    source = read_source(path)
    ran = copy.deepcopy(source)
    ran.cells[4].outputs = [nbformat.v4.new_output("stream", name="stdout", text="[0, 2, 4]\n")]
    student, solution = student_twin(source), solution_twin(source, ran)
    return json.loads(to_bytes(student)), json.loads(to_bytes(solution)), path.read_text()


def named(notebook: dict, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def plant(name: str, **changes) -> Callable[[dict], None]:
    return lambda notebook: named(notebook, name).update(changes)


def say(name: str, line: str) -> Callable[[dict], None]:
    return lambda notebook: named(notebook, name)["source"].append(f"\n{line}")


def mark(name: str, **changes) -> Callable[[dict], None]:
    return lambda notebook: named(notebook, name)["metadata"].update(changes)


def show(text: str, name: str = "stdout") -> Callable[[dict], None]:
    return plant("cell-05", outputs=[{"output_type": "stream", "name": name, "text": [text]}])


RAISED = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
PAGE = {"output_type": "display_data", "metadata": {}, "data": {"text/html": ["<a href='/home/ada/x'>"]}}
FAULTS = [
    (leftovers, plant("setup", outputs=[RAISED]), "setup has outputs"),
    (leftovers, plant("setup", execution_count=1), "setup has been executed"),
    (forbidden_words, say("double", "    ### BEGIN SOLUTION"), "it says BEGIN SOLUTION"),
    (forbidden_words, say("double", "    ### END SOLUTION"), "it says END SOLUTION"),
    (forbidden_words, say("test-double", "### BEGIN HIDDEN TESTS"), "it says HIDDEN TESTS"),
    (forbidden_words, say("cell-01", "Mind `sys.path`."), "it says sys.path"),
    (
        forbidden_words,
        lambda notebook: notebook["metadata"].update(lora_utils={"executed_sha256": "0"}),
        "it says executed_sha256",
    ),
    (answers, say("double", "    twice_as_much = x + x"), "it gives away 'twice_as_much = x + x'"),
    (answers, say("cell-01", "Tip: twice_as_much = x + x"), "it gives away 'twice_as_much = x + x'"),
    (
        answers,
        say("test-double", "grade += 1.0 if double(-7) == -14 else 0.0"),
        "it gives away 'grade += 1.0 if double(-7) == -14 else 0.0'",
    ),
    (cell_ids, plant("cell-01", id="e0a1b2"), "cell 1 is called 'e0a1b2' instead of 'cell-01'"),
    (cell_ids, plant("setup", id="cell-01"), "two cells are called 'cell-01'"),
    (cell_ids, lambda notebook: notebook["cells"][0].pop("id"), "cell 1 is called None instead of 'cell-01'"),
    (metadata, mark("cell-01", lines_to_next_cell=2), "cell-01 has lines_to_next_cell"),
    (metadata, mark("setup", jupyter={"outputs_hidden": True}), "setup has {'outputs_hidden': True}"),
    (metadata, lambda notebook: notebook["metadata"].update(jupytext={}), "the notebook has jupytext"),
    (locks, mark("test-double", editable=True), "test-double can be edited"),
    (locks, mark("double", deletable=True), "double can be deleted"),
    (unfinished, plant("double", execution_count=None), "its execution counts are [1, None, 3, 4]"),
    (
        unfinished,
        lambda notebook: notebook["metadata"].pop("lora_utils"),
        "it does not say which code its outputs belong to",
    ),
    (unwanted_outputs, show("odd", "stderr"), "cell-05 shows stderr"),
    (unwanted_outputs, plant("cell-05", outputs=[RAISED]), "cell-05 shows an error"),
    (unwanted_outputs, show("saved to /tmp/adapter"), "cell-05 shows a path, /tmp/"),
    (unwanted_outputs, plant("cell-05", outputs=[PAGE]), "cell-05 shows a path, /home/"),
    (unwanted_outputs, show("IA3:  25%|##5       | 6/24"), "cell-05 shows a progress bar"),
    (unwanted_outputs, show("\x1b[A\n"), "cell-05 shows a progress bar"),
]


@pytest.mark.parametrize(("guard", "fault", "sentence"), FAULTS, ids=[sentence for _, _, sentence in FAULTS])
def test_a_guard_sees_its_fault_and_only_its_fault(sample, guard, fault, sentence):
    student, solution, source = sample
    notebook = copy.deepcopy(solution if guard in (unfinished, unwanted_outputs) else student)
    assert guard(notebook, source) == []
    fault(notebook)
    assert sentence in guard(notebook, source)


def test_every_guard_is_shown_a_fault():
    assert {guard for guard, _, _ in FAULTS} == {*STUDENT_GUARDS, *SOLUTION_GUARDS}


def test_secrets_are_the_lines_of_regions_that_nobody_sees(sample):
    assert secret_lines(sample[2]) == {
        "twice_as_much = x + x",
        "return twice_as_much",
        "grade += 1.0 if double(-7) == -14 else 0.0",
    }
    assert "return twice_as_much" not in secret_lines(sample[2] + "\n# %% [markdown]\n# Then `return twice_as_much`.\n")
