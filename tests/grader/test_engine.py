"""One judge grades many submissions: none leaves anything behind, and one that fails or ends is replaced."""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import replace

import pytest
import tiny_course as tiny

from grader import engine as module
from grader.engine import Engine, EngineFailed
from grader.execution import Limits
from grader.grade import grade
from grader.results import plain

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=4, output_bytes=1_000_000)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def key(course):
    return tiny.keys_of(course)[tiny.FIRST]


@pytest.fixture
def roles(monkeypatch):
    """A fresh engine for this test, and the list of what it has forked."""
    forked: list[str] = []
    fork = Engine._fork

    def counted(self, request, *fds):
        forked.append(request["role"])
        return fork(self, request, *fds)

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
    """The processes that a warm process has forked and that still live."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def test_a_judge_that_has_ended_is_replaced_before_it_costs_anybody_anything(course, key, roles):
    first = outcome(course, key, **tiny.GOOD)
    warm = module.engine(True)._process.pid
    wait_until(lambda: len(children(warm)) == 1)  # a guard ends a moment after its submission; the judge stays
    os.kill(children(warm)[0], signal.SIGKILL)
    wait_until(lambda: not children(warm))
    assert outcome(course, key, **tiny.GOOD) == first
    assert roles.count("judge") == 2


def wait_until(reached) -> None:
    """Wait until something is so, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_judge_that_broke_is_not_used_again(course, key, roles):
    one = module.engine(True)
    order = {"id": "c", "source": "1", "kind": "graded", "names": []}  # "reads" and "made" are missing
    limits = vars(LIMITS)
    with pytest.raises(EngineFailed, match="KeyError: 'reads'"):
        one.grade([order], {}, limits)
    assert one._judges == []
    assert outcome(course, key, **tiny.GOOD)["score"] == 8
    assert roles.count("judge") == 2


def test_a_judge_that_does_not_answer_is_given_up(course, key, roles, monkeypatch):
    monkeypatch.setattr(module, "SLACK_SECONDS", 0.2)
    one = module.engine(True)
    ours, theirs = socket.socketpair()
    one._judges.append(ours)
    with theirs, pytest.raises(EngineFailed, match="the judge is gone"):
        one.grade([], {}, vars(replace(LIMITS, cell_seconds=0.1)))
    assert (one._judges, ours.fileno()) == ([], -1)
