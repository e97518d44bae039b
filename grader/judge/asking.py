"""Asking a submission's process: cells to run, and, of forks of it, probes of what the cells have made.

A fork is made where a graded cell stands, and waits. It is asked when the last cell has run, so nothing that a check
shows to the student's code, its inputs above all, can reach anything that a cell prints.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from grader import sandbox
from grader.judge.malformed_answers import Asked
from grader.judge.probe_code import probe_code
from grader.judge.probe_log import ProbeLog
from grader.sandbox.channel import BadFrame, ChannelClosed, ChannelTimeout
from grader.sandbox.tensor_channel import receive, send
from grader.student.shown_outputs import Allowance
from lora_utils.checks.framework.laws import Broken
from lora_utils.checks.framework.subject import WRONG_TYPE, Handle, Seen, StudentRaised

READY_SECONDS = 60  # a fork and a few mounts take some hundredths; a loaded machine may need far more
KNOWN = ("ok", "error", "crash", "flood")


class Lost(BaseException):
    """The student's side did not answer a probe; ends the graded cell. `run` is what became of it."""

    def __init__(self, status: str, ename: str = "", evalue: str = "") -> None:
        self.run = {"status": status, "ename": ename, "evalue": evalue}
        super().__init__(status)


@dataclass
class Fork:
    """A fork of a submission's process that waits to be asked.

    Args:
        channel: to it.
        pids: processes that appeared while it was made: itself, and whatever else the submission started then.
    """

    channel: socket.socket
    pids: set[int] = field(default_factory=set)


class StudentSide:
    """The judge's end of the channel to one submission's process."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.check: Fork | None = None  # of the present graded cell
        self.forks: list[Fork] = []  # all that were made
        self.first: set[int] = set()  # the processes that ran before any code of the student's
        self.asked: list[Asked] = []  # what the probes of the present graded cell brought back
        self.log = ProbeLog(on=False)  # the same as texts, with what was shown to the answer
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
        self.first = self._living()

    def start(self, work: float, clock: float) -> None:
        """Begin a cell that may take so many seconds of processor time, and so many on the clock."""
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
        with self.log.asking(function, inputs, seed) as note:
            seen = self._ask(function, objects, inputs, seed)
            note(seen)
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
            if self.check is None:  # it was lost to an earlier probe of this cell
                raise ChannelClosed("the fork is gone")
            send(self.check.channel, request, seconds=self.time.rest())
            answer = receive(self.check.channel, self.time.left)
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
            if isinstance(raised := answer.get("raised"), list) and len(raised) == 4:
                raise StudentRaised(*(str(part)[:2_000] for part in raised))
            if isinstance(answer.get("seen"), dict):
                seen = Seen(answer["seen"])
                seen.broken = Broken.read(answer.get("broken"))
                return seen
        self.odd = True
        raise StudentRaised(WRONG_TYPE, "it is no plain data")

    def fork(self) -> Fork:
        """Have the student's process fork.

        Raises:
            ChannelClosed, ChannelTimeout, BadFrame: there is nothing left that could, or it does not say so.
        """
        before = self._living()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                send(self.channel, {"do": "check"}, (theirs.fileno(),), self.time.rest())
            receive(ours, self.time.left)
        except BaseException:
            ours.close()
            raise
        self.forks.append(Fork(ours, self._living() - before))
        return self.forks[-1]

    def close(self) -> None:
        """Let every fork go, also those that were never asked, and stop measuring."""
        for fork in self.forks:
            fork.channel.close()
        self.meter.close()

    def end_check(self) -> None:
        """Let the fork of the present graded cell go."""
        if self.check is not None:
            self.check.channel.close()
            self.check = None

    def end_all_but(self, waiting: Iterable[Fork]) -> None:
        """End what the checks until now have started, and whatever else is no fork that still waits."""
        sandbox.end_descendants(self.meter.root, self.first.union(*(fork.pids for fork in waiting)))

    def _living(self) -> set[int]:
        try:
            return set(sandbox.descendants(self.meter.root))
        except OSError:  # not on this system
            return set()


def _text(answer: object, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value[:2_000] if isinstance(value, str) else ""
