"""Time is counted by the processor, over all processes; and where nothing tells, by the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from grader.sandbox.processor_time import SHORTEST, Meter, Stopwatch

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"


class Told:
    """A meter that says what it is told to say."""

    def __init__(self) -> None:
        self.used, self.last, self.last_waited, self.tells = 0.0, None, 0.0, True

    def seconds(self) -> float:
        return self.used

    def waited(self) -> float:
        return self.last_waited


@LINUX
@pytest.mark.parametrize(
    "code",
    [SPIN, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}])"],
    ids=["child", "grandchild"],
)
def test_what_children_have_used_counts_also_once_they_have_ended(code):
    meter = Meter(os.getpid())
    before = meter.seconds()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert 0.25 < meter.seconds() - before < 30


@LINUX
def test_a_process_that_only_sleeps_uses_nothing():
    with subprocess.Popen(["sleep", "20"]) as asleep:
        meter = Meter(asleep.pid)
        assert meter.seconds() < 0.2
        asleep.kill()
        asleep.wait()
        assert meter.seconds() < 0.2  # what was seen last


@pytest.mark.parametrize("text", ["1500000000\n", "usage_usec 1500000\nuser_usec 7\n"], ids=["first", "second"])
def test_a_control_group_tells_in_both_versions(text, tmp_path):
    path = tmp_path / "usage"
    path.write_text(text)
    meter = Meter(0, os.open(path, os.O_RDONLY))
    assert meter.seconds() == 1.5
    meter.close()
    assert meter.seconds() == 1.5  # the group is gone


def test_where_nothing_tells_the_clock_does():
    before = time.monotonic()
    assert before <= Meter(2**30).seconds() <= time.monotonic()


def test_a_cell_ends_by_what_it_uses_or_by_the_clock(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Told()
    watch = Stopwatch(meter, work=2.0, clock=8.0)
    assert watch.left() == 2.0  # on one core no more can be used until then
    now[0], meter.used, meter.last_waited = 103.0, 1.5, 1.4
    assert watch.left() == pytest.approx(0.4)  # 1.6 of the 3 seconds it has not waited for the processor
    meter.last_waited = 2.0
    assert watch.left() == 0.5
    meter.used = 1.99
    assert watch.left() == SHORTEST
    now[0], meter.last_waited = 107.99, 7.0
    assert 0 < watch.left() < 0.02
    assert watch.kept_waiting()
    now[0] = 108.5
    assert watch.left() < 0
    assert watch.kept_waiting()
    meter.used = 2.0
    assert watch.left() <= 0
    assert not watch.kept_waiting()
    assert watch.used() == (2.0, 8.5)


def test_who_sleeps_ends_as_soon_as_who_works(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = Stopwatch(Told(), work=2.0, clock=8.0)
    now[0] = 101.9
    assert watch.left() > 0
    now[0] = 102.1
    assert watch.left() <= 0
    assert not watch.kept_waiting()  # so nobody grades it again


@LINUX
def test_the_time_without_a_processor_is_seen():
    cores = os.cpu_count() or 1
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * cores)]
    try:
        meter = Meter(busy[0].pid)
        time.sleep(1.5)
        assert meter.waited() > 0.2
    finally:
        for one in busy:
            one.kill()
            one.wait()
