"""A start in a model: the same function at first, and the shapes that are asked for."""

import pytest
import torch
from torch import nn

from lora_utils.variants import inject_started, pissa_start


def test_the_model_computes_as_before_and_its_paths_stand_elsewhere():
    torch.manual_seed(9)
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    x, weight = torch.randn(4, 6), model[0].weight.clone()
    before, asked = model(x), []

    def start(name, W0):
        asked.append(name)
        return pissa_start(W0, 2)

    assert inject_started(model, "*", 2, start) == ["0", "2"] == asked
    torch.testing.assert_close(model(x), before)
    assert not torch.equal(model[0].linear.weight, weight)
    torch.testing.assert_close(model[0].linear.weight + (model[0].lora.A @ model[0].lora.B).T, weight)


def test_factors_the_wrong_way_round_are_refused():
    turned = torch.ones(2, 6), torch.ones(5, 2)
    with pytest.raises(ValueError, match=r"start of '0' must have the shapes \(5, 6\), \(6, 2\), \(2, 5\)"):
        inject_started(nn.Sequential(nn.Linear(6, 5)), "0", 2, lambda name, W0: (W0, *turned))
