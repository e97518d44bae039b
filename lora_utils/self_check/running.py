"""Run a notebook's cells in a process of their own, each within its time.

A cell that never ends, or takes its process with it, is left out when a new process runs the others again: what it
defined is missing, and everything else still counts. Nothing here is of one operating system.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lora_utils.self_check.notebook import CannotCheck, Cell

PROCESSES = 4  # started for one notebook, at most
READY_SECONDS = 300.0  # importing torch takes two seconds; on a cold disk, behind a virus scanner, far more
COMMAND = (sys.executable, "-m", "lora_utils.self_check.shell")


@dataclass(frozen=True)
class CellRun:
    """What became of one cell.

    Args:
        status: "ok", "error" (it raised), "timeout", "ended" (its process has), or "not-run".
        ename, evalue: class and message of what it raised; of a timeout, `evalue` is the limit in words.
        grade: of a graded cell, what `shell.run_cell` tells of it; None where it gave no grade.
    """

    status: str
    ename: str = ""
    evalue: str = ""
    grade: dict | None = None


def run_cells(cells: Sequence[Cell], folder: Path, seconds: float) -> dict[int, CellRun]:
    """Run cells in order and say, by number, what became of each.

    Args:
        cells: of one notebook.
        folder: in which they run.
        seconds: on the clock, that one cell may take; above 0.

    Raises:
        CannotCheck: no process could be started.
    """
    lost: dict[int, CellRun] = {}
    for _ in range(PROCESSES):
        left = [cell for cell in cells if cell.number not in lost]
        runs = _run_once(left, folder, seconds)
        ended = next((n for n, run in runs.items() if run.status in ("timeout", "ended")), None)
        if ended is None:
            break
        lost[ended] = runs[ended]
    rest = {cell.number: CellRun("not-run") for cell in cells}
    return rest | runs | lost


def _run_once(cells: Sequence[Cell], folder: Path, seconds: float) -> dict[int, CellRun]:
    """Run cells until they are through or one of them is stopped, which then is the last."""
    heard: queue.Queue[dict | None] = queue.Queue()
    with tempfile.TemporaryFile() as orders, tempfile.TemporaryFile() as complaints:
        orders.write(json.dumps([_order(cell) for cell in cells]).encode())
        orders.seek(0)
        environment = os.environ | {"MPLBACKEND": "agg"}  # no window opens
        # A session of its own, where there are any: getpass() and its like would ask at the terminal.
        process = subprocess.Popen(COMMAND, cwd=folder, env=environment, stdin=orders, stdout=subprocess.PIPE,
                                   stderr=complaints, start_new_session=True)  # fmt: skip
        listening = threading.Thread(target=_listen, args=(process, heard), daemon=True)
        listening.start()
        try:
            if _next(heard, READY_SECONDS) == {"ready": True}:
                return _follow(cells, heard, seconds)
        except TimeoutError:
            pass
        finally:
            process.kill()
            process.wait()
            listening.join(1.0)  # a process that a cell has left behind may hold the pipe
        complaints.seek(0)
        lines = complaints.read().decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else f"after {READY_SECONDS:g} seconds it had said nothing"
        raise CannotCheck(f"the process that runs the notebook did not start ({why}); is the course installed whole?")


def _follow(cells: Sequence[Cell], heard: queue.Queue, seconds: float) -> dict[int, CellRun]:
    runs = {}
    for cell in cells:
        try:
            told = _next(heard, seconds)
        except TimeoutError:
            runs[cell.number] = CellRun("timeout", evalue=f"{seconds:g} seconds")
            break
        if told is None:
            runs[cell.number] = CellRun("ended")
            break
        del told["number"]
        runs[cell.number] = CellRun("error" if "ename" in told else "ok", **told)
    return runs


def _order(cell: Cell) -> dict:
    return {"number": cell.number, "source": cell.source, "answer": cell.answer, "skip": cell.skip}


def _listen(process: subprocess.Popen, heard: queue.Queue) -> None:
    with process.stdout:
        for line in process.stdout:
            heard.put(json.loads(line))
    heard.put(None)


def _next(heard: queue.Queue, seconds: float) -> dict | None:
    """Return what comes next, None when the process has ended."""
    try:
        return heard.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
