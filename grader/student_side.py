"""Beside the student's objects: runs the cells, and in a fork of itself for each graded cell, the probes.

Everything in this process may have been changed by the code it runs, and nobody trusts what it says: it can answer a
judge's questions, which are numbers, and the judge compares the answers with its own.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import io
import os
import signal
import socket
import sys

from grader.frames import ChannelClosed, receive, send
from lora_utils.checks.subject import PROBE_HOME, StudentRaised, Subject

LONGEST_TEXT = 2_000  # characters kept of one error message
_shell = None


class Tap(io.TextIOBase):
    """Standard output and error of the cells: counted, kept up to a limit, and an end to everything beyond it."""

    def __init__(self, most: int, flood) -> None:
        self.most, self.flood, self.count = most, flood, 0

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, text: str) -> int:
        """Count a text; too much of it ends the process."""
        self.take(len(text))
        return len(text)

    def take(self, size: int) -> None:
        """Count what was printed or shown."""
        self.count += size
        if self.count > self.most:
            self.flood()


def make_shell():
    """Return IPython's shell without terminal, history or configuration; made once, before the fork."""
    global _shell
    if _shell is None:
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        class Shown(DisplayPublisher):
            def publish(self, data, metadata=None, **more):
                _count(data)

        class Value(DisplayHook):
            def __call__(self, result=None):
                if result is not None and not self.quiet():
                    data, _ = self.compute_format_data(result)
                    _count(data)
                    self.update_user_ns(result)

        class Shell(InteractiveShell):
            def ask_exit(self):
                _gone({"status": "crash", "evalue": "exit() was called"})

            def showtraceback(self, *args, **more):
                pass

            def showsyntaxerror(self, *args, **more):
                pass

            def init_io(self):
                pass

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.display_pub_class = Shown
        _shell = Shell.instance(config=config, display_pub_class=Shown, displayhook_class=Value)
    return _shell


_tap = Tap(1 << 60, lambda: None)
_channel: socket.socket | None = None


def _count(data: dict) -> None:
    _tap.take(sum(len(value) if isinstance(value, str | bytes) else len(repr(value)) for value in data.values()))


def _gone(message: dict) -> None:
    """Say one last thing and end the process."""
    with contextlib.suppress(Exception):
        send(_channel, message)
    os._exit(1)


def serve(channel: socket.socket, output_bytes: int) -> None:
    """Answer the judge's requests until it hangs up: {"do": "cell", "source"} and {"do": "check"} with a socket."""
    global _tap, _channel
    _channel = channel
    _tap = Tap(output_bytes, lambda: _gone({"status": "flood", "evalue": f"{output_bytes / 1e6:g} MB"}))
    sys.stdout = sys.stderr = _tap
    builtins.input = _no_input
    shell, checking = make_shell(), 0
    shell.user_ns["__name__"] = "__main__"
    send(channel, {"ready": True})
    with contextlib.suppress(ChannelClosed):
        while True:
            request, fds = receive(channel, fds=1)
            if checking:
                checking = _end(checking)
            if request["do"] == "cell":
                send(channel, run(shell, request["source"]))
            elif request["do"] == "check" and fds:
                gc.freeze()
                checking = os.fork()
                if checking == 0:
                    gc.disable()
                    channel.close()
                    answer_probes(socket.socket(fileno=fds.pop()), shell.user_ns)
                    os._exit(0)
            for fd in fds:
                os.close(fd)


def _end(pid: int) -> int:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return 0


def _no_input(prompt: str = "") -> str:
    raise EOFError("there is nobody to answer input() when a notebook is graded")


def run(shell, source: str) -> dict:
    """Run one cell as a notebook does and say how it ended."""
    result = shell.run_cell(source, store_history=True, silent=False)
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return {"status": "ok"}
    return {"status": "error", "ename": type(error).__name__[:100], "evalue": _text_of(error)}


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:LONGEST_TEXT]
    except BaseException:
        return ""


def answer_probes(channel: socket.socket, names: dict) -> None:
    """Run the probes of one graded cell until the judge hangs up."""
    with contextlib.suppress(ChannelClosed):
        while True:
            send(channel, answer(receive(channel), names))


def answer(request: dict, names: dict) -> dict:
    """Run one probe: {"module", "probe", "objects", "inputs", "seed"} -> {"seen"}, {"raised"} or {"missing"}."""
    objects = []
    for item in request["objects"]:
        name = item.get("name")
        if name is None:
            objects.append(item["value"])
        elif name in names:
            objects.append(names[name])
        else:
            return {"missing": name}
    if not request["module"].startswith(PROBE_HOME):
        return {"raised": ["ValueError", f"{request['module']} holds no probes", ""]}
    probe = getattr(importlib.import_module(request["module"]), request["probe"])
    try:
        return {"seen": Subject(*objects, seed=request["seed"]).probe(probe, **request["inputs"])}
    except StudentRaised as error:
        return {"raised": [error.kind[:100], error.text[:LONGEST_TEXT], error.line[:LONGEST_TEXT]]}
