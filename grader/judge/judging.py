"""The judge: runs the graded cells of a lab, hidden tests included, and asks the student's process for numbers.

It runs in a process of its own, trusted, outside the sandbox, and grades one submission after another. Locked cells
run here, the student's cells never do; where a graded cell names something of the student's, the judge has a handle,
whose only use is to have a probe run beside the real object. Each graded cell gets a new fork of the student's process,
so nothing that a check does or suffers reaches the cells below it.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket

from grader import sandbox
from grader.judge.malformed_answers import ODD, Asked, Solution, forfeited, settled
from grader.judge.probe_code import probe_code
from grader.judge.trusted_cells import execute, value_of
from grader.sandbox.channel import BadFrame, ChannelClosed, ChannelTimeout, hear, tell
from grader.sandbox.tensor_channel import receive, send
from grader.student.shown_outputs import Allowance
from lora_utils.checks.framework.grade import Grade
from lora_utils.checks.framework.subject import Handle, Seen, StudentRaised

READY_SECONDS = 60  # a fork and a few mounts take some hundredths; a loaded machine may need far more
MEMORY = 3_000_000_000  # bytes beyond those of the loaded libraries
WORK_SECONDS = 30  # of the judge's own, beyond what a submission may take; it needs one or two
PATCHED = "patches-a-library"  # flag
KNOWN = ("ok", "error", "crash", "flood")


class Lost(BaseException):
    """The student's side did not answer a probe; ends the graded cell. `run` is what became of it."""

    def __init__(self, status: str, ename: str = "", evalue: str = "") -> None:
        self.run = {"status": status, "ename": ename, "evalue": evalue}
        super().__init__(status)


class StudentSide:
    """The judge's end of the channel to one submission's process."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.check: socket.socket | None = None
        self.asked: list[Asked] = []  # what the probes of the present graded cell brought back
        self.odd = False  # whether one of them brought what our own code there never says
        self.patched = False  # whether its process says that libraries or checks are not what they were
        self.meter = sandbox.Meter(os.getpid())  # until it is known whose time counts
        self.time = sandbox.Stopwatch(self.meter, 0.0, 0.0)
        self.starved = False  # whether the clock alone has ended a cell

    def hello(self) -> None:
        """Wait until the process is shut off and ready; nothing of the student's has run yet.

        Raises:
            RuntimeError: it could not be set up.
        """
        try:
            said, fds = receive(self.channel, READY_SECONDS, fds=1)
            if "guard" in said:
                self.meter = sandbox.Meter(said["guard"], *fds)
                said = receive(self.channel, READY_SECONDS)
        except (ChannelClosed, ChannelTimeout) as error:
            raise RuntimeError(f"the submission's process did not start ({error})") from error
        if said != {"ready": True}:
            raise RuntimeError(f"the submission's process could not be set up ({_text(said, 'broken')})")

    def start(self, work: float, clock: float) -> None:
        """Begin a cell that may take so many seconds of processor time, and so many on the clock."""
        self.end_check()
        self.time = sandbox.Stopwatch(self.meter, work, clock)

    def too_long(self) -> str:
        """Note whether the clock alone has ended the cell, and say after how long it was."""
        if self.time.kept_waiting():
            self.starved = True
            return f"{self.time.clock:.0f} s of waiting"
        return f"{self.time.work:.0f} s"

    def cell(self, source: str, allowance: Allowance | None = None) -> dict:
        """Run one of the student's cells; "lost" in the answer says that the process is of no more use.

        Args:
            source: the cell.
            allowance: of which the cell's outputs may take their share; default: they are not asked for.
        """
        try:
            order = {"do": "cell", "source": source, "show": allowance is not None}
            send(self.channel, order, seconds=self.time.rest())
            answer = receive(self.channel, self.time.left)
        except ChannelTimeout:
            return {"status": "timeout", "evalue": self.too_long(), "lost": True}
        except ChannelClosed:
            return {"status": "crash", "lost": True}
        except BadFrame as error:
            return {"status": "crash", "evalue": f"forged answer: {error}", "lost": True}
        if not isinstance(answer, dict) or answer.get("status") not in KNOWN:
            return {"status": "crash", "evalue": _text(answer, "broken") or "forged answer", "lost": True}
        found = {"status": answer["status"], "ename": _text(answer, "ename"), "evalue": _text(answer, "evalue")}
        shown = {} if allowance is None else {"shown": allowance.take(answer.get("shown"))}
        return found | shown | {"lost": answer["status"] in ("crash", "flood")}

    def probe(self, function, objects: tuple, inputs: dict, seed: int) -> dict:
        """Run a probe in the fork that belongs to this graded cell, as `Subject.probe` would here."""
        seen = self._ask(function, objects, inputs, seed)
        self.asked.append(Asked(seed, function.__qualname__, dict(seen)))
        return seen

    def _ask(self, function, objects: tuple, inputs: dict, seed: int) -> dict:
        request = {
            "probe": probe_code(function),
            "objects": [{"name": o.name} if isinstance(o, Handle) else {"value": o} for o in objects],
            "inputs": inputs,
            "seed": seed,
        }
        try:
            if self.check is None:
                self.new_check()
            send(self.check, request, seconds=self.time.rest())
            answer = receive(self.check, self.time.left)
        except ChannelTimeout:
            said = self.too_long()
            self.end_check()
            raise Lost("timeout", evalue=said) from None
        except ChannelClosed:
            self.end_check()
            raise Lost("crash") from None
        except BadFrame:
            self.end_check()
            answer = None
        if isinstance(answer, dict):
            self.patched |= bool(answer.get("patched"))
            if isinstance(answer.get("missing"), str):
                raise Lost("error", "NameError", f"name {answer['missing'][:80]!r} is not defined")
            if isinstance(raised := answer.get("raised"), list) and len(raised) == 3:
                raise StudentRaised(*(str(part)[:2_000] for part in raised))
            if isinstance(answer.get("seen"), dict):
                return Seen(answer["seen"])
        self.odd = True
        raise StudentRaised("WrongType", "the answer is no plain data")

    def new_check(self) -> None:
        """Have the student's process fork; the fork answers on a socket of its own."""
        self.end_check()
        ours, theirs = socket.socketpair()
        try:
            send(self.channel, {"do": "check"}, (theirs.fileno(),), self.time.rest())
        finally:
            theirs.close()
        self.check = ours

    def end_check(self) -> None:
        """Let the fork of the present graded cell go."""
        if self.check is not None:
            self.check.close()
            self.check = None


