"""A submission that answers before it is asked, or does not listen, loses its own cells in their time and no more."""

from __future__ import annotations

import time

import pytest
from this_machine import needs_sandbox

from grader.notebooks.restoration import Cell
from grader.scoring.run_submission import Limits, execute

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=2, submission_cells=3, output_bytes=1_000_000, processes=2)
LONG = "x = '" + "y" * 450_000 + "'"  # far more than fits into a socket that nobody reads
SAY = "import grader.student.student_side as s\nfrom grader.sandbox.tensor_channel import send\n"
DEAF = {
    "an early ok, then busy": SAY + "send(s._channel, {'status': 'ok'})\nwhile True: pass",
    "an early ok, then asleep": SAY + "send(s._channel, {'status': 'ok'})\nimport time\ntime.sleep(100)",
    "many early oks, then busy": SAY + "for _ in range(50): send(s._channel, {'status': 'ok'})\nwhile True: pass",
    "an early ok from a thread": SAY
    + "import threading, time\n"
    + "threading.Timer(0.2, lambda: send(s._channel, {'status': 'ok'})).start()\ntime.sleep(100)",
    "a socket that is never read": SAY
    + "send(s._channel, {'status': 'ok'})\ns.receive = lambda *a, **k: time.sleep(100)",
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_sandbox()


@pytest.mark.parametrize("name", DEAF)
def test_it_ends_in_time_and_the_cells_before_keep_what_they_had(name):
    start = time.monotonic()
    runs = execute(
        [Cell("first", "code", "a = 1"), Cell("deaf", "code", DEAF[name]), Cell("long", "code", LONG)], {}, LIMITS
    )
    assert time.monotonic() - start < 2 * LIMITS.cell_seconds * LIMITS.submission_cells  # it took minutes, and broke
    assert runs["first"].status == "ok"
    assert "ok" not in {runs["long"].status} or name == "an early ok from a thread"
