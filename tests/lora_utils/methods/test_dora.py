"""DoRA against Hugging Face PEFT, and against autograd where PEFT is absent."""

import importlib.util

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from lora_utils import LinearWithLoRA, count_parameters, inject_lora
from lora_utils.methods.dora import LinearWithDoRA, inject_dora

needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6: current environment only"
)


def trained(bias=True, rank=3, alpha=0.4):
    """A layer whose path and lengths have left their start."""
    torch.manual_seed(0)
    layer = LinearWithDoRA(nn.Linear(7, 5, bias=bias), rank, alpha)
    with torch.no_grad():
        layer.lora.B.normal_()
        layer.magnitude.mul_(torch.linspace(0.5, 2, 5))
    return layer


@needs_peft
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
@pytest.mark.parametrize("bias", [True, False])
def test_output_and_gradients_equal_pefts(bias):
    from peft import LoraConfig, get_peft_model

    ours = trained(bias)
    plain = nn.Sequential(nn.Linear(7, 5, bias=bias))
    plain[0].load_state_dict(ours.linear.state_dict())
    config = LoraConfig(r=3, lora_alpha=0.4 * 3, use_dora=True, target_modules=["0"])
    theirs = get_peft_model(plain, config)
    layer = theirs.base_model.model[0]
    magnitude = layer.lora_magnitude_vector["default"].weight
    torch.testing.assert_close(magnitude, ours.linear.weight.norm(dim=1))
    with torch.no_grad():
        layer.lora_A["default"].weight.copy_(ours.lora.A.T)
        layer.lora_B["default"].weight.copy_(ours.lora.B.T)
        magnitude.copy_(ours.magnitude)
    mine = torch.randn(4, 2, 7, requires_grad=True)
    other = mine.detach().clone().requires_grad_(True)
    torch.testing.assert_close(ours(mine), theirs(other))
    ours(mine).pow(3).sum().backward()
    theirs(other).pow(3).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad)
    torch.testing.assert_close(ours.lora.A.grad.T, layer.lora_A["default"].weight.grad)
    torch.testing.assert_close(ours.lora.B.grad.T, layer.lora_B["default"].weight.grad)
    torch.testing.assert_close(ours.magnitude.grad, magnitude.grad)
    torch.testing.assert_close(ours.to_linear().weight, theirs.merge_and_unload()[0].weight)


def test_output_is_that_of_rows_with_the_trained_lengths():
    layer = trained()
    update = 0.4 * (layer.lora.A @ layer.lora.B).T
    rows = nn.functional.normalize(layer.linear.weight + update, dim=1) * layer.magnitude[:, None]
    x = torch.randn(6, 7)
    torch.testing.assert_close(layer(x), x @ rows.T + layer.linear.bias)
    torch.testing.assert_close(layer.to_linear()(x), layer(x))
    torch.testing.assert_close(layer.to_linear().weight.norm(dim=1), layer.magnitude)


def test_start_changes_no_output_and_trains_factors_and_lengths_alone():
    linear = nn.Linear(7, 5)
    x = torch.randn(6, 7)
    before = linear(x)
    layer = LinearWithDoRA(linear, 3, 0.4)
    torch.testing.assert_close(layer(x), before)
    assert layer.linear is linear
    assert count_parameters(layer).trainable == 3 * (7 + 5) + 5
    layer(x).square().sum().backward()
    assert linear.weight.grad is None
    assert layer.magnitude.grad.abs().min() > 0


def test_the_length_counts_as_a_constant_in_the_backward_pass():
    layer, x = trained(bias=False), torch.randn(6, 7)
    layer(x).pow(2).sum().backward()
    A, B = (p.detach().clone().requires_grad_(True) for p in (layer.lora.A, layer.lora.B))
    rows = layer.linear.weight + 0.4 * (A @ B).T
    ((x @ rows.T) * (layer.magnitude / rows.norm(dim=1).detach()).detach()).pow(2).sum().backward()
    torch.testing.assert_close(layer.lora.A.grad, A.grad)
    torch.testing.assert_close(layer.lora.B.grad, B.grad)


def test_a_row_of_zeros_gives_no_nan():
    linear = nn.Linear(4, 3)
    with torch.no_grad():
        linear.weight[1] = 0
    x = torch.randn(2, 4)
    layer = LinearWithDoRA(linear, 2, 1.0)
    torch.testing.assert_close(layer(x), linear(x))
    layer(x).square().sum().backward()
    assert all(p.grad.isfinite().all() for p in (layer.magnitude, layer.lora.A, layer.lora.B))
    torch.testing.assert_close(layer.to_linear()(x), linear(x))


def test_injection_replaces_by_pattern_and_refuses_what_is_wrapped():
    model = nn.ModuleDict({"query": nn.Linear(4, 3), "value": nn.Linear(4, 3), "norm": nn.LayerNorm(4)})
    assert inject_dora(model, ["qu*"], 2, 1.0) == ["query"]
    assert isinstance(model["query"], LinearWithDoRA)
    assert type(model["value"]) is nn.Linear
    with pytest.raises(ValueError, match="'query' is wrapped already, in LinearWithDoRA"):
        inject_dora(model, ["value", "query"], 2, 1.0)
    assert type(model["value"]) is nn.Linear, "nothing changes when a name is wrong"
    inject_lora(model, "value", 2, 1.0)
    with pytest.raises(ValueError, match="is wrapped already"):
        inject_dora(model, "*", 2, 1.0)


def test_a_wrapped_layer_is_refused():
    with pytest.raises(TypeError, match="LinearWithLoRA; wrap each layer once"):
        LinearWithDoRA(LinearWithLoRA(nn.Linear(4, 3), 2, 1.0), 2, 1.0)


@pytest.mark.parametrize(
    "computed",
    [lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5), nn.utils.weight_norm, nn.utils.spectral_norm],
    ids=["pruned", "weight-normed", "spectral-normed"],
)
@pytest.mark.filterwarnings("ignore:.*(weight|spectral)_norm")
def test_a_weight_that_is_computed_at_each_call_is_the_one_of_this_call(computed):
    torch.manual_seed(2)
    plain, other = (computed(nn.Linear(6, 5)).eval() for _ in range(2))
    x = torch.randn(3, 6)
    layer = LinearWithDoRA(plain, 2, 1.0)
    layer.double()(x.double())
    layer.linear.load_state_dict(other.state_dict())
    with torch.no_grad():
        wanted = other(x).double()
        layer.magnitude.copy_(other.weight.norm(dim=1))
    torch.testing.assert_close(layer(x.double()), wanted, rtol=1e-5, atol=1e-6)


def test_what_is_hooked_to_the_layer_runs():
    layer, x = nn.Linear(6, 5), torch.randn(3, 6)
    layer.register_forward_hook(lambda module, inputs, y: 2 * y)
    before = layer(x)
    assert torch.equal(LinearWithDoRA(layer, 2, 1.0)(x), before)
