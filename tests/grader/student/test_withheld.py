"""What a lab withholds cannot be imported, read or found; the rest of the package is there as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.student.withheld import copy_without, handed_on, withhold

ROOT = Path(__file__).parents[3]
LORA = "lora_utils.methods.lora.LoRALayer"
BEFORE = f"""import pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from grader.student.withheld import withhold
withhold({{names}}, pathlib.Path({str(ROOT / "lora_utils")!r}))
"""


def ran(code: str, *names: str) -> str:
    """What a process prints in which these names are withheld."""
    text = BEFORE.format(names=list(names)) + code
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env={**os.environ})
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


RAISED = "grader.student.withheld.Withheld: this lab asks you to write"
SENTENCE = f"{RAISED} LoRALayer, so lora_utils.methods.lora is not there while it is graded"
NEEDS = (
    "grader.student.withheld.NeedsWithheld: lora_utils.methods.{} needs LoRALayer, which this lab asks you to write, "
    "so it is not there while the lab is graded"
)


@pytest.mark.parametrize(
    "way",
    [
        "from lora_utils import LoRALayer",
        "from lora_utils.methods import LoRALayer",
        "from lora_utils.methods.lora import LoRALayer",
        "from lora_utils.methods import lora",
        "import lora_utils; lora_utils.LoRALayer",
        "import lora_utils; lora_utils.methods.lora",
        "import pkgutil; pkgutil.resolve_name('lora_utils.methods:LoRALayer')",
    ],
)
def test_every_way_to_import_it_ends_in_one_sentence(way):
    assert ran(way, LORA) == SENTENCE


@pytest.mark.parametrize(
    ("way", "file"),
    [
        ("from lora_utils.methods import LinearWithLoRA", "linear_with_lora"),
        ("from lora_utils.methods import inject_lora", "inject"),
        ("import lora_utils.methods.rslora", "rslora"),
        (
            "import sys, types; sys.modules['lora_utils.methods.lora'] = types.ModuleType('x')\n"
            "import lora_utils.methods.inject",
            "inject",
        ),
    ],
)
def test_what_needs_it_is_not_there_either_and_says_what_it_needs(way, file):
    assert ran(way, LORA) == NEEDS.format(file)


def test_a_star_takes_what_is_there():
    code = "from lora_utils import *\nfrom lora_utils.training import *\nprint(accuracy.__name__, 'LoRALayer' in dir())"
    assert ran(code, LORA) == "accuracy False"
    assert ran("import lora_utils as l; print('freeze' in dir(l), 'LoRALayer' in dir(l))", LORA) == "True False"


def test_several_names_of_one_module_are_named_together():
    said = ran(
        "from lora_utils.quantization import pack", *(f"lora_utils.quantization.nf4.{n}" for n in ("pack", "unpack"))
    )
    assert said.startswith(f"{RAISED} pack and unpack, so ")


def test_the_rest_of_the_package_is_there():
    code = """
import lora_utils, torch
from lora_utils import accuracy, freeze
from lora_utils.checks import Draw
from lora_utils.methods import BottleneckAdapter
from lora_utils.training import train
assert freeze(torch.nn.Linear(1, 1)).weight.requires_grad is False
assert lora_utils.training.evaluate.accuracy is accuracy
assert lora_utils.methods.__doc__.startswith("What is taught")
assert not hasattr(lora_utils, "nothing_of_that_name")
print(sorted(name for name in __import__("sys").modules if name.endswith(".lora")))
"""
    assert ran(code, LORA) == "[]"


def test_checks_are_not_there_and_say_so():
    code = """
from lora_utils.checks import lab_05_lora_layer as check
from lora_utils.checks.lab_10_quiz import overview
print(check.lora_layer(print, points=3), overview() == check.lora_layer())
"""
    assert ran(code) == "Checks run outside of the notebook while it is graded. True"


def test_nothing_can_be_withheld_from_a_process_that_has_it():
    import lora_utils  # noqa: F401 - the point

    with pytest.raises(RuntimeError, match="is loaded already"):
        withhold([LORA], ROOT / "lora_utils")


def test_the_copy_lacks_what_is_taught_and_every_check(tmp_path):
    package = ROOT / "lora_utils"
    copy_without(package, tmp_path / "lora_utils", [LORA, "lora_utils.training.evaluate.accuracy"])
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    whole = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.suffix != ".pyc"}
    gone = {path for path in whole - kept if path.endswith(".py") and "/checks/" not in path}
    assert {"lora_utils/methods/lora.py", "lora_utils/methods/inject.py", "lora_utils/training/evaluate.py"} <= gone
    assert not gone & {"lora_utils/methods/adapters.py", "lora_utils/training/parameters.py", "lora_utils/__init__.py"}
    assert "lora_utils/checks/framework/probes.py" not in kept
    assert not any("lab_" in path or "__pycache__" in path for path in kept)
    assert "lora_utils/checks/framework/subject.py" in kept


def test_what_a_room_hands_on_is_read_without_importing_it():
    import ast

    room = ast.parse("from a.b import c as c\nfrom a import d as e\nimport f\nx = 1")
    assert handed_on(room) == {"c": ("a.b", "c"), "e": ("a", "d")}
