"""Only plain data crosses between student and judge."""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from lora_utils.checks.framework.wire import WireError, to_wire


def test_plain_data_comes_through_as_a_copy():
    tensor = torch.ones(2, 3, requires_grad=True)
    data = {"a": [1, 2.5, "x", None, True], "t": tensor, "n": np.float32(0.5), "tuple": (1, 2)}
    copy = to_wire(data)
    assert copy["a"] == [1, 2.5, "x", None, True]
    assert (copy["n"], copy["tuple"]) == (0.5, [1, 2])
    assert not copy["t"].requires_grad
    copy["t"].zero_()
    assert tensor.sum() == 6


class Pair(NamedTuple):
    first: torch.Tensor
    second: float


class LyingList(list):
    def __iter__(self):
        return iter([1.0])

    def __len__(self):
        return 1


class LyingDict(dict):
    def items(self):
        return [("right", 1.0)]


def test_containers_of_other_classes_come_through_as_what_they_really_hold():
    first, second = to_wire(Pair(torch.ones(2), 0.5))
    assert (first.tolist(), second) == ([1.0, 1.0], 0.5)
    assert to_wire(OrderedDict(a=1, b=[2])) == {"a": 1, "b": [2]}
    assert to_wire(LyingList([3.0, 4.0])) == [3.0, 4.0]
    assert to_wire(LyingDict(wrong=2.0)) == {"wrong": 2.0}
    assert type(to_wire(LyingDict())) is dict


class Liar(float):
    def __eq__(self, other):
        return True

    __hash__ = None


class LyingTensor(torch.Tensor):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Liar(1.0),
        object(),
        {1: 2},
        {"deep": [object()]},
        torch.ones(2).to_sparse(),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2).as_subclass(LyingTensor),
        nn.Linear(1, 1),
    ],
    ids=lambda v: type(v).__name__,
)
def test_anything_else_is_refused_with_its_place_and_kind(value):
    with pytest.raises(WireError, match="the answer"):
        to_wire(value, "the answer")


def test_nesting_is_limited():
    value = 1
    for _ in range(20):
        value = [value]
    with pytest.raises(WireError, match="levels deep"):
        to_wire(value)


def test_size_is_limited():
    with pytest.raises(WireError, match="elements"):
        to_wire(torch.empty(1).expand(60_000_000))


def test_many_axes_are_refused_with_their_number():
    with pytest.raises(WireError, match="has 70 axes, more than the 16 allowed"):
        to_wire(torch.zeros([1] * 70))


@pytest.mark.parametrize("value", [10**5_000, -(10**400), [1 << 1_001]], ids=["long", "negative", "inside"])
def test_a_whole_number_that_no_float_holds_is_refused(value):
    with pytest.raises(WireError, match="more than 300 digits"):
        to_wire(value)
    assert to_wire(2**1_000 - 1) == 2**1_000 - 1
