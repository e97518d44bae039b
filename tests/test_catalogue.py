"""The proof that the checks are good: wrong answers lose with their message, right alternatives get full marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jupytext
import pytest
from in_process import LABS, ROOT, answers, points, run, stub, that_meet

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
    also: tuple[str, ...]

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
            tuple(cell.metadata.get("also", "").split()),
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
    lost = {entry.exercise, *entry.also}
    assert {f"test-{exercise}" for exercise in lost} <= set(outcome.grades)
    for test_id, grade in outcome.grades.items():
        exercise = test_id.removeprefix("test-")
        if exercise in lost:
            assert grade is not None, f"{test_id} raised {outcome.errors[test_id]!r}; a check must say what is wrong"
            assert grade < worth[test_id], f"{test_id} gave full marks to a wrong answer"
        else:
            assert grade == worth[test_id], f"{test_id} lost points though only {sorted(lost)} should\n{grade}"
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
