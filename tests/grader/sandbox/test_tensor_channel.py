"""The channel carries plain data to the bit, and nothing else; whatever else comes is refused in time."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import random
import socket
import threading

import pytest
import torch

from grader.sandbox import channel
from grader.sandbox.channel import HEAD, BadFrame, ChannelClosed, ChannelTimeout
from grader.sandbox.tensor_channel import TENSOR, receive, send
from lora_utils.checks.framework.wire import DTYPES, WireError, to_wire


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def passed(pair, value):
    thread = threading.Thread(target=send, args=(pair[0], value))
    thread.start()
    got = receive(pair[1], 10)
    thread.join()
    return got


@pytest.mark.parametrize(
    "value",
    [None, True, 7, -1.5, "text \u00e9 \0", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1.0]}}, 2**70, math.inf],
)
def test_plain_values_come_back_equal_and_of_the_same_type(pair, value):
    got = passed(pair, value)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize("dtype", sorted(DTYPES, key=str), ids=str)
@pytest.mark.parametrize("shape", [(3, 5), (), (0, 4), (2, 1, 3)])
def test_tensors_come_back_to_the_bit(pair, dtype, shape):
    value = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 50).to(dtype)
    first, second = passed(pair, {"a": value, "b": [value.reshape(-1)]}).values()
    assert (first.dtype, first.shape) == (dtype, value.shape)
    assert torch.equal(first, value)
    assert torch.equal(second[0], value.reshape(-1))


def test_a_frame_of_many_megabytes_arrives(pair):
    value = torch.arange(3_000_000)
    assert torch.equal(passed(pair, value), value)


def test_nan_and_views_travel_by_value(pair):
    base = torch.tensor([[1.0, math.nan], [3.0, 4.0]])
    got = passed(pair, base.T)
    assert torch.equal(got.isnan(), base.T.isnan())
    assert torch.equal(got.nan_to_num(), base.T.nan_to_num())


def test_objects_are_not_sent(pair):
    with pytest.raises(WireError, match="must be a number, text or a tensor"):
        send(pair[0], {"f": print})


def raw(text: bytes, blob: bytes = b"", *, long_text: int | None = None, long_blob: int | None = None) -> bytes:
    lengths = len(text) if long_text is None else long_text, len(blob) if long_blob is None else long_blob
    return HEAD.pack(*lengths) + text + blob


def tensor(dtype="float32", shape=(2,), size=8) -> bytes:
    return json.dumps({TENSOR: [dtype, list(shape), size]}).encode()


BAD = {
    "no JSON": raw(b"{[}]"),
    "no text": raw(b"\xff\xfe"),
    "pickle": raw(pickle.dumps({"a": 1})),
    "too long a text": raw(b"", long_text=channel.MOST_TEXT + 1),
    "too many bytes": raw(b"1", long_blob=channel.MOST_REST + 1),
    "nested": raw(b"[" * 100_000 + b"]" * 100_000),
    "deeper than a probe needs": raw(b"[" * 12 + b"]" * 12),
    "unknown dtype": raw(tensor("complex64"), b"x" * 8),
    "dtype that is code": raw(tensor("__class__"), b"x" * 8),
    "negative size": raw(tensor(shape=(-2,)), b"x" * 8),
    "size that is text": raw(json.dumps({TENSOR: ["float32", ["2"], 8]}).encode(), b"x" * 8),
    "size that is true": raw(json.dumps({TENSOR: ["uint8", [True], 1]}).encode(), b"x"),
    "huge shape": raw(tensor(shape=(2**40, 2**40)), b"x" * 8),
    "fewer bytes than said": raw(tensor(shape=(4,), size=16), b"x" * 8),
    "more bytes than said": raw(tensor(), b"x" * 16),
    "fewer bytes than the shape": raw(tensor(shape=(3,)), b"x" * 8),
    "a shape without bytes": raw(tensor(shape=(4,), size=0)),
    "two negative sizes": raw(tensor(shape=(-1, -2)), b"x" * 8),
    "count that is true": raw(json.dumps({TENSOR: ["uint8", [1], True]}).encode(), b"x"),
    "nothing in huge axes": raw(tensor(shape=(0, 400_000_000, 400_000_000, 400_000_000), size=0)),
    "a hundred thousand axes": raw(tensor(shape=(1,) * 100_000, size=4), b"x" * 4),
    "more values than a probe needs": raw(json.dumps([0] * 300_000).encode()),
    "no three parts": raw(json.dumps({TENSOR: 3}).encode()),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_frame_is_refused(pair, name):
    thread = threading.Thread(target=lambda: pair[0].sendall(BAD[name]))
    thread.start()
    with pytest.raises(BadFrame):
        receive(pair[1], 10)
    thread.join()


def test_one_number_with_an_odd_stride_travels(pair):
    """It counts as contiguous whatever its stride; what a cumulative sum leaves in its last column is one."""
    value = torch.arange(6.0).reshape(1, 6).cumsum(1)[:, -1]
    assert value.stride() != (1,)
    assert torch.equal(passed(pair, value), torch.tensor([15.0]))
    assert torch.equal(passed(pair, to_wire(value.to(torch.bfloat16))), torch.tensor([15.0], dtype=torch.bfloat16))


def test_ten_thousand_broken_frames_are_read_or_refused_and_nothing_else(pair):
    draw = random.Random(7)
    whole = [
        raw(tensor(), b"x" * 8),
        raw(json.dumps({"seen": {"a": [1, 2.5, None], "t": {TENSOR: ["int8", [2, 3], 6]}}}).encode(), b"123456"),
        raw(json.dumps({"status": "ok", "shown": {"text": "x" * 30}}).encode()),
    ]
    for _ in range(10_000):
        text, blob = draw.choice(whole)[HEAD.size :], b""
        piece = bytearray(text)
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(piece))
            piece[place : place + draw.randint(0, 3)] = draw.choice((b"", b"[", b"0", b"9999999999", b'"', b"{", b"-1"))
        cut = draw.randint(0, len(piece))
        text, blob = bytes(piece[:cut]), bytes(piece[cut:])
        pair[0].sendall(raw(text, blob))
        with contextlib.suppress(BadFrame):
            receive(pair[1], 10)


def test_silence_and_half_a_frame_end_in_time(pair):
    with pytest.raises(ChannelTimeout):
        receive(pair[1], 0.05)
    pair[0].sendall(raw(b"12345")[:-1])
    with pytest.raises(ChannelTimeout):
        receive(pair[1], 0.05)


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_left_is_a_timeout_even_where_a_frame_waits(pair, seconds):
    send(pair[0], 1)
    with pytest.raises(ChannelTimeout):
        receive(pair[1], seconds)


def test_sending_waits_for_a_slow_reader_whatever_receiving_did_before(pair):
    with pytest.raises(ChannelTimeout):
        receive(pair[0], 0.05)
    value = torch.arange(1_000_000)  # more than a socket holds
    got = []
    reader = threading.Timer(0.5, lambda: got.append(receive(pair[1], 20)))
    reader.start()
    send(pair[0], value)
    reader.join()
    assert torch.equal(got[0], value)


def test_a_side_that_is_gone_is_noticed(pair):
    pair[0].sendall(HEAD.pack(9, 0) + b"{")
    pair[0].close()
    with pytest.raises(ChannelClosed):
        receive(pair[1], 10)
    with pytest.raises(ChannelClosed):
        send(pair[1], torch.zeros(1_000_000))


def test_a_descriptor_travels_with_its_frame(pair):
    read, write = os.pipe()
    send(pair[0], {"here": 1}, (write,))
    os.close(write)
    value, (came,) = receive(pair[1], 10, fds=1)
    assert value == {"here": 1}
    os.write(came, b"hello")
    assert os.read(read, 9) == b"hello"
    os.close(came)
    os.close(read)
