"""The page for the class says what happened, escapes what students chose, and reads without eyes or mouse."""

from __future__ import annotations

import html
import re

import pytest
import tiny_course as tiny
from sqlalchemy import create_engine

from grader.attempts import Attempts
from grader.class_report import alerts, hardest, mistakes, write_class_report
from grader.grading_run import Graded, Run
from grader.results import Exercise, Message, Result
from grader.submission import Refusal

NASTY = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return tiny.keys_of(tiny.make_course(tmp_path_factory.mktemp("course")))


def result(student: str, double: float, *, sha="", text="expected 2, got 1", flags=()) -> Result:
    messages = [] if double == 4 else [Message("wrong-number", text, "Multiply it.")]
    exercises = [
        Exercise("test-double", double, 4.0, "pass" if double == 4 else "partial" if double else "fail", messages),
        Exercise("test-half", 4.0, 4.0, "pass"),
    ]
    sha = sha or f"sha-{student}"
    return Result(student, tiny.FIRST, sha, "c", exercises, "namespaces", "id", {}, 1.0, None, list(flags))


@pytest.fixture
def run(keys, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    attempts, run = Attempts(engine), Run(keys)
    for one in (
        result("ada", 4.0),
        result("bo", 1.0, sha="same"),
        result("cy", 1.0, sha="same", flags=["tampering:patches-a-library"]),
        result(NASTY, 0.0, text=f"got {NASTY}"),
    ):
        run.rows.append(Graded(one, attempts.add(one, None)))
    run.rows.append(Refusal("dan", tiny.FIRST, "dan/x.ipynb", "is empty", "save it"))
    yield run
    engine.dispose()


def test_the_numbers_of_the_class(run):
    (double, half) = hardest(run, run.graded)
    assert (double.title, double.share, double.submissions) == ("Exercise: twice as much", 6 / 16, 4)
    assert half.share == 1.0
    (mistake,) = mistakes(run, run.graded)
    assert (mistake.id, mistake.students, mistake.title) == ("wrong-number", 3, "Exercise: twice as much")
    assert [(a.what, a.students) for a in alerts(run.graded)] == [
        ("tampering:patches-a-library", ["cy"]),
        ("the same file, byte for byte", ["bo", "cy"]),
    ]


def test_the_page_shows_them_and_runs_nothing_of_a_students(run, tmp_path):
    page = write_class_report(run, tmp_path).read_text()
    assert "<script" not in page
    text = " ".join(html.unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", page)).split())
    for words in ("1 of 4 passed", "median is 62 %", "38 %", "wrong-number 3", "bo, cy", "could not be graded",
                  "dan: dan/x.ipynb is empty; save it.", "Isolation while grading: namespaces", NASTY):  # fmt: skip
        assert words in text, words
    assert 'href="feedback/ada/01_double.html"' in page
    bins = [int(n) for n in re.findall(r'<th scope="row">\d+ to \d+ %</th><td><span class="count">(\d+)</span>', page)]
    assert bins == [0, 0, 0, 0, 0, 1, 2, 0, 0, 1]


def test_exercises_that_cost_equally_keep_the_labs_order_and_easy_ones_are_only_counted(keys, monkeypatch, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    one = result("ada", 4.0)
    run = Run(keys, [Graded(one, Attempts(engine).add(one, None))])
    assert [found.title for found in hardest(run, run.graded)] == [
        "Exercise: twice as much",
        "Exercise: half as much",
    ]
    assert "went better" not in write_class_report(run, tmp_path).read_text()
    monkeypatch.setattr("grader.class_report.MOST_HARDEST", 1)
    page = write_class_report(run, tmp_path).read_text()
    assert "Exercise: half as much" not in page
    assert "1 more exercise went better on average" in page
    engine.dispose()
