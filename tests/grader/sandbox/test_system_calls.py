"""The filter refuses what reaches beyond a submission, and nothing that a notebook needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from this_machine import needs_filter, needs_sandbox

from grader.engine import canary
from grader.engine.service import engine
from grader.sandbox import system_calls

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's"),
]
LIMITS = {"cell_seconds": 60.0, "submission_cells": 1.0, "output_bytes": 100_000, "processes": 1}
# What notebooks do and do not ask the kernel for in so many words.
HONEST = {
    "subprocess": "import subprocess\nsubprocess.run(['ls', '/'], check=True, start_new_session=True)",
    "shell": "!echo hello | cat",
    "script": "%%bash\necho hello | cat",
    "script in the background": "%%script --bg bash\necho hello",
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(8) as pool:\n    list(pool.map(abs, range(9)))",
    "processes": "import multiprocessing\n"
    "with multiprocessing.get_context('fork').Pool(2) as pool:\n    assert pool.map(abs, [-1]) == [1]",
    "queue": "import multiprocessing\nfork = multiprocessing.get_context('fork')\n"
    "queue, value = fork.Queue(), fork.Value('i')\n"
    "child = fork.Process(target=queue.put, args=(1,))\nchild.start()\nassert queue.get() == 1\nchild.join()",
    "shared memory in a file": "from multiprocessing.shared_memory import SharedMemory\n"
    "made = SharedMemory(create=True, size=1000)\nmade.close()\nmade.unlink()",
    "data loader": "import torch\nfrom torch.utils.data import DataLoader\n"
    "assert len(list(DataLoader(range(8), num_workers=2))) == 8",
    "shared tensor": "import torch\ntorch.zeros(9).share_memory_().add_(1)",
    "more threads of torch": "import torch\ntorch.set_num_threads(2)\ntorch.randn(300, 300) @ torch.randn(300, 300)",
    "awaiting": "import asyncio\nawait asyncio.sleep(0.01)",
    "awaiting a process": "import asyncio\nmade = await asyncio.create_subprocess_exec('ls')\n"
    "assert await made.wait() == 0",
    "database": "import sqlite3\nsqlite3.connect('own.db').execute('create table t (x)')",
    "lock file": "from filelock import FileLock\nimport warnings\nwith warnings.catch_warnings():\n"
    "    warnings.simplefilter('ignore')\n    with FileLock('own.lock'):\n        pass",
    "record lock": "import fcntl\nwith open('own', 'w') as file:\n    fcntl.lockf(file, fcntl.LOCK_EX)",
    "call back": "import ctypes\nassert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(abs)(-2) == 2",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('own.png')\nplt.show()",
    "weights": "import torch\nfrom safetensors.torch import load_file, save_file\n"
    "save_file({'a': torch.ones(3)}, 'own')\n"
    "assert load_file('own')['a'].sum() == 3",
    "mapped file": "import numpy as np\nnp.save('own.npy', np.ones(3))\nnp.load('own.npy', mmap_mode='r+')[0] = 2",
    "alarm": "import signal, time\nsignal.signal(signal.SIGALRM, lambda *what: None)\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(0.05)",
    "timing": "%timeit -n1 -r1 1 + 1",
}


def outcomes(cells: dict[str, str]) -> dict[str, str]:
    """What each cell raised, of those that did."""
    orders = [{"id": name, "source": text, "kind": "own", "names": []} for name, text in cells.items()]
    runs = engine(True).grade(orders, {}, LIMITS)
    return {name: f"{run['status']} {run['evalue']}" for name, run in runs.items() if run["status"] != "ok"}


def test_what_notebooks_do_works_behind_the_filter():
    needs_filter()
    assert outcomes(HONEST) == {}


def test_so_it_does_without_libseccomp_and_the_canary_holds_that_level_to_its_word(fork_server_with):
    needs_sandbox()
    fork_server_with("import sys\nsys.modules['pyseccomp'] = None")
    assert "seccomp" not in engine(True).walls
    assert outcomes(HONEST) == {}
    assert canary.sandbox_faults() == []
    shared = "import mmap\nmmap.mmap(-1, 3_000_000_000)"
    namespace = "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0, 'refused'"
    watches = "import ctypes\nassert ctypes.CDLL(None).inotify_init() >= 0, 'refused'"
    found = outcomes({"shared": shared, "namespace": namespace, "watches": watches})
    assert found == {
        "shared": "error [Errno 12] Cannot allocate memory",
        "namespace": "error refused",
        "watches": "error refused",
    }


def test_a_filter_that_lets_something_through_is_seen_by_the_canary(fork_server_with):
    needs_filter()
    fork_server_with(
        "import sys, grader.sandbox.system_calls as s\ns.REFUSED = {'': ''}\ns._conditional = lambda lib: []"
    )
    faults = canary.sandbox_faults()
    assert [fault for fault in faults if fault.startswith("it could call ") and fault.count(", ") == 4]
    assert len(faults) >= 8


def test_an_argument_cannot_hide_in_bits_that_the_kernel_ignores():
    needs_filter()
    tricks = (
        "import ctypes, fcntl\nlibc = ctypes.CDLL(None, use_errno=True)\nopen('own', 'w').close()\nown = open('own')\n"
    )
    tricks += "assert libc.syscall({fcntl}, own.fileno(), ctypes.c_long(1024 | 1 << 32), 0) == -1\n"
    tricks += "assert ctypes.get_errno() == 1\n"
    tricks += "assert libc.syscall({socket}, ctypes.c_long(2 | 1 << 32), 2, 0) == -1\nassert ctypes.get_errno() == 1"
    numbers = {name: system_calls.number(name) for name in ("fcntl", "socket")}
    assert outcomes({"tricks": tricks.format(**numbers)}) == {}


KEYRING = """
import os, sys
from grader.sandbox import namespaces
from grader.sandbox.limits import Bounds
keyctl = lambda *what: namespaces._libc.syscall(namespaces.KEYCTL, *what)
if keyctl(1, None) < 0:
    sys.exit("no keys here")
login = namespaces.session_keyring()
namespaces.filter_calls = lambda: False  # which would refuse to say
namespaces.drop_privileges(Bounds())
print(login > 0, namespaces.session_keyring() not in (-1, login))
"""


def test_a_submission_leaves_the_keyring_of_the_login():
    done = subprocess.run([sys.executable, "-c", KEYRING], capture_output=True, text=True)
    if "no keys here" in done.stderr:
        pytest.skip("the kernel keeps no keys here")
    assert done.stdout == "True True\n", done.stderr


def test_where_the_kernel_or_the_library_has_no_filter_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    system_calls.program.cache_clear()
    assert system_calls.program() is None
    assert not system_calls.filter_calls()
    system_calls.program.cache_clear()
