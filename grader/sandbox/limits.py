"""What one submission may use of the machine: limits that the kernel keeps for each of its processes.

Source: setrlimit(2), user_namespaces(7).
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows, where nothing is graded
    resource = None

STACK = 8_388_608  # bytes, the usual; RLIMIT_DATA does not count them


@dataclass(frozen=True)
class Bounds:
    """What one submission may use of the machine.

    Args:
        memory: bytes of private data beyond what the loaded libraries hold; default 2 GB.
        disk: bytes of its private file system, and of one file; default 64 MB.
        processes: processes and threads, where those of a submission are counted apart; default 64.
        files: open files; default 256.
        cpu: seconds of processor time of one process; default 300.
    """

    memory: int = 2_000_000_000
    disk: int = 64_000_000
    processes: int = 64
    files: int = 256
    cpu: int = 300


def counts_by_namespace() -> bool:
    """Whether the kernel counts the processes of an account in each user namespace by itself (Linux 5.14)."""
    numbers = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= (5, 14)


def limit(bounds: Bounds, processes: bool, address_space: bool = False) -> None:
    """Set the resource limits of this process and its children.

    Args:
        bounds: how much.
        processes: whether to limit their number too. The kernel counts all of an account's; with those of the person
            who sits at the machine among them, a submission could start none.
        address_space: whether to limit that too, where nothing else keeps a submission from memory that is shared
            without a file. A thread takes 72 MB of it, so there may be fewer of them. Default False.
    """
    limits = {
        "DATA": data_size() + bounds.memory,
        "STACK": STACK,
        "FSIZE": bounds.disk,
        "NOFILE": bounds.files,
        "CPU": bounds.cpu,
        "SIGPENDING": bounds.files,  # counted by account, as locked memory and message queues are
        **dict.fromkeys(("CORE", "MEMLOCK", "MSGQUEUE", "NICE", "RTPRIO"), 0),
    }
    if processes:
        limits["NPROC"] = bounds.processes
    if address_space:
        limits["AS"] = data_size("VmSize") + bounds.memory
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:  # Linux has them all
            most = resource.getrlimit(kind)[1]
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(kind, (value, value))


def data_size(field: str = "VmData") -> int:
    """Bytes of private data of this process, as RLIMIT_DATA counts them; 4 GB where the system does not tell.

    Args:
        field: of proc_pid_status(5), if it is to be another size.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 4_000_000_000


def limit_memory(size: int) -> None:
    """Let this process hold so many more bytes of private data."""
    most = data_size() + size
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def limit_work(seconds: float) -> None:
    """Let this process use so much more processor time; the kernel ends it when that is over."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until if most == resource.RLIM_INFINITY else min(until, most), most))
