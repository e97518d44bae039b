"""The course's own class earns nothing, however it is disguised; where the text hides it, the disguise is flagged."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import pytest
import tiny_course as tiny
from in_process import ROOT, answers, cells, grade_id
from this_machine import needs_sandbox

from grader.build.build import find_labs
from grader.notebooks.answer_key import AnswerKey
from grader.scoring.grading import grade

pytestmark = pytest.mark.kernel
LAB = "05_lora_layer"
DISGUISES = {
    cell.metadata["title"]: cell.source
    for cell in jupytext.read(Path(__file__).with_name("disguises.py")).cells
    if "title" in cell.metadata
}
PUT_TOGETHER = """import importlib, inspect
package = importlib.import_module("_".join(["lora", "utils"]))
exec(inspect.getsource(package.LoRALayer))"""


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_sandbox()


def graded(answer: str):
    """Lab 05 with the solution's answers and this one for LoRALayer: the result, and that exercise."""
    key = AnswerKey.read(next(lab for lab in find_labs(ROOT) if lab.name == LAB))
    wanted = set(answers(LAB))
    given = {grade_id(cell): cell.source for cell in cells(LAB) if grade_id(cell) in wanted} | {"lora-layer": answer}
    data = json.loads((ROOT / "notebooks" / LAB / f"{LAB}.ipynb").read_text())
    for cell in data["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = given.get(name, "".join(cell["source"]))
    result = grade(tiny.submission(data, lab=LAB), key)
    return result, next(e for e in result.exercises if e.grade_id == "test-lora-layer")


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguised_reference_earns_nothing_and_is_flagged(name):
    result, exercise = graded(DISGUISES[name])
    assert (exercise.points, exercise.verdict) == (0.0, "fail")
    assert [message.id for message in exercise.messages] == ["reference-used"]
    assert {check.verdict for check in exercise.checks[1:]} == {"skipped"}
    assert "answer-uses-reference:test-lora-layer" in result.flags
    assert not result.broken
    assert result.score <= result.max_score - exercise.max_points


def test_a_disguise_that_no_text_shows_is_at_least_flagged():
    result, exercise = graded(PUT_TOGETHER)
    assert exercise.verdict == "pass"
    assert result.flags[-1:] == ["tampering:runs-text"]


def test_the_solution_itself_is_the_students_own_work():
    source = next(cell.source for cell in cells(LAB) if grade_id(cell) == "lora-layer")
    result, _ = graded(source)
    assert result.score == result.max_score
    assert not any(flag.startswith("answer-uses-reference") for flag in result.flags)
