"""The typed channel between processes: JSON and raw tensors in frames of limited size, and nothing else.

A frame is two lengths, a JSON text, and the bytes of the tensors that the text mentions. Reading one builds numbers,
text, lists, dicts and dense tensors; no byte of it can name a class or a function, so nothing that a submission writes
is ever executed or unpickled.

    | bytes of the text: u32 | bytes of the tensors: u64 | the text, UTF-8 | the tensors, one after another |
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time

import torch

from lora_utils.checks.wire import DTYPES, WireError, to_wire

HEAD = struct.Struct("!IQ")
MOST_TEXT = 8_000_000  # bytes of JSON; the largest frame of the course's own checks has some ten thousand
MOST_TENSORS = 400_000_000  # bytes of tensors in one frame
SMALL = 200_000  # bytes of tensors that are copied together with the rest, to save calls of the system
TENSOR = "\0tensor"  # the key that marks a tensor in the text; no probe uses a key with a zero character
NAMES = {str(dtype).removeprefix("torch."): dtype for dtype in DTYPES}


class ChannelClosed(ConnectionError):
    """The other side is gone."""


class ChannelTimeout(TimeoutError):
    """The other side did not answer in time."""


class BadFrame(ValueError):
    """The other side sent what is no frame; the message says how."""


def send(channel: socket.socket, value: object, fds: tuple[int, ...] = ()) -> None:
    """Write one frame.

    Args:
        channel: a stream socket.
        value: plain data as `to_wire` has it.
        fds: file descriptors that travel with it (Unix sockets only); default none.

    Raises:
        ChannelClosed: nobody reads any more.
        WireError: the value is not plain data.
    """
    blobs: list[bytes] = []
    text = json.dumps(_flatten(to_wire(value), blobs)).encode()
    head = HEAD.pack(len(text), sum(map(len, blobs)))
    try:
        channel.settimeout(None)
        if fds:
            socket.send_fds(channel, [head], fds)
            head = b""
        small = not blobs or sum(map(len, blobs)) < SMALL
        for part in (b"".join((head, text, *blobs)),) if small else (head, text, *blobs):
            channel.sendall(part)
    except OSError as error:
        raise ChannelClosed(f"the other side is gone ({error})") from error


def receive(channel: socket.socket, seconds: float | None = None, fds: int = 0) -> object:
    """Read one frame; with `fds`, return the value and a list of the descriptors that came with it.

    Args:
        channel: a stream socket.
        seconds: how long the whole frame may take; default: for ever.
        fds: how many descriptors may come; any beyond are closed by the kernel. Default 0.

    Raises:
        ChannelClosed, ChannelTimeout, BadFrame: see there.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    came: list[int] = []
    head = _read(channel, HEAD.size, deadline, fds, came)
    long_text, long_tensors = HEAD.unpack(head)
    if long_text > MOST_TEXT or long_tensors > MOST_TENSORS:
        raise BadFrame(f"a frame of {long_text:,} + {long_tensors:,} bytes is larger than allowed")
    rest = memoryview(_read(channel, long_text + long_tensors, deadline))
    try:
        value = _restore(json.loads(bytes(rest[:long_text])), rest[long_text:])
        value = to_wire(value)  # depth and kinds, by the same rules as within one process
    except (ValueError, TypeError, KeyError, RecursionError, WireError) as error:
        raise BadFrame(f"a frame cannot be read ({type(error).__name__})") from error
    return (value, came) if fds else value


def _read(channel: socket.socket, size: int, deadline: float | None, fds: int = 0, came: list | None = None):
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise ChannelTimeout("no answer in time")
        try:
            channel.settimeout(left)
            if fds:
                part, new, _, _ = socket.recv_fds(channel, size - got, fds)
                view[got : got + len(part)] = part
                came += new
                count = len(part)
            else:
                count = channel.recv_into(view[got:])
        except TimeoutError as error:
            raise ChannelTimeout("no answer in time") from error
        except OSError as error:
            raise ChannelClosed(f"the other side is gone ({error})") from error
        if count == 0:
            raise ChannelClosed("the other side is gone")
        got += count
    return data


def _flatten(value: object, blobs: list[bytes]) -> object:
    """Replace each tensor by its description, and collect its bytes."""
    if isinstance(value, torch.Tensor):
        raw = value.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
        blobs.append(raw)
        return {TENSOR: [str(value.dtype).removeprefix("torch."), list(value.shape), len(raw)]}
    if isinstance(value, list):
        return [_flatten(item, blobs) for item in value]
    if isinstance(value, dict):
        return {key: _flatten(item, blobs) for key, item in value.items()}
    return value


def _restore(value: object, blob: memoryview) -> object:
    """Undo `_flatten`; the tensors' bytes are taken from the front of `blob`, in the order of the text."""
    place = [0]

    def restore(item: object) -> object:
        if isinstance(item, list):
            return [restore(one) for one in item]
        if not isinstance(item, dict):
            return item
        if set(item) != {TENSOR}:
            return {key: restore(one) for key, one in item.items()}
        name, shape, size = item[TENSOR]
        dtype = NAMES[name]
        if not all(type(n) is int and 0 <= n <= MOST_TENSORS for n in (*shape, size)):
            raise ValueError("a size is no whole number")
        if math.prod(shape) * dtype.itemsize != size or place[0] + size > len(blob):
            raise ValueError("a tensor's bytes do not fit its shape")
        raw = bytearray(blob[place[0] : place[0] + size])
        place[0] += size
        return torch.frombuffer(raw, dtype=dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)

    made = restore(value)
    if place[0] != len(blob):
        raise ValueError("a frame has bytes that belong to no tensor")
    return made
