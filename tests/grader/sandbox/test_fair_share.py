"""However many threads a submission has, they weigh about as much as one, on one core."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from grader.sandbox.fair_share import MOST, niceness

CODE = """
import json, os, threading, time
from grader.sandbox.fair_share import even_out, keep_on_one_core
keep_on_one_core(3)
children = []
for _ in range(12):
    if (pid := os.fork()) == 0:
        threading.Thread(target=time.sleep, args=(20,)).start()
        time.sleep(20)
    children.append(pid)
even_out(os.getpid())
print(json.dumps([len(os.sched_getaffinity(0)), os.getpriority(os.PRIO_PROCESS, 0),
                  [os.getpriority(os.PRIO_PROCESS, pid) for pid in children]]))
for pid in children:
    os.kill(pid, 9)
"""


def test_an_honest_submission_is_as_nice_as_anybody():
    assert [niceness(threads) for threads in (0, 1, 2, 3)] == [0, 0, 0, 0]


def test_the_weights_of_many_threads_add_up_to_that_of_one():
    for threads in (4, 10, 57):
        assert 0.8 < (threads - 2) * 1.25 ** -niceness(threads) < 1.25
    assert niceness(10_000) == MOST


@pytest.mark.skipif(sys.platform != "linux", reason="/proc and cores are Linux's")
def test_children_are_made_nice_and_their_parent_is_not():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    cores, own, nice = json.loads(done.stdout)
    assert (cores, own) == (1, os.getpriority(os.PRIO_PROCESS, 0))
    assert min(nice) >= niceness(12)
