"""Tricks whose text shows them are named; ordinary answers are not."""

from __future__ import annotations

import jupytext
import pytest
from in_process import LABS, ROOT, answers, cells, grade_id

from grader.text.tamper_flags import tampering


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("get_ipython().ast_transformers.append(T())", ["changes-the-notebook"]),
        ("ip = get_ipython()\nip.run_cell_async = None", ["changes-the-notebook"]),
        ("from grader import frames", ["imports-the-grader"]),
        ("import subprocess, grader.judge.judging", ["imports-the-grader", "starts-processes"]),
        ("import os\nos._exit(0)", ["starts-processes"]),
        ("open('/proc/self/environ')", ["looks-at-processes", "touches-files"]),
        ("layer.weight.data = x\nself.torch = torch\nmodel.fc1 = nn.Linear(2, 3)", []),
        ("import urllib.request", ["uses-the-network"]),
        ("from urllib import request, parse", ["uses-the-network"]),
        ("from urllib.parse import quote", []),
        ("eval(text)", ["runs-text"]),
        ("compile(text, '', 'exec')", ["runs-text"]),
        ("In = 3", []),
        ("exec(open(path).read())", ["runs-text", "touches-files"]),
        ("%%time\n%matplotlib inline\nimport socket", ["uses-the-network"]),
        ("import os\nos.environ['HOME']\nos.fstat(3)", ["reads-the-environment", "uses-descriptors"]),
        ("class A:\n    def __eq__(self, other):\n        return self.a == other.a", []),
        ("import importlib\nimportlib.import_module('math')\nmodel.eval()\nre.compile('x')", []),
        ("x[0] = 1\nself.modules['a'] = 2\nmodel.fc1.weight = 3", []),
        ("model.events = 3\nmodel.run_cell()", []),
        ("def f(:", []),
        ("x" * 3 + " = " + "(" * 5_000 + ")" * 5_000, []),
    ],
)
def test_what_is_seen_is_named(source, kinds):
    assert tampering([source]) == kinds


@pytest.mark.parametrize("lab", LABS)
def test_no_solution_and_no_catalogued_answer_of_the_course_looks_like_a_trick(lab):
    wanted = set(answers(lab))
    assert tampering(cell.source for cell in cells(lab) if grade_id(cell) in wanted) == []
    for path in (ROOT / "tests" / "catalogue" / lab).glob("*/*.py"):
        for cell in jupytext.read(path).cells:
            assert tampering([cell.source] if cell.cell_type == "code" else []) == [], cell.metadata
