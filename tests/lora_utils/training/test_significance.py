"""How sure one may be of a result, against counting by hand and against the standard library."""

import itertools
import math
import statistics

import pytest

from lora_utils.training.significance import mean_and_spread, sign_test


def test_mean_and_spread():
    values = [0.70, 0.74, 0.75]
    mean = sum(values) / 3
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / 2)
    assert mean_and_spread(values) == pytest.approx((mean, spread))
    assert mean_and_spread(values)[1] != pytest.approx(statistics.pstdev(values))
    assert mean_and_spread([0.5])[0] == 0.5
    assert math.isnan(mean_and_spread([0.5])[1])
    with pytest.raises(ValueError, match="at least one value"):
        mean_and_spread([])


def test_the_sign_test_counts_coins():
    def counted(better, worse):
        """Share of all rows of coins whose split is at least as uneven, by writing down every row."""
        n = better + worse
        uneven = abs(better - worse)
        return sum(abs(2 * sum(coins) - n) >= uneven for coins in itertools.product((0, 1), repeat=n)) / 2**n

    for better, worse in itertools.product(range(6), repeat=2):
        assert sign_test(better, worse) == pytest.approx(counted(better, worse)), (better, worse)
    assert sign_test(9, 3) == pytest.approx(598 / 4096)
    assert sign_test(90, 30) < 1e-7
