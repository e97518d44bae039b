"""The course's own class earns nothing, however it is disguised: it is not there while its lab is graded."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import pytest
import tiny_course as tiny
from in_process import LABS, ROOT, answers, cells, grade_id
from this_machine import needs_sandbox

from grader.build.build import find_labs
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import Cell
from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits, execute

pytestmark = pytest.mark.kernel
LAB = "05_lora_layer"
TEACHING = [lab for lab in LABS if lab != "10_quiz"]
DISGUISES = {
    cell.metadata["title"]: cell.source
    for cell in jupytext.read(Path(__file__).with_name("disguises.py")).cells
    if "title" in cell.metadata
}
SEARCH = """
import ast, gc, importlib, importlib.util, json, pathlib, sys, types
found, names = [], {names!r}
for name in names:
    module, _, own = name.rpartition(".")
    for way in (lambda: importlib.import_module(module), lambda: getattr(importlib.import_module("lora_utils"), own)):
        try:
            way()
            found.append(f"{{name}} can be imported")
        except Exception:
            pass
    if module in sys.modules:
        found.append(f"{{module}} is loaded")
for one in gc.get_objects():
    if isinstance(one, (type, types.FunctionType)) and f"{{one.__module__}}.{{one.__qualname__}}" in names:
        found.append(f"{{one}} is in memory")
folder = pathlib.Path(importlib.util.find_spec("lora_utils").origin).parent
files = list(folder.rglob("*.py"))
for path in folder.rglob("*"):
    name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
    if path.suffix == ".pyc" or any(one.rpartition(".")[0] == name for one in names) or "checks/lab_" in str(path):
        found.append(f"{{path}} is on the disk")
raise ValueError(json.dumps([found, len(files)]))
"""


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_sandbox()


def key_of(lab: str) -> AnswerKey:
    return AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))


def graded(answer: str, lab: str = LAB, exercise: str = "lora-layer"):
    """A lab with the solution's answers and this one for an exercise: the result, and that exercise."""
    wanted = set(answers(lab))
    given = {grade_id(cell): cell.source for cell in cells(lab) if grade_id(cell) in wanted} | {exercise: answer}
    data = json.loads((ROOT / "notebooks" / lab / f"{lab}.ipynb").read_text())
    for cell in data["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = given.get(name, "".join(cell["source"]))
    result = grade(tiny.submission(data, lab=lab), key_of(lab))
    return result, next(e for e in result.exercises if e.grade_id == f"test-{exercise}")


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguised_reference_earns_nothing_and_costs_the_other_exercises_nothing(name):
    result, exercise = graded(DISGUISES[name])
    assert exercise.points == 0.0
    assert exercise.verdict in ("fail", "not-attempted")
    assert not result.broken
    assert result.score == result.max_score - exercise.max_points


STUB = "import sys, types\nsys.modules['lora_utils.{}'] = types.ModuleType('stub')\n"
# Near kin of what a lab teaches, in another room or behind a module that is only pretended to be there.
BENT = {
    "another method's layer": (
        "06_linear_with_lora",
        "linear-with-lora",
        "from lora_utils.methods import dora\ndora.row_lengths = lambda w: 1.0\n"
        "class LinearWithLoRA(dora.LinearWithDoRA):\n    pass",
    ),
    "a 4-bit layer behind a stub": (
        "06_linear_with_lora",
        "linear-with-lora",
        STUB.format("methods.linear_with_lora") + "from lora_utils.methods import qlora\n"
        "qlora.is_linear4bit = lambda layer: True\nclass LinearWithLoRA(qlora.QuantizedLinearWithLoRA):\n"
        "    def __init__(self, linear, rank, alpha):\n        super().__init__(linear, rank, alpha, torch.float32)",
    ),
    "the text of a file that needs it": (
        "06_linear_with_lora",
        "linear-with-lora",
        "import pathlib, lora_utils\n"
        "text = (pathlib.Path(lora_utils.__spec__.origin).parent / 'methods' / 'qlora.py').read_text()\n"
        "exec(text)\nLinearWithLoRA = QuantizedLinearWithLoRA",
    ),
    "another method's injection": (
        "06_linear_with_lora",
        "inject-by-name",
        "def inject(model, names, wrapper, rank, alpha):\n    from lora_utils.methods import dora\n"
        "    dora.LinearWithDoRA = wrapper\n    dora.inject_dora(model, names, rank, alpha)",
    ),
    "an experiment behind a stub": (
        "01_baselines",
        "mean-pooling",
        STUB.format("data.text") + "from lora_utils.experiments.transfer import mean_vectors as mean_pool",
    ),
    "the training of a probe": (
        "02_full_fine_tuning",
        "training-step",
        "from lora_utils.checks.framework.probes import train_towards as training_step",
    ),
    "an error by its name": (
        "08_qlora",
        "merge-back",
        "from lora_utils.quantization import relative_error as lost_share\n"
        "from lora_utils.methods import LinearWithLoRA\ndef merge_weights(*given):\n    return LinearWithLoRA(*given)",
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_what_is_near_it_or_needs_it_is_not_there_either(name):
    lab, exercise, answer = BENT[name]
    result, found = graded(answer, lab, exercise)
    assert found.points == 0.0
    assert not result.broken


def test_who_imports_it_reads_what_to_do_and_staff_see_a_flag():
    result, exercise = graded(DISGUISES["imported"])
    (message,) = exercise.messages
    assert message.text == (
        "your answer cell 'lora-layer' imports what is not there when graded: this lab asks you to write LoRALayer, so "
        "lora_utils.methods.lora is not there while it is graded"
    )
    assert message.hint == "Write it yourself, and take the import out."
    assert "answer-uses-reference:lora-layer" in result.flags
    _, exercise = graded(DISGUISES["helper that imports when it is called"])
    assert exercise.messages[0].text.startswith("your code imports what is not there when graded: this lab asks you to")
    assert exercise.messages[0].hint == message.hint


def test_the_solution_itself_is_the_students_own_work():
    source = next(cell.source for cell in cells(LAB) if grade_id(cell) == "lora-layer")
    result, _ = graded(source)
    assert result.score == result.max_score
    assert not any(flag.startswith("answer-uses-reference") for flag in result.flags)


@pytest.mark.parametrize("lab", TEACHING)
def test_nothing_that_a_lab_teaches_is_in_memory_on_disk_or_to_be_imported(lab):
    key = key_of(lab)
    assert key.withheld
    (run,) = execute([Cell("search", "code", SEARCH.format(names=key.withheld))], {}, Limits(), True, key).values()
    assert run.ename == "ValueError", run.evalue
    found, files = json.loads(run.evalue)
    assert found == []
    assert files > 40  # the rest of the package is there
