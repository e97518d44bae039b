"""A check that breaks over an odd answer is lost by the answer; one that breaks by itself is a fault of ours."""

from __future__ import annotations

import dataclasses

import pytest
import tiny_course as tiny
import torch
from this_machine import needs_sandbox

from grader.judge.malformed_answers import ODD, differences
from grader.notebooks.answer_key import AnswerKey
from grader.scoring.grading import grade

X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("came", "wanted", "said"),
    [
        ({"y": X}, {"y": X * 2}, None),
        ({"y": "no"}, {"y": X}, "y is text, expected a tensor"),
        ({"y": None}, {"y": X}, "y is None, expected a tensor"),
        ({"y": X.double()}, {"y": X}, "y is a tensor of torch.float64 and shape (2, 3), where something else was ex"),
        ({"y": X.T}, {"y": X}, "y is a tensor of torch.float32 and shape (3, 2), where"),
        ({"y": X / 0}, {"y": X}, "y is a tensor of torch.float32 and shape (2, 3), not finite, where"),
        ({"y": -X / 0}, {"y": X / 0}, None),
        ({"n": 3}, {"n": 4}, None),
        ({"n": True}, {"n": 4}, "n is True or False, expected a whole number"),
        ({"n": 4.0}, {"n": 4}, "n is a number, expected a whole number"),
        ({"n": 10**400}, {"n": 4}, "n is too large a number, where"),
        ({"n": 1e300}, {"n": 4.0}, "n is too large a number, where"),
        ({"n": float("nan")}, {"n": 4.0}, "n is NaN, where"),
        ({"n": float("-inf")}, {"n": 4.0}, "n is infinite, where"),
        ({}, {"n": 4}, "what came back has other names in it than expected"),
        ({"n": 4, "m": 4}, {"n": 4}, "what came back has other names in it than expected"),
        ({"p": {"A": [1, None]}}, {"p": {"A": [1, 2]}}, "p['A'][1] is None, expected a whole number"),
        ({"p": [1]}, {"p": [1, 2]}, "p has another length than expected: 1"),
        ({"p": []}, {"p": {}}, "p is a list, expected a dict"),
    ],
)
def test_what_is_odd_is_said_and_what_was_wanted_only_by_its_kind(came, wanted, said):
    found = next(differences(came, wanted), None)
    assert found == said if said is None else found.startswith(said)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    needs_sandbox()
    return tiny.make_course(tmp_path_factory.mktemp("course"))


def graded(course, answer: str, hidden: str = ""):
    """Grade an answer to `double`; `hidden` goes before the hidden check's own comparison."""
    key = tiny.keys_of(course)[tiny.FIRST]
    line = "    if secret_of_the_grader != 0.0:\n"
    cells = tuple(dataclasses.replace(c, source=c.source.replace(line, hidden + line)) for c in key.cells)
    result = grade(
        tiny.submission(tiny.notebook(course, double=answer, half=tiny.GOOD["half"])),
        AnswerKey(key.lab, cells, key.notebook),
    )
    return result, result.exercises[0]


FORGED = """
import grader.student.student_side as s
s.answer = lambda request, names: {"seen": {"value": [1, 2] if 0.0 in request["inputs"].get("args", ()) else "no"}}
"""
HONEST = "def double(x):\n    return [x, x] if x == 0 else 2 * x"
BREAKS = "    secret_of_the_grader + 0.0\n"


@pytest.mark.kernel
@pytest.mark.parametrize("answer", [tiny.GOOD["double"] + FORGED, HONEST])
def test_an_answer_that_nobody_can_compute_with_loses_the_check_and_is_flagged(course, answer):
    result, exercise = graded(course, answer, BREAKS)
    assert exercise.verdict in ("fail", "partial")
    assert [check.verdict for check in exercise.checks][-1] == "fail"
    message = exercise.messages[-1]
    assert (message.id, message.hint.startswith("Call your code once")) == (ODD, True)
    assert message.text.endswith("could not be checked: value is a list, expected a number")
    assert f"{ODD}:test-double" in result.flags
    assert not result.broken
    assert not any("grader" in note for note in result.notes)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (tiny.GOOD["double"], "    1 / 0\n"),  # breaks on any answer
        (tiny.GOOD["double"] + FORGED, "    1 / 0\n"),  # even an odd answer is not to blame then
        ("def double(x):\n    return 2 * x or -0.5", "    1 / (0.5 + secret_of_the_grader)\n"),  # honest, if wrong
    ],
)
def test_a_fault_of_a_check_stays_ours(course, answer, fault):
    result, exercise = graded(course, answer, fault)
    assert exercise.verdict == "grader-error"
    assert result.broken
    assert not any(flag.startswith(ODD) for flag in result.flags)


@pytest.mark.kernel
def test_what_no_honest_process_sends_is_flagged(course):
    answer = tiny.GOOD["double"] + '\nimport grader.student.student_side as s\ns.answer = lambda *a: {"points": 4}'
    result, exercise = graded(course, answer)
    assert (exercise.points, exercise.verdict) == (0.0, "fail")
    assert {message.id for message in exercise.messages} == {"wrong-type"}
    assert f"{ODD}:test-double" in result.flags
