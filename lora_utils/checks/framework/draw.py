"""Seeded test inputs: the same for the same course seed, exercise and check; unguessable without the seed."""

from __future__ import annotations

import hashlib
import os

import torch

SEED_VARIABLE = "LORA_UTILS_CHECK_SEED"


def course_seed() -> str:
    """Return the text that all test inputs derive from: the environment's LORA_UTILS_CHECK_SEED, else "0"."""
    return os.environ.get(SEED_VARIABLE, "0")


def probe_seed(exercise: str, check: str) -> int:
    """Return the seed under which the random numbers of a student's own code repeat while a check looks at it.

    It has nothing to do with the course seed: whoever reads it (`torch.initial_seed`) learns nothing about the inputs.
    """
    return _number(("probe", exercise, check))


def _number(parts: tuple[str, ...]) -> int:
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return int.from_bytes(digest[:7], "big")  # 56 bits: torch accepts up to 63


class Draw:
    """A source of random test inputs for one check.

    Args:
        *parts: texts that name the stream, for example the course seed, the exercise and the check. Equal parts give
            equal inputs, on every machine.
    """

    def __init__(self, *parts: str) -> None:
        self._generator = torch.Generator().manual_seed(_number(parts))

    def normal(self, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Return independent normal numbers with mean 0 and standard deviation `scale`."""
        return torch.randn(*shape, generator=self._generator, dtype=torch.float64).mul(scale).to(dtype)

    def integer(self, low: int, high: int) -> int:
        """Return one integer from low to high, both included."""
        return int(torch.randint(low, high + 1, (1,), generator=self._generator))

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Return integers from low to high, both included, as an int64 tensor."""
        return torch.randint(low, high + 1, shape, generator=self._generator)

    def number(self, low: float, high: float) -> float:
        """Return one number, uniform between low and high, rounded to two decimals so that messages stay readable."""
        return round(low + (high - low) * float(torch.rand(1, generator=self._generator)), 2)

    def sizes(self, count: int, low: int = 3, high: int = 12) -> list[int]:
        """Return `count` pairwise different sizes, so that a swapped axis cannot go unseen."""
        if high - low + 1 < count:
            raise ValueError(f"{count} different sizes need a range of {count} numbers, got {low}..{high}")
        order = torch.randperm(high - low + 1, generator=self._generator)[:count]
        return [low + int(i) for i in order]

    def order(self, count: int) -> list[int]:
        """Return the numbers from 0 to count - 1 in a random order."""
        return torch.randperm(count, generator=self._generator).tolist()

    def choice(self, items):
        """Return one of the items."""
        return items[self.integer(0, len(items) - 1)]
