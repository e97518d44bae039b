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


def halves(name, W0):
    return pissa_start(W0, 2)


class Tied(nn.Module):
    """One layer under two names, and an embedding that is the output layer, too."""

    def __init__(self):
        super().__init__()
        self.embedding, self.first, self.head = nn.Embedding(9, 6), nn.Linear(6, 6), nn.Linear(6, 9, bias=False)
        self.second, self.head.weight = self.first, self.embedding.weight

    def forward(self, ids):
        return self.head(self.second(self.first(self.embedding(ids)).tanh()))


def test_a_layer_under_two_names_starts_once_and_a_tied_embedding_stays():
    torch.manual_seed(9)
    model, ids, asked = Tied(), torch.arange(9), []
    before, vectors = model(ids), model.embedding.weight.clone()
    replaced = inject_started(model, "*", 2, lambda name, W0: asked.append(name) or pissa_start(W0, 2))
    assert replaced == ["first", "head", "second"]
    assert asked == ["first", "head"]
    assert torch.equal(model.embedding.weight, vectors)
    torch.testing.assert_close(model(ids), before)


def test_after_an_error_the_model_is_as_it_was():
    model = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 3))
    layers, weight = list(model), model[0].weight.clone()

    def start(name, W0):
        return pissa_start(W0, 2) if name == "0" else (W0, W0, W0)

    with pytest.raises(ValueError, match="start of '1' must have the shapes"):
        inject_started(model, "*", 2, start)
    assert list(model) == layers
    assert torch.equal(model[0].weight, weight)
    assert model[0].weight.requires_grad


def test_a_weight_that_is_computed_at_each_call_is_refused():
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(6, 5)))
    with pytest.raises(ValueError, match="needs a weight that is a parameter, and '0' computes its own"):
        inject_started(model, "0", 2, halves)


def test_a_model_in_16_bits_computes_on():
    torch.manual_seed(9)
    model, x = nn.Sequential(nn.Linear(6, 5)).bfloat16(), torch.randn(4, 6).bfloat16()
    before = model(x)
    inject_started(model, "0", 2, halves)
    torch.testing.assert_close(model(x), before, rtol=0.05, atol=0.02)
