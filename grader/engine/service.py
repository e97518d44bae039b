"""The grader's side of the engine: a judge for each worker, a sandboxed process for each submission.

grader ── warm ──┬─ server with all of lora_utils ────────────┬─ reader
                 │                                            └─ judge ────── typed channel ─┐
                 └─ server without what the lab teaches ──────── guard ── init ── student's process
"""

from __future__ import annotations

import atexit
import os
import select
import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict

from grader.engine.launching import launched
from grader.engine.turns import Turns
from grader.sandbox.channel import BadFrame, ChannelClosed, ChannelTimeout, hear, tell
from grader.sandbox.limits import Bounds
from grader.sandbox.processor_time import ALONE, PATIENCE

READY_SECONDS = 120  # torch takes two seconds to import, on a loaded machine far more
READING_SECONDS = 120  # wall clock; a reader ends much earlier, by the processor time that it uses
SERVERS = 3  # labs whose submissions can be forked at a moment's notice; each takes some 60 MB
SLACK_SECONDS = 60  # beyond a submission's own limit, before its judge is given up


class EngineFailed(RuntimeError):
    """The engine itself failed: a fault of the machine or of the grader, never of the submission."""


NO_FORK = "grading needs a system that can fork a process; on Windows use WSL 2, or stock `nbgrader autograde`."


def can_fork() -> bool:
    """Whether this system has what the engine is made of."""
    return hasattr(os, "fork")


def longest(limits: dict) -> float:
    """Return how many seconds on the clock the engine works on one submission at most; it may do so twice."""
    return limits["cell_seconds"] * limits["submission_cells"] * (PATIENCE + ALONE) + 2 * SLACK_SECONDS


class Engine:
    """A warm process and what it forks; safe to use from several threads.

    Args:
        sandbox: whether submissions are shut off; False runs them under the grader's own account.
        bounds: of one submission; default `Bounds()`.
    """

    def __init__(self, sandbox: bool = True, bounds: Bounds | None = None) -> None:
        self.sandbox, self.bounds = sandbox, bounds or Bounds()
        self._lock, self._closed = threading.Lock(), False
        # By role, those that have nothing to do at the moment.
        self._free: dict[str, list[socket.socket]] = {"judge": [], "reader": []}
        self._turns, self._on_core = Turns(), [0] * (os.cpu_count() or 1)  # submissions that are kept on each core
        self._warm = launched()
        self._process = self._warm.process
        # By what they withhold of the package: the processes that fork; judges and readers come of the one with all.
        self._servers: dict[tuple[str, ...] | None, socket.socket] = {}
        try:
            there = hear(self._warm.channel, READY_SECONDS)["walls"]
            self.walls: list[str] = there if sandbox else []  # beside namespaces, on this machine
            self._server(None)
        except (ChannelClosed, ChannelTimeout) as error:
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
            self.close()
            raise EngineFailed(f"the grader's engine did not start ({said[-1] if said else error})") from error
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether the warm process is alive."""
        return self._process.poll() is None

    def _drain(self) -> None:
        """Read what the engine's own processes complain about, so that no pipe fills up."""
        self.complaints: list[str] = []
        with suppress(ValueError):  # closed while reading: the engine has ended
            for line in self._process.stderr:
                self.complaints = [*self.complaints[-50:], line.decode(errors="replace").rstrip()]

    def _fork(self, request: dict, channels: int = 1, withheld: tuple[str, ...] | None = None) -> list[socket.socket]:
        """Fork a process and return our ends of the channels to it."""
        with self._lock:
            try:
                return _asked(self._server(withheld), request, channels)
            except ChannelClosed:  # something has ended it, for example a machine that was out of memory
                self._servers.pop(withheld).close()
                return _asked(self._server(withheld), request, channels)

    def _server(self, withheld: tuple[str, ...] | None) -> socket.socket:
        """Return the channel to what forks; a new one imports the package while the caller does something else."""
        channel = self._servers.pop(withheld, None)
        if channel is None:
            (channel,) = _asked(self._warm.channel, {"role": "server", "withheld": withheld}, 1)
        self._servers[withheld] = channel  # at the end: those at the front have not been used for longest
        for idle in [one for one in self._servers if one is not None][:-SERVERS]:
            self._servers.pop(idle).close()  # it forks nothing more, and ends when its last submission is over
        return channel

    def prepare(self, withheld: Iterable[tuple[str, ...]]) -> None:
        """Have what forks the submissions of some labs import what it needs, while the caller does something else.

        Raises:
            EngineFailed: the engine broke.
        """
        try:
            for names in withheld:
                with self._lock:
                    self._server(names)
        except (ChannelClosed, ChannelTimeout, BadFrame) as error:
            raise EngineFailed(f"the engine is gone ({error})") from error

    def grade(
        self,
        cells: list[dict],
        environment: dict[str, str],
        limits: dict,
        solution: Sequence[dict] = (),
        withheld: tuple[str, ...] = (),
    ) -> dict[str, dict]:
        """Run the cells of one submission; see `judge.serve` for the forms, `student.withheld` for what is withheld.

        Where the clock alone has stopped a cell, it runs again while no other submission does, before that is believed.

        Raises:
            EngineFailed: the engine broke, whatever the submission did.
        """
        order = {"cells": cells, "environment": environment, "limits": limits, "solution": list(solution)}
        with self._turns.together():
            answer = self._grade(withheld, order | {"patience": PATIENCE})
        if answer["starved"]:
            with self._turns.alone():
                answer = self._grade(withheld, order | {"patience": ALONE})
        return answer["runs"]

    def _grade(self, withheld: tuple[str, ...], order: dict) -> dict:
        limits = order["limits"]
        try:
            self.prepare([withheld])
            judge = self._helper("judge")
        except (ChannelClosed, ChannelTimeout, BadFrame) as error:
            raise EngineFailed(f"the engine is gone ({error})") from error
        student = _Student(self, limits, withheld)
        wait = limits["cell_seconds"] * limits["submission_cells"] * order["patience"] + SLACK_SECONDS
        try:
            tell(judge, order)
            while "need" in (answer := hear(judge, wait)):
                fd = student.new()
                try:
                    tell(judge, {}, (fd,))
                finally:
                    os.close(fd)
        except (ChannelClosed, ChannelTimeout, BadFrame) as error:
            judge.close()  # and with it the judge, whatever it is doing
            raise EngineFailed(f"the judge is gone ({error})") from error
        finally:
            student.close()
        if "runs" not in answer:
            judge.close()
            raise EngineFailed(answer.get("broken", "the judge gave no answer"))
        self._release("judge", judge)
        return answer

    def read(self, reading: str, texts: list[str], *more: list[str]) -> list | None:
        """Have the text of a submission's cells read, in a process that it cannot harm.

        Args:
            reading: what is asked of it, one of `reader.READINGS`.
            texts: the cells.
            *more: what that reading takes besides.

        Returns:
            The answer; None where it takes too much time or memory to find.
        """
        reader = self._helper("reader")
        try:
            tell(reader, {"reading": reading, "texts": texts, "more": more})
            answer = hear(reader, READING_SECONDS)
        except (ChannelClosed, ChannelTimeout, BadFrame):
            reader.close()
            return None
        self._release("reader", reader)
        return answer

    def _helper(self, role: str) -> socket.socket:
        """Return the channel to a judge or reader that is free; one that has failed or ended is never used again."""
        with suppress(IndexError):
            while True:
                free = self._free[role].pop()
                if not select.select([free], [], [], 0)[0]:  # it says nothing unasked, so nothing means that it lives
                    return free
                free.close()
        return self._fork({"role": role})[0]

    def _release(self, role: str, channel: socket.socket) -> None:
        """Keep it for the next who asks; one that comes back to a closed engine has nobody to wait for."""
        self._free[role].append(channel)
        if self._closed:
            self._hang_up()

    def _hang_up(self) -> None:
        for helpers in self._free.values():
            with suppress(IndexError):
                while True:
                    helpers.pop().close()

    def close(self) -> None:
        """End the warm process and everything it has forked."""
        self._closed = True
        self._hang_up()
        for channel in self._servers.values():
            channel.close()
        self._warm.close()


