"""The reader: looks through the text of students' cells, in a process that may break over it.

A text can keep a parser busy for minutes, fill the memory, or end the process; and Python parses into a syntax tree on
one thread at a time (before 3.11.8, 3.12.2 and 3.13 two of them get into each other's way and raise SystemError). So
the grader's own process, which has many threads and the whole class in its hands, parses nothing of a student's.
"""

from __future__ import annotations

import contextlib
import os
import socket

from grader import sandbox
from grader.sandbox.channel import ChannelClosed, hear, tell
from grader.text.cell_text import defined_names, is_python, preparation
from grader.text.fingerprint import fingerprints
from grader.text.tamper_flags import tampering

SECONDS = 10  # processor time for one submission; an honest one takes some hundredths
MEMORY = 500_000_000  # bytes beyond those of the loaded libraries

READINGS = {
    "definitions": lambda texts: [sorted(defined_names(text)) if is_python(text) else None for text in texts],
    "fingerprints": lambda texts: [[list(one) for one in fingerprints(text)] for text in texts],
    "preparation": lambda texts, never=(): [preparation(text, never) for text in texts],
    "tampering": tampering,
}


def read(reading: str, texts: list[str], *more: list[str]) -> list:
    """Read texts in this process, where they are known to be harmless or where nothing else is at stake."""
    return READINGS[reading](texts, *more)


def serve(channel: socket.socket) -> None:
    """Answer {"reading", "texts", "more"}, one submission after another, until the other end hangs up."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    sandbox.limit_memory(MEMORY)
    with contextlib.suppress(ChannelClosed):
        while True:
            order = hear(channel)
            sandbox.limit_work(SECONDS)
            tell(channel, read(order["reading"], order["texts"], *order["more"]))
