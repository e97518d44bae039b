"""Counting and freezing."""

from torch import nn

from lora_utils import count_parameters, freeze, trainable_names, unfreeze


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
