"""A process and its descendants: none of them outlives what it was started for.

Source: prctl(2), proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection

SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36
ROUNDS = 100  # of killing: who forks faster than that ends with the submission

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


def end_descendants(root: int, spared: Collection[int]) -> None:
    """Kill the descendants of a process, save those that are spared; nothing where the system does not tell.

    Args:
        root: the process, which stays.
        spared: numbers of descendants that live on.
    """
    with contextlib.suppress(OSError, AttributeError):  # no such system call, or no right to look
        killed: set[int] = set()
        for _ in range(ROUNDS):
            # Whoever was killed starts nothing more, so nobody waits for its end; what it had started comes next.
            doomed = set(descendants(root)) - {root, *spared, *killed}
            if not doomed:
                return
            held: dict[int, int] = {}
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    held[pid] = os.pidfd_open(pid)
            # Held like this, a number that is still a descendant's cannot have become somebody else's meanwhile.
            living = set(descendants(root))
            for pid, descriptor in held.items():
                with contextlib.suppress(ProcessLookupError):
                    if pid in living:
                        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                        killed.add(pid)
                os.close(descriptor)
