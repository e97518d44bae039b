"""How long a submission may take: by the processor time that it uses, and by the time that it spends on something else.

On a busy machine a cell waits for the processor; that must not stop it, so the time for which it waits is not its own.
Whoever sleeps waits for nothing, and ends as soon as whoever works.

Source: cgroups(7), cpuacct.usage and cpu.stat in the kernel's documentation; proc_pid_stat(5); sched-stats in the
kernel's documentation, /proc/<pid>/schedstat.
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
        self.last_waited = 0.0  # the same, of the time without a processor
        self.tells = os.path.exists("/proc/self/schedstat")
        self.waited()

    def seconds(self) -> float:
        """Return what was used until now; the time on the clock where the system does not tell."""
        try:
            found = sum(map(_seconds, descendants(self.root))) if self.usage is None else _of_group(self.usage)
        except OSError:  # all is over, and its group removed; or there was never anything to ask
            return time.monotonic() if self.last is None else self.last
        self.last = max(self.last or 0.0, found)
        return self.last

    def waited(self) -> float:
        """Return how long the submission, and the judge for it, had work and no processor; 0 where nobody tells."""
        found = 0.0
        with contextlib.suppress(OSError, IndexError):
            threads = [f"/proc/{pid}/task/{one}" for pid, own in descendants(self.root).items() for one in own]
            for thread in ("/proc/self", *threads):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                    found += _waited(thread)
        self.last_waited = max(self.last_waited, found)
        return self.last_waited

    def close(self) -> None:
        """Give the descriptor back."""
        if self.usage is not None:
            os.close(self.usage)


def _of_group(usage: int) -> float:
    name, *value = os.pread(usage, 100, 0).split()[:2]
    return int(value[0]) / 1e6 if name == b"usage_usec" else int(name) / 1e9  # version 2, version 1


def _waited(thread: str) -> float:
    with open(f"{thread}/schedstat", "rb", buffering=0) as file:
        return int(file.read().split()[1]) / 1e9


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
        self._waited = meter.last_waited

    def used(self) -> tuple[float, float]:
        """Return processor time and time on the clock since the start."""
        clock = time.monotonic() - self._clock
        if clock <= UNSEEN:
            return 0.0, clock
        self.meter.waited()
        return self.meter.seconds() - self._work, clock

    def rest(self) -> float:
        """Return the seconds on the clock until it is over in any case, a thousandth at least."""
        return max(0.001, self.clock - (time.monotonic() - self._clock))

    def left(self) -> float:
        """Return for how many seconds nobody needs to look again; 0 or less once the time is over."""
        cores, clock = os.cpu_count() or 1, time.monotonic() - self._clock
        if clock < self.work / cores:  # so much cannot have been used yet
            return min(self.work / cores, self.clock) - clock
        work = min(self.work - self.used()[0], self.work - self._own())
        return min(max(work / cores, SHORTEST) if work > 0 else 0.0, self.clock - clock)

    def _own(self) -> float:
        """Return the seconds for which it did not wait for a processor; 0 where the system does not tell."""
        waited = self.meter.waited() - self._waited
        return time.monotonic() - self._clock - waited if self.meter.tells else 0.0

    def kept_waiting(self) -> bool:
        """Whether the clock alone has ended it."""
        return self.used()[0] < self.work and self._own() < self.work
