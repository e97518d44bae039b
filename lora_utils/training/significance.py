"""How sure one may be of a result: its spread over seeds, and the sign of a difference."""

import math
from statistics import mean, stdev


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1) over seeds; the spread of a single value is NaN, not 0."""
    if not values:
        raise ValueError("mean_and_spread needs at least one value, got none.")
    return mean(values), stdev(values) if len(values) > 1 else float("nan")


def sign_test(better: int, worse: int) -> float:
    """The probability that a fair coin gives a split at least as uneven as this, either way.

        p = min(1, 2 * sum over k <= min(better, worse) of C(n, k) / 2^n),    n = better + worse

    The exact form of McNemar's test, for two models that answered the same questions. It says how sure the sign of
    their difference is for this kind of question, and nothing about other seeds.

    Args:
        better: questions that only the first model got right
        worse: questions that only the second got right; those on which they agree do not count

    Explained in lab 08_qlora.
    """
    n = better + worse
    tail = sum(math.comb(n, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**n)
