"""Shutting a process off with Linux namespaces: no network, no files but a read-only view, no other processes.

Plain system calls, no helper program. A process that goes through `enter` has left the grader's account (when that
is root), sees a file system of its own in memory with a read-only view of the interpreter and of lora_utils, sees no
process but its own, has no network and no capability, and cannot get any of it back.

Source: namespaces(7), user_namespaces(7), pivot_root(2), capabilities(7), keyctl(2), /proc/sys/user in proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from grader.sandbox.limits import Bounds, counts_by_namespace, limit
from grader.sandbox.system_calls import filter_calls

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
NOEXEC = 8  # a remount inside a user namespace must keep it where the original mount has it
DETACH = 2
SET_DUMPABLE, CAPBSET_DROP, SET_NO_NEW_PRIVS = 4, 24, 38
MACHINE = os.uname().machine if hasattr(os, "uname") else ""
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(MACHINE, 0)
KEYCTL, JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}.get(MACHINE, 0), 1
NO_MORE = ("user_namespaces", "inotify_instances", "fanotify_groups")  # without the first there are no others either
INSIDE = 1000  # user and group as a submission sees itself in a user namespace
NOBODIES = 1_000_000_000  # the first of the accounts that submissions run under when the grader is root: nobody's
HOME, WORK = "/home/student", "/home/student/work"
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class SandboxError(OSError):
    """The sandbox cannot be set up here; the message says which step failed."""


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _call(step: str, function, *arguments) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise SandboxError(number, f"{step}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind)]
    _call(f"mount {target}", _libc.mount, *texts, ctypes.c_ulong(flags), data.encode() if data else None)


def leave_namespaces() -> None:
    """Enter new mount, pid, ipc, net and uts namespaces, and without root's rights a new user namespace too.

    The next child is process 1 of the new pid namespace.
    """
    kinds = NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS
    if os.geteuid() == 0:  # no user namespace needed to mount; `become_nobody` gives root's rights up
        _call("unshare", _libc.unshare, kinds)
        return
    _enter_user_namespace(kinds, INSIDE, INSIDE)


def _enter_user_namespace(kinds: int, user: int, group: int) -> None:
    """Enter a new user namespace, and others with it, in which this account has these numbers and may make no more."""
    maps = {"setgroups": "deny", "uid_map": f"{user} {os.geteuid()} 1", "gid_map": f"{group} {os.getegid()} 1"}
    _call("unshare", _libc.unshare, kinds | NEWUSER)
    for file, text in maps.items():
        Path(f"/proc/self/{file}").write_text(text)
    for name in NO_MORE:
        with contextlib.suppress(OSError), open(f"/proc/sys/user/max_{name}", "w") as file:  # of this namespace alone
            file.write("0")  # not possible in some containers; then the filter has to do


def become_nobody(number: int) -> None:
    """Give root's account up for one that owns nothing but this submission's folders; nothing without root.

    Args:
        number: of the submission, below a million; the limit on processes counts by account, so each has its own.
    """
    if os.geteuid() != 0:
        return
    user = NOBODIES + number
    for folder in (HOME, WORK, "/tmp", "/dev/shm"):
        os.chown(folder, user, user)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _libc.prctl(SET_DUMPABLE, 1, 0, 0, 0)  # else it could not read its own /proc/self
    with contextlib.suppress(OSError):  # where it may not make one, nor may the submission
        _enter_user_namespace(0, user, user)


def change_root(root: str, view: Mapping[str, str], bounds: Bounds) -> None:
    """Move into a new file system in memory that shows `view` read-only, and forget the old one.

    Args:
        root: an empty folder that stays empty outside: the new file system is mounted over it for this process only.
        view: by the absolute paths at which something is shown, what: absolute paths too; later ones lie over earlier.
        bounds: its size.
    """
    mount(None, "/", None, REC | PRIVATE)
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, f"size={bounds.disk},nr_inodes=20000,mode=0755")
    for path in SYSTEM:
        _show(root, path, path, RDONLY | NOSUID | NODEV)
    for place, path in view.items():
        _show(root, place, path, RDONLY | NOSUID | NODEV)
    for path in DEVICES:
        _show(root, path, path, 0)
    for folder in ("/proc", "/tmp", "/dev/shm", WORK):
        os.makedirs(root + folder, exist_ok=True)
    os.chmod(root + "/tmp", 0o1777)
    try:
        mount("proc", root + "/proc", "proc", NOSUID | NODEV)
    except SandboxError as error:  # forbidden inside some containers; then there is no /proc at all
        if error.errno != errno.EPERM:
            raise
    os.chdir(root)
    _call("pivot_root", _libc.syscall, PIVOT_ROOT, b".", b".")
    _call("umount", _libc.umount2, b".", DETACH)
    os.chdir(WORK)


def _show(root: str, place: str, path: str, flags: int) -> None:
    """Bind one path into the new root; a link is made again, what does not exist is passed over."""
    target = root + place
    if os.path.islink(path):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            os.symlink(os.readlink(path), target)
        return
    if not os.path.exists(path) or (os.path.lexists(target) and os.path.isfile(target)):
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "x").close()
    mount(path, target, None, BIND | REC)
    if flags:
        mount(None, target, None, BIND | REMOUNT | flags | os.statvfs(path).f_flag & NOEXEC)


def drop_privileges(bounds: Bounds) -> None:
    """Give up every capability for good, leave the account's keys, set the limits, and have system calls filtered.

    Raises:
        OSError: a step failed.
    """
    # A key in a login's session keyring is for whoever has the keyring, and that is inherited. Where the system has no
    # keys, this fails and nothing is lost.
    _libc.syscall(KEYCTL, JOIN_SESSION_KEYRING, None)
    _libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        _libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", _libc.capset, header, (ctypes.c_uint32 * 6)())
    processes = os.geteuid() >= NOBODIES or counts_by_namespace()
    limit(bounds, processes, address_space=not filter_calls())


def session_keyring() -> int:
    """Return the number of this process's session keyring; 0 or less where there is none."""
    return _libc.syscall(KEYCTL, 0, -3, 0) if _libc is not None else 0


def not_to_be_traced() -> None:
    """Keep other processes of the same user from reading or stopping this one."""
    _libc.prctl(SET_DUMPABLE, 0, 0, 0, 0)
