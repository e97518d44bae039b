"""A filter of system calls: what no lab needs is refused, also where namespaces and limits have no say.

What it refuses would make more of the kernel reachable (namespaces, mounts, bpf, io_uring), take memory that no limit
counts (shared memory without a file), or use up or lock what all submissions share (keys, inotify, leases, locks).
libseccomp writes the filter once, in the warm process; each submission only loads the finished program.

Source: seccomp(2), keyctl(2), mmap(2), fcntl(2); https://github.com/seccomp/libseccomp.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
import tempfile

GET_SECCOMP, SET_SECCOMP, MODE_FILTER = 21, 22, 2
REFUSED = {
    "namespaces and mounts": "unshare setns mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick move_mount"
    " open_tree open_tree_attr mount_setattr name_to_handle_at open_by_handle_at",
    "keys of the account": "add_key request_key keyctl",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp",
    "wide doors to the kernel": "bpf perf_event_open io_uring_setup io_uring_enter io_uring_register userfaultfd",
    "watches, of which an account has few": "inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark",
    "memory that no limit counts": "memfd_create memfd_secret shmget shmat shmctl shmdt",
    "queues of the account": "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr"
    " semget semop semtimedop semctl msgget msgsnd msgrcv msgctl",
    "a larger share of the processor": "sched_setaffinity sched_setscheduler sched_setparam sched_setattr",
    "the machine as a whole": "kexec_load kexec_file_load init_module finit_module delete_module quotactl quotactl_fd"
    " acct swapon swapoff reboot settimeofday clock_settime clock_adjtime adjtimex syslog iopl ioperm",
}
# What clone(2) and unshare(2) call these: mount, cgroup, uts, ipc, user, pid, net.
NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
SHARED_ANONYMOUS, GROWS_DOWN = 0x01 | 0x20, 0x100  # RLIMIT_DATA counts neither
SETLEASE, NOTIFY, SETPIPE_SZ = 1024, 1026, 1031
UNIX, ASK_PERSONALITY = 1, 0xFFFFFFFF
INT = 0xFFFFFFFF  # the kernel looks at the lower half of such an argument only, and so must the filter


@functools.cache
def program() -> bytes | None:
    """Return the filter as the kernel takes it; None where libseccomp, its binding or the kernel's side is missing."""
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(GET_SECCOMP, 0, 0, 0, 0) != 0:
        return None
    try:
        import pyseccomp  # imported late: it looks for the library at once
    except (ImportError, RuntimeError, OSError):
        return None
    made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    made.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.ERRNO(errno.EPERM))  # 32-bit calls have other numbers
    for one in refused().values():
        made.add_rule(pyseccomp.ERRNO(errno.EPERM), one)
    for error, name, *rest in _conditional(pyseccomp):
        made.add_rule(pyseccomp.ERRNO(error), name, *rest)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()


def _conditional(lib) -> list[tuple]:
    """Calls that are refused with some arguments only, or answered otherwise than with EPERM: error, name, argument."""

    def has(place: int, *flags: int) -> list:
        return [lib.Arg(place, lib.MASKED_EQ, flag, flag) for flag in flags]

    other_family, other_personality = lib.Arg(0, lib.NE, UNIX), lib.Arg(0, lib.NE, ASK_PERSONALITY)
    commands = [lib.Arg(1, lib.MASKED_EQ, INT, one) for one in (SETLEASE, NOTIFY, SETPIPE_SZ)]
    return [
        *[(errno.EPERM, "clone", arg) for arg in has(0, *NEW_NAMESPACES)],
        *[(errno.EPERM, "mmap", arg) for arg in has(3, SHARED_ANONYMOUS, GROWS_DOWN)],
        *[(errno.EPERM, "fcntl", arg) for arg in commands],
        *[(errno.EPERM, name, other_family) for name in ("socket", "socketpair")],
        (errno.EPERM, "personality", other_personality),
        (errno.ENOSYS, "clone3"),  # its flags lie in memory, where no filter can look; then libc takes clone
        (errno.ENOSYS, "flock"),  # it locks what can only be read; then filelock makes a file instead
        (0, "setsid"),  # done as if: a session of its own may have a share of the processor of its own
    ]


def refused() -> dict[str, int]:
    """Return the calls that are refused whatever their arguments, by name, with their numbers on this machine."""
    found = {name: number(name) for name in " ".join(REFUSED.values()).split()}
    return {name: known for name, known in found.items() if known >= 0}


def number(name: str) -> int:
    """Return the number of a system call on this machine; less than 0 where it or libseccomp has none of that name."""
    import pyseccomp

    return pyseccomp.resolve_syscall(pyseccomp.system_arch(), name)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def filter_calls() -> bool:
    """Load the filter into this process, for good and for all its children; return whether there is one.

    Raises:
        OSError: the kernel does not take it.
    """
    made = program()
    if made is None:
        return False
    buffer = ctypes.create_string_buffer(made, len(made))
    given = _Program(len(made) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, MODE_FILTER, ctypes.byref(given)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")
    return True
