"""Limits on all processes of a submission together, by control groups: memory, number, a share of the processor.

A resource limit counts one process at a time, and a submission may have many. Where the grader may make control groups
(as root, outside most containers) each submission gets one; elsewhere the limits of each process remain. Groups beside
each other have equal shares of the processor, whatever runs in them, and their processor time is counted.

Source: cgroups(7), and the kernel's documentation of cgroup v2, sections "CPU", "Memory" and "PID".
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
FAIR = ("cpu", "cpuacct")  # without them, a group has limits only; often two names of one folder
LIMITS = {  # the file that holds each limit, in version 2 and in version 1 of the interface
    "memory": ("memory.max", "memory.limit_in_bytes"),
    "pids": ("pids.max", "pids.max"),
}
USAGE = ("cpuacct.usage", "cpu.stat")  # which say how much processor time was used, in version 1 and 2
WEIGHTS = {"cpu.weight": 100, "cpu.shares": 1024}  # of one core; of all submissions together it is that of the machine
REMOVE_SECONDS = 2.0  # a killed process leaves its group a moment later


class Groups:
    """The groups of one warm process; they are made inside one of its own, in each hierarchy.

    Args:
        mount: where the system shows its control groups; default "/sys/fs/cgroup".

    `fair` says whether each group has an equal share of the processor.
    """

    def __init__(self, mount: Path = MOUNT) -> None:
        self._sweep(mount)
        self.fair = False
        self.version = 2 if (mount / "cgroup.controllers").is_file() else 1
        fair = FAIR if all((mount / name).is_dir() for name in FAIR) else ()
        hierarchies = [mount] if self.version == 2 else [(mount / name).resolve() for name in (*CONTROLLERS, *fair)]
        self.parents = [path / f"{PREFIX}{os.getpid()}" for path in dict.fromkeys(hierarchies)]
        self._open: list[int] = []
        try:
            for parent in self.parents:
                parent.mkdir()
            self.fair = self._delegate() if self.version == 2 else bool(fair)
            for weight, usual in WEIGHTS.items():
                for path in [path for parent in self.parents if (path := parent / weight).exists()]:
                    path.write_text(str(usual * (os.cpu_count() or 1)))
            # A guard that has left the namespace reaches its group by these alone.
            self._open = [os.open(parent, os.O_RDONLY | os.O_DIRECTORY) for parent in self.parents]
        except OSError:  # no right to, or not this system
            self.close()

    def _delegate(self) -> bool:
        """Let groups be made inside ours (version 2); return whether they have shares of the processor."""
        control = self.parents[0] / "cgroup.subtree_control"
        try:
            control.write_text("+memory +pids +cpu")
        except OSError:
            control.write_text("+memory +pids")
            return False
        return True

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
                for name in CONTROLLERS if self.version == 2 else {folder.parent.parent.name} & LIMITS.keys():
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
        self.parents, self._open, self.fair = [], [], False

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

    def usage(self) -> int | None:
        """Open what says how much processor time was used; None where nothing does."""
        for path in [folder / name for name in USAGE for folder in self.folders]:
            with suppress(FileNotFoundError):
                return os.open(path, os.O_RDONLY)
        return None

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
