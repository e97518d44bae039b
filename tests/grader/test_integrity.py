"""Tricks whose text shows them are named; ordinary answers are not."""

from __future__ import annotations

import pytest
from in_process import LABS, answers, cells, grade_id

from grader.integrity import tampering


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("import torch\ntorch.allclose = lambda *a: True", ["patches-a-library"]),
        ("import lora_utils.checks.compare as c\nc.close = None", ["patches-a-library"]),
        ("del torch.equal", ["patches-a-library"]),
        ("get_ipython().ast_transformers.append(T())", ["changes-the-notebook"]),
        ("ip = get_ipython()\nip.run_cell = None", ["changes-the-notebook"]),
        ("from grader import frames", ["imports-the-grader"]),
        ("import subprocess, grader.judge", ["imports-the-grader", "starts-processes"]),
        ("import os\nos._exit(0)", ["starts-processes"]),
        ("open('/proc/self/environ')", ["looks-at-processes"]),
        ("layer.weight.data = x\nself.torch = torch\nmodel.fc1 = nn.Linear(2, 3)", []),
        ("model.events = 3\nmodel.run_cell()", []),
        ("def f(:", []),
        ("x" * 3 + " = " + "(" * 5_000 + ")" * 5_000, []),
    ],
)
def test_what_is_seen_is_named(source, kinds):
    assert tampering([source]) == kinds


@pytest.mark.parametrize("lab", LABS)
def test_no_solution_of_the_course_looks_like_a_trick(lab):
    wanted = set(answers(lab))
    assert tampering(cell.source for cell in cells(lab) if grade_id(cell) in wanted) == []
