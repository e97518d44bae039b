"""Beside the student's objects: runs the cells, and in a fork of itself for each graded cell, the probes.

Everything in this process may have been changed by the code it runs, and nobody trusts what it says: it can answer a
judge's questions, which are numbers, and the judge compares the answers with its own.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import gc
import os
import pickle
import socket

from grader.sandbox.channel import ChannelClosed
from grader.sandbox.tensor_channel import receive, send
from grader.student.machinery import Part, changed, machinery, ours
from grader.student.notebook_shell import make_shell, start_record
from grader.student.output_record import Record
from lora_utils.checks.framework.subject import StudentRaised, Subject, text_of

LONGEST_TEXT = 2_000  # characters kept of one error message
_channel: socket.socket | None = None


def _gone(message: dict) -> None:
    """Say one last thing and end the process."""
    with contextlib.suppress(Exception):
        send(_channel, message)
    os._exit(1)


def prepare() -> None:
    """Do what all submissions share, before any of their processes is forked."""
    builtins.input = _no_input
    machinery()


def serve(channel: socket.socket, output_bytes: int) -> None:
    """Answer the judge's requests until it hangs up.

    They are {"do": "cell", "source", "show"}, where "show" asks for what the cell prints and shows, and {"do": "check"}
    with a socket.
    """
    global _channel
    _channel = channel
    record = Record(output_bytes)
    flood = {"status": "flood", "evalue": f"{output_bytes / 1e6:g} MB"}
    record.flood = lambda: _gone(flood | {"shown": record.data()})
    start_record(record)
    shell = make_shell()
    shell.ask_exit = lambda: _gone({"status": "crash", "evalue": "exit() was called"})
    shell.user_ns["__name__"] = "__main__"
    before = machinery()
    own = ours(before)
    send(channel, {"ready": True})
    with contextlib.suppress(ChannelClosed):
        while True:
            request, fds = receive(channel, fds=1)
            if request["do"] == "cell":
                record.begin(request.get("show", False))
                ended = run(shell, request["source"])
                send(channel, ended | {"shown": record.data()} if record.kept else ended)
            elif request["do"] == "check" and fds:
                patched = changed(before)  # looked at here: whatever a fork looks at is copied for it
                gc.freeze()
                if os.fork() == 0:
                    gc.disable()
                    channel.close()
                    answer_probes(socket.socket(fileno=fds.pop()), shell.user_ns, own, patched)
                    os._exit(0)
            for fd in fds:
                os.close(fd)


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
    if type(error) is SyntaxError and error.lineno:  # its own text names the cell by a number of the shell's
        return f"{error.msg} (line {error.lineno})"[:LONGEST_TEXT]
    return text_of(error)[:LONGEST_TEXT]


def answer_probes(channel: socket.socket, names: dict, own: list[Part], patched: list[str]) -> None:
    """Run the probes of one graded cell until the judge hangs up; each answer says what is not what it was.

    Args:
        channel: to the judge.
        names: what the cells have made.
        own: what is looked at after each probe.
        patched: what was changed before the first.
    """
    with contextlib.suppress(ChannelClosed):
        send(channel, {"ready": True})
        while True:
            said = answer(receive(channel), names)
            send(channel, said | {"patched": patched or changed(own)})


def answer(request: dict, names: dict) -> dict:
    """Run one probe: {"probe", "objects", "inputs", "seed"} -> {"seen"}, {"raised"} or {"missing"}."""
    objects = []
    for item in request["objects"]:
        name = item.get("name")
        if name is None:
            objects.append(item["value"])
        elif name in names:
            objects.append(names[name])
        else:
            return {"missing": name}
    try:
        probe = pickle.loads(base64.b64decode(request["probe"]))  # the judge made it, see `probe_code`
    except Exception as error:  # it mentions what the lab withholds
        return {"raised": [type(error).__name__, str(error)[:LONGEST_TEXT], "", ""]}
    try:
        seen = Subject(*objects, seed=request["seed"]).probe(probe, **request["inputs"])
        return {"seen": seen, "broken": [list(one) for one in getattr(seen, "broken", ())]}  # it may be exchanged
    except StudentRaised as error:
        texts = [text[:LONGEST_TEXT] for text in (error.text, error.line, error.there)]
        return {"raised": [error.kind[:100], *texts]}
