"""Bottleneck adapters against arithmetic written out in float64, on a tiny encoder with pairwise different sizes."""

import math

import pytest
import torch
from torch import nn

from lora_utils import count_parameters, trainable_names
from lora_utils.methods.adapters import AdapterBehind, AdapterBeside, BottleneckAdapter, inject_adapters
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
WIDTH, BOTTLENECK = 7, 3
IDS = torch.tensor([[4, 7, 2, 9], [3, 0, 0, 0], [11, 5, 0, 0]])


def tiny(seed: int = 3) -> SentenceClassifier:
    torch.manual_seed(seed)
    model = SentenceClassifier(MiniLM(**SIZES), 5)
    model.encoder.requires_grad_(False)
    return model


def randomized(module: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()
    return module


def written_out(adapter: BottleneckAdapter, x: torch.Tensor) -> torch.Tensor:
    """x + up(gelu(down(x))) with GELU from its definition, z times the normal distribution function."""
    W1, b1, W2, b2 = (p.detach().double() for p in adapter.parameters())
    z = torch.einsum("...d,rd->...r", x.double(), W1) + b1
    inner = z * 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    return x.double() + torch.einsum("...r,dr->...d", inner, W2) + b2


@pytest.mark.parametrize("leading", [(), (2,), (2, 4)], ids=str)
def test_an_adapter_is_x_plus_up_of_gelu_of_down(leading):
    torch.manual_seed(0)
    adapter = randomized(BottleneckAdapter(WIDTH, BOTTLENECK))
    x = torch.randn(*leading, WIDTH)
    torch.testing.assert_close(adapter(x).double(), written_out(adapter, x), rtol=1e-5, atol=1e-5)


def test_an_adapter_starts_as_the_identity_and_up_alone_gets_a_gradient():
    adapter, x = BottleneckAdapter(WIDTH, BOTTLENECK), torch.randn(4, WIDTH)
    y = adapter(x)
    assert torch.equal(y, x)
    y.square().sum().backward()
    assert not adapter.down.weight.grad.any()
    assert adapter.up.weight.grad.any()


def test_an_adapter_has_2dr_plus_r_plus_d_numbers():
    assert count_parameters(BottleneckAdapter(WIDTH, BOTTLENECK)).trainable == 2 * 7 * 3 + 3 + 7


@pytest.mark.parametrize(("sizes", "name"), [((0, 3), "width"), ((7, -1), "bottleneck"), ((7, 2.0), "bottleneck")])
def test_a_size_that_is_no_positive_integer_is_refused(sizes, name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1"):
        BottleneckAdapter(*sizes)


def test_behind_means_that_the_adapter_sees_the_sublayers_output():
    class Sublayer(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(5, WIDTH)

        def forward(self, x, *, factor):
            return factor * self.linear(x)

    torch.manual_seed(0)
    sublayer, adapter, x = Sublayer(), randomized(BottleneckAdapter(WIDTH, BOTTLENECK)), torch.randn(4, 5)
    layer = AdapterBehind(sublayer, adapter)
    torch.testing.assert_close(
        layer(x, factor=3.0), adapter(3.0 * (x @ sublayer.linear.weight.T + sublayer.linear.bias))
    )
    assert layer.sublayer is sublayer
    assert trainable_names(layer) == [
        f"adapter.{name}.{kind}" for name in ("down", "up") for kind in ("weight", "bias")
    ]


def test_beside_means_the_same_input_a_factor_and_no_second_way_around():
    torch.manual_seed(0)
    sublayer, adapter, x = (
        nn.Linear(WIDTH, WIDTH),
        randomized(BottleneckAdapter(WIDTH, BOTTLENECK)),
        torch.randn(4, WIDTH),
    )
    layer = AdapterBeside(sublayer, adapter, scale=2.5)
    expected = sublayer(x).double() + 2.5 * (written_out(adapter, x) - x)
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)
    assert not sublayer.weight.requires_grad
    assert AdapterBeside(sublayer, adapter).scale == 4.0
    with pytest.raises(ValueError, match="scale must be a finite number, got inf"):
        AdapterBeside(sublayer, adapter, math.inf)


NAMES = {
    "houlsby": [f"encoder.blocks.{b}.{child}" for b in (0, 1) for child in ("attention", "feed_forward")],
    "pfeiffer": [f"encoder.blocks.{b}.feed_forward" for b in (0, 1)],
    "parallel": [f"encoder.blocks.{b}.feed_forward" for b in (0, 1)],
}


@pytest.mark.parametrize("placement", NAMES)
def test_injecting_changes_no_bit_and_trains_only_adapters_and_head(placement):
    model = tiny()
    before = model(IDS)
    assert inject_adapters(model, BOTTLENECK, placement) == NAMES[placement]
    assert torch.equal(model(IDS), before)
    one = 2 * 12 * BOTTLENECK + BOTTLENECK + 12
    assert count_parameters(model).trainable == len(NAMES[placement]) * one + 12 * 5 + 5
    model(IDS).square().sum().backward()
    ups = [p for name, p in model.named_parameters() if ".adapter.up." in name]
    assert len(ups) == 2 * len(NAMES[placement])
    assert all(p.grad.any() for p in ups)


def test_houlsbys_adapters_stand_before_the_residual_is_added():
    """The block written out: adapter on the sublayer's output, then the sum, then the norm."""
    model = tiny()
    block, x, mask = model.encoder.blocks[0], torch.randn(2, 3, 12), torch.ones(2, 3, dtype=torch.bool)
    attention, feed_forward = block.attention, block.feed_forward
    inject_adapters(block, BOTTLENECK, "houlsby")
    randomized(block.attention.adapter)
    randomized(block.feed_forward.adapter)
    y = block.attention_norm(x + block.attention.adapter(attention(x, mask)))
    y = block.feed_forward_norm(y + block.feed_forward.adapter(feed_forward(y)))
    torch.testing.assert_close(block(x, mask), y)


def test_some_blocks_alone_and_every_block_its_own_adapter():
    model = tiny()
    assert inject_adapters(model.encoder.blocks[1:], BOTTLENECK, "pfeiffer") == ["0.feed_forward"]
    assert not isinstance(model.encoder.blocks[0].feed_forward, AdapterBehind)
    other = tiny()
    inject_adapters(other, BOTTLENECK)
    adapters = [m for m in other.modules() if isinstance(m, BottleneckAdapter)]
    assert len({id(m) for m in adapters}) == 4
    assert inject_adapters(tiny().encoder.blocks[0], BOTTLENECK) == ["attention", "feed_forward"]


def test_nothing_else_is_frozen_or_made_trainable():
    torch.manual_seed(3)
    free = SentenceClassifier(MiniLM(**SIZES), 5)
    inject_adapters(free, BOTTLENECK, "pfeiffer")
    frozen = [name for name, p in free.named_parameters() if not p.requires_grad]
    assert {name.split(".sublayer.")[0] for name in frozen} == set(NAMES["pfeiffer"])


def test_adapters_take_the_models_dtype_and_device():
    model = tiny().double()
    inject_adapters(model, BOTTLENECK)
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    model = tiny().to("meta")
    inject_adapters(model, BOTTLENECK)
    assert {p.device.type for p in model.parameters()} == {"meta"}


def test_what_cannot_be_done_is_refused_before_anything_changes():
    model = tiny()
    with pytest.raises(ValueError, match="placement must be one of houlsby, pfeiffer, parallel, got 'serial'"):
        inject_adapters(model, BOTTLENECK, "serial")
    with pytest.raises(ValueError, match="bottleneck must be an integer of at least 1, got 0"):
        inject_adapters(model, 0)
    assert inject_adapters(model, BOTTLENECK, "parallel") == NAMES["parallel"]
    with pytest.raises(ValueError, match="'encoder.blocks.0.feed_forward' has an adapter already"):
        inject_adapters(model, BOTTLENECK, "houlsby")
    with pytest.raises(ValueError, match="Linear holds no EncoderBlock"):
        inject_adapters(nn.Linear(3, 2), BOTTLENECK)


@pytest.mark.assets("minilm")
@pytest.mark.parametrize(("placement", "numbers"), [("houlsby", 152_256), ("pfeiffer", 76_128), ("parallel", 76_128)])
def test_the_published_encoder_keeps_its_scores(placement, numbers):
    model = load_sentence_classifier(6)
    with torch.no_grad():
        before = model(IDS)
        inject_adapters(model, 16, placement)
        assert torch.equal(model(IDS), before)
    assert count_parameters(model).trainable == numbers + 384 * 6 + 6
