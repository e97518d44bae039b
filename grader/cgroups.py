"""Limits on all processes of a submission together: memory and their number, by control groups.

A resource limit counts one process at a time, and a submission may have many. Where the grader may make control groups
(as root, outside most containers) each submission gets one; elsewhere the limits of each process remain.

Source: cgroups(7), and the kernel's documentation of cgroup v2, sections "Memory" and "PID".
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
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
        try:
            for parent in self.parents:
                parent.mkdir()
            if self.version == 2:
                (self.parents[0] / "cgroup.subtree_control").write_text("+memory +pids")
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
            Group(folders).remove()
            return None
        return Group(folders) if folders else None

    def close(self) -> None:
        """Remove the warm process's own groups, once those of its submissions are gone."""
        _remove_all(self.parents)
        self.parents = []

    @staticmethod
    def _sweep(mount: Path) -> None:
        """Remove what warm processes that were killed have left."""
        for parent in [*mount.glob(f"{PREFIX}*"), *mount.glob(f"*/{PREFIX}*")]:
            if not Path("/proc", parent.name.removeprefix(PREFIX)).exists():
                for folder in parent.glob("*/"):
                    _remove(folder)
                _remove(parent)


class Group:
    """The control group of one submission, one folder in each hierarchy."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders

    def enter(self) -> None:
        """Move this process in; its children are born there.

        Raises:
            OSError: it cannot be moved.
        """
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self) -> None:
        """Remove the group, once its processes are gone."""
        _remove_all(self.folders)


def _remove_all(folders: list[Path]) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS
    while left := [folder for folder in folders if folder.is_dir()]:
        for folder in left:
            _remove(folder)
        if time.monotonic() > deadline:
            return
        time.sleep(0.002)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
