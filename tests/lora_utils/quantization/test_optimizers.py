"""An 8-bit AdamW where bitsandbytes has one for the machine, a plain one and a sentence where it has not."""

import pytest
import torch
from torch import nn

from lora_utils.quantization import optimizers as optimizers
from lora_utils.quantization.optimizers import paged_adamw_8bit_or_adamw, state_bytes

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # inside bitsandbytes


def two_parameters():
    torch.manual_seed(0)
    return nn.Parameter(torch.randn(64, 128)), nn.Parameter(torch.randn(7), requires_grad=False)


def no_bitsandbytes():
    raise ImportError("no such library\nsecond line")


@pytest.mark.parametrize("present", [True, False])
def test_its_step_is_that_of_adamw_up_to_the_rounding_of_its_states(monkeypatch, present, capfd):
    if not present:
        monkeypatch.setattr(optimizers, "load_bitsandbytes", no_bitsandbytes)
    trained, frozen = two_parameters()
    oracle = nn.Parameter(trained.detach().clone())
    optimizer, sentence = paged_adamw_8bit_or_adamw([trained, frozen], lr=0.01, weight_decay=0.1)
    assert torch.equal(trained, oracle)
    theirs = torch.optim.AdamW([oracle], lr=0.01, weight_decay=0.1)
    for _ in range(5):
        gradient = torch.randn(64, 128) + 3
        for parameter, one in ((trained, optimizer), (oracle, theirs)):
            parameter.grad = gradient.clone()
            one.step()
    torch.testing.assert_close(trained, oracle, rtol=0, atol=0.005)
    assert "AdamW" in sentence
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")


def test_without_bitsandbytes_it_is_torchs_and_says_so_in_one_line(monkeypatch):
    monkeypatch.setattr(optimizers, "load_bitsandbytes", no_bitsandbytes)
    optimizer, sentence = paged_adamw_8bit_or_adamw(two_parameters(), lr=0.01)
    assert type(optimizer) is torch.optim.AdamW
    assert optimizer.param_groups[0]["weight_decay"] == 0.0
    assert "no such library" in sentence
    assert "\n" not in sentence


def test_an_optimizer_whose_step_does_nothing_is_not_used(monkeypatch):
    class Idle(torch.optim.SGD):
        def step(self, closure=None):
            pass

    kinds = type("bnb", (), {"optim": type("optim", (), {"AdamW8bit": Idle, "PagedAdamW8bit": Idle})})
    monkeypatch.setattr(optimizers, "load_bitsandbytes", lambda: kinds)
    optimizer, sentence = paged_adamw_8bit_or_adamw(two_parameters(), lr=0.01)
    assert type(optimizer) is torch.optim.AdamW
    assert "does not move the weights" in sentence


def test_states_are_counted_by_hand(monkeypatch):
    monkeypatch.setattr(optimizers, "load_bitsandbytes", no_bitsandbytes)
    trained, _ = two_parameters()
    optimizer, _ = paged_adamw_8bit_or_adamw([trained], lr=0.01)
    assert state_bytes(optimizer) == 0
    trained.grad = torch.ones_like(trained)
    optimizer.step()
    assert state_bytes(optimizer) == 2 * 64 * 128 * 4 + 4  # two numbers a weight, and the count of steps


def test_nothing_to_train_and_a_wrong_rate_are_refused():
    with pytest.raises(ValueError, match="no parameter has requires_grad"):
        paged_adamw_8bit_or_adamw([nn.Parameter(torch.ones(2), requires_grad=False)], lr=0.1)
    with pytest.raises(ValueError, match="lr must be above 0, got 0"):
        paged_adamw_8bit_or_adamw(two_parameters(), lr=0)


def test_a_gpu_is_told_how_many_tensors_are_large_enough_to_be_paged():
    """As lab 08 has them: factors of rank 8, of which no one has 100,000 numbers."""
    factors = [nn.Parameter(torch.empty(size, device="meta")) for size in (4_608, 12_288, 99_999, 100_000)]
    gpu = torch.device("cuda")
    assert optimizers._paging(factors, gpu) == "; 1 of 4 tensors are paged, those of 100,000 numbers or more"
    assert optimizers._paging(factors[:2], gpu).startswith("; 0 of 2 tensors are paged")
    assert "not paged" in optimizers._paging(factors, torch.device("mps"))
