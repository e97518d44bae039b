"""Every lab's own solution earns every point without what the lab withholds; its probes travel without checks."""

from __future__ import annotations

import base64
import importlib
import inspect
import pickletools
import pkgutil

import pytest
from in_process import LABS, ROOT

import lora_utils.checks
from grader.build.build import find_labs
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


def test_there_are_probes():
    assert len(PROBES) > 60


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_takes_no_check_along(name):
    code = base64.b64decode(probe_code(PROBES[name]))
    assert len(code) < MOST
    said = " ".join(str(argument) for _, argument, _ in pickletools.genops(code) if isinstance(argument, str))
    assert "checks.framework.exercise" not in said
    assert "checks.framework.compare" not in said
