"""A process and its descendants: none of them outlives what it was started for.

Source: prctl(2), proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

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
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def end_children() -> None:
    """Kill this process's children until none is left, what it has adopted meanwhile included."""
    while living := children():
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)  # none is waited for elsewhere, so the number is still its own
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
