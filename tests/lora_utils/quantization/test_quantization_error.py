"""Errors of weights against closed forms, and a model whose weights are replaced for a while."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from lora_utils.quantization.quantization_error import linear_weights, relative_error, weights_replaced


def test_relative_error_is_a_quotient_of_frobenius_norms():
    w = torch.tensor([[3.0, -4.0], [0.0, 12.0]])  # norm 13
    back = w + torch.tensor([[1.0, -2.0], [2.0, 0.0]])  # norm 3
    assert relative_error(w, back) == pytest.approx(3 / 13, rel=1e-12)
    assert relative_error(w * 1e-30, back * 1e-30) == pytest.approx(3 / 13, rel=1e-6)  # squares vanish in float32


def test_relative_error_of_equal_tensors_is_zero_also_when_all_are_zero():
    assert relative_error(torch.ones(3), torch.ones(3)) == 0
    assert relative_error(torch.zeros(3), torch.zeros(3)) == 0


def test_relative_error_is_taken_in_wide_numbers():
    w = torch.full((70_000,), 1.0, dtype=torch.float16)  # the sum of the squares overflows float16
    assert relative_error(w, w * 0.5) == pytest.approx(0.5)


def test_relative_error_refuses_two_shapes():
    with pytest.raises(ValueError, match=r"one shape, got \(2, 3\) and \(3,\)"):
        relative_error(torch.ones(2, 3), torch.ones(3))


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 5), nn.LayerNorm(5), nn.Sequential(nn.Linear(5, 2)))


def test_linear_weights_lists_linear_layers_alone_without_copying():
    model = small()
    weights = linear_weights(model)
    assert {name: tuple(w.shape) for name, w in weights.items()} == {"1": (5, 3), "3.0": (2, 5)}
    assert weights["1"].data_ptr() == model[1].weight.data_ptr()
    assert not weights["1"].requires_grad


def test_weights_are_replaced_within_the_block_and_restored_after_it():
    model, ids = small(), torch.tensor([[1, 6]])
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    with weights_replaced(model, lambda w: -2 * w) as same:
        assert same is model
        for name, p in model.named_parameters():
            expected = -2 * before[name] if name in ("1.weight", "3.0.weight") else before[name]
            assert torch.equal(p, expected), name
        changed = model(ids)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    assert not math.isclose(changed.sum().item(), model(ids).sum().item())


def test_weights_come_back_when_the_change_or_the_block_fails():
    model = small()
    before = model[1].weight.detach().clone()

    def fails_on_the_second(w):
        if w.shape == (2, 5):
            raise RuntimeError("no")
        return torch.zeros_like(w)

    with pytest.raises(RuntimeError, match="no"), weights_replaced(model, fails_on_the_second):
        pass
    assert torch.equal(model[1].weight, before)
    with pytest.raises(RuntimeError, match="inside"), weights_replaced(model, torch.zeros_like):
        raise RuntimeError("inside")
    assert torch.equal(model[1].weight, before)


def test_an_embedding_that_shares_its_weight_stays_as_it_is():
    model = nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 7, bias=False))
    model[1].weight = model[0].weight
    before = model[0].weight.detach().clone()
    with weights_replaced(model, torch.zeros_like):
        assert torch.equal(model[0].weight, before)
        assert not model(torch.tensor([1, 2])).any()
    assert model[1].weight is model[0].weight


def test_a_change_in_place_is_undone_and_a_pruned_layer_refused():
    model = small()
    before = model[1].weight.detach().clone()
    with weights_replaced(model, lambda w: w.mul_(3)):
        assert torch.equal(model[1].weight, 3 * before)
    assert torch.equal(model[1].weight, before)
    prune.l1_unstructured(model[1], "weight", amount=0.5)
    with pytest.raises(ValueError, match="weights that are parameters"), weights_replaced(model, torch.zeros_like):
        pass
