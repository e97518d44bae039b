"""Processes of this machine, as the tests of what a submission leaves behind see them."""

from __future__ import annotations

import time
from pathlib import Path


def running(word: str) -> list[str]:
    """Return the numbers of the processes, zombies aside, with a word in their command line."""
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if word.encode() in _read(path)]


def still_running(word: str, seconds: float = 20.0) -> list[str]:
    """Wait until no process has this word in its command line, and return those that have it all the time.

    Args:
        word: one that no other process has, such as an odd number of seconds to sleep.
        seconds: how long to wait at most; whoever ends them does so a moment after the result is there. Default 20.
    """
    deadline = time.monotonic() + seconds
    while (left := running(word)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""
