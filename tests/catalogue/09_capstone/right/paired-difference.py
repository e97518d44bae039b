# %% torch
import statistics


def paired_difference(a, b):
    shared = sorted(a.keys() & b.keys())
    if len(shared) < 2:
        raise ValueError(f"only {len(shared)} seeds in common")
    d = torch.tensor([a[s] - b[s] for s in shared], dtype=torch.float64)
    return d.mean(), d.std() / len(d) ** 0.5


# %% numpy with ddof
import statistics

import numpy as np


def paired_difference(a, b):
    d = np.array([a[s] - b[s] for s in a if s in b])
    if d.size < 2:
        raise ValueError("too few")
    return d.mean(), d.std(ddof=1) / np.sqrt(d.size)


# %% by hand
import statistics


def paired_difference(a, b):
    d = [b_value for b_value in (a[s] - b[s] for s in b if s in a)]
    n = len(d)
    if n <= 1:
        raise ValueError("a spread needs two seeds")
    mean = sum(d) / n
    return mean, (sum((x - mean) ** 2 for x in d) / (n - 1) / n) ** 0.5


# %% the course's mean_and_spread
import statistics

from lora_utils import mean_and_spread


def paired_difference(a, b):
    d = [a[s] - b[s] for s in set(a) & set(b)]
    if len(d) < 2:
        raise ValueError("too few")
    mean, spread = mean_and_spread(d)
    return [mean, spread / math.sqrt(len(d))]


# %% a dict comprehension, and what stdev raises by itself
import statistics


def paired_difference(a: dict[int, float], b: dict[int, float]) -> tuple[float, float]:
    d = {seed: a[seed] - b[seed] for seed in b.keys() & a.keys()}
    error = statistics.stdev(d.values()) / len(d) ** 0.5
    return statistics.fmean(d.values()), error


# %% variance of the mean, other names
import statistics


def paired_difference(first, second):
    gaps = []
    for seed, value in first.items():
        if seed in second:
            gaps.append(value - second[seed])
    if len(gaps) in (0, 1):
        raise ValueError("fewer than two seeds in both")
    return sum(gaps) / len(gaps), math.sqrt(statistics.variance(gaps) / len(gaps))


# %% sums in numpy
import statistics

import numpy as np


def paired_difference(a, b):
    seeds = np.intersect1d(list(a), list(b))
    if seeds.size < 2:
        raise ValueError(f"{seeds.size} seeds")
    d = np.fromiter((a[int(s)] - b[int(s)] for s in seeds), dtype=float)
    return d.mean(), np.sqrt(((d - d.mean()) ** 2).sum() / (d.size - 1) / d.size)


# %% torch
def paired_difference(a, b):
    s = sorted(set(a) & set(b))
    if len(s) < 2: raise ValueError("need two")
    d = torch.tensor([a[k] - b[k] for k in s], dtype=torch.float64)
    return d.mean().item(), (d.std() / len(s) ** 0.5).item()


# %% numpy
def paired_difference(a, b):
    import numpy as np
    s = list(a.keys() & b.keys())
    if len(s) <= 1: raise ValueError("need two")
    d = np.array([a[k] for k in s]) - np.array([b[k] for k in s])
    return float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(s)))
