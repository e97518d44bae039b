"""What is trained beside 16 bits is float32: steps are finite, and the model returns the type that it returned."""

import pytest
import torch
from torch import nn

from lora_utils.methods import (
    DecoderPrefix,
    LinearWithDoRA,
    LinearWithIA3,
    LinearWithLoRA,
    PromptTuned,
    SoftPrompt,
    inject_adapters,
    inject_prefix,
)
from lora_utils.models.decoder import Decoder
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier

SIXTEEN = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
LAYERS = {
    "LoRA": lambda linear: LinearWithLoRA(linear, 3, 0.5),
    "DoRA": lambda linear: LinearWithDoRA(linear, 3, 0.5),
    "IA3 output": LinearWithIA3,
    "IA3 input": lambda linear: LinearWithIA3(linear, "input"),
}
SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 19, "segments": 2}


def trained(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def step(module: nn.Module, loss) -> None:
    optimizer = torch.optim.AdamW(trained(module), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert all(parameter.dtype == torch.float32 for parameter in trained(module))
    assert all(parameter.isfinite().all() for parameter in trained(module))


@SIXTEEN
@pytest.mark.parametrize("wrap", LAYERS.values(), ids=LAYERS)
def test_a_layer_takes_steps_and_returns_its_own_type(wrap, dtype):
    torch.manual_seed(0)
    linear, x = nn.Linear(7, 5).to(dtype), torch.randn(4, 7).to(dtype)
    before = linear(x)
    layer = wrap(linear)
    assert layer(x).dtype == dtype
    torch.testing.assert_close(layer(x), before, rtol=0.02, atol=0.02)
    step(layer, lambda: layer(x).float().square().mean())
    assert not torch.equal(layer(x), before)


@SIXTEEN
def test_dora_is_deployed_in_the_type_of_its_layer(dtype):
    torch.manual_seed(0)
    layer = LinearWithDoRA(nn.Linear(7, 5).to(dtype), 3, 0.5)
    nn.init.normal_(layer.lora.B)
    weight = layer.linear.weight.double() + 0.5 * (layer.lora.A.double() @ layer.lora.B.double()).T
    exact = nn.functional.normalize(weight, dim=1) * layer.magnitude.double()[:, None]
    assert torch.equal(layer.to_linear().weight, exact.float().to(dtype))


@SIXTEEN
@pytest.mark.parametrize("change", [lambda m: inject_adapters(m, 3), lambda m: inject_adapters(m, 3, "parallel"),
                                    lambda m: inject_prefix(m, 3)])  # fmt: skip
def test_an_encoder_takes_steps_and_returns_its_own_type(change, dtype):
    torch.manual_seed(0)
    model = MiniLM(**SIZES).requires_grad_(False).to(dtype)
    change(model)
    ids, mask = torch.tensor([[4, 7, 2, 9]]), torch.ones(1, 4, dtype=torch.bool)
    assert model(ids, mask).dtype == dtype
    step(model, lambda: model(ids, mask).float().square().mean())


@SIXTEEN
@pytest.mark.parametrize("reparameterized", [False, True])
def test_a_prompt_takes_steps(reparameterized, dtype):
    torch.manual_seed(0)
    classifier = SentenceClassifier(MiniLM(**SIZES), 3).requires_grad_(False).to(dtype)
    model = PromptTuned(classifier, 3, reparameterized=reparameterized)
    ids = torch.tensor([[4, 7, 2, 9]])
    assert model(ids).dtype == dtype
    step(model, lambda: model(ids).float().square().mean())
    assert SoftPrompt(2, 3, init=torch.randn(2, 3).to(dtype)).vectors.dtype == torch.float32


@SIXTEEN
def test_a_decoders_prefix_takes_steps(dtype):
    torch.manual_seed(0)
    decoder = Decoder(vocabulary=19, width=12, blocks=2, heads=3, kv_heads=1, inner=20).requires_grad_(False).to(dtype)
    prefix, ids = DecoderPrefix(decoder, 3), torch.tensor([[4, 7, 2, 9]])
    assert decoder(ids, caches=prefix.caches(1)).dtype == dtype
    step(prefix, lambda: decoder(ids, caches=prefix.caches(1)).float().square().mean())


def test_beside_float64_it_is_float64():
    for wrap in LAYERS.values():
        assert {p.dtype for p in trained(wrap(nn.Linear(7, 5, dtype=torch.float64)))} == {torch.float64}
