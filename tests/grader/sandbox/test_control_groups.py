"""Control groups: all processes of a submission together stay within its memory, and nothing is left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from this_machine import needs_sandbox

from grader.engine.service import Engine, engine
from grader.sandbox.control_groups import MOUNT, PREFIX, REMOVE_SECONDS, Group, Groups

HOLD = "x = b'x' * {size}; print('held', flush=True); import time; time.sleep(30)"


@pytest.fixture
def groups():
    made = Groups()
    if not made.available:
        pytest.skip("control groups cannot be made here: not as root, or inside a container")
    yield made
    made.close()
    assert not any(MOUNT.glob(f"{PREFIX}{os.getpid()}"))
    assert not any(MOUNT.glob(f"*/{PREFIX}{os.getpid()}"))


def hold(group: Group, size: int) -> subprocess.Popen:
    """A process in the group that takes so many bytes."""
    command = [sys.executable, "-c", HOLD.format(size=size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=group.enter)


def test_two_processes_share_one_limit(groups):
    group = groups.new(1, 150_000_000, 20)
    first = hold(group, 100_000_000)
    assert first.stdout.readline() == "held\n"
    second = hold(group, 100_000_000)  # 200 MB in all: the kernel ends one of the two
    deadline = time.monotonic() + 20
    while first.poll() is None and second.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for one in (first, second):
        one.kill()
        one.communicate()
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_the_number_of_processes_is_limited(groups):
    group = groups.new(2, 500_000_000, 3)
    code = "import subprocess, sys\nfor _ in range(5): subprocess.Popen(['sleep', '20'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, preexec_fn=group.enter, capture_output=True, text=True)
    assert "BlockingIOError" in done.stderr  # EAGAIN from fork
    for folder in group.folders:
        for pid in (folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), 9)
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


@pytest.mark.kernel
def test_a_submission_cannot_take_its_memory_many_times_over(groups):
    """Each child stays below the limit of one process; three of them together are above the submission's."""
    needs_sandbox()
    cell = "\n".join(
        [
            "import os, time",
            "children = []",
            "for _ in range(3):",
            "    pid = os.fork()",
            "    if pid == 0:",
            "        held = b'x' * 900_000_000",
            "        time.sleep(60)",
            "    children.append(pid)",
            "for _ in range(500):",  # filling memory may take a while
            "    time.sleep(0.1)",
            "    if any(os.waitpid(pid, os.WNOHANG)[0] for pid in children):",
            "        raise ValueError('one is gone')",
        ]
    )
    order = [{"id": "c", "source": cell, "kind": "own", "names": []}]
    limits = {"cell_seconds": 60.0, "submission_cells": 1.0, "output_bytes": 10_000, "processes": 1}
    run = engine(True).grade(order, {}, limits)["c"]
    assert run["status"] == "crash" or run["evalue"] == "one is gone", run  # the kernel chooses which


@pytest.mark.kernel
def test_no_submission_leaves_a_group(groups):
    """The group goes with the submission and not with the run: a class would leave a thousand."""
    needs_sandbox()
    limits = {"cell_seconds": 20.0, "submission_cells": 1.0, "output_bytes": 10_000, "processes": 1}
    warm = Engine(True)
    try:
        own = [*MOUNT.glob(f"{PREFIX}{warm._process.pid}"), *MOUNT.glob(f"*/{PREFIX}{warm._process.pid}")]
        for _ in range(2):
            warm.grade([{"id": "c", "source": "x = 1", "kind": "own", "names": []}], {}, limits)
        deadline = time.monotonic() + 10
        while left := [group for folder in own for group in folder.glob("*/")]:
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
    finally:
        start = time.monotonic()
        warm.close()
        assert time.monotonic() - start < REMOVE_SECONDS  # nothing to wait for
    assert not any(folder.exists() for folder in own)


def tree(mount: Path, *names: str) -> Path:
    for name in names:
        (mount / name).mkdir(parents=True, exist_ok=True)
    return mount


def test_the_first_version_has_a_folder_in_each_hierarchy(tmp_path):
    made = Groups(tree(tmp_path, "memory", "pids"))
    group = made.new(7, 1000, 5)
    own = f"{PREFIX}{os.getpid()}"
    assert (tmp_path / "memory" / own / "7" / "memory.limit_in_bytes").read_text() == "1000"
    assert (tmp_path / "pids" / own / "7" / "pids.max").read_text() == "5"
    group.enter()
    assert (tmp_path / "pids" / own / "7" / "cgroup.procs").read_text() == str(os.getpid())


def test_the_second_version_has_one_folder(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("memory pids")
    made = Groups(tmp_path)
    made.new(7, 1000, 5)
    (own,) = tmp_path.glob(f"{PREFIX}*")
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert ((own / "7" / "memory.max").read_text(), (own / "7" / "pids.max").read_text()) == ("1000", "5")


def test_where_there_are_none_nothing_is_made(tmp_path):
    made = Groups(tmp_path / "nothing")
    assert not made.available
    assert made.new(1, 1000, 5) is None
    made = Groups(tree(tmp_path, "memory"))  # half of it is as good as nothing
    assert not made.available
    assert list((tmp_path / "memory").iterdir()) == []


def test_what_a_killed_process_has_left_is_removed_by_the_next(tmp_path):
    tree(tmp_path, f"memory/{PREFIX}999999999/12", f"pids/{PREFIX}999999999", f"pids/{PREFIX}{os.getppid()}")
    Groups(tmp_path).close()
    assert not list((tmp_path / "memory").iterdir())
    assert [path.name for path in (tmp_path / "pids").iterdir()] == [f"{PREFIX}{os.getppid()}"]
