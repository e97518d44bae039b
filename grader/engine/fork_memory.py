"""The memory of a loaded interpreter, arranged so that forking it and working in the fork cost little.

A fork copies the table of a process's pages; gathered into huge pages, 512 entries become one. And each page that a
fork writes to is copied; what it makes should lie close together and not in gaps all over the place.

Source: madvise(2), MADV_HUGEPAGE and MADV_COLLAPSE (Linux 6.1 and later); mallinfo(3), sbrk(2) (glibc). Where a system
has none of it, nothing happens.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

SIZE = 2 << 20  # bytes of a huge page
HUGEPAGE, COLLAPSE = 14, 25
STEP, LARGEST = 16, 512  # bytes: Python's own allocator serves objects up to the largest, in classes of one step
POOL = 16_384  # bytes that it takes for one class at a time
MOST_FILLED = 8_000_000  # bytes of one class
CACHED = 1_040  # bytes; glibc keeps a list of its own for each step below
HEADER = sys.getsizeof(b"")
MALLINFO = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
_filled: list[bytes] = []
_huge: set[int] = set()  # where huge pages begin that this process or a parent has gathered


class MallInfo(ctypes.Structure):
    """What mallinfo2(3) returns."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO]


def use_huge_pages() -> int:
    """Gather this process's private memory into huge pages, as far as the system has any; return how many bytes.

    What a parent has gathered stays as it is: to gather it again would copy it, and then it is shared no more.
    """
    if sys.platform != "linux":
        return 0
    libc, gathered = ctypes.CDLL(None, use_errno=True), 0
    for start, end in private_memory():
        for place in range(-(-start // SIZE) * SIZE, end // SIZE * SIZE, SIZE):
            if place not in _huge:
                libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(SIZE), HUGEPAGE)
                if libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(SIZE), COLLAPSE) == 0:
                    _huge.add(place)
                    gathered += SIZE
    return gathered


def private_memory() -> Iterator[tuple[int, int]]:
    """Yield where the heap and other memory of no file begins and ends."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and name in ([], ["[heap]"]):
            start, end = place.split("-")
            yield int(start, 16), int(end, 16)


def fill_gaps() -> None:
    """Use up the free pieces between the objects of this process, for good; it is about to be forked."""
    for size in range(-(-(HEADER + 1) // STEP) * STEP, LARGEST + 1, STEP):
        _fill_class(size)
    if sys.platform == "linux":
        _fill_heap()


def _fill_class(size: int) -> None:
    """Make objects of one class until a pool was filled from one end to the other, which thus was a new one."""
    row, last = 0, 0
    for _ in range(MOST_FILLED // size):
        _filled.append(bytes(size - HEADER))
        row = row + 1 if id(_filled[-1]) == last + size else 0
        last = id(_filled[-1])
        if row >= POOL // size - 4:
            return


def _fill_heap() -> None:
    """Take what malloc has left over, large pieces first, until it can serve the smallest from its end only."""
    libc = ctypes.CDLL(None)
    try:
        libc.mallinfo2.restype, libc.sbrk.restype, libc.malloc.restype = MallInfo, ctypes.c_void_p, ctypes.c_void_p
    except AttributeError:  # another library, or one older than glibc 2.33
        return
    libc.malloc.argtypes = [ctypes.c_size_t]
    end = libc.sbrk(0) - libc.mallinfo2().keepcost
    size = 1 << 17  # larger ones are mapped each by itself
    while size >= STEP:
        while (libc.malloc(size) or end) < end:
            pass
        size = size * 3 // 4 if size > CACHED else size - STEP
