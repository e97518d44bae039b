"""Accuracy counted by hand."""

import pytest
import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.training.evaluate import accuracy


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


def test_a_part_that_evaluates_in_a_model_that_trains_goes_on_so():
    model = nn.Sequential(nn.Dropout(), Scores()).train()
    model[0].eval()
    accuracy(model, DATA)
    assert [module.training for module in model.modules()] == [True, False, True]


class Merges(Scores):
    """Changes its weight on the way into evaluation and back, as loralib's layers do; may refuse to evaluate."""

    weight, refuses = 1, False

    def train(self, mode=True):
        if self.refuses and not mode:
            raise RuntimeError("refused")
        self.weight = 1 if mode else 2
        return super().train(mode)


def test_each_part_goes_back_by_its_own_train_and_also_where_one_refuses_to_evaluate():
    model = nn.Sequential(Merges(), nn.Sequential(nn.Dropout(), Merges())).train()
    model[1][1].eval()
    accuracy(model, DATA)
    assert (model[0].weight, model[1][1].weight) == (1, 2)
    model[1][1].train().refuses = True
    with pytest.raises(RuntimeError, match="refused"):
        accuracy(model, DATA)
    assert all(module.training for module in model.modules())


def test_no_examples():
    with pytest.raises(ValueError, match="at least one example"):
        accuracy(Scores(), DATA.first(0))
