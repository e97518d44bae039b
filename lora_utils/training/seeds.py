"""One call that fixes every random number generator the course uses."""

import random

import torch

from lora_utils.integers import as_integer


def seed_everything(seed: int) -> None:
    """Sets the generators of Python, NumPy and torch (CPU and GPU), so that a run repeats exactly on the CPU.

    On a GPU some kernels add in a varying order, so repeated runs agree only closely there.

    Args:
        seed: 0 to 2**32 - 1, the range that all three accept

    Raises:
        ValueError: a seed outside that range
    """
    found = as_integer(seed)
    if found is None or not 0 <= found < 2**32:
        raise ValueError(f"A seed must lie between 0 and 2**32 - 1, got {seed!r}.")
    seed = found
    import numpy

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
