"""The rule by which every method gets its rate, on scores that are set by hand."""

import math

import pytest

from lora_utils.experiments.rate_sweep import EXTENSIONS, LADDER, sweep_rates


@pytest.mark.parametrize(
    ("best", "tried"),
    [
        (3e-3, (1e-3, 3e-3, 1e-2)),  # inside: no step more
        (1e-2, (1e-3, 3e-3, 1e-2, 3e-2)),  # at an edge: one more, and it is inside
        (1e-1, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),  # two more at most, although it is at the edge again
        (1e-5, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)),
    ],
)
def test_it_goes_on_where_the_best_lies_at_an_edge(best, tried):
    asked = []

    def score(lr):
        asked.append(lr)
        return -abs(math.log(lr / best))

    found = sweep_rates(score, (1e-3, 3e-3, 1e-2))
    assert tuple(found) == tried
    assert sorted(asked) == list(tried), "each rate once"
    assert max(found, key=found.get) == min(tried, key=lambda lr: abs(math.log(lr / best)))


def test_the_ladder_ends():
    assert tuple(sweep_rates(lambda lr: lr, LADDER[-3:])) == LADDER[-3:]
    assert tuple(sweep_rates(lambda lr: -lr, LADDER[:3])) == LADDER[:3]


def test_among_equals_the_smallest_and_never_one_that_diverged():
    found = sweep_rates(lambda lr: 0.5, (1e-3, 3e-3, 1e-2))
    assert tuple(found) == LADDER[4 - EXTENSIONS : 7]
    found = sweep_rates({1e-3: 0.5, 3e-3: 0.6, 1e-2: math.nan}.get, (1e-3, 3e-3, 1e-2))
    assert tuple(found) == (1e-3, 3e-3, 1e-2)
