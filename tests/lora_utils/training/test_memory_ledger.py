"""The prediction against the count of a step that was really taken, over many models and every way to freeze them."""

import itertools

import pytest
import torch
from torch import nn

from lora_utils.methods.bitfit import unfreeze_biases
from lora_utils.models.classifier import TextClassifier
from lora_utils.training.measured_memory import TrainingMemory, training_memory
from lora_utils.training.memory_ledger import parameter_memory, predicted_memory

B, IN, H, K, C = 6, 5, 7, 4, 3
LABELS = torch.arange(B) % C


def deep(activation=nn.ReLU):
    """Three linear layers, so that freezing has a before, a between and a behind."""
    return nn.Sequential(nn.Linear(IN, H), activation(), nn.Linear(H, K, bias=False), activation(), nn.Linear(K, C))


def test_sums_done_by_hand():
    """Everything trained: two outputs of relu, the log-probabilities and one number stay."""
    numbers = IN * H + H + H * K + K * C + C
    tensors = 5
    assert predicted_memory(deep(), (B, IN)) == TrainingMemory(
        weights=4 * numbers,
        gradients=4 * numbers,
        optimizer=4 * (2 * numbers + tensors),
        activations=4 * (B * H + B * K + B * C + 1),
    )


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU])
def test_every_way_to_freeze_a_chain_is_predicted_to_the_byte(activation):
    x = torch.randn(B, IN)
    for pattern in itertools.product((False, True), repeat=5):
        if not any(pattern):
            continue
        model = deep(activation)
        for parameter, trained in zip(model.parameters(), pattern, strict=True):
            parameter.requires_grad_(trained)
        assert predicted_memory(model, x.shape) == training_memory(model, x, LABELS), pattern


@pytest.mark.parametrize(
    "layers",
    [
        [nn.ReLU(), nn.Linear(IN, C)],
        [nn.Linear(IN, H), nn.GELU(), nn.Tanh(), nn.GELU(), nn.Linear(H, C)],
        [nn.Linear(IN, H), nn.Sequential(nn.Linear(H, K), nn.ReLU()), nn.Linear(K, C), nn.ReLU()],
        [nn.Linear(IN, H), nn.Linear(H, C)],
    ],
)
def test_other_chains_are_predicted_to_the_byte(layers):
    model, x = nn.Sequential(*layers), torch.randn(B, IN)
    assert predicted_memory(model, x.shape) == training_memory(model, x, LABELS)


def test_every_way_to_freeze_the_text_classifier_is_predicted_to_the_byte():
    ids = torch.randint(0, 11, (B, 8), dtype=torch.int32)
    for pattern in itertools.product((False, True), repeat=5):
        if not any(pattern):
            continue
        model = TextClassifier(C, vectors=torch.randn(11, IN))
        for parameter, trained in zip(model.parameters(), pattern, strict=True):
            parameter.requires_grad_(trained)
        assert predicted_memory(model, ids.shape) == training_memory(model, ids, LABELS), pattern


def test_half_precision_takes_half_and_the_step_counter_does_not():
    model, x = deep().to(torch.bfloat16), torch.randn(B, IN, dtype=torch.bfloat16)
    predicted, full = predicted_memory(model, x.shape), predicted_memory(deep(), x.shape)
    assert (2 * predicted.weights, 2 * predicted.activations) == (full.weights, full.activations)
    assert predicted == training_memory(model, x, LABELS)


def test_parameters_of_any_module_shared_and_buffered():
    model = nn.TransformerEncoderLayer(12, 3, 20)
    model.register_buffer("scale", torch.ones(5))
    model.twin = model.linear1
    model.requires_grad_(False)
    biases = sum(model.get_parameter(name).numel() for name in unfreeze_biases(model))
    counted = parameter_memory(model)
    assert counted.weights == 4 * (4 * (12 * 12 + 12) + 2 * 12 * 20 + 20 + 12 + 4 * 12 + 5)
    assert (counted.gradients, counted.optimizer, counted.activations) == (4 * biases, 8 * biases + 4 * 6, 0)


def test_what_it_cannot_predict_is_refused():
    with pytest.raises(ValueError, match="got LayerNorm"):
        predicted_memory(nn.Sequential(nn.Linear(IN, H), nn.LayerNorm(H)), (B, IN))
    with pytest.raises(ValueError, match="Unfreeze at least one"):
        predicted_memory(deep().requires_grad_(False), (B, IN))
