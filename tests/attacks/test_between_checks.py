"""What a check shows to an answer reaches no page, by whatever way, and what a check starts ends with it."""

from __future__ import annotations

import json

import pytest
import tiny_course as tiny
from this_machine import needs_sandbox

from grader.scoring.grading import grade
from grader.scoring.run_submission import Limits

pytestmark = pytest.mark.kernel
LIMITS = Limits(cell_seconds=6, output_bytes=1_000_000)
# Each has an answer that keeps what it is asked with, and a cell of the student's own below all checks that prints it.
WAYS = {
    "a file": (
        "def double(x):\n    open('/tmp/kept', 'a').write(f'SEEN {x} ')\n    return 2 * x",
        "import os\nif os.path.exists('/tmp/kept'): print(open('/tmp/kept').read())",
    ),
    "a file in the working folder": (
        "def double(x):\n    open('kept', 'a').write(f'SEEN {x} ')\n    return 2 * x",
        "!cat kept",
    ),
    "a file in shared memory": (
        "def double(x):\n    open('/dev/shm/kept', 'a').write(f'SEEN {x} ')\n    return 2 * x",
        "!cat /dev/shm/kept",
    ),
    "a pipe": (
        "import os\nr, w = os.pipe()\nos.set_blocking(r, False)\n"
        "def double(x):\n    os.write(w, f'SEEN {x} '.encode())\n    return 2 * x",
        "try:\n    print(os.read(r, 10_000))\nexcept BlockingIOError:\n    pass",
    ),
    "memory that is shared": (
        "import mmap\ntry:\n    m = mmap.mmap(-1, 4096)\nexcept OSError:\n    m = bytearray()\n"
        "def double(x):\n    m[:20] = f'SEEN {x:>15} '.encode()\n    return 2 * x",
        "print(bytes(m[:200]))",
    ),
    "a process that listens": (
        "import os, threading\nr, w = os.pipe()\nseen = []\n"
        "threading.Thread(target=lambda: seen.append(os.read(r, 100)), daemon=True).start()\n"
        "def double(x):\n    os.write(w, f'SEEN {x} '.encode())\n    return 2 * x",
        "import time\ntime.sleep(0.5)\nprint(seen)",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    needs_sandbox()


def graded(course, key, answer: str, *below: str, half: str = tiny.GOOD["half"]):
    data = tiny.notebook(course, double=answer, half=half)
    data["cells"] += [{"cell_type": "code", "metadata": {}, "source": one, "outputs": []} for one in below]
    return grade(tiny.submission(data), key, LIMITS)


@pytest.mark.parametrize("way", WAYS)
def test_no_cell_can_print_what_a_check_asked_with(course, key, way):
    result = graded(course, key, *WAYS[way])
    assert result.score == 8.0
    shown = json.dumps([vars(one) for one in result.shown], default=str)
    assert "SEEN" not in shown.replace(repr("SEEN {x} "), "").replace("SEEN {x}", "")


def test_not_even_where_processes_are_lost_on_the_way(course, key):
    answer, printing = WAYS["a file"]
    fatal = ["import os\nos._exit(1)"] * 4
    result = graded(course, key, answer, *fatal, printing)
    assert {exercise.points for exercise in result.exercises} == {4.0}  # they stand above what is fatal
    assert "SEEN" not in json.dumps([vars(one) for one in result.shown], default=str).replace("SEEN {x}", "")


SLEEP = "time.sleep(90.7261)\n"
STARTING = {
    "a child": f"    if os.fork() == 0:\n        {SLEEP}",
    "a child of a child": f"    if os.fork() == 0:\n        os.fork() or {SLEEP}        os._exit(0)\n",
    "a child in a session of its own": f"    if os.fork() == 0:\n        os.setsid()\n        {SLEEP}",
    "a program": "    import subprocess\n    subprocess.Popen(['sleep', '90.7261'], start_new_session=True)\n",
}
COUNT = """
def half(x):
    import os, time
    def words(pid):
        try:
            return open(f"/proc/{pid}/stat").read().split()
        except OSError:
            return ["", "", "Z"]
    for _ in range(50):  # what was killed takes a moment to go
        living = [pid for pid in os.listdir("/proc") if pid.isdigit() and words(pid)[2] not in "ZX"]
        if len(living) <= 4:  # process 1, the notebook, this check; a fork that waits, where there is one more
            return x / 2
        time.sleep(0.02)
    raise ValueError(f"{len(living)} processes")
"""


@pytest.mark.parametrize("kind", STARTING)
def test_what_a_check_starts_ends_with_it(course, key, kind):
    answer = "import os, time\ndef double(x):\n" + STARTING[kind] + "    return 2 * x"
    result = graded(course, key, answer, half=COUNT)
    assert [exercise.points for exercise in result.exercises] == [4.0, 4.0], [e.messages for e in result.exercises]
