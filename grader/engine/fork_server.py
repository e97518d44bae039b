"""A warm process: torch and lora_utils imported once, then one fork for each submission and for each judge.

    python -m grader.engine.fork_server SOCKET    (started by grader.engine.service, spoken to over this socket)

A fork of it is ready in some 20 ms, where a kernel that imports torch takes seconds. It knows nothing that must stay
secret: it starts with a bare environment, and hidden tests reach only the judges, after their fork. It runs on one
thread, since the child of a process with more OpenMP threads hangs.

Kinds of children:

    guard      waits until the submission is over or nobody wants it any more, then ends everything in its namespace
    └─ init    process 1 of the namespace; sets the sandbox up, then only collects the dead
       └─ student_side.serve: runs the student's cells
    judging.serve: runs the graded cells, trusted
    reader.serve: looks through the text of students' cells
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import traceback

from grader import sandbox
from grader.course_package import course_package
from grader.engine.fork_memory import fill_gaps, use_huge_pages
from grader.engine.preloading import preload
from grader.sandbox.channel import ChannelClosed, hear, tell
from grader.sandbox.control_groups import Group, Groups

HELPERS = ("judge", "reader")


def view() -> list[str]:
    """The folders that a submission may read: the interpreter, its packages, and lora_utils."""
    folders = [os.path.abspath(course_package()), sys.prefix, sys.base_prefix]
    found: list[str] = []
    for path in folders:
        for one in (path, os.path.realpath(path)):
            if one not in found and not one.startswith("/usr/"):
                found.append(one)
    return found


def main() -> None:
    """Serve forks until the socket closes."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    preload()
    root = tempfile.mkdtemp(prefix="root-")
    os.chmod(root, 0o755)
    groups = Groups()
    walls = {"seccomp": sandbox.program() is not None, "cgroups": groups.available}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects dead children by itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then closes the socket
    gc.collect()
    fill_gaps()
    use_huge_pages()
    gc.freeze()  # a collection in a fork would touch, and so copy, the memory that all forks share
    helpers: list[int] = []  # judges and readers, which nothing else ends while they are busy
    try:
        tell(channel, {"ready": True, "walls": [name for name, there in walls.items() if there]})
        while True:
            while not groups.fair and not select.select([channel], [], [], sandbox.LOOK_SECONDS)[0]:
                for guarded in set(sandbox.children()) - set(helpers):
                    sandbox.even_out(guarded)
            request, fds = hear(channel, fds=2)
            pid = os.fork()
            if pid == 0:
                channel.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                code = 1
                try:
                    code = _child(request, fds, root, groups)
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(code)
            for fd in fds:
                os.close(fd)
            if request["role"] in HELPERS:
                helpers.append(pid)
            tell(channel, {"pid": pid})
    except ChannelClosed:  # the grader has ended, or was killed; then nobody else removes our folder
        for pid in set(helpers) & set(sandbox.children()):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)  # as SIGCHLD is ignored, it returns when the last child is gone
        groups.close()
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
        os._exit(0)  # taking a loaded interpreter apart would keep the grader waiting


def _child(request: dict, fds: list[int], root: str, groups: Groups) -> int:
    if request["role"] in HELPERS:
        from grader.judge import judging, reader

        os.setsid()
        sandbox.die_with_parent()
        {"judge": judging, "reader": reader}[request["role"]].serve(socket.socket(fileno=fds[0]))
        return 0
    student, control = fds
    return guard(student, control, request, root, groups)


def guard(student: int, control: int, request: dict, root: str, groups: Groups) -> int:
    """Stand between the grader and one submission: end the latter when it is over or no longer wanted."""
    bounds = sandbox.Bounds(**request["bounds"])
    folder, number = None, os.getpid() % 1_000_000
    if request["sandbox"]:
        try:
            sandbox.leave_namespaces()
        except OSError as error:
            tell(socket.socket(fileno=student), {"broken": str(error)})
            return 1
    else:
        folder = tempfile.mkdtemp(prefix="grader-work-")
        sandbox.adopt_orphans()
    # Its private files lie in memory as well.
    group = groups.new(os.getpid(), bounds.memory + bounds.disk, bounds.processes) if request["sandbox"] else None
    usage = group.usage() if group is not None else None
    with socket.socket(fileno=os.dup(student)) as judge, contextlib.suppress(ChannelClosed):
        tell(judge, {"guard": os.getpid()}, [] if usage is None else [usage])  # before it hears anything else from here
    if usage is not None:
        os.close(usage)
    init = os.fork()
    if init == 0:
        os.close(control)
        if request["sandbox"] and not groups.fair:
            sandbox.keep_on_one_core(request["core"])
        try:
            _init(student, request, root, folder, bounds, number, group)
        except BaseException as error:
            with contextlib.suppress(Exception):
                tell(socket.socket(fileno=student), {"broken": f"{type(error).__name__}: {error}"})
        finally:
            os._exit(1)
    os.close(student)
    _until_over(init, control)
    with contextlib.suppress(ProcessLookupError):
        os.kill(init, signal.SIGKILL)  # process 1: everything in its namespace dies with it
    if folder:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(init, signal.SIGKILL)
        sandbox.end_children()  # also those that have left the group
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(init, 0)
    if group is not None:
        group.remove()
    return 0


def _until_over(init: int, control: int) -> None:
    """Wait until process 1 has ended or the other end of `control` is closed."""
    try:
        ended = os.pidfd_open(init)
    except (AttributeError, OSError):  # not on this system: only the other end counts, which closes in any case
        ended = None
    watched = [control] if ended is None else [control, ended]
    select.select(watched, [], [])
    if ended is not None:
        os.close(ended)


def _init(
    student: int,
    request: dict,
    root: str,
    folder: str | None,
    bounds: sandbox.Bounds,
    number: int,
    group: Group | None,
) -> None:
    from grader.student import student_side

    if group is not None:
        group.enter()

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if folder is None:
        sandbox.change_root(root, view(), bounds)
        home = sandbox.HOME
    else:
        home = folder
        os.makedirs(os.path.join(folder, "work"))
        os.chdir(os.path.join(folder, "work"))
    _close_all_but(student)
    os.environ.update(
        HOME=home,
        TMPDIR=home,
        IPYTHONDIR=f"{home}/ipython",
        MPLCONFIGDIR=f"{home}/matplotlib",
        **request["environment"],
    )
    tempfile.tempdir = None
    if folder is not None:
        sandbox.die_with_parent()
        sandbox.limit(bounds, processes=False)  # they would be counted together with the caller's own
        student_side.serve(socket.socket(fileno=student), request["output_bytes"])
        return
    sandbox.become_nobody(number)
    sandbox.drop_privileges(bounds)
    sandbox.die_with_parent()  # a change of account would undo it
    main = os.fork()
    if main == 0:
        student_side.serve(socket.socket(fileno=student), request["output_bytes"])
        os._exit(0)
    os.close(student)
    sandbox.not_to_be_traced()
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.wait()
            if pid == main:
                return  # and with it everything that is left in the namespace


def _close_all_but(kept: int) -> None:
    os.closerange(3, kept)
    os.closerange(kept + 1, 1 << 16)


if __name__ == "__main__":
    main()
