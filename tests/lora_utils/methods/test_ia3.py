"""IA3 against closed forms in float64 and against Hugging Face PEFT, at sizes that differ pairwise."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import count_parameters, inject_lora, trainable_names
from lora_utils.methods.adapters import inject_adapters
from lora_utils.methods.ia3 import LinearWithIA3, inject_ia3, merge_ia3, unmerge_ia3
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
IN, OUT = 7, 5
IDS = torch.tensor([[4, 7, 2, 9], [3, 0, 0, 0], [11, 5, 0, 0]])
needs_peft = [
    pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6: current environment"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # raised inside peft's imports
]
both = pytest.mark.parametrize("where", ["output", "input"])
with_and_without_bias = pytest.mark.parametrize("bias", [True, False])


def adapted(where: str, bias: bool = True, dtype=torch.float32) -> LinearWithIA3:
    torch.manual_seed(0)
    layer = LinearWithIA3(nn.Linear(IN, OUT, bias=bias, dtype=dtype), where)
    with torch.no_grad():
        layer.scale.normal_()
    return layer


def tiny(seed: int = 3) -> SentenceClassifier:
    torch.manual_seed(seed)
    model = SentenceClassifier(MiniLM(**SIZES), 5)
    model.encoder.requires_grad_(False)
    return model


def rescale(model: nn.Module) -> None:
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, LinearWithIA3):
                module.scale.normal_(1.0, 0.3)


@both
@with_and_without_bias
@pytest.mark.parametrize("leading", [(), (2,), (2, 4)], ids=str)
def test_forward_equals_the_closed_form(where, bias, leading):
    layer, x = adapted(where, bias), torch.randn(*leading, IN)
    W, s = layer.linear.weight.double(), layer.scale.double()
    b = layer.linear.bias.double() if bias else torch.zeros(OUT).double()
    if where == "output":
        expected = torch.einsum("o,oi,...i->...o", s, W, x.double()) + s * b
    else:
        expected = torch.einsum("i,oi,...i->...o", s, W, x.double()) + b
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)


@both
def test_wrapping_changes_no_bit_and_trains_the_factors_alone(where):
    linear, x = nn.Linear(IN, OUT), torch.randn(4, IN)
    before = linear(x)
    layer = LinearWithIA3(linear, where)
    assert torch.equal(layer(x), before)
    assert layer.linear is linear
    assert trainable_names(layer) == ["scale"]
    assert layer.scale.shape == ((OUT,) if where == "output" else (IN,))


@both
def test_gradients_equal_the_closed_form(where):
    layer, x, G = adapted(where), torch.randn(4, IN, requires_grad=True), torch.randn(4, OUT)
    layer(x).backward(G)
    W, b, s = layer.linear.weight.detach(), layer.linear.bias.detach(), layer.scale.detach()
    if where == "output":
        torch.testing.assert_close(layer.scale.grad, (G * (x.detach() @ W.T + b)).sum(0))
        torch.testing.assert_close(x.grad, (G * s) @ W)
    else:
        torch.testing.assert_close(layer.scale.grad, ((G @ W) * x.detach()).sum(0))
        torch.testing.assert_close(x.grad, (G @ W) * s)


@both
@with_and_without_bias
def test_merging_keeps_the_output_and_unmerging_restores_every_bit(where, bias):
    layer, x = adapted(where, bias), torch.randn(6, IN)
    original = {name: p.clone() for name, p in layer.linear.named_parameters()}
    before = layer(x)
    layer.merge()
    layer.merge()
    torch.testing.assert_close(layer(x), before)
    torch.testing.assert_close(layer.linear(x), before)
    layer.unmerge()
    layer.unmerge()
    assert not layer.merged
    assert all(torch.equal(p, original[name]) for name, p in layer.linear.named_parameters())
    assert torch.equal(layer(x), before)


def test_a_factor_of_zero_is_merged_and_unmerged_too():
    layer = adapted("output")
    with torch.no_grad():
        layer.scale[2] = 0
    weight = layer.linear.weight.clone()
    layer.merge()
    layer.unmerge()
    assert torch.equal(layer.linear.weight, weight)


@pytest.mark.parametrize("feed_forward", [False, True])
class TestPeft:
    pytestmark = needs_peft

    def test_output_gradient_and_merged_layer_equal_pefts(self, feed_forward):
        from peft import IA3Config, get_peft_model

        ours = adapted("input" if feed_forward else "output")
        theirs = nn.Sequential(nn.Linear(IN, OUT))
        theirs[0].load_state_dict(ours.linear.state_dict())
        config = IA3Config(target_modules=["0"], feedforward_modules=["0"] if feed_forward else [])
        theirs = get_peft_model(theirs, config)
        vector = theirs.base_model.model[0].ia3_l["default"]
        with torch.no_grad():
            vector.copy_(ours.scale.reshape(vector.shape))
        x = torch.randn(6, IN)
        torch.testing.assert_close(ours(x), theirs(x))
        ours(x).square().sum().backward()
        theirs(x).square().sum().backward()
        torch.testing.assert_close(ours.scale.grad, vector.grad.flatten())
        ours.merge()
        merged = theirs.merge_and_unload()[0]
        torch.testing.assert_close(ours.linear.weight, merged.weight)
        torch.testing.assert_close(ours.linear.bias, merged.bias)


def test_injecting_rescales_keys_values_and_inner_activations():
    model = tiny()
    before = model(IDS)
    names = [
        f"encoder.blocks.{b}.{layer}"
        for b in (0, 1)
        for layer in ("attention.key", "attention.value", "feed_forward.down")
    ]
    assert inject_ia3(model) == names
    assert torch.equal(model(IDS), before)
    assert count_parameters(model).trainable == 2 * (12 + 12 + 20) + 12 * 5 + 5
    model(IDS).square().sum().backward()
    assert all(p.grad.any() for name, p in model.named_parameters() if name.endswith(".scale"))


def test_the_whole_model_merges_and_unmerges():
    model = tiny()
    inject_ia3(model)
    rescale(model)
    weights = {name: p.clone() for name, p in model.named_parameters()}
    with torch.no_grad():
        before = model(IDS)
        assert merge_ia3(model) == 6
        torch.testing.assert_close(model(IDS), before)
        assert unmerge_ia3(model) == 6
        assert torch.equal(model(IDS), before)
    assert all(torch.equal(p, weights[name]) for name, p in model.named_parameters())


def test_it_goes_into_a_model_that_has_bottleneck_adapters():
    model = tiny()
    before = model(IDS)
    inject_adapters(model, 3, "houlsby")
    assert inject_ia3(model)[0] == "encoder.blocks.0.attention.sublayer.key"
    assert torch.equal(model(IDS), before)


def test_the_factors_take_the_layers_dtype_and_device():
    assert LinearWithIA3(nn.Linear(IN, OUT, dtype=torch.float64)).scale.dtype == torch.float64
    assert LinearWithIA3(nn.Linear(IN, OUT, device="meta")).scale.device.type == "meta"


def test_what_cannot_be_done_is_refused_before_anything_changes():
    with pytest.raises(TypeError, match="wraps an nn.Linear, got LinearWithIA3"):
        LinearWithIA3(adapted("output"))
    with pytest.raises(ValueError, match="where must be 'output' or 'input', got 'both'"):
        LinearWithIA3(nn.Linear(IN, OUT), "both")
    with pytest.raises(ValueError, match="Linear holds no SelfAttention or FeedForward"):
        inject_ia3(nn.Linear(3, 2))
    model = tiny()
    inject_lora(model, "*.1.attention.value", rank=2, alpha=1.0)
    with pytest.raises(ValueError, match=r"'encoder.blocks.1.attention.value' is wrapped already, in LinearWithLoRA"):
        inject_ia3(model)
    assert not any(isinstance(m, LinearWithIA3) for m in model.modules())
