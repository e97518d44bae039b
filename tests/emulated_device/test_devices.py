"""Choosing the device, waiting for it, and what is drawn from its generator."""

import pytest
import torch

from lora_utils.devices import best_device, compute_dtype, generators_kept, seeded, synchronize
from lora_utils.models import MiniLM, SentenceClassifier

pytestmark = pytest.mark.device


def test_a_device_can_be_wished_for(monkeypatch):
    monkeypatch.setenv("LORA_UTILS_DEVICE", "emulated")
    assert best_device() == torch.device("emulated", 0)
    assert compute_dtype(best_device()) is torch.float32


def test_the_clock_waits_for_the_device(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.emulated, "synchronize", lambda: waited.append(1))
    synchronize("emulated")
    assert waited == [1]


def test_the_devices_generator_is_seeded_inside_and_kept_outside():
    torch.manual_seed(1)
    before = torch.emulated.get_rng_state()
    with seeded(5, "emulated"):
        first = torch.rand(3, device="emulated")
    with seeded(5, "emulated"):
        assert torch.equal(torch.rand(3, device="emulated").cpu(), first.cpu())
    with generators_kept("emulated"):
        torch.rand(3, device="emulated")
    assert torch.equal(torch.emulated.get_rng_state(), before)


def test_a_model_with_a_seed_leaves_the_generators_of_other_devices_alone():
    torch.emulated.seeds.clear()
    SentenceClassifier(MiniLM(vocabulary=5, width=4, blocks=1, heads=2, inner=3, positions=3), 3, seed=2)
    assert torch.emulated.seeds == [], "torch.manual_seed sets the generator of every device"
