"""One judge grades many submissions: none leaves anything behind, and one that fails or ends is replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_course as tiny

from grader.engine import service as module
from grader.engine.service import Engine, EngineFailed
from grader.results import plain
from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=4, output_bytes=1_000_000)


@pytest.fixture
def roles(monkeypatch):
    """A fresh engine for this test, and the list of what it has forked."""
    forked: list[str] = []
    fork = Engine._fork

    def counted(self, request, *more):
        forked.append(request["role"])
        return fork(self, request, *more)

    monkeypatch.setattr(module, "_engines", {})
    monkeypatch.setattr(Engine, "_fork", counted)
    yield forked
    module.stop()


def outcome(course, key, **answers):
    """A result without the time that it took."""
    return plain(replace(grade(tiny.submission(tiny.notebook(course, **answers)), key, LIMITS), seconds=0.0))


def test_a_judge_serves_one_submission_after_another_and_the_order_decides_nothing(course, key, roles):
    class_ = [tiny.GOOD, {"double": "def double(x):\n    return 3 * x"}, {"half": "import os\nos._exit(1)"}, {}]
    once = [outcome(course, key, **answers) for answers in class_]
    assert roles.count("judge") == 1
    again = [outcome(course, key, **answers) for answers in reversed(class_)]
    assert roles.count("judge") == 1
    assert again[::-1] == once
    assert len({one["score"] for one in once}) > 1


def children(pid: int) -> list[int]:
    """The processes that a process has forked and that still live."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def forked_by_servers(warm: int) -> list[int]:
    """The judges, readers and guards of an engine that still live."""
    return [one for server in children(warm) for one in children(server)]


def test_a_judge_or_reader_that_has_ended_is_replaced_before_it_costs_anybody_anything(course, key, roles):
    first = outcome(course, key, **tiny.GOOD)
    warm = module.engine(True)._process.pid
    wait_until(lambda: len(forked_by_servers(warm)) == 2)  # a guard ends a moment after its submission; these stay
    for helper in forked_by_servers(warm):
        os.kill(helper, signal.SIGKILL)
    wait_until(lambda: not forked_by_servers(warm))
    assert outcome(course, key, **tiny.GOOD) == first
    assert (roles.count("judge"), roles.count("reader")) == (2, 2)


def test_a_server_that_has_ended_is_replaced_too(course, key, roles):
    first = outcome(course, key, **tiny.GOOD)
    warm = module.engine(True)._process.pid
    servers = children(warm)
    assert len(servers) == 2
    helpers = forked_by_servers(warm)
    for server in servers:
        os.kill(server, signal.SIGKILL)
    wait_until(lambda: not children(warm) and not any(Path("/proc", str(pid)).exists() for pid in helpers))
    assert outcome(course, key, **tiny.GOOD) == first
    assert len(children(warm)) == 2


def wait_until(reached) -> None:
    """Wait until something is so, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_judge_that_broke_is_not_used_again(course, key, roles):
    one = module.engine(True)
    order = {"id": "c", "source": "1", "kind": "graded", "names": []}  # "reads" is missing
    limits = vars(LIMITS)
    with pytest.raises(EngineFailed, match="KeyError: 'reads'"):
        one.grade([order], {}, limits)
    assert one._free["judge"] == []
    assert outcome(course, key, **tiny.GOOD)["score"] == 8
    assert roles.count("judge") == 2


def test_a_judge_that_does_not_answer_is_given_up(course, key, roles, monkeypatch):
    monkeypatch.setattr(module, "SLACK_SECONDS", 0.2)
    one = module.engine(True)
    ours, theirs = socket.socketpair()
    one._free["judge"].append(ours)
    with theirs, pytest.raises(EngineFailed, match="the judge is gone"):
        one.grade([], {}, vars(replace(LIMITS, cell_seconds=0.1)))
    assert (one._free["judge"], ours.fileno()) == ([], -1)


def test_a_judge_that_is_busy_for_ever_ends_with_its_engine():
    one = module.Engine(False)
    loop = {"id": "setup", "source": "while True: pass", "kind": "locked", "names": []}
    thread = threading.Thread(target=_grade, args=(one, loop))
    thread.start()
    warm = one._process.pid
    wait_until(lambda: len(forked_by_servers(warm)) >= 2)
    busy = [*children(warm), *forked_by_servers(warm)]
    closing = threading.Thread(target=one.close)
    closing.start()
    wait_until(lambda: not any(Path("/proc", str(pid)).exists() for pid in (warm, *busy)))
    closing.join()
    thread.join()


def _grade(one, cell) -> None:
    with contextlib.suppress(EngineFailed, OSError):
        one.grade([cell], {}, vars(LIMITS))
