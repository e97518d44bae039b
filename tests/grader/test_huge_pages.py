"""Private memory is gathered into huge pages, and a fork that has them costs the system less."""

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from grader import huge_pages

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
        found = list(huge_pages.private_memory())
    assert any(start <= heap < end for start, end in found)
    assert not any(start <= of_file < end for start, end in found)


CODE = """
import mmap, re
from pathlib import Path
from grader.huge_pages import SIZE, use_huge_pages
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
    assert after - before >= 7 * huge_pages.SIZE // 1024  # of the 8 at most one is cut by the borders


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(huge_pages.sys, "platform", "darwin")
    assert huge_pages.use_huge_pages() == 0
