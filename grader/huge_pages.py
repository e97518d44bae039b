"""Memory in pages of 2 MB, so that forking a loaded interpreter costs little.

A fork copies the table of a process's pages. Gathered into huge pages, 512 entries become one.

Source: madvise(2), MADV_HUGEPAGE and MADV_COLLAPSE (Linux 6.1 and later; elsewhere nothing happens).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

SIZE = 2 << 20
HUGEPAGE, COLLAPSE = 14, 25


def use_huge_pages() -> int:
    """Gather this process's private memory into huge pages, as far as the system has any; return how many bytes."""
    if sys.platform != "linux":
        return 0
    libc, gathered = ctypes.CDLL(None, use_errno=True), 0
    for start, end in private_memory():
        first, last = -(-start // SIZE) * SIZE, end // SIZE * SIZE
        if first < last:
            place = ctypes.c_void_p(first), ctypes.c_size_t(last - first)
            libc.madvise(*place, HUGEPAGE)
            gathered += (last - first) * (libc.madvise(*place, COLLAPSE) == 0)
    return gathered


def private_memory() -> Iterator[tuple[int, int]]:
    """Yield where the heap and other memory of no file begins and ends."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = place.split("-")
            yield int(start, 16), int(end, 16)
