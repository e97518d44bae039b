"""Messages between processes over a socket: a JSON text, raw bytes and file descriptors, in frames of limited size.

    | bytes of the text: u32 | bytes of the rest: u64 | the text, UTF-8 | the rest |

Everything the grader's own processes tell each other is plain JSON, `tell` and `hear`. What a judge and a submission
exchange also holds tensors; for that there is `grader.sandbox.tensor_channel`.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Sequence

HEAD = struct.Struct("!IQ")
MOST_TEXT = 8_000_000  # bytes of JSON; the largest frame of the course's own checks has some ten thousand
MOST_REST = 64_000_000  # bytes of tensors in one frame; a check's largest has some ten thousand
Wait = float | Callable[[], float] | None  # seconds; or what returns, at each look, how many are left; or for ever
SMALL = 200_000  # bytes that are copied together with the text, to save calls of the system


class ChannelClosed(ConnectionError):
    """The other side is gone."""


class ChannelTimeout(TimeoutError):
    """The other side did not answer in time."""


class BadFrame(ValueError):
    """The other side sent what is no frame; the message says how."""


def tell(channel: socket.socket, value: object, fds: Sequence[int] = ()) -> None:
    """Send what JSON can hold, and file descriptors with it; raises ChannelClosed when nobody reads any more."""
    write(channel, json.dumps(value).encode(), (), fds)


def hear(channel: socket.socket, seconds: Wait = None, fds: int = 0) -> object:
    """Receive what `tell` sent; with `fds`, the value and a list of the descriptors that came with it.

    Raises:
        ChannelClosed, ChannelTimeout, BadFrame: see there.
    """
    text, _, came = read(channel, seconds, fds)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"a message cannot be read ({type(error).__name__})") from error
    return (value, came) if fds else value


def write(
    channel: socket.socket,
    text: bytes,
    rest: Sequence[bytes] = (),
    fds: Sequence[int] = (),
    seconds: float | None = None,
) -> None:
    """Write one frame.

    Args:
        channel: a stream socket.
        text: the JSON.
        rest: what follows it, in pieces; default nothing.
        fds: file descriptors that travel with it (Unix sockets only); default none.
        seconds: how long the other side may take to read it; default: for ever.

    Raises:
        ChannelClosed: nobody reads any more.
        ChannelTimeout: the other side lets it lie.
    """
    size = sum(map(len, rest))
    head = HEAD.pack(len(text), size)
    try:
        channel.settimeout(seconds)
        if fds:
            socket.send_fds(channel, [head], fds)
            head = b""
        for part in (b"".join((head, text, *rest)),) if size < SMALL else (head, text, *rest):
            channel.sendall(part)
    except TimeoutError as error:
        raise ChannelTimeout("what was sent is not read in time") from error
    except OSError as error:
        raise ChannelClosed(f"the other side is gone ({error})") from error


def read(channel: socket.socket, seconds: Wait = None, fds: int = 0) -> tuple[bytes, memoryview, list[int]]:
    """Read one frame: the JSON, the rest, and the descriptors that came with it.

    Args:
        channel: a stream socket.
        seconds: how long the whole frame may take; default: for ever.
        fds: how many descriptors may come; any beyond are closed by the kernel. Default 0.

    Raises:
        ChannelClosed, ChannelTimeout, BadFrame: see there.
    """
    end = time.monotonic() + seconds if isinstance(seconds, (int, float)) else None
    left = seconds if end is None else lambda: end - time.monotonic()
    came: list[int] = []
    long_text, long_rest = HEAD.unpack(_read(channel, HEAD.size, left, fds, came))
    if long_text > MOST_TEXT or long_rest > MOST_REST:
        raise BadFrame(f"a frame of {long_text:,} + {long_rest:,} bytes is larger than allowed")
    data = memoryview(_read(channel, long_text + long_rest, left))
    return bytes(data[:long_text]), data[long_text:], came


def _read(
    channel: socket.socket, size: int, left: Callable[[], float] | None, fds: int = 0, came: list | None = None
) -> bytearray:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        seconds = None if left is None else left()
        if seconds is not None and seconds <= 0:
            raise ChannelTimeout("no answer in time")
        try:
            channel.settimeout(seconds)
            if fds:
                part, new, _, _ = socket.recv_fds(channel, size - got, fds)
                view[got : got + len(part)] = part
                came += new
                count = len(part)
            else:
                count = channel.recv_into(view[got:])
        except TimeoutError:
            continue  # more may be left by now
        except OSError as error:
            raise ChannelClosed(f"the other side is gone ({error})") from error
        if count == 0:
            raise ChannelClosed("the other side is gone")
        got += count
    return data
