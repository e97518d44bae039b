"""A warm process: torch imported once; its forks import lora_utils; theirs are the submissions and who judges them.

    python -m grader.engine.fork_server SOCKET    (started by grader.engine.service, spoken to over this socket)

A fork is ready in some 20 ms, where a kernel that imports torch takes seconds. The warm process knows nothing that must
stay secret: it starts with a bare environment, and hidden tests reach only the judges, after their fork. It runs on
one thread, since the child of a process with more OpenMP threads hangs.

Kinds of descendants:

    server     has imported lora_utils, all of it or without what a lab teaches, and forks those below
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
from pathlib import Path

from grader import sandbox
from grader.course_package import course_package
from grader.engine.fork_memory import fill_gaps, use_huge_pages
from grader.engine.preloading import preload_libraries, preload_package
from grader.sandbox.channel import ChannelClosed, hear, tell
from grader.sandbox.control_groups import Group, Groups
from grader.sandbox.fair_share import LOOK_SECONDS
from grader.student.withheld import copy_without, imports, withhold

HELPERS = ("judge", "reader")


def view() -> dict[str, str]:
    """The folders that a submission may read, the interpreter and its packages, each with what it sees there."""
    found: dict[str, str] = {}
    for path in (sys.prefix, sys.base_prefix):
        for one in (path, os.path.realpath(path)):
            if not one.startswith("/usr/"):
                found[one] = one
    return found


class Server:
    """A process that forks on request.

    Args:
        channel: over which requests come, each with the ends of the new process's channels.
        root: an empty folder, see `change_root`.
        groups: of control.
        package: by the place where a submission sees a folder of the course, the folder; default: none.
    """

    def __init__(
        self, channel: socket.socket, root: str, groups: Groups, package: dict[str, str] | None = None
    ) -> None:
        self.channel, self.root, self.groups = channel, root, groups
        self.view = view() | (package or {})
        self.helpers: list[int] = []  # judges and readers, which nothing else ends while they are busy
        self.guards: list[int] = []

    def serve(self) -> None:
        """Fork until the channel closes, then end what is left."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects dead children by itself
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then closes the socket
        gc.freeze()  # a collection in a fork would touch, and so copy, the memory that all forks share
        with contextlib.suppress(ChannelClosed):
            while True:
                self._share()
                request, fds = hear(self.channel, fds=2)
                pid = os.fork()
                if pid == 0:
                    self._child(request, fds)
                for fd in fds:
                    os.close(fd)
                if request["role"] in HELPERS:
                    self.helpers.append(pid)
                elif request["role"] == "student":
                    self.guards.append(pid)
                tell(self.channel, {"pid": pid})
        for pid in set(self.helpers) & set(sandbox.children()):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)  # as SIGCHLD is ignored, it returns when the last child is gone

    def _share(self) -> None:
        """Until the next request, see to it that no submission has more of the processor than another."""
        while self.guards and not self.groups.fair and not select.select([self.channel], [], [], LOOK_SECONDS)[0]:
            self.guards = sorted(set(self.guards) & set(sandbox.children()))
            for guarded in self.guards:
                sandbox.even_out(guarded)

    def _child(self, request: dict, fds: list[int]) -> None:
        self.channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = 1
        try:
            if request["role"] == "server":
                sandbox.die_with_parent()
                package = prepare(request["withheld"])
                Server(socket.socket(fileno=fds[0]), self.root, self.groups, package).serve()
            elif request["role"] in HELPERS:
                from grader.judge import judging, reader

                os.setsid()
                sandbox.die_with_parent()
                {"judge": judging, "reader": reader}[request["role"]].serve(socket.socket(fileno=fds[0]))
            else:
                guard(*fds, request, self.root, self.view, self.groups)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)


def prepare(withheld: list[str] | None) -> dict[str, str]:
    """Import what the forks of this process share, and arrange their memory; return what they see of the package.

    Args:
        withheld: what submissions may not have of lora_utils; None for those who judge them, who have all of it.
    """
    package, copy = str(course_package()), {}
    if withheld is None:
        from grader.judge import judging, reader  # noqa: F401 - its import is the point
    else:
        copy = {package: os.path.join(tempfile.mkdtemp(prefix="package-"), "lora_utils")}
        os.chmod(os.path.dirname(copy[package]), 0o755)
        copy_without(course_package(), Path(copy[package]), withheld)
        withhold(withheld, course_package())
    preload_package()
    if withheld is not None:
        from grader.student import student_side

        student_side.prepare()
    settle()
    return copy


def settle() -> None:
    """Arrange this process's memory so that its forks share most of it."""
    gc.collect()
    fill_gaps()
    use_huge_pages()


def main() -> None:
    """Load the libraries, read what imports what in the package, and serve; this process's own forks are servers."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    preload_libraries()
    imports(course_package())
    settle()
    root = tempfile.mkdtemp(prefix="root-")
    os.chmod(root, 0o755)
    groups = Groups()
    with contextlib.suppress(ChannelClosed):
        walls = {"seccomp": sandbox.program() is not None, "cgroups": groups.available}
        tell(channel, {"ready": True, "walls": [name for name, there in walls.items() if there]})
        Server(channel, root, groups).serve()
    # The grader has ended, or was killed; then nobody else removes our folder.
    groups.close()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)  # taking a loaded interpreter apart would keep the grader waiting


def guard(student: int, control: int, request: dict, root: str, view: dict[str, str], groups: Groups) -> None:
    """Stand between the grader and one submission: end the latter when it is over or no longer wanted."""
    bounds = sandbox.Bounds(**request["bounds"])
    folder, number = None, os.getpid() % 1_000_000
    if request["sandbox"]:
        try:
            sandbox.leave_namespaces()
        except OSError as error:
            tell(socket.socket(fileno=student), {"broken": str(error)})
            return
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
            _init(student, request, root, view, folder, bounds, number, group)
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
    view: dict[str, str],
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
        sandbox.change_root(root, view, bounds)
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
