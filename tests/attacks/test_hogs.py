"""Whoever takes all of the processor takes only a share of it: honest submissions beside it get full marks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
import tiny_course as tiny
from this_machine import needs_filter

from grader.engine.service import engine
from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=3, processes=1)
HONEST = """
import time
start = time.process_time()
while time.process_time() - start < 1.0:
    pass
def double(x):
    return 2 * x
"""
CHILDREN = """
import os
for _ in range(55):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
"""
# The first case is 55 children that spin, each in a session of its own, which some kernels give a share of its own.
HOGS = {
    "children": CHILDREN + "while True: pass",
    "threads of children": CHILDREN.replace("range(55)", "range(8)").replace(
        "while True:",
        "import hashlib, threading; work = lambda: [hashlib.sha256(bytes(1 << 20)) for _ in iter(int, 1)]\n"
        "        for _ in range(5): threading.Thread(target=work).start()\n"
        "        while True:",
    )
    + "while True: pass",
    "left behind": CHILDREN + "import time\ndef double(x):\n    time.sleep(60)",
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_filter()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


def beside(course, hogs: list[str]) -> tuple[list[float], list[str]]:
    """Scores of four honest submissions that are graded while the others run, and what becomes of those."""
    key = tiny.keys_of(course)[tiny.FIRST]

    def graded(answer: str):
        data = tiny.notebook(course, double=answer, half=tiny.GOOD["half"])
        return grade(tiny.submission(data), key, LIMITS)

    with ThreadPoolExecutor(4 + len(hogs)) as pool:
        spinning = [pool.submit(graded, hog) for hog in hogs]
        sleep(1)
        honest = list(pool.map(graded, [HONEST] * 4))
        return [one.score for one in honest], [one.result().exercises[0].verdict for one in spinning]


@pytest.mark.parametrize("name", HOGS)
def test_four_honest_submissions_get_full_marks_beside_a_hog(name, course):
    assert beside(course, [HOGS[name]]) == ([8.0] * 4, ["timeout"])


def test_so_they_do_beside_more_than_one(course):
    assert beside(course, [HOGS["children"], HOGS["left behind"]]) == ([8.0] * 4, ["timeout", "timeout"])


def test_so_they_do_where_there_are_no_control_groups(course, fork_server_with):
    fork_server_with(
        "import grader.sandbox.control_groups as c; c.Groups.__init__.__defaults__ = (c.Path('/nowhere'),)"
    )
    assert "cgroups" not in engine(True).walls
    assert beside(course, [HOGS["children"]]) == ([8.0] * 4, ["timeout"])
