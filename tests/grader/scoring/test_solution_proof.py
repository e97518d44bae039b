"""Every lab's own solution earns every point without what the lab withholds; its probes travel without checks."""

from __future__ import annotations

import base64
import importlib
import inspect
import pickletools
import pkgutil

import pytest
import tiny_course as tiny
from in_process import LABS, ROOT

import lora_utils.checks
from grader.build.build import find_labs
from grader.build.source import read_source
from grader.build.twins import solution_twin, to_bytes
from grader.judge.probe_code import probe_code
from grader.notebooks.answer_key import AnswerKey
from grader.scoring.solution_proof import solution_faults

pytestmark = pytest.mark.kernel
MOST = 30_000  # bytes; a probe with its helpers has five thousand


def probes():
    """Every function of a lab's checks whose docstring says that it is one."""
    found = {}
    for room in pkgutil.iter_modules(lora_utils.checks.__path__, "lora_utils.checks."):
        if "lab_" in room.name:
            for file in pkgutil.iter_modules(importlib.import_module(room.name).__path__, f"{room.name}."):
                for name, value in vars(importlib.import_module(file.name)).items():
                    if inspect.isfunction(value) and (value.__doc__ or "").startswith("Probe:"):
                        found[f"{value.__module__}.{name}"] = value
    return found


PROBES = probes()


@pytest.mark.parametrize("lab", LABS)
def test_a_solution_stands_without_what_is_withheld(lab):
    key = AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))
    assert solution_faults(key) == []


def test_points_that_no_check_gives_are_told_with_a_reason(tmp_path):
    source = tiny.make_course(tmp_path) / "solutions" / tiny.FIRST / f"{tiny.FIRST}.py"
    source.write_text(source.read_text().replace("points=3, of=4", "points=2.999999"))
    lab = next(one for one in find_labs(tmp_path) if one.name == tiny.FIRST)
    lab.solution.write_bytes(to_bytes(solution_twin(read_source(lab.source))))
    assert solution_faults(AnswerKey.read(lab)) == [
        f"{lab.name}: its own solution earns 3.999999 of 4 points in test-{name}: its checks pass and are worth no "
        "more."
        for name in ("double", "half")
    ]


def test_there_are_probes():
    assert len(PROBES) > 60


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_takes_no_check_along(name):
    code = base64.b64decode(probe_code(PROBES[name]))
    assert len(code) < MOST
    said = " ".join(str(argument) for _, argument, _ in pickletools.genops(code) if isinstance(argument, str))
    assert "checks.framework.exercise" not in said
    assert "checks.framework.compare" not in said
