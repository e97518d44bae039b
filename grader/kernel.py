"""One fresh Jupyter kernel with limits on time and output: runs cells, survives none of their tricks by itself.

nbclient would do for well-behaved notebooks, but it waits for an interrupt that a cell may swallow, keeps any amount
of output in memory and loses the notebook with the kernel; so the grader speaks to the kernel through jupyter_client.
This module and `execution.py` are all that knows how a submission is run.
"""

import os
import queue
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from grader.execute import kernel_manager

READY_SECONDS = 60  # a kernel starts in half a second; a loaded machine may need far more
GRACE_SECONDS = 2.0  # between the interrupt and the end of the kernel
POLL_SECONDS = 0.25  # how often a silent kernel is looked at
LONGEST_TEXT = 2_000  # characters kept of one error message
KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SYSTEMROOT",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
)


class KernelFailed(RuntimeError):
    """The kernel did not start: a fault of the machine, not of the submission."""


@dataclass
class CellRun:
    """What happened when one cell ran.

    Args:
        status: "ok", "error" (it raised), "timeout", "crash" (the kernel died), "flood" (too much output),
            "gone" (the kernel was dead before the cell began), "not-run".
        ename, evalue: class and message of what it raised, or more about what happened.
        data: MIME bundle of the cell's value (`execute_result`), when it has one.
        kernel_lost: whether everything the cells before it defined is gone.
    """

    status: str
    ename: str = ""
    evalue: str = ""
    data: dict | None = None
    kernel_lost: bool = False


@dataclass
class Kernel:
    """A kernel process of its own, as an async context manager; its working folder is empty and goes with it.

    Args:
        environment: variables added to a minimal environment (nothing else of the grader's own is passed on).
        output_bytes: how much its cells may print and show together before it is stopped; default 5 MB.
    """

    environment: dict[str, str] = field(default_factory=dict)
    output_bytes: int = 5_000_000

    async def __aenter__(self) -> "Kernel":
        self._folder = Path(tempfile.mkdtemp(prefix="g-"))  # short: a socket's path may have 107 bytes
        self._printed = 0
        work, home = self._folder / "work", self._folder / "home"
        work.mkdir()
        home.mkdir()
        self._manager = kernel_manager(self._folder)
        try:
            await self._manager.start_kernel(
                cwd=str(work),
                env=self._variables(home),
                extra_arguments=["--HistoryManager.enabled=False"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._client = self._manager.client()
            self._client.start_channels()
            await self._client.wait_for_ready(timeout=READY_SECONDS)
        except Exception as error:
            await self.__aexit__()
            raise KernelFailed(f"no kernel could be started ({type(error).__name__}: {error})") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(Exception):
            self._client.stop_channels()
        with suppress(Exception):
            await self._manager.shutdown_kernel(now=True)  # kills the whole process group
        shutil.rmtree(self._folder, ignore_errors=True)

    def _variables(self, home: Path) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        # Font lists are made once a machine and not once a submission: they take seconds.
        user = getattr(os, "getuid", lambda: 0)()
        fonts = os.environ.get("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / f"grader-matplotlib-{user}"))
        return kept | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self._folder / "runtime"),
            "MPLCONFIGDIR": fonts,
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NBGRADER_EXECUTION": "autograde",
            **self.environment,
        }

    async def run(self, source: str, seconds: float) -> CellRun:
        """Run one cell.

        Args:
            source: its text.
            seconds: wall clock it may take. Then it is interrupted; if it does not stop within 2 s, so is the kernel.
        """
        if not await self._manager.is_alive():
            return CellRun("gone", kernel_lost=True)
        parent = self._client.execute(source, allow_stdin=False, store_history=True)
        run, deadline, interrupted = CellRun("ok"), time.monotonic() + seconds, False
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                run = CellRun("timeout", evalue=f"{seconds:.0f} s", kernel_lost=interrupted)
                if interrupted:
                    await self._manager.shutdown_kernel(now=True)
                    return run
                interrupted, deadline = True, time.monotonic() + GRACE_SECONDS
                await self._manager.interrupt_kernel()
                continue
            try:
                message = await self._client.get_iopub_msg(timeout=min(left, POLL_SECONDS))
            except queue.Empty:
                if not await self._manager.is_alive():
                    return CellRun("crash", kernel_lost=True)
                continue
            if message["parent_header"].get("msg_id") != parent:
                continue
            content, kind = message["content"], message["msg_type"]
            self._printed += _size(content) if kind in ("stream", "display_data", "execute_result", "error") else 0
            if self._printed > self.output_bytes:
                await self._manager.shutdown_kernel(now=True)
                return CellRun("flood", evalue=f"{self.output_bytes / 1e6:g} MB", kernel_lost=True)
            if kind == "execute_result" and not interrupted:
                run.data = content["data"]
            elif kind == "error" and not interrupted:
                run.status = "error"
                run.ename, run.evalue = str(content["ename"])[:100], str(content["evalue"])[:LONGEST_TEXT]
            elif kind == "status" and content["execution_state"] == "idle":
                return await self._closing(run, parent)

    async def _closing(self, run: CellRun, parent: str) -> CellRun:
        """Look whether the cell asked the kernel to end, as `exit()` does after the cell."""
        with suppress(queue.Empty):
            while True:
                reply = await self._client.get_shell_msg(timeout=1)
                if reply["parent_header"].get("msg_id") == parent:
                    payload = reply["content"].get("payload") or []
                    if any(isinstance(item, dict) and item.get("source") == "ask_exit" for item in payload):
                        await self._manager.shutdown_kernel(now=True)
                        return CellRun("crash", evalue="exit() was called", kernel_lost=True)
                    return run
        return run


def _size(content: dict) -> int:
    """Roughly how many bytes an output has."""
    if "text" in content:
        return len(content["text"])
    if "data" in content:
        return sum(len(value) if isinstance(value, str) else len(str(value)) for value in content["data"].values())
    return sum(len(line) for line in content.get("traceback", []))
