"""The same answer from two students is told to the instructor, however it is dressed; natural short ones are not."""

from __future__ import annotations

import dataclasses

import pytest
import tiny_course as tiny
from class_pages import COURSE, grades_in

from grader.class_run import grading_run
from grader.class_run.answer_comparison import SharedAnswer, shared_answers
from grader.class_run.grading_run import grade_all
from grader.engine.service import engine
from grader.judge.reader import read
from grader.reports.class_report import alerts, write_class_report
from grader.results import Exercise, Result
from grader.text.fingerprint import fingerprints

LONG = '''def double(x):
    """Return twice x."""
    # first the obvious case, then the rest by adding
    if x == 0:
        return 0.0
    whole, part = divmod(abs(x), 1)
    limits = [whole, part, whole + part, max(whole, part), min(whole, part), whole * part]
    total = sum(2 for _ in range(int(whole)))
    sign = 1 if x > 0 else -1
    if len(limits) != 6 or total < 0:
        raise ValueError("cannot be")
    return (total + part + part) * sign'''
DRESSED = """# all my own work
def double( x ):

    if (x == 0): return 0.0
    whole , part = divmod( abs(x), 1 )   # whole and part
    limits=[whole,part,whole+part,max(whole,part),min(whole,part),whole*part]
    total = sum( (2 for _ in range(int(whole))) )
    sign = (1 if x>0 else -1)
    if (len(limits)!=6 or total<0): raise ValueError( "cannot be" )
    return (total+part+part)*sign"""
RENAMED = LONG
for old, new in {
    "double(x)": "double(value)",
    "(x)": "(value)",
    "x ": "value ",
    "whole": "n",
    "total": "sum_of_it",
}.items():
    RENAMED = RENAMED.replace(old, new)
OTHER = LONG.replace("divmod(abs(x), 1)", "divmod(abs(x), 1.0)")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


def shared(course, keys, **answers: str) -> list[SharedAnswer]:
    """What a class shares in which each student answers the first exercise like this."""
    handed_in = []
    for number, (student, answer) in enumerate(answers.items()):
        made = tiny.submission(tiny.notebook(course, double=answer), student)
        handed_in.append(dataclasses.replace(made, sha256=str(number)))
    return shared_answers(handed_in, keys, read)


def test_a_copy_is_seen_through_names_white_space_comments_and_docstrings(course, keys):
    assert shared(course, keys, zoe=LONG, ada=DRESSED, bo=OTHER, cy=RENAMED) == [
        SharedAnswer(tiny.FIRST, "Exercise: twice as much", ["ada", "cy", "zoe"])
    ]


def test_every_group_is_told_by_itself(course, keys):
    found = shared(course, keys, a=LONG, b=OTHER, c=LONG, d=OTHER, e=LONG)
    assert [one.students for one in found] == [["a", "c", "e"], ["b", "d"]]


@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    return 2 * x",
        "def double(x):\n    return x + x  # " + "because " * 30,
        'def double(x):\n    """' + "Very long. " * 30 + '"""\n    return x * 2',
        "def double(x):\n    raise NotImplementedError",
        "",
    ],
)
def test_short_natural_answers_and_stubs_are_let_be(answer, course, keys):
    assert shared(course, keys, ada=answer, bo=answer) == []


def test_the_labs_own_solution_and_the_stub_are_let_be(keys, course):
    key = keys[tiny.FIRST]
    prints = tuple(fingerprints(LONG))
    cells = [dataclasses.replace(c, prints=prints) if c.grade_id == "double" else c for c in key.cells]
    assert shared(course, {tiny.FIRST: dataclasses.replace(key, cells=tuple(cells))}, ada=LONG, bo=DRESSED) == []
    cells = [dataclasses.replace(c, given=prints) if c.grade_id == "double" else c for c in key.cells]
    assert shared(course, {tiny.FIRST: dataclasses.replace(key, cells=tuple(cells))}, ada=LONG, bo=LONG) == []


