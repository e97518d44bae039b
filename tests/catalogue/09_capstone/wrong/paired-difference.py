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
