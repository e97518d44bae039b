"""Limits on all processes of a submission together: memory and their number, by control groups.

A resource limit counts one process at a time, and a submission may have many. Where the grader may make control groups
(as root, outside most containers) each submission gets one; elsewhere the limits of each process remain.

Source: cgroups(7), and the kernel's documentation of cgroup v2, sections "Memory" and "PID".
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "grader-"
CONTROLLERS = ("memory", "pids")
LIMITS = {  # the file that holds each limit, in version 2 and in version 1 of the interface
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "pids": ("pids.max", "pids.max"),
}
REMOVE_SECONDS = 2.0  # a killed process leaves its group a moment later


class Groups:
    """The groups of one warm process; they are made inside one of its own, in each hierarchy.

    Args:
        mount: where the system shows its control groups; default "/sys/fs/cgroup".
    """

    def __init__(self, mount: Path = MOUNT) -> None:
        self._sweep(mount)
        self.version = 2 if (mount / "cgroup.controllers").is_file() else 1
        hierarchies = [mount] if self.version == 2 else [mount / name for name in CONTROLLERS]
        self.parents = [path / f"{PREFIX}{os.getpid()}" for path in hierarchies]
        self._open: list[int] = []
        try:
            for parent in self.parents:
                parent.mkdir()
            if self.version == 2:
                (self.parents[0] / "cgroup.subtree_control").write_text("+memory +pids")
            # A guard that has left the namespace reaches its group by these alone.
            self._open = [os.open(parent, os.O_RDONLY | os.O_DIRECTORY) for parent in self.parents]
        except OSError:  # no right to, or not this system
            self.close()

    @property
    def available(self) -> bool:
        """Whether groups can be made here."""
        return bool(self.parents)

    def new(self, number: int, memory: int, processes: int) -> Group | None:
        """Make the group of one submission; None where that is not possible.

        Args:
            number: its name, used by nobody else at the time.
            memory: bytes that all its processes may hold together, beyond what they share with the warm process.
            processes: how many processes and threads there may be.
        """
        values = {"memory": memory, "pids": processes}
        folders = [parent / str(number) for parent in self.parents]
        try:
            for folder in folders:
                folder.mkdir()
                for name in CONTROLLERS if self.version == 2 else [folder.parent.parent.name]:
                    (folder / LIMITS[name][self.version == 1]).write_text(str(values[name]))
        except OSError:
            Group(folders, self._open).remove()
            return None
        return Group(folders, self._open) if folders else None

    def close(self) -> None:
        """Remove the warm process's own groups, once those of its submissions are gone."""
        _until_removed([parent.rmdir for parent in self.parents])
        for number in self._open:
            os.close(number)
        self.parents, self._open = [], []

    @staticmethod
    def _sweep(mount: Path) -> None:
        """Remove what warm processes that were killed have left."""
        for parent in [*mount.glob(f"{PREFIX}*"), *mount.glob(f"*/{PREFIX}*")]:
            if not Path("/proc", parent.name.removeprefix(PREFIX)).exists():
                for folder in (*parent.glob("*/"), parent):
                    with suppress(OSError):
                        folder.rmdir()


class Group:
    """The control group of one submission, one folder in each hierarchy.

    Args:
        folders: these.
        parents: descriptors of the folders that they lie in.
    """

    def __init__(self, folders: list[Path], parents: list[int]) -> None:
        self.folders, self._parents = folders, parents

    def enter(self) -> None:
        """Move this process in; its children are born there.

        Raises:
            OSError: it cannot be moved.
        """
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        """Remove the group, once its processes are gone."""
        places = zip(self.folders, self._parents, strict=True)
        _until_removed([partial(os.rmdir, folder.name, dir_fd=parent) for folder, parent in places])


def _until_removed(steps: list[Callable[[], None]]) -> None:
    """Repeat what removes a folder until it is removed, or the time for it is over."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while steps:
        steps = [step for step in steps if not _done(step)]
        if not steps or time.monotonic() > deadline:
            return
        time.sleep(0.002)


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except FileNotFoundError:
        return True
    except OSError:  # in use, by a process that is about to end
        return False
    return True
