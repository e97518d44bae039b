"""Private memory is gathered into huge pages, and what is made after the gaps are filled lies close together."""

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from grader.engine import fork_memory

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="madvise and /proc are Linux's")


@LINUX
def test_memory_of_no_file_is_found_and_that_of_a_file_is_not(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * mmap.PAGESIZE)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE) as mapped:
        assert mapped[:1] == b"x"
        lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
        of_file = next(int(line[0].split("-")[0], 16) for line in lines if line[-1] == str(path))
        heap = next(int(line[0].split("-")[0], 16) for line in lines if line[-1] == "[heap]")
        found = list(fork_memory.private_memory())
    assert any(start <= heap < end for start, end in found)
    assert not any(start <= of_file < end for start, end in found)


CODE = """
import mmap, re
from pathlib import Path
from grader.engine.fork_memory import SIZE, use_huge_pages
kept = mmap.mmap(-1, 8 * SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for place in range(0, len(kept), mmap.PAGESIZE):
    kept[place] = place // mmap.PAGESIZE % 251
def huge():
    return int(re.search(r"AnonHugePages: *([0-9]+) kB", Path("/proc/self/smaps_rollup").read_text())[1])
before = huge()
gathered = use_huge_pages()
assert all(kept[place] == place // mmap.PAGESIZE % 251 for place in range(0, len(kept), mmap.PAGESIZE))
print(before, gathered, huge())
"""


@LINUX
def test_what_lies_in_memory_stays_as_it_is_in_fewer_pages():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    before, gathered, after = map(int, done.stdout.split())
    if not gathered:
        pytest.skip("this system has no huge pages to give")
    assert after - before >= 7 * fork_memory.SIZE // 1024  # of the 8 at most one is cut by the borders


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(fork_memory.sys, "platform", "darwin")
    assert fork_memory.use_huge_pages() == 0


SCATTERED = """
import ctypes, sys
from grader.engine.fork_memory import fill_gaps
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
objects = [bytes(200) for _ in range(40_000)]
pieces = [libc.malloc(1_000) for _ in range(4_000)]
del objects[::50]
for piece in pieces[::50]:
    libc.free(piece)
def pages(places):
    return len({place >> 12 for place in places})
if "fill" in sys.argv:
    fill_gaps()
later = [bytes(200) for _ in range(400)]
print(pages(map(id, later)), pages(libc.malloc(1_000) for _ in range(40)))
"""


def pages(*arguments: str) -> list[int]:
    """How many pages 400 objects of 240 bytes, and 40 pieces of 1,000, lie on."""
    command = [sys.executable, "-c", SCATTERED, *arguments]
    return [int(n) for n in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]


@LINUX
def test_what_is_made_after_the_gaps_are_filled_lies_close_together():
    objects, pieces = pages()
    filled_objects, filled_pieces = pages("fill")
    assert objects > 200  # each in a gap of its own
    assert filled_objects <= 400 * 240 / 4096 + 8
    if pieces > 30:  # else this C library puts them close together by itself
        assert filled_pieces <= 40 * 1_016 / 4096 + 8
