"""Which device is taken and in which type it computes, on machines that are made up; random numbers on this one."""

import pytest
import torch

from lora_utils.devices import best_device, compute_dtype, generators_kept, seeded, synchronize


@pytest.fixture
def machine(monkeypatch):
    """Make up a machine: does it have CUDA, of which capability, and Apple's GPU?"""

    def make(cuda=(), mps=False, hip=None):
        monkeypatch.delenv("LORA_UTILS_DEVICE", raising=False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(cuda))
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.version, "hip", hip)

    return make


@pytest.mark.parametrize(
    ("has", "device", "dtype"),
    [
        ({"cuda": (7, 0)}, "cuda", torch.float16),  # V100
        ({"cuda": (7, 5)}, "cuda", torch.float16),  # T4
        ({"cuda": (8, 0), "mps": True}, "cuda", torch.bfloat16),  # A100
        ({"cuda": (9, 0)}, "cuda", torch.bfloat16),  # H200
        ({"cuda": (6, 0), "hip": "6.2"}, "cuda", torch.bfloat16),
        ({"mps": True}, "mps", torch.float32),
        ({}, "cpu", torch.float32),
    ],
)
def test_the_best_device_is_taken_and_computes_in_a_type_that_it_has(machine, has, device, dtype):
    machine(**has)
    assert best_device() == torch.device(device)
    assert compute_dtype(best_device()) is dtype
    assert compute_dtype("cpu") is torch.float32


def test_a_wish_decides_and_one_that_cannot_be_is_refused(machine, monkeypatch):
    machine(cuda=(8, 0))
    monkeypatch.setenv("LORA_UTILS_DEVICE", "cpu")
    assert best_device() == torch.device("cpu")
    for wish in ("gpu", "cuda:17", "hpu"):
        monkeypatch.setenv("LORA_UTILS_DEVICE", wish)
        with pytest.raises(ValueError, match=f"such as 'cpu', got '{wish}'"):
            best_device()


def test_inside_numbers_come_from_the_seed_and_outside_nothing_has_happened():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with seeded(7):
        drawn = torch.rand(2)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(2))
    torch.set_rng_state(before)
    with generators_kept("cpu"):
        torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    synchronize("cpu")
