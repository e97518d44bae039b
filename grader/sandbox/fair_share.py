"""An equal share of the processor for each submission, where no control group gives it one.

Each is kept on one core, and however many processes it starts, they count about as much as one: every step of
niceness takes a fifth of a process's weight. What cannot be had on a system is passed over.

Source: sched(7), setpriority(2), sched_setaffinity(2).
"""

from __future__ import annotations

import contextlib
import math
import os

from grader.sandbox.processes import descendants

STEP, MOST = 1.25, 19  # weight of one niceness over the next; the highest
AT_REST = 2  # of the threads of an honest one: process 1, and the submission while its fork does a check
LOOK_SECONDS = 0.25


def keep_on_one_core(number: int) -> None:
    """Keep this process and its children on one of the cores that it may use.

    Args:
        number: any; the same number is the same core.
    """
    with contextlib.suppress(AttributeError, OSError):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def even_out(root: int) -> None:
    """Make all threads below a process so nice that together they weigh about as much as one.

    Args:
        root: the process; it is left as it is.
    """
    with contextlib.suppress(OSError):
        threads = [thread for pid, own in descendants(root).items() if pid != root for thread in own]
        nice = niceness(len(threads))
        for thread in threads if nice else ():
            with contextlib.suppress(OSError):  # it has ended, or is nicer already
                os.setpriority(os.PRIO_PROCESS, thread, nice)


def niceness(threads: int) -> int:
    """Return how nice each of so many threads has to be."""
    return min(MOST, round(math.log(max(1, threads - AT_REST), STEP)))
