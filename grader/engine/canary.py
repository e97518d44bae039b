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
import json, os, pathlib, socket

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

raise ValueError(json.dumps({
    'it reached a server on this machine.': succeeds(connect),
    'it read a file of the grader.': succeeds(lambda: pathlib.Path(SECRET).read_text()),
    'it saw the folder of solutions.': succeeds(lambda: os.listdir(SOLUTIONS)),
    'it wrote into the course package.': succeeds(write),
    'it saw other processes.': succeeds(processes),
    'it has capabilities.': succeeds(capable),
    'it runs as root.': os.getuid() == 0,
    'it may use any amount of memory.': succeeds(lambda: bytearray(30_000_000_000)),
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
        }
        cell = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + CELL
        limits = {"cell_seconds": 30.0, "submission_cells": 1.0, "output_bytes": 10_000, "processes": 1}
        try:
            runs = engine(True).grade([{"id": "c", "source": cell, "kind": "own", "names": []}], {}, limits)
            seen = json.loads(runs["c"]["evalue"])
        except EngineFailed as error:
            return [f"{error}."]
        except (ValueError, KeyError, TypeError):
            return [f"its canary did not report ({runs['c']['status']})."]
    return [sentence for sentence, hole in seen.items() if hole]
