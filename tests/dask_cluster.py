"""A real Dask cluster on this machine: a scheduler, and workers that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# Every worker writes down whom it grades; one student's submission kills whoever grades it, some are not looked at.
PRELOAD = """
def dask_setup(worker):  # not at the top: the nanny reads this file as well, and needs no torch
    import os, signal
    from pathlib import Path
    from grader.class_run import dask_pool

    def watched(submission, *rest, grade=dask_pool.grade):
        with Path({started!r}).open("a") as file:
            file.write(submission.student + "\\n")
        if submission.student == "killer":
            os.kill(os.getpid(), signal.SIGKILL)
        if submission.student.startswith("quick"):
            return dask_pool.ungraded(submission, *rest, "not looked at")
        return grade(submission, *rest)

    dask_pool.grade = watched
"""
START_SECONDS = 90  # a worker imports torch, on a loaded machine that takes its time


class Cluster:
    """Context manager: a scheduler and two workers with a nanny and a thread each.

    Args:
        folder: an empty one, for logs and what workers write.
        preload: Python that every worker runs first.
    """

    def __init__(self, folder: Path, workers: int = 2, failures: int = 1) -> None:
        self.folder, self.started = folder, folder / "started"
        (folder / "preload.py").write_text(PRELOAD.format(started=str(self.started)))
        self.environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(failures)}
        self.address, self.count = "", workers

    def __enter__(self) -> Cluster:
        self.workers: list[subprocess.Popen] = []
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._said("scheduler.log", "Scheduler at:").split()[-1]
        options = ["--nworkers", "1", "--nthreads", "1", "--preload", str(self.folder / "preload.py")]
        options += ["--local-directory", str(self.folder)]
        self.workers = [self._start("worker", self.address, *options, log=f"w{n}.log") for n in range(self.count)]
        for number in range(self.count):
            self._said(f"w{number}.log", "Registered to:")

    def _start(self, kind: str, *options: str, log: str = "scheduler.log") -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, "--no-dashboard"]
        with (self.folder / log).open("w") as file:
            return subprocess.Popen(
                command, env=self.environment, stdout=file, stderr=file, cwd=self.folder, start_new_session=True
            )

    def _said(self, log: str, words: str) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            for line in (self.folder / log).read_text().splitlines():
                if words in line:
                    return line
                if "Traceback" in line:
                    end = 0.0
            time.sleep(0.05)
        raise TimeoutError(f"{log} never said {words!r}: {(self.folder / log).read_text()[-2000:]}")

    def kill(self, number: int) -> None:
        """SIGKILL for a worker and for the nanny that would start another one."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.scheduler]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
