"""Two ways of doing one thing, timed side by side: what every ratio in this folder comes from.

Each round runs both, in an order that alternates, and gives one ratio, so that a slow moment of the machine hits both.
What counts is the processor's time and not the clock's, since others may be at work on the machine.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch


@dataclass(frozen=True)
class Ratio:
    """Our time over theirs, below 1 where we are faster.

    Args:
        what: what was done, and beside whom.
        ours, theirs: seconds of each round.
    """

    what: str
    ours: list[float]
    theirs: list[float]

    @property
    def each(self) -> list[float]:
        """The ratio of each round, ascending."""
        return sorted(mine / other for mine, other in zip(self.ours, self.theirs, strict=True))

    def row(self) -> str:
        """A row of the table."""
        mine, other = (1000 * statistics.median(seconds) for seconds in (self.ours, self.theirs))
        each = self.each
        spread = f"{statistics.median(each):.2f} | {each[0]:.2f} to {each[-1]:.2f} | {len(each)}"
        return f"| {self.what} | {mine:,.2f} | {other:,.2f} | {spread} |"


HEAD = "| what | ours, ms | theirs, ms | ours / theirs | lowest to highest | rounds |\n" + "| --- " * 6 + "|"


def paired(
    what: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int,
    times: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> Ratio:
    """Run both `times` times in each of the rounds, and once before them to warm up.

    Args:
        what, ours, theirs: as in Ratio; calls without arguments.
        rounds: at least 1.
        times: runs of each in a round, more for what takes less than the clock can tell.
        clock: seconds; of this process's processor time unless what is timed runs in others.
    """
    seconds = {ours: [], theirs: []}
    for number in range(rounds + 1):
        for call in (ours, theirs) if number % 2 else (theirs, ours):
            start = clock()
            for _ in range(times):
                call()
            seconds[call].append((clock() - start) / times)
    return Ratio(what, seconds[ours][1:], seconds[theirs][1:])


def machine(threads: int) -> str:
    """What was measured on, in a line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    packages = ", ".join(f"{package} {version(package)}" for package in ("torch", "bitsandbytes", "peft"))
    kernels = torch.backends.cpu.get_cpu_capability()
    return f"{name or platform.machine()} ({kernels}), {os.cpu_count()} cores, {threads} thread(s) used; {packages}"
