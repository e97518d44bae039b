"""Counting and freezing."""

import pytest
from torch import nn

from lora_utils import count_parameters, freeze, trainable_names, unfreeze
from lora_utils.methods.qlora import inject_qlora
from lora_utils.quantization import QuantizedLinear, to_linear4bit


def test_counts_are_sums_of_products():
    model = nn.Sequential(nn.Linear(50, 128), nn.Linear(128, 4))
    freeze(model[0])
    count = count_parameters(model)
    assert count == (128 * 4 + 4, 50 * 128 + 128 + 128 * 4 + 4)
    assert str(count) == "516 of 7,044 parameters are trainable (7.325%)"
    assert trainable_names(model) == ["1.weight", "1.bias"]


def test_a_shared_tensor_counts_once():
    first, second = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
    second.weight = first.weight
    assert count_parameters(nn.Sequential(first, second)).total == 9


def test_freezing_and_unfreezing_reach_everything():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    assert count_parameters(freeze(model)).trainable == 0
    assert count_parameters(unfreeze(model)).share == 1.0


def test_an_empty_module_has_share_zero():
    assert count_parameters(nn.ReLU()).share == 0.0


@pytest.mark.parametrize("double", [True, False])
def test_a_weight_in_4_bits_counts_as_its_numbers(double):
    plain = nn.Sequential(nn.Linear(64, 5), nn.Linear(5, 3))
    numbers = count_parameters(plain).total
    ours = nn.Sequential(QuantizedLinear(plain[0], double=double), freeze(plain[1]))
    assert count_parameters(ours) == (0, numbers)
    inject_qlora(ours, "0", rank=2)
    assert count_parameters(ours) == (2 * (64 + 5), numbers + 2 * (64 + 5))
    shared = QuantizedLinear(nn.Linear(4, 4, bias=False))
    assert count_parameters(nn.Sequential(shared, shared)).total == 16


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # raised inside bitsandbytes
def test_bitsandbytes_bytes_count_as_the_numbers_in_them():
    plain = nn.Sequential(nn.Linear(64, 5), nn.Linear(5, 3))
    theirs = nn.Sequential(to_linear4bit(plain[0]), plain[1])
    assert theirs[0].weight.numel() == 64 * 5 / 2
    assert count_parameters(theirs) == (5 * 3 + 3, count_parameters(plain).total)
