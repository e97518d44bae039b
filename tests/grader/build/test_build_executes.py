"""Building with a real kernel: the golden tree, and what a failing cell says."""

from __future__ import annotations

import shutil
from pathlib import Path

import percent_source as source
import pytest
import tiny_course as tiny
from typer.testing import CliRunner

from grader.cli import app

GOLDEN = Path(__file__).parent / "golden"
pytestmark = pytest.mark.kernel


def build(root: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["build", "--root", str(root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def tree(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*.ipynb"))}


def test_the_golden_tree(tmp_path, request):
    """Run with --update-golden to rewrite the expected notebooks, then read their diff."""
    sources = shutil.ignore_patterns("*.ipynb")
    shutil.copytree(GOLDEN / "solutions", tmp_path / "solutions", ignore=sources)
    assert build(tmp_path)[0] == 0
    if request.config.getoption("--update-golden"):
        for name, text in tree(tmp_path).items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text)
    built, expected = tree(tmp_path), tree(GOLDEN)
    assert (
        list(built)
        == list(expected)
        == [
            "notebooks/01_doubling/01_doubling.ipynb",
            "solutions/01_doubling/01_doubling.ipynb",
        ]
    )
    for name in expected:
        assert built[name] == expected[name], name


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            source.lab(source.setup("x = 1\ny = {}['rank']"), source.solution(), source.checks()),
            "solutions/01_topic/01_topic.py: cell 1 (setup): KeyError: 'rank'.",
        ),
        (
            source.lab(source.solution(), source.checks("import os\nos._exit(3)")),
            "solutions/01_topic/01_topic.py: cell 2 (test-double): the kernel died",
        ),
        (
            source.lab(source.solution(source.ANSWER.replace("x + x", "abs(x + x)")), source.checks()),
            "solutions/01_topic/01_topic.py: cell 2 (test-double): the solution earned 3.0 of 4 points",
        ),
        (
            source.lab(source.solution(), source.checks("5.0")),
            "solutions/01_topic/01_topic.py: cell 2 (test-double): the solution earned more of 4 points",
        ),
        (
            source.lab(source.solution(), source.checks("import warnings\nwarnings.warn('odd')\n4.0")),
            "solutions/01_topic/01_topic.py: cell 2 (test-double): it wrote to standard error",
        ),
    ],
    ids=["error", "death", "too few points", "too many points", "warning"],
)
def test_a_solution_that_fails_is_not_built(tmp_path, changed, message):
    root = source.course(tmp_path, x01_topic=changed)
    code, output = build(root)
    assert code == 1
    assert message in output
    assert "Traceback" not in output
    assert list(root.rglob("*.ipynb")) == []


def test_a_cell_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.build.run_solution.TIMEOUT", 1)
    root = source.course(tmp_path, x01_topic=source.lab(source.cell("while True:\n    pass")))
    code, output = build(root)
    assert code == 1
    assert "solutions/01_topic/01_topic.py: cell 1 ('while True:'): it ran longer than 1 s" in output


LORA = ' withheld=["lora_utils.methods.lora.LoRALayer"]'
STATE = """def adapter_state(model, also):
    ### BEGIN SOLUTION
    return {k: v.clone() for k, v in model.state_dict().items() if ".lora." in k or k.startswith(tuple(also))}
    ### END SOLUTION"""
DOUBLING = tiny.SETUP.partition("\n")[2]
RIGHT = source.checks("check_double(double, points=4)")
NEEDY = {
    "set-up cell": (
        (source.setup(f"{DOUBLING}\nfrom lora_utils import LoRALayer"), source.solution(), RIGHT),
        "01_topic: cell setup fails when graded: Withheld: this lab asks you to write LoRALayer",
    ),
    "solution": (
        (
            source.setup(DOUBLING),
            source.solution(source.ANSWER.replace("    twice", "    import lora_utils.methods.inject\n    twice", 1)),
            RIGHT,
        ),
        "01_topic: its own solution earns 0 of 4 points in test-double: your code imports what is not there",
    ),
    "graded cell": (
        (source.setup(), source.solution(), source.checks("4.0 if double(2) == 4 else 0.0")),
        "01_topic: it cannot be graded: TypeError: 'Handle' object is not callable",
    ),
    "probe": (
        (
            source.setup("from lora_utils.checks import lab_06_linear_with_lora as check"),
            source.solution(STATE, grade_id="state"),
            source.checks("check.adapter_state(adapter_state, points=4)", grade_id="test-state"),
        ),
        "01_topic: its own solution earns 0 of 4 points in test-state: your code imports what is not there when graded",
    ),
}


@pytest.mark.parametrize("needy", NEEDY)
def test_a_lab_that_needs_what_it_withholds_is_not_built(tmp_path, needy):
    (first, *rest), message = NEEDY[needy]
    line, _, body = first.partition("\n")
    root = source.course(tmp_path, x01_topic=source.lab(f"{line}{LORA}\n{body}", *rest))
    code, output = build(root)
    assert code == 1
    assert message in output
    assert list(root.rglob("*.ipynb")) == []
