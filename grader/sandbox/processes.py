"""A process and its descendants: none of them outlives what it was started for.

Source: prctl(2), proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends (Linux)."""
    if _libc is not None:
        _libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own has died, so that `end_children` finds it (Linux)."""
    if _libc is not None:
        _libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """Return the numbers of this process's children; none where the system does not tell."""
    try:
        return _children(os.getpid(), os.getpid())
    except OSError:
        return []


def descendants(pid: int) -> dict[int, list[int]]:
    """Return the threads of a process and of each of its descendants, by process; those of the moment.

    Raises:
        OSError: the process is gone, or the system does not tell.
    """
    threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    found = {pid: threads}
    for child in [child for thread in threads for child in _children(pid, thread)]:
        with contextlib.suppress(OSError):  # it has just ended
            found |= descendants(child)
    return found


def _children(pid: int, thread: int) -> list[int]:
    with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as file:  # asked for often: not by pathlib
        return [int(child) for child in file.read().split()]


def end_children() -> None:
    """Kill this process's children until none is left, what it has adopted meanwhile included."""
    while living := children():
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # none is waited for elsewhere, so the number is still its own
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
