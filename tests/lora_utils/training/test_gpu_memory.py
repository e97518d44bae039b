"""Calculated memory: parameter counts against published ones and a real decoder, claims of papers, sums by hand."""

import pytest
import torch

from lora_utils.methods.inject import inject_lora
from lora_utils.models.decoder import Decoder
from lora_utils.training.gpu_memory import (
    ALPACA,
    CONTEXT,
    GPUS,
    MEASURED,
    METHODS,
    MODELS,
    ModelSizes,
    smallest_gpu,
    step_bytes,
)
from lora_utils.training.parameters import count_parameters

BY_NAME = {model.name: model for model in MODELS}
TINY = ModelSizes("tiny", width=12, blocks=2, inner=20, heads=6, kv_heads=2, vocabulary=19, tied=True)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("SmolLM2 135M", 134_515_008),
        ("SmolLM2 1.7B", 1_711_376_384),
        ("Llama 3.2 3B", 3_212_749_824),
        ("Llama 2 7B", 6_738_415_616),
        ("Llama 2 13B", 13_015_864_320),
        ("LLaMA 33B", 32_528_943_616),
        ("LLaMA 65B", 65_285_660_672),
        ("Llama 2 70B", 68_976_648_192),
    ],
)
def test_the_sizes_give_the_published_number_of_parameters(name, published):
    assert BY_NAME[name].parameters == published


def test_counts_are_those_of_a_real_decoder():
    model = Decoder(vocabulary=19, width=12, blocks=2, heads=6, kv_heads=2, inner=20).requires_grad_(False)
    assert TINY.parameters == count_parameters(model).total
    linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Linear))
    assert TINY.linear == linear
    inject_lora(model, "*", rank=3, alpha=1.0)
    assert TINY.lora(3) == count_parameters(model).trainable


def test_the_terms_by_hand():
    P, E = TINY.parameters, TINY.other
    L, T, tokens = P - E, TINY.lora(3), 2 * 5
    inside = 2 * tokens * (10 * 12 + 2 * 4 + 4 * 20)
    with_checkpoints = 2 * tokens * 12 * 2 + inside + 14 * tokens * 19
    full, lora, qlora = (step_bytes(TINY, method, rank=3, batch=2, length=5) for method in METHODS)
    assert (full.weights, full.gradients, full.optimizer) == (2 * P, 2 * P, 8 * P)
    assert (lora.weights, lora.gradients, lora.optimizer) == (2 * P + 4 * T, 4 * T, 8 * T)
    bits = 4 + 8 / 64 + 32 / (64 * 256)
    assert qlora.weights == pytest.approx(bits / 8 * L + 2 * E + 4 * T)
    assert (qlora.gradients, qlora.optimizer) == (4 * T, 2 * T)
    assert full.activations == lora.activations == qlora.activations == with_checkpoints
    assert (full.buffer, lora.buffer, qlora.buffer) == (0, 0, 2 * 12 * 20), "one layer in 16 bits while it is used"
    assert qlora.total == qlora.weights + qlora.gradients + qlora.optimizer + qlora.activations + qlora.buffer
    assert qlora.needed == pytest.approx(1.1 * qlora.total + CONTEXT)
    plain = step_bytes(TINY, "full", rank=3, batch=2, length=5, checkpointing=False)
    assert plain.activations == 2 * inside + 14 * tokens * 19
    usual = step_bytes(TINY, "LoRA", rank=16, batch=1, length=512, checkpointing=True)
    assert step_bytes(TINY, "LoRA") == usual, "what the lab's frugal table is calculated with"


@pytest.mark.parametrize(("name", "method"), MEASURED)
def test_the_sums_come_near_what_others_measured(name, method):
    peak = 1e9 * MEASURED[name, method]  # tensors alone: neither the context nor what the allocator keeps
    assert step_bytes(BY_NAME[name], method, **ALPACA).total == pytest.approx(peak, rel=0.1)


def test_the_claims_of_the_qlora_paper():
    big = BY_NAME["LLaMA 65B"]
    assert step_bytes(big, "full").total > 780e9
    assert smallest_gpu(step_bytes(big, "QLoRA").needed) == 48
    assert smallest_gpu(step_bytes(big, "LoRA").needed) is None


def test_the_smallest_gpu_has_room():
    assert smallest_gpu(8e9) == 8
    assert smallest_gpu(8.01e9) == 12
    assert smallest_gpu(1e12) is None
    assert smallest_gpu(20e9, (40, 24)) == 24
    assert list(GPUS) == sorted(GPUS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"method": "half"}, "one of full, LoRA, QLoRA, got 'half'"), ({"rank": 0}, "rank must be an integer"),
     ({"batch": 0}, "batch must be an integer of at least 1"), ({"length": -1}, "length must be .* got -1")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        step_bytes(TINY, **({"method": "LoRA"} | arguments))
