"""Run a restored notebook and say what became of each cell; a cell that takes the kernel with it is left out next time.

After a crash, an endless loop that cannot be interrupted, or a flood of output, a new kernel runs the notebook again
without that cell. What it defined is missing; everything else still counts.
"""

import asyncio
import time
from dataclasses import dataclass

from grader.kernel import CellRun, Kernel
from grader.restore import Cell

SANDBOX = "unsandboxed"  # written into every grade: the kernel is a plain process of the grader's own account


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        cell_seconds: wall clock of one cell; default 20.
        submission_cells: how many times `cell_seconds` all its cells may take together; default 6.
        output_bytes: printed and shown by all cells together; default 5 MB.
        kernels: how many kernels it may use up; default 4.
    """

    cell_seconds: float = 20.0
    submission_cells: float = 6.0
    output_bytes: int = 5_000_000
    kernels: int = 4


def execute(cells: list[Cell], environment: dict[str, str], limits: Limits) -> dict[str, CellRun]:
    """Run the cells of a submission in order, each submission in kernels of its own.

    Args:
        cells: as `restore` made them.
        environment: variables for the kernel, such as the seed of the test inputs.
        limits: see there.

    Returns:
        For every cell that grading runs, by id, what happened.

    Raises:
        KernelFailed: no kernel could be started.
    """
    return asyncio.run(_execute([cell for cell in cells if cell.runs], environment, limits))


async def _execute(cells: list[Cell], environment: dict[str, str], limits: Limits) -> dict[str, CellRun]:
    runs: dict[str, CellRun] = {}
    spent = [0.0]  # seconds in cells; what a kernel takes to start is not the student's
    for _ in range(limits.kernels):
        async with Kernel(environment, limits.output_bytes) as kernel:
            if not await _lost_kernel(kernel, cells, runs, spent, limits):
                break
    for cell in cells:
        runs.setdefault(cell.id, CellRun("not-run"))
    return runs


async def _lost_kernel(
    kernel: Kernel, cells: list[Cell], runs: dict[str, CellRun], spent: list[float], limits: Limits
) -> bool:
    """Run what a new kernel needs and what is still open; return whether a cell took the kernel with it."""
    before = None
    for cell in cells:
        earlier = runs.get(cell.id)
        if earlier is not None and (cell.graded or earlier.status not in ("ok", "error")):
            continue
        left = limits.cell_seconds * limits.submission_cells - spent[0]
        if left <= 0:
            return False
        start = time.monotonic()
        run = await kernel.run(cell.source, min(left, limits.cell_seconds))
        spent[0] += time.monotonic() - start
        if run.status == "gone":  # the cell before killed it a moment after it had ended
            if before is not None and not before.graded:
                runs[before.id] = CellRun("crash", kernel_lost=True)
            return True
        if earlier is None or run.kernel_lost:
            runs[cell.id] = run
        if run.kernel_lost:
            return True
        before = cell
    return False
