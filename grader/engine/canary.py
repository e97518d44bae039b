"""A canary: before anything is graded, a harmless notebook tries what a sandbox must prevent, and reports.

What counts is what an attempt does, not which calls were made to set the sandbox up: a kernel, a container or a
security module may grant a namespace and leave a hole in it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from grader import sandbox
from grader.course_package import course_package
from grader.engine.service import EngineFailed, engine
from grader.sandbox.temporary_folders import temporary

REMEDY = (
    "Ubuntu: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; Debian: `sudo sysctl -w "
    "kernel.unprivileged_userns_clone=1`; in a container: allow unshare and mount, or run the grader as root with "
    "CAP_SYS_ADMIN; macOS and Windows: a Linux container or WSL 2. With `--sandbox off` submissions run under your own "
    "account and every grade says so."
)

# Each attempt ends in True when it succeeds, that is, when the sandbox has a hole.
CELL = """
import ctypes, errno, fcntl, json, mmap, os, pathlib, socket

def succeeds(attempt):
    try:
        return bool(attempt())
    except Exception:
        return False

def connect():
    with socket.create_connection(('127.0.0.1', PORT), timeout=2):
        return True

def write():
    path = pathlib.Path(PACKAGE, 'canary')
    path.touch()
    path.unlink()
    return True

def capable():
    status = pathlib.Path('/proc/self/status').read_text()
    return any(int(line.split()[1], 16) for line in status.splitlines() if line.startswith(('CapEff', 'CapPrm')))

def processes():
    return sum(name.isdigit() for name in os.listdir('/proc')) > 3

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    made = libc.syscall(number, *map(ctypes.c_long, arguments))
    if made == 0 and number == CLONE:
        os._exit(0)
    return made if made >= 0 else -ctypes.get_errno()

def family(number):
    try:
        return bool(socket.socket(number, socket.SOCK_DGRAM))
    except OSError as error:
        return error.errno != errno.EPERM

def lease():
    pathlib.Path('own').touch()
    with open('own') as own:
        return fcntl.fcntl(own, fcntl.F_SETLEASE, fcntl.F_RDLCK) == 0

def lock():
    with open(json.__file__) as shared:
        return fcntl.flock(shared, fcntl.LOCK_SH) is None

def session():
    os.setsid()
    return os.getsid(0) == os.getpid()

# What is refused without a look at its arguments has none that make sense: another error says that it got through.
through = [name for name, number in CALLS.items() if call(number, *[-1] * 6) not in (-errno.EPERM, -errno.ENOSYS)]
refused = {
    f'it could call {", ".join(through[:5])}.': bool(through),
    'it made a user namespace by clone.': call(CLONE, 0x10000000 | 17, 0, 0, 0, 0) >= 0,
    'it could call clone3.': call(435, -1, -1) != -errno.ENOSYS,
    'it made a socket that is not of the Unix family.': any(map(family, (2, 10, 16, 17, 38, 40, 44))),
    'it has memory that no limit counts.': succeeds(lambda: mmap.mmap(-1, 4096)),
    'it has a lease on a file.': succeeds(lease),
    'it locked a file that it may only read.': succeeds(lock),
    'it has another personality.': libc.personality(0x0040000) >= 0,
    'it has a session of its own.': succeeds(session),
} if CALLS else {}

raise ValueError(json.dumps(refused | {
    'it reached a server on this machine.': succeeds(connect),
    'it read a file of the grader.': succeeds(lambda: pathlib.Path(SECRET).read_text()),
    'it saw the folder of solutions.': succeeds(lambda: os.listdir(SOLUTIONS)),
    'it wrote into the course package.': succeeds(write),
    'it saw other processes.': succeeds(processes),
    'it has capabilities.': succeeds(capable),
    'it runs as root.': os.getuid() == 0,
    'it may use any amount of memory.': succeeds(lambda: bytearray(30_000_000_000)),
    'it has the keys of your login.': 0 < KEYRING == call(KEYCTL, 0, -3, 0),
    'it knows the seed of the test inputs.': 'LORA_UTILS_CHECK_SEED' in os.environ,
}))
"""


def sandbox_faults() -> list[str]:
    """Return one sentence for each hole of the sandbox on this machine; none when it holds."""
    if not sys.platform.startswith("linux"):
        return [f"it needs Linux, and this is {sys.platform}."]
    with (
        temporary("grader-canary-") as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        os.chmod(folder, 0o755)
        secret = Path(folder, "secret")
        secret.write_text("a secret")
        names = {
            "PORT": server.getsockname()[1],
            "SECRET": str(secret),
            "SOLUTIONS": str(Path(__file__).parents[2] / "solutions"),
            "PACKAGE": str(course_package()),
            "KEYCTL": sandbox.KEYCTL,
            "KEYRING": sandbox.session_keyring(),
        }
        limits = {"cell_seconds": 30.0, "submission_cells": 1.0, "output_bytes": 10_000, "processes": 1}
        try:
            calls = sandbox.refused() if "seccomp" in engine(True).walls else {}  # else they are not promised
            names |= {"CALLS": calls, "CLONE": calls and sandbox.number("clone")}
            cell = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + CELL
            runs = engine(True).grade([{"id": "c", "source": cell, "kind": "own", "names": []}], {}, limits)
            seen = json.loads(runs["c"]["evalue"])
        except EngineFailed as error:
            return [f"{error}."]
        except (ValueError, KeyError, TypeError):
            return [f"its canary did not report ({runs['c']['status']})."]
    return [sentence for sentence, hole in seen.items() if hole]
