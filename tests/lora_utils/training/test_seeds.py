"""One seed, the same numbers from every generator."""

import random

import numpy
import pytest
import torch

from lora_utils.training.seeds import seed_everything


def drawn():
    return random.random(), float(numpy.random.rand()), float(torch.rand(1))


def test_every_generator_repeats():
    seed_everything(7)
    first = drawn()
    assert all(a != b for a, b in zip(first, drawn(), strict=True))
    seed_everything(7)
    assert drawn() == first
    seed_everything(8)
    assert all(a != b for a, b in zip(first, drawn(), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_that_not_all_generators_take(seed):
    with pytest.raises(ValueError, match=f"got {seed}"):
        seed_everything(seed)
