"""Forgetting on a body that is changed by hand, so that every accuracy is known."""

import copy

import pytest
import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.models.classifier import TextClassifier
from lora_utils.training.second_task import forgetting, old_head
from lora_utils.training.training_loop import train

INPUTS = torch.eye(4)
LABELS = torch.tensor([0, 1, 2, 3])


class Model(nn.Module):
    """A body that should hand its input on, under a head that reads it."""

    def __init__(self, classes):
        super().__init__()
        self.body, self.top = nn.Linear(4, 4, bias=False), nn.Module()
        self.top.fc = nn.Linear(4, classes, bias=False)
        with torch.no_grad():
            self.body.weight.copy_(torch.eye(4))
            self.top.fc.weight.copy_(torch.eye(classes, 4))

    def forward(self, x):
        return self.top.fc(self.body(x))


def test_the_change_of_the_body_counts_under_the_old_head():
    before, after = Model(4), Model(2)
    with torch.no_grad():
        after.body.weight[:, 3] = after.body.weight[:, 0]  # the fourth class now looks like the first
    new = after.top.fc
    assert forgetting(before, after, Examples(INPUTS, LABELS), head="top.fc") == 0.25
    assert after.top.fc is new
    assert forgetting(after, before, Examples(INPUTS[:2], LABELS[:2]), head="top.fc") == 0.0


def test_a_first_task_that_gained_counts_negative():
    worse, better = Model(4), Model(4)
    with torch.no_grad():
        worse.body.weight[:, 2:] = 0.0
    assert forgetting(worse, better, Examples(INPUTS, LABELS), head="top.fc") == -0.5


def test_only_the_head_trained_forgets_exactly_nothing():
    torch.manual_seed(0)
    before = TextClassifier(3, vectors=torch.randn(9, 50))
    after = copy.deepcopy(before).requires_grad_(False)
    after.fc2 = nn.Linear(128, 2)
    ids = torch.randint(1, 9, (12, 5))
    train(after, Examples(ids, torch.arange(12) % 2), epochs=3, lr=0.1)
    assert forgetting(before, after, Examples(ids, torch.arange(12) % 3)) == 0.0


def test_the_new_head_returns_after_an_error_and_wrong_names_are_refused():
    model = Model(2)
    own = model.top.fc
    with pytest.raises(RuntimeError, match="shapes"), old_head(model, nn.Linear(5, 4), head="top.fc") as changed:
        changed(INPUTS)
    assert model.top.fc is own
    with pytest.raises(ValueError, match="Model has no head called 'fc2'; its modules are body, top"):
        forgetting(model, model, Examples(INPUTS, LABELS))
    with pytest.raises(ValueError, match="no head called ''"), old_head(model, own, head=""):
        pass
