"""No trick earns more than the same wrong answer without it, costs another exercise, or leaves anything behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import jupytext
import pytest
import tiny_course as tiny
from processes import still_running
from this_machine import needs_filter, needs_sandbox

from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=6, output_bytes=1_000_000)


def tricks(file: str) -> dict[str, str]:
    """The cells of a file in this folder, by their titles."""
    cells = jupytext.read(Path(__file__).with_name(file)).cells
    return {cell.metadata["title"]: cell.source for cell in cells if "title" in cell.metadata}


TRICKS, REACHES = tricks("tricks.py"), tricks("bystanders.py")
# Ordinary code, the kind of accident that an honest notebook has as well, or what breaks its own process at once.
UNSEEN = {
    "redefined check", "redefined grade", "always equal", "always equal at a distance", "huge answer", "deep answer",
    "memory", "200 MB of output", "swallows everything", "patched builtins", "patched exercise object", "patched json",
    "lying type", "pre_run_cell hook", "patched probes", "inputs foretold from the seed",
    "inputs foretold from the names", "inputs foretold from the numbers at random",
}  # fmt: skip
HONEST = 1.0  # of 4: twice zero is zero


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_sandbox()


def graded(course, key, answer: str):
    result = grade(tiny.submission(tiny.notebook(course, double=answer, half=tiny.GOOD["half"])), key, LIMITS)
    return result, {exercise.grade_id: exercise for exercise in result.exercises}


def test_the_honest_wrong_answer_gets_what_it_is_worth(course, key):
    _, exercises = graded(course, key, "def double(x):\n    return x")
    assert exercises["test-double"].points == HONEST
    assert exercises["test-half"].points == 4.0


@pytest.mark.parametrize("name", [*TRICKS, *REACHES])
def test_a_trick_earns_nothing_and_costs_nobody_anything(name, course, key):
    if name in REACHES:
        needs_filter()
    result, exercises = graded(course, key, (TRICKS | REACHES)[name])
    assert exercises["test-double"].points <= HONEST, exercises["test-double"]
    assert result.score <= HONEST + 4.0
    assert result.sandbox.startswith("namespaces")
    assert not result.broken, result.notes
    assert name in REACHES or bool(result.flags) is (name not in UNSEEN)
    honest, others = graded(course, key, tiny.GOOD["double"])  # whoever is graded next
    assert honest.score == 8.0, others


def test_nothing_is_left_behind():
    """After all of them: no process of theirs, no file outside, and this process still stands."""
    assert still_running("91.7261") == []
    assert not Path("/tmp/results.json").exists()
    os.kill(os.getpid(), signal.SIG_DFL)
