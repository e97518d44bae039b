"""LoRALayer and LinearWithLoRA against closed forms written out in float64, at sizes that differ pairwise."""

import math

import pytest
import torch
from torch import nn

from lora_utils import LinearWithLoRA, LoRALayer
from lora_utils.methods import LinearWithDoRA, QuantizedLinearWithLoRA
from lora_utils.quantization import QuantizedLinear

IN, OUT, RANK, ALPHA = 7, 5, 3, 0.4


def randomized(layer: LoRALayer) -> LoRALayer:
    with torch.no_grad():
        layer.A.normal_()
        layer.B.normal_()
    return layer


@pytest.mark.parametrize("batch", [(), (2,), (2, 4)], ids=str)
def test_forward_is_alpha_times_the_product(batch):
    layer = randomized(LoRALayer(IN, OUT, RANK, ALPHA))
    x = torch.randn(*batch, IN)
    expected = ALPHA * torch.einsum("...i,ir,ro->...o", x.double(), layer.A.double(), layer.B.double())
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


def test_gradients_equal_the_closed_form():
    layer = randomized(LoRALayer(IN, OUT, RANK, ALPHA))
    x, g = torch.randn(6, IN, requires_grad=True), torch.randn(6, OUT)
    layer(x).backward(g)
    a, b = layer.A.detach(), layer.B.detach()
    torch.testing.assert_close(x.grad, ALPHA * g @ b.T @ a.T)
    torch.testing.assert_close(layer.A.grad, ALPHA * x.detach().T @ g @ b.T)
    torch.testing.assert_close(layer.B.grad, ALPHA * a.T @ x.detach().T @ g)


def test_initialization_a_has_standard_deviation_one_over_root_rank_and_b_is_zero():
    torch.manual_seed(0)
    layer = LoRALayer(400, OUT, 16, ALPHA)
    assert layer.B.abs().max() == 0
    assert abs(layer.A.std().item() * math.sqrt(16) - 1) < 5 / math.sqrt(2 * layer.A.numel())  # five sigmas
    assert layer.A.shape == (400, 16)


@pytest.mark.parametrize(
    ("sizes", "name"), [((0, 5, 3), "in_dim"), ((7, -1, 3), "out_dim"), ((7, 5, 0), "rank"), ((7, 5, 2.0), "rank")]
)
def test_a_size_that_is_no_positive_integer_is_refused(sizes, name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1"):
        LoRALayer(*sizes, ALPHA)


def test_an_alpha_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="alpha must be a finite number, got nan"):
        LoRALayer(IN, OUT, RANK, math.nan)


def adapted(bias: bool = True, dtype=torch.float32) -> LinearWithLoRA:
    layer = LinearWithLoRA(nn.Linear(IN, OUT, bias=bias, dtype=dtype), RANK, ALPHA)
    randomized(layer.lora)
    return layer


@pytest.mark.parametrize("bias", [True, False])
def test_wrapping_changes_no_bit_of_the_output(bias):
    base, x = nn.Linear(IN, OUT, bias=bias), torch.randn(4, IN)
    before = base(x)
    assert torch.equal(LinearWithLoRA(base, RANK, ALPHA)(x), before)


def test_the_layer_is_kept_and_frozen_and_only_the_path_trains():
    base = nn.Linear(IN, OUT)
    layer = LinearWithLoRA(base, RANK, ALPHA)
    assert layer.linear is base
    trainable = {name: p.numel() for name, p in layer.named_parameters() if p.requires_grad}
    assert trainable == {"lora.A": IN * RANK, "lora.B": RANK * OUT}


def test_the_layer_comes_first_in_what_is_printed_and_saved():
    names = ["linear.weight", "linear.bias", "lora.A", "lora.B"]
    assert list(adapted().state_dict()) == [name for name, _ in adapted().named_parameters()] == names


def test_an_error_leaves_the_layer_as_it_was():
    base = nn.Linear(IN, OUT)
    with pytest.raises(ValueError, match="rank must be"):
        LinearWithLoRA(base, 0, ALPHA)
    assert all(p.requires_grad for p in base.parameters())


def test_the_path_takes_the_layers_dtype():
    assert adapted(dtype=torch.float64)(torch.randn(2, IN, dtype=torch.float64)).dtype == torch.float64


def test_training_fits_a_rank_two_target_and_leaves_the_base_alone():
    torch.manual_seed(0)
    layer = LinearWithLoRA(nn.Linear(IN, OUT), 2, 1.0)
    weight, target = layer.linear.weight.clone(), torch.randn(IN, 2) @ torch.randn(2, OUT)
    optimizer, x = torch.optim.Adam(layer.lora.parameters(), lr=0.05), torch.randn(64, IN)
    goal = layer.linear(x).detach() + x @ target
    for _ in range(400):
        optimizer.zero_grad()
        loss = (layer(x) - goal).square().mean()
        loss.backward()
        optimizer.step()
    assert loss < 1e-4
    assert torch.equal(layer.linear.weight, weight)


def test_merging_gives_the_same_output_and_twice_is_once():
    layer, x = adapted(), torch.randn(4, IN)
    before, w0 = layer(x), layer.linear.weight.clone()
    layer.merge()
    delta = ALPHA * torch.einsum("ir,ro->oi", layer.lora.A, layer.lora.B)
    torch.testing.assert_close(layer.linear.weight, w0 + delta)
    once = layer.linear.weight.clone()
    layer.merge()
    assert torch.equal(layer.linear.weight, once)
    torch.testing.assert_close(layer(x), before)


def test_unmerging_restores_every_bit_and_twice_is_once():
    layer = adapted()
    w0 = layer.linear.weight.clone()
    layer.merge()
    layer.unmerge()
    layer.unmerge()
    assert torch.equal(layer.linear.weight, w0)
    assert not layer.merged


def test_eval_and_train_do_not_merge():
    layer = adapted()
    assert not layer.eval().merged
    assert not layer.train().merged


def test_wrapping_something_else_is_refused():
    with pytest.raises(TypeError, match="wraps an nn.Linear, got LinearWithLoRA"):
        LinearWithLoRA(adapted(), RANK, ALPHA)


@pytest.mark.parametrize("method", ["LoRA", "DoRA", "QLoRA"])
def test_under_autocast_the_merged_weight_is_the_same(method):
    torch.manual_seed(3)
    linear = nn.Linear(16, 8)
    if method == "LoRA":
        layer, weight = LinearWithLoRA(linear, 2, 1.0), lambda layer: layer.merged_parameters()["weight"]
    elif method == "DoRA":
        layer, weight = LinearWithDoRA(linear, 2, 1.0), lambda layer: layer.to_linear().weight
    else:
        layer = QuantizedLinearWithLoRA(QuantizedLinear(linear), 2, 1.0)
        weight = QuantizedLinearWithLoRA.merged_weight
    nn.init.normal_(layer.lora.B)
    wanted = weight(layer)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(weight(layer), wanted)


def test_on_the_meta_device_shapes_are_found():
    with torch.device("meta"):
        layer, x = LinearWithDoRA(nn.Linear(16, 8), 2, 1.0), torch.empty(3, 16)
    assert layer(x).shape == (3, 8)
