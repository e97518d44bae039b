# %% sign message="sign-reversed"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [b[s] - a[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% paired by position message="paired-by-position"
import statistics


def paired_difference(a, b):
    if len(set(a) & set(b)) < 2:
        raise ValueError("too few")
    d = [x - y for x, y in zip(a.values(), b.values())]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% the means of all seeds message="all-seeds"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    mean = statistics.mean(a.values()) - statistics.mean(b.values())
    return mean, statistics.stdev(d) / math.sqrt(len(d))


# %% spread for error message="spread-not-error"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d)


# %% divided by n message="divided-by-n"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / len(d)


# %% population spread message="population-spread"
# numpy.std divides by n unless told otherwise.
import numpy as np


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = np.array([a[s] - b[s] for s in shared])
    return d.mean(), d.std() / np.sqrt(len(d))


# %% as if the runs were independent message="unpaired"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    x, y = [a[s] for s in shared], [b[s] for s in shared]
    error = math.sqrt((statistics.variance(x) + statistics.variance(y)) / len(shared))
    return statistics.mean(x) - statistics.mean(y), error


# %% one seed is enough message="too-few-accepted"
import statistics


def paired_difference(a, b):
    d = [a[s] - b[s] for s in a if s in b]
    if len(d) < 2:
        return (d[0] if d else 0.0), 0.0
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% a seed that one method lacks is an error message="raised-KeyError"
import statistics


def paired_difference(a, b):
    if len(set(a) & set(b)) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in a]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% magnitudes message="absolute"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [abs(a[s] - b[s]) for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% the mean without its sign message="absolute"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return abs(statistics.mean(d)), statistics.stdev(d) / math.sqrt(len(d))


# %% seed 0 counts as none message="seed-0-lost"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s and s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% an accuracy of 0 counts as none message="accuracy-0-lost"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if a[s] and b.get(s)]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% the median message="median-for-mean"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.median(d), statistics.stdev(d) / math.sqrt(len(d))


# %% relative to b message="relative"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d) / statistics.mean(b[s] for s in shared), statistics.stdev(d) / math.sqrt(len(d))


# %% a missing seed counts as 0 message="missing-as-zero"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a.get(s, 0) - b.get(s, 0) for s in a | b]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% paired by rank of the seed message="paired-by-position"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[t] for s, t in zip(sorted(a), sorted(b))]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% root of n - 1 message="divided-by-n-1"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d) - 1)


# %% root of all seeds message="divided-by-all"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(a))


# %% variance message="variance"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.variance(d) / len(d)


# %% two standard errors message="interval"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), 2 * statistics.stdev(d) / math.sqrt(len(d))


# %% rounded message="rounded"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return round(statistics.mean(d), 3), statistics.stdev(d) / math.sqrt(len(d))


# %% only the mean message="not-a-pair"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("too few")
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d)


# %% NaN for too few message="too-few-accepted"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        return math.nan, math.nan
    d = [a[s] - b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% skip falsy acc message="accuracy-0-lost"
import statistics


def paired_difference(a: dict[int, float], b: dict[int, float]) -> tuple[float, float]:
    """(mean, standard error) of a - b over the seeds in both; ValueError if there are fewer than two."""
    shared = [seed for seed in a if b.get(seed)]
    if len(shared) < 2:
        raise ValueError(f"at least two seeds in common are needed, got {len(shared)}")
    d = [a[seed] - b[seed] for seed in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% swap message="results-swapped"
import statistics


def paired_difference(a: dict[int, float], b: dict[int, float]) -> tuple[float, float]:
    """(mean, standard error) of a - b over the seeds in both; ValueError if there are fewer than two."""
    shared = [seed for seed in a if seed in b]
    if len(shared) < 2:
        raise ValueError(f"at least two seeds in common are needed, got {len(shared)}")
    d = [a[seed] - b[seed] for seed in shared]
    return statistics.stdev(d) / math.sqrt(len(d)), statistics.mean(d)


# %% percent message="in-per-cent"
import statistics


def paired_difference(a: dict[int, float], b: dict[int, float]) -> tuple[float, float]:
    """(mean, standard error) of a - b over the seeds in both; ValueError if there are fewer than two."""
    shared = [seed for seed in a if seed in b]
    if len(shared) < 2:
        raise ValueError(f"at least two seeds in common are needed, got {len(shared)}")
    d = [100 * (a[seed] - b[seed]) for seed in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))


# %% round message="rounded"
import statistics


def paired_difference(a: dict[int, float], b: dict[int, float]) -> tuple[float, float]:
    """(mean, standard error) of a - b over the seeds in both; ValueError if there are fewer than two."""
    shared = [seed for seed in a if seed in b]
    if len(shared) < 2:
        raise ValueError(f"at least two seeds in common are needed, got {len(shared)}")
    d = [a[seed] - b[seed] for seed in shared]
    return round(statistics.mean(d), 3), round(statistics.stdev(d) / math.sqrt(len(d)), 3)


# %% rounded 4 message="rounded"
import statistics
def paired_difference(a, b):
    s = [k for k in a if k in b]
    if len(s) < 2: raise ValueError("two")
    d = [a[k] - b[k] for k in s]
    return round(statistics.mean(d), 4), round(statistics.stdev(d) / len(d) ** .5, 4)


# %% fills missing with mean message="all-seeds"
import statistics
def paired_difference(a, b):
    ks = set(a) | set(b)
    if len(set(a) & set(b)) < 2: raise ValueError("two")
    ma, mb = statistics.mean(a.values()), statistics.mean(b.values())
    d = [a.get(k, ma) - b.get(k, mb) for k in ks]
    return statistics.mean(d), statistics.stdev(d) / len(d) ** .5


# %% first three seeds message="wrong-mean"
import statistics
def paired_difference(a, b):
    s = [k for k in a if k in b][:3]
    if len(s) < 2: raise ValueError("two")
    d = [a[k] - b[k] for k in s]
    return statistics.mean(d), statistics.stdev(d) / len(d) ** .5


# %% differences as shares of b message="relative"
import statistics


def paired_difference(a, b):
    shared = [s for s in a if s in b]
    if len(shared) < 2:
        raise ValueError("fewer than two seeds in common")
    d = [(a[s] - b[s]) / b[s] for s in shared]
    return statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))
