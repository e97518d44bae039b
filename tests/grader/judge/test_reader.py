"""A student's text is read in a process of its own: it costs that submission nothing and other ones neither."""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import tiny_course as tiny

from grader.engine.service import engine
from grader.judge import reader
from grader.scoring.grading import UNREADABLE, grade
from grader.scoring.run_submission import CellRun

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    course = tiny.make_course(tmp_path_factory.mktemp("course"))
    return course, tiny.keys_of(course)[tiny.FIRST]


@pytest.fixture
def many_turns():
    """Threads that take turns as often as they can, and collections in the middle of everything that run Python."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()

    def turn(phase: str, info: dict) -> None:
        sum(range(10))

    sys.setswitchinterval(1e-6)
    gc.set_threshold(100, 2, 1000)
    gc.callbacks.append(turn)
    yield
    gc.callbacks.remove(turn)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


def large_cell(number: int) -> str:
    lines = (
        f"def f{i}(a, b=({i}, [x for x in range({i})])):\n    return a + b[{i}] * {{'k': (a, b)}}['k'][0]"
        for i in range(300)
    )
    return "\n".join((*lines, f"x = {number}"))


def test_submissions_with_large_cells_are_graded_on_four_threads(key, many_turns, monkeypatch):
    course, lab = key
    missed = CellRun("error", "NameError", "name 'helper' is not defined")
    monkeypatch.setattr(
        "grader.scoring.grading.execute", lambda cells, *more: {cell.id: missed for cell in cells if cell.runs}
    )

    def one(number: int):
        data = tiny.notebook(course, **tiny.GOOD)
        cell = {"cell_type": "code", "id": "own", "metadata": {}, "source": large_cell(number) + "\nhelper"}
        data["cells"].insert(data["cells"].index(tiny.cell_of(data, "double")), cell)
        return grade(tiny.submission(data, f"student-{number}"), lab, sandbox=False)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, range(60)))
    assert [result.notes for result in results] == [[]] * 60


def test_nothing_is_parsed_on_a_thread_of_the_grader(key):
    """Whatever reaches the compiler on another thread than the main one is told by the interpreter itself."""
    course, lab = key
    parsed: list[object] = []
    watching = True

    def hook(event: str, arguments: tuple) -> None:  # stays for the life of the process
        if watching and event == "compile" and threading.current_thread() is not threading.main_thread():
            parsed.append(arguments[0])

    sys.addaudithook(hook)
    data = tiny.notebook(course, double="import os\ndef double(x):\n    return missing(x)", half="half = (")
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(compile, "1", "<seen>", "eval").result()
            result = pool.submit(grade, tiny.submission(data), lab, sandbox=False).result()
    finally:
        watching = False
    assert [exercise.verdict for exercise in result.exercises] == ["fail", "fail"]
    assert parsed == [b"1"]  # that the hook sees what happens on threads


def test_readings_are_what_they_are_here():
    texts = ["import re\nx, (y, *z) = 1\nfor k in x: pass", "def f(:", "%time w = 1", "exec('1')"]
    for reading in reader.READINGS:
        assert engine(False).read(reading, texts) == reader.read(reading, texts)
    assert reader.read("definitions", texts)[:3] == [["k", "re", "x", "y", "z"], None, None]


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".b" * 400_000,
        "(" * 150_000,
        "f(" + "[" * 90 + "]" * 90 + "," + "'x'" * 400_000 + ")",
    ],
    ids=["long-chain", "open-brackets", "long-text"],
)
def test_a_text_that_cannot_be_read_costs_only_what_it_would_have_told(text, key):
    course, lab = key
    data = tiny.notebook(course, **tiny.GOOD)
    data["cells"].append({"cell_type": "code", "id": "own", "metadata": {}, "source": text})
    result = grade(tiny.submission(data), lab, sandbox=False)
    assert {exercise.verdict for exercise in result.exercises} == {"pass"}
    assert set(result.flags) <= {UNREADABLE}
    assert engine(False).read("definitions", ["x = 1  # y"]) == [["x"]]
