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
