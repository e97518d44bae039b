"""Reading a comparison of methods: which rate, which difference, which front, which choice.

A run or a method is a mapping from what was measured to its number, such as {"lr": 0.003, "seed": 0, "valid": 0.9}.
Letters: n runs, seeds or methods.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from lora_utils.training.significance import mean_and_spread


def best_rate(runs: Sequence[Mapping]) -> tuple[float, bool]:
    """The learning rate with the highest mean validation accuracy, and whether it lies at an edge of those tried.

    Args:
        runs: of one method, with "lr" and "valid"; a run that diverged has NaN there, and its rate is not eligible.
            Rates may have different numbers of runs. Nothing else is looked at, the test accuracy least of all.

    Returns:
        (lr, at_edge): among equals the smallest rate; at_edge is true if no rate beyond it was tried.

    Raises:
        ValueError: every rate diverged, or there are no runs.

    Explained in lab 09_capstone.
    """
    rates = sorted({run["lr"] for run in runs})
    means = {lr: fmean(run["valid"] for run in runs if run["lr"] == lr) for lr in rates}
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"no rate is left to choose: of {len(rates)} tried, all diverged. Try smaller ones.")
    best = max(left, key=means.get)  # the first of equals, and they ascend
    return best, best in (rates[0], rates[-1])


def paired_difference(a: Mapping[int, float], b: Mapping[int, float]) -> tuple[float, float]:
    """Mean of a - b over the seeds that both have, and the standard error of that mean.

        d_s = a[s] - b[s],    se = sd(d) / sqrt(n),    sd with n - 1

    Runs of one seed share the head's start and the order of the examples. What these do to both cancels in d_s.

    Args:
        a, b: seed -> accuracy.

    Raises:
        ValueError: fewer than two seeds in common, which leaves no spread.

    Explained in lab 09_capstone.
    """
    shared = [seed for seed in a if seed in b]
    if len(shared) < 2:
        raise ValueError(f"at least 2 seeds in common are needed, got {len(shared)}.")
    mean, spread = mean_and_spread([a[seed] - b[seed] for seed in shared])
    return mean, spread / math.sqrt(len(shared))


def pareto_front(rows: Sequence[Mapping], better: Mapping[str, str]) -> list[int]:
    """Places of the rows that no other row dominates, in order.

    One row dominates another if it is at least as good on every axis and better on one. Equal rows do not dominate each
    other, so both stay.

    Args:
        rows: n mappings that have every axis.
        better: axis -> "max" or "min"; what else a row holds is not looked at.

    Raises:
        ValueError: a direction that is neither "max" nor "min".

    Explained in lab 09_capstone.
    """
    if unknown := [way for way in better.values() if way not in ("max", "min")]:
        raise ValueError(f'a direction must be "max" or "min", got {unknown[0]!r}.')
    points = [tuple(row[axis] if way == "max" else -row[axis] for axis, way in better.items()) for row in rows]
    # A row that dominates another differs from it, so "at least as good, and not equal" is all there is to ask.
    return [
        place
        for place, one in enumerate(points)
        if not any(other != one and all(x >= y for x, y in zip(other, one, strict=True)) for other in points)
    ]


def choose_method(rows: Sequence[Mapping], limits: Mapping[str, float], tolerance: float = 0.0) -> str:
    """The name of the smallest method that keeps every limit and is as accurate as any that does, within a tolerance.

    Args:
        rows: with "name", "accuracy", "trainable" and every key of limits.
        limits: what -> the most that is allowed, itself allowed.
        tolerance: accuracies this far below the best feasible one count as equal to it, at least 0 (default 0).

    Raises:
        ValueError: no row keeps every limit.

    Explained in lab 09_capstone.
    """
    feasible = [row for row in rows if all(row[what] <= most for what, most in limits.items())]
    if not feasible:
        asked = ", ".join(f"{what} <= {most:g}" for what, most in limits.items())
        raise ValueError(f"none of {len(rows)} methods keeps {asked}. Loosen a limit or change the model.")
    enough = max(row["accuracy"] for row in feasible) - tolerance
    return min((row for row in feasible if row["accuracy"] >= enough), key=lambda row: row["trainable"])["name"]
