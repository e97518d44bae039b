"""Tricks whose text shows them are named; ordinary answers are not."""

from __future__ import annotations

import jupytext
import pytest
from in_process import LABS, ROOT, answers, cells, grade_id

from grader.text.tamper_flags import tampering


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("import torch\ntorch.allclose = lambda *a: True", ["patches-a-library"]),
        ("import lora_utils.checks.framework.compare as c\nc.close = None", ["patches-a-library"]),
        ("del torch.equal", ["patches-a-library"]),
        ("get_ipython().ast_transformers.append(T())", ["changes-the-notebook"]),
        ("ip = get_ipython()\nip.run_cell = None", ["changes-the-notebook"]),
        ("from grader import frames", ["imports-the-grader"]),
        ("import subprocess, grader.judge.judging", ["imports-the-grader", "starts-processes"]),
        ("import os\nos._exit(0)", ["starts-processes"]),
        ("open('/proc/self/environ')", ["looks-at-processes", "touches-files"]),
        ("layer.weight.data = x\nself.torch = torch\nmodel.fc1 = nn.Linear(2, 3)", []),
        ("from lora_utils.checks import origin\norigin.borrowed = list", ["patches-a-library"]),
        ("import torch as t\nsetattr(t, 'equal', None)", ["patches-a-library"]),
        ("import torch\nvars(torch)['equal'] = torch.__dict__['allclose'] = None", ["patches-a-library"]),
        ("import sys\nsys.modules['torch'] = None", ["patches-a-library"]),
        ("from unittest import mock", ["patches-a-library"]),
        ("import torch\ntorch.__version__ += 'x'", ["patches-a-library"]),
        ("import urllib.request", ["uses-the-network"]),
        ("from urllib import request, parse", ["uses-the-network"]),
        ("from urllib.parse import quote", []),
        ("eval(text)", ["runs-text"]),
        ("compile(text, '', 'exec')", ["runs-text"]),
        ("In = 3", []),
        ("from lora_utils import LoRALayer\nLoRALayer.__module__ = '__main__'", ["patches-a-library"]),
        ("exec(open(path).read())", ["runs-text", "touches-files"]),
        ("import importlib\nimportlib.import_module('lora' + tail)", ["runs-text"]),
        ("%%time\n%matplotlib inline\nimport socket", ["uses-the-network"]),
        ("import os\nos.environ['HOME']\nos.fstat(3)", ["reads-the-environment", "uses-descriptors"]),
        ("class A:\n    def __eq__(self, other):\n        return True", ["pretends-to-be-equal"]),
        ("class A:\n    def __eq__(self, other):\n        return self.a == other.a", []),
        ("import importlib\nimportlib.import_module('math')\nmodel.eval()\nre.compile('x')", []),
        ("import json as c\nc = model()\nc.fc1 = nn.Linear(2, 3)", ["patches-a-library"]),  # a name of both kinds
        ("x[0] = 1\nself.modules['a'] = 2\nmodel.fc1.weight = 3", []),
        ("model.events = 3\nmodel.run_cell()", []),
        ("def f(:", []),
        ("x" * 3 + " = " + "(" * 5_000 + ")" * 5_000, []),
    ],
)
def test_what_is_seen_is_named(source, kinds):
    assert tampering([source]) == kinds


def test_cells_are_read_together():
    assert tampering(["import lora_utils.checks.framework.compare as c", "c.close = None"]) == ["patches-a-library"]
    assert tampering(["import json as c", "c = model()\nc.fc1 = nn.Linear(2, 3)"]) == []


TRICKS = {
    cell.metadata["title"]: cell.source
    for cell in jupytext.read(ROOT / "tests" / "attacks" / "tricks.py").cells
    if "title" in cell.metadata
}
# Ordinary code, or the kind of accident that an honest notebook has as well.
UNSEEN = {
    "patched exercise object", "redefined check", "redefined grade", "huge answer",
    "deep answer", "memory", "200 MB of output", "swallows everything",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_every_trick_is_flagged_where_its_text_shows_it(trick):
    assert bool(tampering([TRICKS[trick]])) is (trick not in UNSEEN)


@pytest.mark.parametrize("lab", LABS)
def test_no_solution_and_no_catalogued_answer_of_the_course_looks_like_a_trick(lab):
    wanted = set(answers(lab))
    assert tampering(cell.source for cell in cells(lab) if grade_id(cell) in wanted) == []
    for path in (ROOT / "tests" / "catalogue" / lab).glob("*/*.py"):
        for cell in jupytext.read(path).cells:
            assert tampering([cell.source] if cell.cell_type == "code" else []) == [], cell.metadata