def _asked(server: socket.socket, request: dict, channels: int) -> list[socket.socket]:
    """Have a process fork, and return our ends of the channels to the new one."""
    pairs = [socket.socketpair() for _ in range(channels)]
    try:
        tell(server, request, [theirs.fileno() for _, theirs in pairs])
        hear(server, READY_SECONDS)
    except BaseException:
        for ours, _ in pairs:
            ours.close()
        raise
    finally:
        for _, theirs in pairs:
            theirs.close()
    return [ours for ours, _ in pairs]


class _Student:
    """The student's process of one submission: a new one ends the one before; all are kept on the emptiest core."""

    def __init__(self, engine: Engine, limits: dict, withheld: tuple[str, ...]) -> None:
        self._engine, self._control, self._withheld = engine, None, withheld
        with engine._lock:
            self._core = engine._on_core.index(min(engine._on_core))
            engine._on_core[self._core] += 1
        self._request = {
            "role": "student",
            "sandbox": engine.sandbox,
            "bounds": asdict(engine.bounds),
            "core": self._core,
            "environment": {},  # not even the seed of the inputs: the judge draws them
            "output_bytes": limits["output_bytes"],
        }

    def new(self) -> int:
        """Fork a process and return the judge's end of the channel to it."""
        self._end()
        ours, self._control = self._engine._fork(self._request, 2, self._withheld)
        return ours.detach()

    def close(self) -> None:
        """End it, with all its children, and leave the core to others."""
        self._end()
        with self._engine._lock:
            self._engine._on_core[self._core] -= 1

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None


_engines: dict[bool, Engine] = {}
_guard = threading.Lock()


def engine(sandbox: bool) -> Engine:
    """Return this process's engine of a kind, started on first use; it ends with the process."""
    with _guard:
        if not _engines:
            atexit.register(stop)
        if sandbox not in _engines or not _engines[sandbox].running:
            _engines[sandbox] = Engine(sandbox)
        return _engines[sandbox]


def stop() -> None:
    """End this process's engines."""
    with _guard:
        while _engines:
            _engines.popitem()[1].close()
