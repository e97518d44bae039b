"""The typed channel between a judge and a submission: JSON and raw tensors, and nothing else.

A frame (see `channel`) holds a JSON text and the bytes of the tensors that the text mentions. Reading one builds
numbers, text, lists, dicts and dense tensors; no byte of it can name a class or a function, so nothing that a
submission writes is ever executed or unpickled.
"""

from __future__ import annotations

import json
import math
import socket

import torch

from grader.sandbox.channel import MOST_REST, BadFrame, Wait, read, write
from lora_utils.checks.framework.wire import DTYPES, MAX_AXES, MAX_DEPTH, MAX_ELEMENTS, PLAIN, to_wire

TENSOR = "\0tensor"  # the key that marks a tensor in the text; no probe uses a key with a zero character
MOST_ITEMS = 200_000  # values in one frame, each of which costs a hundred bytes and more once it is read
NAMES = {str(dtype).removeprefix("torch."): dtype for dtype in DTYPES}


def send(channel: socket.socket, value: object, fds: tuple[int, ...] = (), seconds: float | None = None) -> None:
    """Write one frame.

    Args:
        channel: a stream socket.
        value: plain data as `to_wire` has it.
        fds: file descriptors that travel with it (Unix sockets only); default none.
        seconds: how long the other side may take to read it; default: for ever.

    Raises:
        ChannelClosed: nobody reads any more.
        ChannelTimeout: the other side lets it lie.
        WireError: the value is not plain data.
    """
    blobs: list[bytes] = []
    text = json.dumps(_flatten(value, blobs)).encode()
    write(channel, text, blobs, fds, seconds)


def receive(channel: socket.socket, seconds: Wait = None, fds: int = 0) -> object:
    """Read one frame; with `fds`, return the value and a list of the descriptors that came with it.

    Args:
        channel: a stream socket.
        seconds: how long the whole frame may take; default: for ever.
        fds: how many descriptors may come; any beyond are closed by the kernel. Default 0.

    Raises:
        ChannelClosed, ChannelTimeout, BadFrame: see there.
    """
    text, tensors, came = read(channel, seconds, fds)
    try:
        value = _restore(json.loads(text), tensors)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFrame(f"a frame cannot be read ({type(error).__name__})") from error
    return (value, came) if fds else value


def _flatten(value: object, blobs: list[bytes], depth: int = 0) -> object:
    """Replace each tensor by its description, and collect its bytes; what is no plain data raises WireError."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if depth <= MAX_DEPTH:
        if kind is torch.Tensor and value.layout == torch.strided and value.dtype in DTYPES:
            flat = value.detach().cpu().resolve_neg().reshape(-1)
            if value.numel() == 1:  # whatever its stride was
                flat = flat.clone(memory_format=torch.contiguous_format)
            raw = flat.view(torch.uint8).numpy().tobytes() if value.numel() else b""
            blobs.append(raw)
            return {TENSOR: [str(value.dtype).removeprefix("torch."), list(value.shape), len(raw)]}
        if kind is list:
            return [_flatten(item, blobs, depth + 1) for item in value]
        if kind is dict and all(type(key) is str for key in value):
            return {key: _flatten(item, blobs, depth + 1) for key, item in value.items()}
    return _flatten(to_wire(value, depth=depth), blobs, depth)  # a kind that has to be turned into one of these


def _restore(value: object, blob: memoryview) -> object:
    """Undo `_flatten`; the tensors' bytes are taken from the front of `blob`, in the order of the text.

    Nothing that the other side sends is believed: depth and sizes keep to the same rules as within one process.
    """
    place, items = [0], [0]

    def restore(item: object, depth: int) -> object:
        items[0] += 1
        if depth > MAX_DEPTH or items[0] > MOST_ITEMS:
            raise ValueError("too deep or too much")
        if isinstance(item, list):
            return [restore(one, depth + 1) for one in item]
        if not isinstance(item, dict):
            return item
        if TENSOR not in item:
            return {key: restore(one, depth + 1) for key, one in item.items()}
        ((name, shape, size),) = item.values()
        dtype = NAMES[name]
        if len(shape) > MAX_AXES or not all(type(n) is int and 0 <= n <= MOST_REST for n in (*shape, size)):
            raise ValueError("a shape has too many axes, or a size is no whole number")
        count = math.prod(shape)
        if (
            math.prod(max(n, 1) for n in shape) > MAX_ELEMENTS
            or count * dtype.itemsize != size
            or place[0] + size > len(blob)
        ):
            raise ValueError("a tensor's bytes do not fit its shape")
        raw = bytearray(blob[place[0] : place[0] + size])
        place[0] += size
        return torch.frombuffer(raw, dtype=dtype).reshape(shape) if size else torch.empty(shape, dtype=dtype)

    made = restore(value, 0)
    if place[0] != len(blob):
        raise ValueError("a frame has bytes that belong to no tensor")
    return made
