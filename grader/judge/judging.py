"""The judge: runs the graded cells of a lab, hidden tests included, and asks the student's process for numbers.

It runs in a process of its own, trusted, outside the sandbox, and grades one submission after another. Locked cells
run here, the student's cells never do; where a graded cell names something of the student's, the judge has a handle,
whose only use is to have a probe run beside the real object. Each graded cell gets a new fork of the student's process,
so nothing that a check does or suffers reaches the cells below it, and is asked when all cells have run.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket

from grader import sandbox
from grader.judge.asking import Fork, Lost, StudentSide
from grader.judge.malformed_answers import ODD, Solution, forfeited, settled
from grader.judge.probe_log import ProbeLog
from grader.judge.trusted_cells import execute, value_of
from grader.results import TELL
from grader.sandbox.channel import BadFrame, ChannelClosed, ChannelTimeout, hear, tell
from grader.student.shown_outputs import Allowance
from lora_utils.checks.framework.grade import Grade

MEMORY = 3_000_000_000  # bytes beyond those of the loaded libraries
WORK_SECONDS = 30  # of the judge's own, beyond what a submission may take; it needs one or two
PATCHED = "patches-a-library"  # flag


def serve(channel: socket.socket) -> None:
    """Grade one submission after another for the process at the other end, until it hangs up.

    A message holds `cells` (id, source, kind "own" | "locked" | "graded", names, reads), `solution` (see
    `malformed_answers.Solution`), `environment`, `limits`, and as `patience` how many times these may last. The
    judge answers {"need": "student"} for each process of the student's that it wants, and at last {"runs"} with what
    became of each cell, and {"starved"}: whether the clock alone has ended one.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    sandbox.limit_memory(MEMORY)
    bare = dict(os.environ)
    with contextlib.suppress(ChannelClosed):
        while True:
            order = hear(channel)
            sandbox.limit_work(order["limits"]["cell_seconds"] * order["limits"]["submission_cells"] + WORK_SECONDS)
            os.environ.update(order["environment"])
            try:
                session = Session(channel, order)
                reply = {"runs": session.grade(), "starved": session.starved}
            except Exception as error:
                reply = {"broken": f"{type(error).__name__}: {error}"}
            tell(channel, reply)
            os.environ.clear()
            os.environ.update(bare)


class Session:
    """One submission: cells in order, and a new process of the student's after each that was lost."""

    def __init__(self, channel: socket.socket, order: dict) -> None:
        self.channel, self.cells, self.limits = channel, order["cells"], order["limits"]
        self.patience = order["patience"]
        self.runs: dict[str, dict] = {}
        self.work = self.limits["cell_seconds"] * self.limits["submission_cells"]  # seconds of processor time left
        self.clock = self.work * self.patience  # and on the clock
        self.starved = False  # whether the clock alone has ended something
        self.allowance = Allowance()
        self.solution = Solution(order["solution"])

    def grade(self) -> dict[str, dict]:
        """Return what became of every cell."""
        for number in range(1, self.limits["processes"] + 1):
            tell(self.channel, {"need": "student"})
            _, fds = hear(self.channel, fds=1)
            with socket.socket(fileno=fds[0]) as student, contextlib.closing(StudentSide(student)) as side:
                side.hello()
                more = self.one_process(side, last=number == self.limits["processes"])
                self.starved |= side.starved
                if not more:
                    break
        for cell in self.cells:
            self.runs.setdefault(cell["id"], {"status": "not-run"})
        return self.runs

    def one_process(self, side: StudentSide, last: bool) -> bool:
        """Run what a new process needs and what is still open; return whether a cell took the process with it.

        Graded cells are judged when all others have run. The last process that a submission may have judges each at
        its place, so that what stands above a fatal cell counts; from there on nothing that a cell shows is kept.
        """
        namespace: dict = {"__name__": "__main__", "display": lambda *things: None}
        before, judged = None, False
        waiting: list[tuple[dict, dict, Fork]] = []  # each cell with what the locked ones above it have made
        for cell in self.cells:
            earlier = self.runs.get(cell["id"])
            if earlier is not None and (cell["kind"] == "graded" or earlier["status"] not in ("ok", "error")):
                continue
            if self.is_over():
                break
            side.start(*self.allowed())
            if cell["kind"] == "graded":
                try:
                    fork = side.fork()
                except (ChannelClosed, ChannelTimeout, BadFrame):  # the cell before has ended the process afterwards
                    self.runs[(before or cell)["id"]] = {"status": "crash", "evalue": ""}
                    return True
                finally:
                    self.spend(side)
                waiting.append((cell, dict(namespace), fork))
                if last:
                    judged = True
                    self.judge_all(side, waiting)
                continue
            if cell["kind"] == "locked":
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    execute(cell["source"], namespace)
            # A cell that runs again has shown its outputs.
            first = earlier is None and cell.get("show", False) and not judged
            run = side.cell(cell["source"], self.allowance if first else None)
            self.spend(side)
            lost = run.pop("lost")
            if earlier is None or lost:
                self.runs[cell["id"]] = run
            if lost:
                return True
            before = cell
        self.judge_all(side, waiting)
        return False

    def judge_all(self, side: StudentSide, waiting: list[tuple[dict, dict, Fork]]) -> None:
        """Judge the graded cells whose forks wait, as far as there is time; what each leaves behind ends with it."""
        while waiting:
            cell, namespace, side.check = waiting.pop(0)
            if not self.is_over():
                side.start(*self.allowed())
                self.runs[cell["id"]] = judge(cell, namespace, side, self.solution)
                self.spend(side)
            side.end_check()
            side.end_all_but(fork for _, _, fork in waiting)

    def is_over(self) -> bool:
        """Whether the submission has used up its time, and note where the clock alone has."""
        self.starved |= self.clock <= 0 < self.work
        return min(self.work, self.clock) <= 0

    def allowed(self) -> tuple[float, float]:
        """Return how many seconds the next cell may take: of the processor's time, and on the clock."""
        most = self.limits["cell_seconds"]
        return min(self.work, most), min(self.clock, most * self.patience)

    def spend(self, side: StudentSide) -> None:
        """Take what a cell has used from what is left for the others."""
        work, clock = side.time.used()
        self.work -= work
        self.clock -= clock


def judge(cell: dict, namespace: dict, side: StudentSide, solution: Solution) -> dict:
    """Run one graded cell and return what became of it, with the grade's data when there is a grade.

    Where the environment asks for it, the grade's data hold as `probed` what each probe showed and saw.
    """
    side.log = ProbeLog(on=TELL in os.environ)
    run = _judged(cell, namespace, side, solution)
    if TELL in os.environ:
        grade = run.get("grade") or {}
        run["grade"] = grade | {"probed": side.log.by_check(grade)}
    return run


def _judged(cell: dict, namespace: dict, side: StudentSide, solution: Solution) -> dict:
    side.asked, side.odd, side.patched = [], False, False
    try:
        value = value_of(cell, namespace, side)
    except Lost as lost:
        return lost.run
    except Exception:  # outside every check
        value = forfeited(cell, namespace, side.asked, solution)
        if value is None:
            raise
    if not isinstance(value, Grade):
        return {"status": "ok"}
    if value.verdict == "grader-error":
        value = settled(value, cell, namespace, side.asked, solution)
    if side.odd and ODD not in value.flags:
        value.flags.append(ODD)
    if side.patched:
        value.flags.append(PATCHED)
    return {"status": "ok", "grade": value.data()}
