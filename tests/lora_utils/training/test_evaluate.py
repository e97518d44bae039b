"""Accuracy counted by hand, and the mean over seeds."""

import itertools
import math
import statistics

import pytest
import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.training.evaluate import accuracy, mean_and_spread, sign_test


class Scores(nn.Module):
    """Gives back its inputs as scores, and fails when it is not in evaluation mode."""

    def forward(self, inputs):
        assert not self.training
        assert not torch.is_grad_enabled()
        return inputs


SCORES = torch.tensor([[3.0, 1, 2], [0, 5, 1], [1, 2, 9], [4, 3, 2], [-3, -1, -2]])
DATA = Examples(SCORES, torch.tensor([0, 1, 0, 0, 2]))  # the third and the fifth are wrong


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_share_of_right_answers(batch_size):
    assert accuracy(Scores(), DATA, batch_size) == 3 / 5


@pytest.mark.parametrize("mode", [True, False])
def test_the_mode_is_put_back(mode):
    model = Scores().train(mode)
    accuracy(model, DATA)
    assert model.training is mode

    class Broken(Scores):
        def forward(self, inputs):
            raise RuntimeError("broken")

    model = Broken().train(mode)
    with pytest.raises(RuntimeError, match="broken"):
        accuracy(model, DATA)
    assert model.training is mode


def test_no_examples():
    with pytest.raises(ValueError, match="at least one example"):
        accuracy(Scores(), DATA.first(0))


def test_mean_and_spread():
    values = [0.70, 0.74, 0.75]
    mean = sum(values) / 3
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / 2)
    assert mean_and_spread(values) == pytest.approx((mean, spread))
    assert mean_and_spread(values)[1] != pytest.approx(statistics.pstdev(values))
    assert mean_and_spread([0.5])[0] == 0.5
    assert math.isnan(mean_and_spread([0.5])[1])
    with pytest.raises(ValueError, match="at least one value"):
        mean_and_spread([])


def test_the_sign_test_counts_coins():
    def counted(better, worse):
        """Share of all rows of coins whose split is at least as uneven, by writing down every row."""
        n = better + worse
        uneven = abs(better - worse)
        return sum(abs(2 * sum(coins) - n) >= uneven for coins in itertools.product((0, 1), repeat=n)) / 2**n

    for better, worse in itertools.product(range(6), repeat=2):
        assert sign_test(better, worse) == pytest.approx(counted(better, worse)), (better, worse)
    assert sign_test(9, 3) == pytest.approx(598 / 4096)
    assert sign_test(90, 30) < 1e-7
