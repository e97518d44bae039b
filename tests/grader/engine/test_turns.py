"""Many work together or one alone, and a submission that was kept waiting is graded again alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.engine import service
from grader.engine.turns import Turns


def test_one_alone_waits_for_those_at_work_and_keeps_others_out():
    turns, seen, inside, lock = Turns(), [], [0], threading.Lock()

    def work(alone: bool) -> None:
        with turns.alone() if alone else turns.together():
            with lock:
                inside[0] += 1
                seen.append((alone, inside[0]))
            time.sleep(0.01)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [False, False, True] * 10))
    assert {count for alone, count in seen if alone} == {1}
    assert max(count for alone, count in seen if not alone) > 1


@pytest.mark.kernel
def test_what_the_clock_alone_has_stopped_runs_again_alone_before_it_is_believed(monkeypatch):
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    limits = {"cell_seconds": 2.0, "submission_cells": 2.0, "output_bytes": 10_000, "processes": 1}
    orders = []
    grade = service.Engine._grade
    monkeypatch.setattr(service.Engine, "_grade", lambda self, *what: orders.append(what[-1]) or grade(self, *what))
    one = service.Engine(False)

    def run(text: str) -> tuple[str, str]:
        orders.clear()
        (found,) = one.grade([{"id": "c", "source": text, "kind": "own", "names": []}], {}, limits).values()
        return found["status"], found["evalue"]

    try:
        assert run("import time; time.sleep(1)") == ("ok", "")  # longer than the first patience, not than the second
        assert [order["patience"] for order in orders] == [0.2, service.ALONE]
        assert run("import time; time.sleep(100)") == ("timeout", "2 s")
        assert len(orders) == 2
        monkeypatch.setattr(service, "PATIENCE", 50)
        assert run("while True: pass") == ("timeout", "2 s")
        assert len(orders) == 1  # by the processor, so there is nothing to look at again
        assert run("import time; time.sleep(100)") == ("timeout", "2 s")
        assert len(orders) == 1  # it has waited for nothing
    finally:
        one.close()
