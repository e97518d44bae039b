"""The engine says what the notebook says: the whole catalogue, through judge and sandbox, check by check.

A submission takes the k-th answer of every exercise at once, since exercises do not depend on each other.
"""

from __future__ import annotations

from functools import lru_cache

import jupytext
import pytest
from in_process import LABS, ROOT, answers, cells, grade_id, run

from grader.build.build import find_labs
from grader.notebooks.answer_key import AnswerKey
from grader.notebooks.restoration import Cell
from grader.scoring.run_submission import Limits, execute
from lora_utils.checks.framework.draw import SEED_VARIABLE

pytestmark = pytest.mark.kernel
CATALOGUE = ROOT / "tests" / "catalogue"


def entries(lab: str, kind: str) -> dict[str, list[str]]:
    """The catalogued answers of every exercise of a lab."""
    found = {}
    for exercise in answers(lab):
        path = CATALOGUE / lab / kind / f"{exercise}.py"
        found[exercise] = [c.source for c in jupytext.read(path).cells if c.cell_type == "code"]
    return found


def rounds(kind: str) -> list[tuple[str, str, int]]:
    return [(lab, kind, k) for lab in LABS for k in range(max(map(len, entries(lab, kind).values()), default=0))]


def outline(data: dict) -> dict:
    """What must agree: points, verdict, and each check's verdict and message."""
    checks = [(c["id"], c["verdict"], c["message_id"], c["hidden"], c["points"]) for c in data["checks"]]
    return {"points": data["points"], "verdict": data["verdict"], "checks": checks, "flags": data["flags"]}


@lru_cache
def key_of(lab: str) -> AnswerKey:
    return AnswerKey.read(next(one for one in find_labs(ROOT) if one.name == lab))


@pytest.mark.parametrize(("lab", "kind", "number"), rounds("wrong") + rounds("right"))
def test_every_catalogued_answer_gets_the_same_from_the_engine(lab, kind, number):
    chosen = {name: texts[number % len(texts)] for name, texts in entries(lab, kind).items() if texts}
    here = run(lab, chosen, seed="7")
    key = key_of(lab)
    sources = {grade_id(cell): cell.source for cell in cells(lab) if grade_id(cell)}
    restored = [Cell(c.id, c.kind, chosen.get(c.grade_id, sources.get(c.grade_id, c.source)), c) for c in key.cells]
    there = execute(restored, {SEED_VARIABLE: "7"}, Limits(cell_seconds=120), key=key)
    by_name = {c.grade_id: there[c.id] for c in key.graded}
    for name, grade in here.grades.items():
        run_there = by_name[name]
        if grade is not None and "answer-uses-reference" in grade.flags:
            assert (run_there.status, there[name.removeprefix("test-")].ename) == (
                "error",
                "Withheld",
            )  # there it is not to be had
        elif grade is None:
            assert run_there.status == "error"
            assert run_there.ename == type(here.errors[name]).__name__
        else:
            assert run_there.grade is not None, run_there
            assert outline(run_there.grade) == outline(grade.data()), f"{lab} {name}"