def _text(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value[:2_000] if isinstance(value, str) else ""


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
        for _ in range(self.limits["processes"]):
            tell(self.channel, {"need": "student"})
            _, fds = hear(self.channel, fds=1)
            with socket.socket(fileno=fds[0]) as student:
                side = StudentSide(student)
                side.hello()
                more = self.one_process(side)
                side.meter.close()
                self.starved |= side.starved
                if not more:
                    break
        for cell in self.cells:
            self.runs.setdefault(cell["id"], {"status": "not-run"})
        return self.runs

    def one_process(self, side: StudentSide) -> bool:
        """Run what a new process needs and what is still open; return whether a cell took the process with it."""
        namespace: dict = {"__name__": "__main__", "display": lambda *things: None}
        before = None
        for cell in self.cells:
            earlier = self.runs.get(cell["id"])
            if earlier is not None and (cell["kind"] == "graded" or earlier["status"] not in ("ok", "error")):
                continue
            if min(self.work, self.clock) <= 0:
                self.starved |= self.work > 0
                return False
            side.start(*self.allowed())
            if cell["kind"] == "graded":
                self.runs[cell["id"]] = judge(cell, namespace, side, self.solution)
                self.spend(side)
                if self.runs[cell["id"]]["status"] == "crash" and not alive(side):
                    if before is not None:
                        self.runs[before["id"]] = {"status": "crash", "evalue": ""}
                        del self.runs[cell["id"]]
                    return True
                continue
            if cell["kind"] == "locked":
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    execute(cell["source"], namespace)
            first = earlier is None and cell.get("show", False)  # a cell that runs again has shown its outputs
            run = side.cell(cell["source"], self.allowance if first else None)
            self.spend(side)
            lost = run.pop("lost")
            if earlier is None or lost:
                self.runs[cell["id"]] = run
            if lost:
                return True
            before = cell
        return False

    def allowed(self) -> tuple[float, float]:
        """Return how many seconds the next cell may take: of the processor's time, and on the clock."""
        most = self.limits["cell_seconds"]
        return min(self.work, most), min(self.clock, most * self.patience)

    def spend(self, side: StudentSide) -> None:
        """Take what a cell has used from what is left for the others."""
        work, clock = side.time.used()
        self.work -= work
        self.clock -= clock


def alive(side: StudentSide) -> bool:
    """Whether the student's process still answers."""
    try:
        send(side.channel, {"do": "cell", "source": ""}, seconds=10)
        return isinstance(receive(side.channel, 10), dict)
    except (ChannelClosed, ChannelTimeout, BadFrame):
        return False


def judge(cell: dict, namespace: dict, side: StudentSide, solution: Solution) -> dict:
    """Run one graded cell and return what became of it, with the grade's data when there is a grade."""
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
