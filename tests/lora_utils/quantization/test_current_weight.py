"""A weight that a hook computes at each call is the one of the next call, whatever was loaded or cast in between."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from lora_utils.methods import LinearWithDoRA, LinearWithIA3, LinearWithLoRA
from lora_utils.quantization import QuantizedLinear
from lora_utils.quantization.current_weight import current_weight
from lora_utils.variants import BatchedLoRA, VeRALinear

COMPUTED = {
    "pruned": lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5),
    "weight-normed": nn.utils.weight_norm,
    "spectral-normed": nn.utils.spectral_norm,
    "parametrized": parametrizations.weight_norm,
    "plain": lambda layer: layer,
}
pytestmark = pytest.mark.filterwarnings("ignore:.*(weight|spectral)_norm")


@pytest.fixture(params=COMPUTED.values(), ids=COMPUTED)
def loaded(request) -> tuple[nn.Linear, torch.Tensor]:
    """A layer in float64 that has loaded another's state and has not been called since, and the weight it has then."""
    torch.manual_seed(0)
    layer, other = (request.param(nn.Linear(6, 5)) for _ in range(2))
    other.eval()(torch.zeros(1, 6))
    layer.double().load_state_dict(other.state_dict())
    return layer, other.weight.detach().double()


def test_it_is_the_one_of_the_next_call_and_leaves_the_layer_as_it_was(loaded):
    layer, weight = loaded
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    torch.testing.assert_close(current_weight(layer), weight, check_dtype=True, rtol=1e-6, atol=1e-6)
    assert layer.training
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_nobody_elses_hooks_run(loaded):
    layer, _ = loaded
    layer.register_forward_pre_hook(lambda *_: pytest.fail("a call that nobody made"))
    current_weight(layer)


def test_dora_starts_on_its_lengths_and_is_deployed_with_it(loaded):
    layer, weight = loaded
    dora = LinearWithDoRA(layer, 2, 1.0)
    assert dora.magnitude.dtype == torch.float64
    torch.testing.assert_close(dora.magnitude, weight.norm(dim=1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(dora.to_linear().weight, weight, rtol=1e-6, atol=1e-6)


def test_dora_is_deployed_as_it_was_loaded(loaded):
    dora = LinearWithDoRA(loaded[0], 2, 1.0)
    dora.load_state_dict(
        {name: 2 * value if "mask" not in name else value for name, value in dora.state_dict().items()}
    )
    merged = dora.eval().to_linear()
    x = torch.randn(3, 6, dtype=torch.float64)
    torch.testing.assert_close(merged(x), dora(x), rtol=1e-5, atol=1e-6)


def test_four_bits_store_it(loaded):
    layer, weight = loaded
    plain = nn.Linear(6, 5, dtype=torch.float64)
    plain.weight.data.copy_(weight)
    torch.testing.assert_close(QuantizedLinear(layer).dequantize(), QuantizedLinear(plain).dequantize())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda layer: LinearWithLoRA(layer, 2, 1.0).lora.A,
        lambda layer: LinearWithIA3(layer).scale,
        lambda layer: VeRALinear(layer, torch.eye(6), torch.ones(6, 5)).d,
        lambda layer: BatchedLoRA(layer, [LinearWithLoRA(nn.Linear(6, 5), 2, 1.0).lora]).A,
    ],
    ids=["LoRA", "IA3", "VeRA", "batched"],
)
def test_what_is_trained_beside_it_has_its_type(loaded, wrap):
    assert wrap(loaded[0]).dtype == torch.float64
