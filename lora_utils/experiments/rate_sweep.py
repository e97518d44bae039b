"""One way of choosing a learning rate for every method: the same ladder of rates, the same number of steps on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

# A factor of about three between neighbours is the finest step that a choice by one seed and some hundred validation
# examples can still tell apart, and it is not tuned to any method.
LADDER = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
EXTENSIONS = 2  # how often the sweep goes on beyond an edge of its grid where the best rate lies


def sweep_rates(score: Callable[[float], float], rates: Sequence[float]) -> dict[float, float]:
    """Try learning rates, and go on along LADDER while the best one lies at an edge, at most EXTENSIONS times.

    Args:
        score: rate -> what is to be large, such as the validation accuracy of one seed; NaN for a run that diverged.
            It is called once for each rate.
        rates: to start with, ascending neighbours on LADDER; the course takes three for every method.

    Returns:
        rate -> score, ascending; `max(scores, key=scores.get)` is the best, the smallest among equals.

    Explained in labs 06_linear_with_lora and 09_capstone.
    """
    low, high = LADDER.index(rates[0]), LADDER.index(rates[-1])
    scores = {lr: score(lr) for lr in rates}
    for _ in range(EXTENSIONS):
        best = max(sorted(scores), key=lambda lr: -math.inf if math.isnan(scores[lr]) else scores[lr])
        if best == LADDER[low] and low > 0:
            low -= 1
            scores[LADDER[low]] = score(LADDER[low])
        elif best == LADDER[high] and high + 1 < len(LADDER):
            high += 1
            scores[LADDER[high]] = score(LADDER[high])
        else:
            break
    return dict(sorted(scores.items()))
