"""The one statistical check of lab 05 is neither flaky nor blind, whatever the seed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lora_utils.checks import Draw, Failure, Subject
from lora_utils.checks.lab_05_lora_layer.lora_layer import IN_DIM, OUT_DIM, RANK, initial_spread


def layer_with(spread: float) -> type:
    """A class whose A is normal with `spread` times the right standard deviation."""

    class Layer(nn.Module):
        def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None:
            super().__init__()
            self.A = nn.Parameter(spread * torch.randn(in_dim, rank) / rank**0.5)
            self.B = nn.Parameter(torch.zeros(rank, out_dim))

    return Layer


def judge(spread: float, seed: int) -> str:
    """Run the check once; returns the message id, empty when it passed."""
    draw = Draw("test", str(seed))
    try:
        initial_spread(Subject(layer_with(spread)).seeded(seed), draw)
    except Failure as failure:
        return failure.id
    return ""


def test_the_right_spread_passes_for_300_seeds():
    assert {judge(1.0, seed) for seed in range(300)} == {""}


@pytest.mark.parametrize("spread", [0.9, 1.1])
def test_ten_per_cent_off_fails_for_100_seeds(spread):
    assert {judge(spread, seed) for seed in range(100)} == {"wrong-spread"}


@pytest.mark.parametrize(
    ("spread", "message"),
    [
        (RANK**0.5, "spread-one"),
        (RANK**-0.5, "spread-one-over-rank"),
        (RANK, "spread-root-of-rank"),
        ((RANK / IN_DIM) ** 0.5, "spread-from-in-dim"),
        ((RANK / OUT_DIM) ** 0.5, "spread-from-out-dim"),
        (3**-0.5, "spread-kaiming"),
        (0.02 * RANK**0.5, "spread-constant"),
    ],
)
def test_a_usual_mistake_keeps_its_name_for_50_seeds(spread, message):
    assert {judge(spread, seed) for seed in range(50)} == {message}
