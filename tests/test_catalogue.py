"""The proof that the checks are good: wrong answers lose with their message, right alternatives get full marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jupytext
import pytest
from in_process import LABS, ROOT, answers, cells, global_names, grade_id, points, run, stub, that_meet

SEEDS = [str(seed) for seed in range(20)]
CATALOGUE = ROOT / "tests" / "catalogue"


@dataclass(frozen=True)
class Entry:
    """One catalogued answer: the text that replaces an answer cell, and what must come of it."""

    lab: str
    kind: str  # wrong | right
    exercise: str
    title: str
    source: str
    message: str

    def __str__(self) -> str:
        return f"{self.lab}-{self.kind}-{self.exercise}-{self.title.replace(' ', '_')}"


def read(path: Path) -> list[Entry]:
    """Read one file of the catalogue: each code cell is an entry."""
    lab, kind = path.parts[-3], path.parts[-2]
    return [
        Entry(
            lab,
            kind,
            path.stem,
            cell.metadata.get("title", f"entry {i}"),
            cell.source,
            cell.metadata.get("message", ""),
        )
        for i, cell in enumerate(jupytext.read(path).cells)
        if cell.cell_type == "code"
    ]


ENTRIES = [entry for path in sorted(CATALOGUE.glob("*/*/*.py")) for entry in read(path)]
WRONG = [e for e in ENTRIES if e.kind == "wrong"]
RIGHT = [e for e in ENTRIES if e.kind == "right"]


@pytest.mark.parametrize("entry", WRONG, ids=str)
def test_a_wrong_answer_loses_its_exercise_and_gets_its_message(entry, record_property):
    record_property("catalogue", f"{entry.lab} {entry.exercise} wrong")
    outcome = run(entry.lab, {entry.exercise: entry.source}, only=that_meet(entry.lab, entry.exercise, entry.source))
    worth = points(entry.lab)
    own = f"test-{entry.exercise}"
    assert own in outcome.grades
    for test_id, grade in outcome.grades.items():
        if test_id == own:
            assert grade is not None, f"{test_id} raised {outcome.errors[test_id]!r}; a check must say what is wrong"
            assert grade < worth[test_id], f"{test_id} gave full marks to a wrong answer"
        else:
            assert grade == worth[test_id], f"{test_id} lost points though only {own} should\n{grade}"
    grade = outcome.grades[f"test-{entry.exercise}"]
    failed = [r for r in grade.results if r.verdict == "fail"]
    assert entry.message, "a wrong answer names the message it must produce"
    assert failed, grade
    assert failed[0].message_id == entry.message, f"expected {entry.message!r} first\n{grade}"
    assert failed[0].text
    assert failed[0].hint, f"a recognised mistake has a hint\n{grade}"


@pytest.mark.parametrize("entry", RIGHT, ids=str)
def test_a_right_alternative_gets_full_marks(entry, record_property):
    record_property("catalogue", f"{entry.lab} {entry.exercise} right")
    for seed in SEEDS[:3]:
        outcome = run(
            entry.lab, {entry.exercise: entry.source}, seed, only=that_meet(entry.lab, entry.exercise, entry.source)
        )
        assert f"test-{entry.exercise}" in outcome.grades
        for test_id, grade in outcome.grades.items():
            assert grade == points(entry.lab)[test_id], f"seed {seed}: {outcome.errors.get(test_id)!r}\n{grade}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lab", LABS)
def test_the_solution_gets_full_marks_with_nothing_on_stderr(lab, seed):
    outcome = run(lab, seed=seed)
    assert not outcome.errors
    assert outcome.stderr == ""
    for test_id, worth in points(lab).items():
        assert outcome.grades[test_id] == worth, outcome.grades[test_id]
        assert outcome.grades[test_id].of == worth, f"{test_id}: of={outcome.grades[test_id].of}, metadata says {worth}"
        assert outcome.grades[test_id].flags == []


@pytest.mark.parametrize("lab", LABS)
def test_the_untouched_notebook_scores_zero_everywhere(lab):
    outcome = run(lab, stub(lab))
    assert outcome.stderr == ""
    for test_id, grade in outcome.grades.items():
        assert grade is not None, f"{test_id} raised {outcome.errors[test_id]!r}"
        assert grade == 0, grade
        assert grade.verdict == "not-attempted", grade


def test_checks_that_an_answer_can_reach_are_found_by_name():
    assert global_names("def f(x):\n    return g(x) + y\nz = f(1)") == ({"f", "z"}, {"f", "g", "y"})
    assert global_names("%time import torch as t\nimport os.path") == ({"os"}, set())
    lab, name = "06_linear_with_lora", "linear-with-lora"
    (source,) = [cell.source for cell in cells(lab) if grade_id(cell) == name]
    met = that_meet(lab, name, source)  # injecting takes the class itself, merging what the adapted model is made of
    assert {f"test-{one}" for one in (name, "inject-by-name", "merge-weights")} <= met
    assert "test-adapter-state" not in met
    assert "test-adapter-state" in that_meet(lab, name, f"{source}\n\n\ndef adapter_state(model): ...")


def least(lab: str) -> int:
    """How many wrong answers an exercise must have: a question of the quiz has few forms."""
    return 7 if lab == "10_quiz" else 12


@pytest.mark.parametrize("lab", LABS)
def test_every_exercise_has_its_catalogue(lab):
    for exercise in answers(lab):
        wrong = [e for e in WRONG if (e.lab, e.exercise) == (lab, exercise)]
        right = [e for e in RIGHT if (e.lab, e.exercise) == (lab, exercise)]
        assert len(wrong) >= least(lab), f"{exercise}: {len(wrong)} wrong answers"
        assert len(right) >= (4 if lab == "10_quiz" else 6), f"{exercise}: {len(right)} right answers"


def test_every_catalogue_file_belongs_to_an_exercise():
    strays = [str(e) for e in ENTRIES if e.lab not in LABS or e.exercise not in answers(e.lab)]
    assert not strays
