"""What students and staff run works for somebody who is not root and has a desktop full of processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import tiny_course as tiny
from this_machine import needs_sandbox

from grader import sandbox
from grader.sandbox.limits import Bounds
from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits
from lora_utils.self_check import check_notebook

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root's processes are not counted"),
]
BOMB = """
import os, signal, time
started = []
for _ in range(500):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        time.sleep(60)
        os._exit(0)
    started.append(child)
for child in started:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
def double(x):
    return 2 * x if len(started) < 100 else 0
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def desktop():
    """More processes of this account than one submission may have."""
    sleeping = [subprocess.Popen(["sleep", "600"]) for _ in range(Bounds().processes + 16)]
    yield sleeping
    for one in sleeping:
        one.kill()
        one.wait()


def test_a_notebook_is_checked_beside_a_desktops_processes(desktop, course, tmp_path):
    assert check_notebook(tiny.hand_in(tmp_path, "ada", tiny.notebook(course, **tiny.GOOD))).all_passed


@pytest.mark.parametrize("shut_off", [False, True], ids=["open", "sandbox"])
def test_a_submission_is_graded_beside_a_desktops_processes(shut_off, desktop, course):
    if shut_off:
        needs_sandbox()
    data = tiny.notebook(course, **tiny.GOOD)
    result = grade(tiny.submission(data), tiny.keys_of(course)[tiny.FIRST], sandbox=shut_off)
    assert ({e.verdict for e in result.exercises}, result.notes) == ({"pass"}, [])


@pytest.mark.skipif(sys.platform != "linux" or not sandbox.counts_by_namespace(), reason="needs Linux 5.14")
def test_the_number_of_processes_of_a_submission_is_limited_in_the_sandbox(desktop, course):
    needs_sandbox()
    data = tiny.notebook(course, double=BOMB, half=tiny.GOOD["half"])
    result = grade(tiny.submission(data), tiny.keys_of(course)[tiny.FIRST], Limits(cell_seconds=8))
    assert [exercise.verdict for exercise in result.exercises] == ["pass", "pass"]
