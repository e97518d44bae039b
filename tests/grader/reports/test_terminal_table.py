"""The table in the terminal says the same in wide and narrow windows, whatever names students choose."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from rich.console import Console
from sqlalchemy import create_engine

from grader.notebooks.submission import Refusal
from grader.records.attempt_policy import AttemptPolicy
from grader.records.attempts import Attempts
from grader.records.class_grades import ClassGrades
from grader.reports.terminal_table import class_table
from grader.results import Exercise, Result

LAB = "01_double"
POINTS = {LAB: 8.0}
COURSE = {f"{number:02}_a_lab_with_a_long_name": 20.0 + number for number in range(11)}


@dataclass(frozen=True)
class Key:
    """What the table wants of an answer key."""

    max_score: float
    worth: dict = field(default_factory=dict)


@pytest.fixture
def attempts(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    yield Attempts(engine)
    engine.dispose()


def result(student: str, points: float, lab: str = LAB, of: float = 8.0, sha: str = "s") -> Result:
    verdict = "pass" if points == of else "partial"
    exercises = [Exercise("test", points, of, verdict)]
    return Result(student, lab, sha, "c" * 64, exercises, "unsandboxed", "id", {"python": "3.11"}, 1.5)


def shown(attempts, labs=(LAB,), refused=(), points=POINTS, width=80, grace=0.0) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    keys = {lab: Key(points[lab]) for lab in labs}
    counting = AttemptPolicy(grace=grace)
    console.print(class_table(console, ClassGrades.of(keys, attempts.all(), {}, counting, refused=refused)))
    return console.export_text()


def test_it_shows_best_points_verdict_and_attempts_within_80_columns(attempts):
    for student, points, sha in (("=1+1", 8.0, "a"), ("ada", 7.0, "b"), ("ada", 5.0, "c")):
        attempts.add(result(student, points, sha=sha), 0.0)
    text = shown(attempts, refused=[Refusal("cy", LAB, "cy.ipynb", "is empty", "save it")])
    lines = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.strip()}
    assert "8 points" in text
    assert lines["ada"] == "ada 7 pass 2"
    assert lines["cy"] == "cy not graded"
    assert lines["=1+1"] == "=1+1 8 pass 1"


def test_it_tells_who_has_not_passed_and_who_was_late(attempts):
    attempts.add(result("bo", 5.0), 90.0)
    assert "bo 5 not yet 1 late" in " ".join(shown(attempts).split())
    assert "bo 5 not yet 1 late" in " ".join(shown(attempts, grace=89.0).split())
    assert "bo 5 not yet 1" in (said := " ".join(shown(attempts, grace=90.0).split()))
    assert "not yet 1 late" not in said


def test_it_is_not_fooled_by_markup_or_escape_sequences(attempts):
    attempts.add(result("[red]x[/red]\x1b[2J\nada", 8.0))
    text = shown(attempts)
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_eleven_labs_stay_whole_in_80_columns(attempts):
    for place, (lab, of) in enumerate(COURSE.items()):
        attempts.add(result("ada", of - place / 3, lab, of), 0.0)
        attempts.add(result("a-student-with-a-long-name", of / 3, lab, of), 90.0)
    refused = [Refusal("cy", lab, "cy.ipynb", "is empty", "save it") for lab in COURSE]
    lines = shown(attempts, COURSE, refused, COURSE).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines if line.split()[:1] == ["00"]] == [[lab[:2] for lab in COURSE]]
    rows = [line.split() for line in lines]
    assert ["student", *(f"{of:g}" for of in COURSE.values())] in rows
    assert ["ada", *(f"{round(of - place / 3, 1):g}" for place, of in enumerate(COURSE.values()))] in rows
    assert [f"{round(of / 3, 1):g}<" for of in COURSE.values()] in [row[1:] for row in rows]
    assert ["cy", *"?" * 11] in rows


def test_where_there_is_room_eleven_labs_have_words(attempts):
    for lab, of in COURSE.items():
        attempts.add(result("ada", of, lab, of), 0.0)
    assert shown(attempts, COURSE, points=COURSE, width=400).count("pass    1") == 11
