"""Intruder dimensions against weights whose singular vectors are known, and against PEFT."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils.variants import count_intruder_dimensions, scale_intruder_dimensions, top_cosines

needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None or importlib.util.find_spec("peft.tuners.lora.intruders") is None,
    reason="peft needs torch >= 2.6: current environment only; older ones do not scale intruders",
)


def known(seed=0):
    """W0 (9, 6) of rank 6 in known directions, and three directions in which it has nothing."""
    torch.manual_seed(seed)
    left = torch.linalg.qr(torch.randn(9, 9)).Q
    right = torch.linalg.qr(torch.randn(6, 6)).Q
    values = torch.tensor([6.0, 5, 4, 3, 2, 1])
    return left[:, :6] * values @ right.T, left, right


def test_a_strong_direction_that_was_not_there_is_one():
    before, left, right = known()
    after = before - 2 * torch.outer(left[:, 4], right[:, 4]) + 10 * torch.outer(left[:, 7], right[:, 4])
    cosines = top_cosines(before, after, top=3)
    assert cosines.shape == (3,)
    assert cosines[0] < 0.01
    torch.testing.assert_close(cosines[1:], torch.ones(2))
    assert count_intruder_dimensions(before, after, top=3) == 1


def test_another_order_or_sign_is_none_and_a_weak_one_is_not_looked_at():
    before, left, right = known()
    turned = left[:, :6] * torch.tensor([-1.0, 2, 3, -4, 5, 6]) @ right.T
    assert count_intruder_dimensions(before, turned, top=6) == 0
    weak = before - torch.outer(left[:, 5], right[:, 5]) * 0.5 + 0.4 * torch.outer(left[:, 8], right[:, 5])
    assert count_intruder_dimensions(before, weak, top=5, threshold=0.8) == 0
    assert count_intruder_dimensions(before, weak, top=50, threshold=0.8) == 1


@pytest.mark.parametrize("shape", [(7, 5), (5, 8)])
@pytest.mark.parametrize("factor", [0.75, 0.0, 1.0])
@needs_peft
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
def test_scaling_them_equals_pefts(shape, factor):
    from peft import LoraConfig, get_peft_model
    from peft.tuners.lora.intruders import reduce_intruder_dimension

    torch.manual_seed(1)
    plain = nn.Sequential(nn.Linear(shape[1], shape[0]))
    before = plain[0].weight.detach().clone()
    rank = min(shape)  # at full rank PEFT cuts nothing off when it makes factors of the result
    model = get_peft_model(plain, LoraConfig(r=rank, lora_alpha=rank, target_modules=["0"]))
    layer = model.base_model.model[0]
    with torch.no_grad():
        layer.lora_B["default"].weight.normal_()
    after = before + layer.get_delta_weight("default").detach()
    assert count_intruder_dimensions(before, after, top=3, threshold=0.8) > 0
    reduce_intruder_dimension(model, top_k=3, threshold_epsilon=0.8, mitigation_lambda=factor, logging_sink=None)
    theirs = before + layer.get_delta_weight("intruder_reduced").detach()
    torch.testing.assert_close(scale_intruder_dimensions(before, after, factor, 3, 0.8), theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((torch.ones(3, 2), torch.ones(2, 3)), r"one shape, got \(3, 2\) and \(2, 3\)"),
        ((torch.ones(3), torch.ones(3)), "two matrices"),
        ((torch.eye(3), torch.eye(3), 0), "top must be an integer of at least 1, got 0"),
        ((torch.eye(3), torch.eye(3), 3, 1.5), "threshold must lie from 0 to 1, got 1.5"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        count_intruder_dimensions(*arguments)


def test_weights_in_16_bits_are_taken_as_floats_and_given_back_in_their_type():
    before, after = torch.randn(2, 30, 6, generator=torch.Generator().manual_seed(1)).bfloat16()
    assert count_intruder_dimensions(before, after) == count_intruder_dimensions(before.float(), after.float()) > 0
    scaled = scale_intruder_dimensions(before, after, 0.5)
    assert torch.equal(scaled, scale_intruder_dimensions(before.float(), after.float(), 0.5).bfloat16())
