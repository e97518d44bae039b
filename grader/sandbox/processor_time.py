"""How long a submission may take: by the processor time that it uses, and by a much longer time on the clock.

On a busy machine a cell waits for the processor; that must not stop it. But whoever only sleeps must end too.

Source: cgroups(7), cpuacct.usage and cpu.stat in the kernel's documentation; proc_pid_stat(5).
"""

from __future__ import annotations

import contextlib
import os
import time

from grader.sandbox.processes import descendants

PATIENCE = 4.0  # times the processor time that is allowed, on the clock, where others are graded meanwhile
ALONE = 2.0  # the same, where nobody is
SHORTEST = 0.05  # seconds between two looks at what was used
UNSEEN = 0.01  # seconds that are not worth a look; they count as part of a later cell


class Meter:
    """Reads the processor time of all processes of a submission together, those that have ended included.

    Args:
        root: the process that all of them descend from.
        usage: descriptor of what its control group says; default: its processes are asked, one by one. Then the time
            of a process whose parent did not wait for it is lost when it ends.
    """

    def __init__(self, root: int, usage: int | None = None) -> None:
        self.root, self.usage = root, usage
        self.last: float | None = None  # what it read at the last look

    def seconds(self) -> float:
        """Return what was used until now; the time on the clock where the system does not tell."""
        try:
            found = sum(map(_seconds, descendants(self.root))) if self.usage is None else _of_group(self.usage)
        except OSError:  # all is over, and its group removed; or there was never anything to ask
            return time.monotonic() if self.last is None else self.last
        self.last = max(self.last or 0.0, found)
        return self.last

    def close(self) -> None:
        """Give the descriptor back."""
        if self.usage is not None:
            os.close(self.usage)


def _of_group(usage: int) -> float:
    name, *value = os.pread(usage, 100, 0).split()[:2]
    return int(value[0]) / 1e6 if name == b"usage_usec" else int(name) / 1e9  # version 2, version 1


def _seconds(pid: int) -> float:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
        return sum(map(int, file.read().rpartition(b")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Stopwatch:
    """Times one cell.

    Args:
        meter: of the submission's processes.
        work: seconds of processor time that the cell may use.
        clock: seconds that it may take.
    """

    def __init__(self, meter: Meter, work: float, clock: float) -> None:
        self.meter, self.work, self.clock = meter, work, clock
        self._work = meter.seconds() if meter.last is None else meter.last
        self._clock = time.monotonic()

    def used(self) -> tuple[float, float]:
        """Return processor time and time on the clock since the start."""
        clock = time.monotonic() - self._clock
        return self.meter.seconds() - self._work if clock > UNSEEN else 0.0, clock

    def left(self) -> float:
        """Return for how many seconds nobody needs to look again; 0 or less once the time is over."""
        cores, clock = os.cpu_count() or 1, time.monotonic() - self._clock
        if clock < self.work / cores:  # so much cannot have been used yet
            return min(self.work / cores, self.clock) - clock
        work = self.work - self.used()[0]
        return min(max(work / cores, SHORTEST) if work > 0 else 0.0, self.clock - clock)

    def kept_waiting(self) -> bool:
        """Whether the clock alone has ended it."""
        return self.used()[0] < self.work
