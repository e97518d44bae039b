# %% statistics and a sort by two keys
import statistics as st


def choose_rate(runs):
    by = {}
    for run in runs:
        by.setdefault(run["lr"], []).append(run["valid"])
    scored = [(-st.fmean(v), lr) for lr, v in by.items() if not any(map(math.isnan, v))]
    if not scored:
        raise ValueError("nothing left")
    lr = sorted(scored)[0][1]
    return lr, lr == min(by) or lr == max(by)


# %% torch tensors and a loop
def choose_rate(runs):
    rates = sorted(set(r["lr"] for r in runs))
    best, best_mean = None, -math.inf
    for lr in rates:
        mean = torch.tensor([r["valid"] for r in runs if r["lr"] == lr], dtype=torch.float64).mean()
        if not mean.isnan() and mean > best_mean:
            best, best_mean = lr, mean
    if best is None:
        raise ValueError("all diverged")
    return best, torch.tensor(best == rates[0] or best == rates[-1])


# %% numpy
import numpy as np


def choose_rate(runs):
    lr = np.array([r["lr"] for r in runs])
    valid = np.array([r["valid"] for r in runs])
    rates = np.unique(lr)
    means = np.array([valid[lr == x].mean() for x in rates])
    if np.isnan(means).all():
        raise ValueError("all rates diverged")
    k = int(np.nanargmax(means))
    return rates[k], k in (0, len(rates) - 1)


# %% a list comes back, and a ValueError of its own class
class Diverged(ValueError):
    pass


def choose_rate(runs):
    groups = {}
    for r in sorted(runs, key=lambda r: r["lr"]):
        groups.setdefault(r["lr"], []).append(r["valid"])
    ok = {k: sum(v) / len(v) for k, v in groups.items() if all(x == x for x in v)}
    if not ok:
        raise Diverged("every rate has a diverged run")
    lr = max(ok, key=lambda k: (ok[k], -k))
    return [lr, lr in (min(groups), max(groups))]


# %% one pass with totals, other names
def choose_rate(table: list[dict]) -> tuple[float, bool]:
    totals, counts = {}, {}
    for row in table:
        rate = row["lr"]
        totals[rate] = totals.get(rate, 0.0) + row["valid"]
        counts[rate] = counts.get(rate, 0) + 1
    best = None
    for rate in sorted(totals):
        mean = totals[rate] / counts[rate]
        if mean == mean and (best is None or mean > totals[best] / counts[best]):
            best = rate
    if best is None:
        raise ValueError("no rate without a diverged run")
    return best, not min(totals) < best < max(totals)


# %% itertools and statistics
import itertools
import statistics


def choose_rate(runs):
    ordered = sorted(runs, key=lambda run: run["lr"])
    groups = [(lr, [r["valid"] for r in group]) for lr, group in itertools.groupby(ordered, key=lambda r: r["lr"])]
    eligible = [(lr, statistics.mean(v)) for lr, v in groups if not any(math.isnan(x) for x in v)]
    if not eligible:
        raise ValueError
    lr = max(eligible, key=lambda pair: pair[1])[0]
    return lr, lr in {groups[0][0], groups[-1][0]}


# %% pandas-like
def choose_rate(runs):
    by = {}
    for r in runs: by.setdefault(r["lr"], []).append(r["valid"])
    ok = {lr: math.fsum(v) / len(v) for lr, v in by.items() if not any(math.isnan(a) for a in v)}
    if not ok: raise ValueError("every rate diverged")
    lr = min(ok, key=lambda k: (-ok[k], k))
    return lr, lr == min(by) or lr == max(by)


# %% statistics
def choose_rate(runs):
    from statistics import mean
    from collections import defaultdict
    d = defaultdict(list)
    for r in runs: d[r["lr"]].append(r["valid"])
    good = sorted(lr for lr, v in d.items() if all(x == x for x in v))
    if len(good) == 0: raise ValueError
    best = max(good, key=lambda lr: mean(d[lr]))
    return (best, not (min(d) < best < max(d)))