def test_whole_files_that_are_the_same_are_told_once(course, keys):
    one = tiny.submission(tiny.notebook(course, double=LONG))
    twice = [dataclasses.replace(one, student=name) for name in ("ada", "bo")]
    assert shared_answers(twice, keys, read) == []
    third = dataclasses.replace(one, student="cy", sha256="another")
    assert [s.students for s in shared_answers([*twice, third], keys, read)] == [["ada", "bo", "cy"]]


def test_one_answer_that_keeps_a_reader_busy_costs_the_others_nothing(course, keys):
    busy = "\n".join(["!true"] * 501)
    deep = "a" + ".b" * 20_000
    branches = "if x == 0:\n    y = 0\n" + "".join(f"elif x == {n}:\n    y = {n}\n" for n in range(1, 1_400))
    read_apart = engine(False).read
    handed_in = []
    for number, answer in enumerate([LONG, busy, deep, branches, f"double = {deep}", DRESSED]):
        made = tiny.submission(tiny.notebook(course, double=answer), f"s{number}")
        handed_in.append(dataclasses.replace(made, sha256=str(number)))
    assert [one.students for one in shared_answers(handed_in, keys, read_apart)] == [["s0", "s5"]]


def test_the_report_names_the_students_and_decides_nothing(course, keys, tmp_path, monkeypatch):
    def given(one, key, *more):
        exercises = [Exercise(cell.grade_id, 4.0, cell.points, "pass") for cell in key.graded]
        return Result(one.student, one.lab, one.sha256, key.sha256, exercises, "unsandboxed", "id", {}, 0.1)

    monkeypatch.setattr(grading_run, "grade", given)
    for student, answer in {"zoe": LONG, "<ada>": DRESSED, "bo": OTHER}.items():
        tiny.hand_in(tmp_path / "in", student, tiny.notebook(course, double=answer))
    url = f"sqlite:///{tmp_path / 'g.db'}"
    run = grade_all(tmp_path / "in", keys, url)
    (alert,) = alerts([row.result for row in run.graded], run.shared)
    assert alert.students == ["<ada>", "zoe"]
    assert {row.result.score for row in run.graded} == {8.0}
    page = write_class_report(grades_in(url, run), run, tmp_path, COURSE).read_text()
    assert "the same answer, names, layout and comments aside: Exercise: twice as much" in page
    assert "<bdi>&lt;ada&gt;</bdi>, <bdi>zoe</bdi>" in page


def test_an_answer_is_shared_whichever_attempt_it_was(course, keys, tmp_path, monkeypatch):
    """zoe's first attempt has bo's answer; what she hands in afterwards takes nothing back."""

    def given(one, key, *more):
        exercises = [Exercise(cell.grade_id, 4.0, cell.points, "pass") for cell in key.graded]
        return Result(one.student, one.lab, one.sha256, key.sha256, exercises, "unsandboxed", "id", {}, 0.1)

    monkeypatch.setattr(grading_run, "grade", given)
    handed_in = []
    for number, (student, answer) in enumerate((("bo", LONG), ("zoe", RENAMED), ("zoe", OTHER))):
        made = tiny.submission(tiny.notebook(course, double=answer), student)
        handed_in.append(dataclasses.replace(made, sha256=str(number)))
    run = grade_all(handed_in, keys, f"sqlite:///{tmp_path / 'g.db'}")
    assert [one.students for one in run.shared] == [["bo", "zoe"]]


def test_a_fault_of_the_comparison_does_not_cost_the_run(course, keys, tmp_path, monkeypatch):
    monkeypatch.setattr(grading_run, "shared_answers", lambda submissions, keys, read: 1 / 0)
    (tmp_path / "in").mkdir()
    run = grade_all(tmp_path / "in", keys, f"sqlite:///{tmp_path / 'g.db'}")
    assert run.problems == [
        "the class: its answers could not be compared with each other (ZeroDivisionError: division by zero)."
    ]
