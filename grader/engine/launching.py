"""Start a warm process: a bare environment, a folder of its own, and one end of a socket.

It takes seconds to import torch, and so does the grader. A command that will grade starts one before it imports
anything heavy itself, and the engine takes it over.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.temporary_folders import claimed, sweep

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
GOODBYE_SECONDS = 5  # to end by itself once its socket is closed


@dataclass(frozen=True)
class ForkServer:
    """A warm process that is starting or has started.

    Args:
        process: it.
        channel: our end of the socket it is spoken to over.
        folder: its home, and where all temporary folders of its children lie.
        claim: on the folder, see `temporary_folders`.
    """

    process: subprocess.Popen
    channel: socket.socket
    folder: str
    claim: int | None

    def close(self) -> None:
        """End it and everything it has forked."""
        self.channel.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GOODBYE_SECONDS)
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.claim is not None:
            os.close(self.claim)


def launch() -> ForkServer:
    """Start a warm process and return at once; `grader.engine.fork_server` says over the socket when it is ready."""
    sweep()
    folder, claim = claimed("grader-warm-")
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "grader.engine.fork_server", str(theirs.fileno())],
            pass_fds=[fd for fd in (theirs.fileno(), claim) if fd is not None],  # it may outlive us by a moment
            env=variables(folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    return ForkServer(process, ours, folder, claim)


def variables(folder: str) -> dict[str, str]:
    """Return the environment of a warm process: nothing of the grader's own but what finds programs and libraries."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {
        "HOME": folder,
        "TMPDIR": folder,
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": folder,
        "OMP_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",  # whatever a cell asks for: the fork of a process that has had OpenMP threads hangs
        "PIP_NO_INDEX": "1",  # there is no network, and pip would try for a quarter of a minute
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "NBGRADER_EXECUTION": "autograde",
    }


_early: list[ForkServer] = []


def launch_early() -> None:
    """Start a warm process for whichever engine comes first; nothing where one waits already, or none can be forked.

    A caller that grades again and again has an engine, which takes no second one: they would pile up.
    """
    if hasattr(os, "fork") and not _early:
        _early.append(launch())
        atexit.register(_unused)


def launched() -> ForkServer:
    """Return the process that was started early, to the first who asks, and a new one to everybody else."""
    return _early.pop() if _early else launch()


def _unused() -> None:
    while _early:
        _early[-1].process.kill()  # it may still be importing, and has nobody to wait for
        _early.pop().close()
