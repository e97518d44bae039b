# %% chosen by test accuracy message="test-leak"
# xiwenc1/TimeMIL #4, xuanmay2701/shapeformer #2: model selection on the test set.
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {lr: statistics_mean([run["test"] for run in runs if run["lr"] == lr]) for lr in rates}
    best = max(rates, key=means.get)
    return best, best in (rates[0], rates[-1])


def statistics_mean(values):
    return sum(values) / len(values)


# %% validation and test averaged message="test-leak"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run[part] for part in ("valid", "test") for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    best = max(rates, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% best single run message="best-single-run"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    best = max(sorted(runs, key=lambda run: run["lr"]), key=lambda run: run["valid"])["lr"]
    return best, best in (rates[0], rates[-1])


# %% sum over seeds message="sum-not-mean"
def choose_rate(runs):
    totals = {}
    for run in runs:
        totals[run["lr"]] = totals.get(run["lr"], 0) + run["valid"]
    best = max(sorted(totals), key=totals.get)
    return best, best in (min(totals), max(totals))


# %% dict keeps the last run of a rate message="one-seed-only"
def choose_rate(runs):
    valid = {run["lr"]: run["valid"] for run in runs}
    best = max(sorted(valid), key=valid.get)
    return best, best in (min(valid), max(valid))


# %% lowest accuracy, as if it were a loss message="worst-rate"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    best = min(rates, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% the worst seed of each rate message="worst-seed"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    best = max(rates, key=lambda lr: min(run["valid"] for run in runs if run["lr"] == lr))
    return best, best in (rates[0], rates[-1])


# %% the score comes back message="not-a-rate"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    best = max(rates, key=means.get)
    return means[best], best in (rates[0], rates[-1])


# %% only the rate comes back message="not-a-pair"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    return max(rates, key=means.get)


# %% largest of equals message="tie-to-the-larger"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    best, top = None, -1.0
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        mean = sum(values) / len(values)
        if mean >= top:
            best, top = lr, mean
    if best is None:
        raise ValueError("all rates diverged")
    return best, best in (rates[0], rates[-1])


# %% NaN runs skipped, the rate kept message="diverged-chosen"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr and not math.isnan(run["valid"])]
        if values:
            means[lr] = sum(values) / len(values)
    if not means:
        raise ValueError("all rates diverged")
    best = max(sorted(means), key=means.get)
    return best, best in (rates[0], rates[-1])


# %% NaN handed to max message="diverged-chosen"
# max() keeps a NaN that comes first: comparisons with it are all false.
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs}, reverse=True)
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    best = max(rates, key=lambda lr: (means[lr], -lr))
    return best, best in (rates[0], rates[-1])


# %% nothing left, nothing said message="all-diverged-accepted"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        mean = sum(values) / len(values)
        means[lr] = -1.0 if math.isnan(mean) else mean
    best = max(rates, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% edges of the surviving rates message="edge-of-the-rest"
def choose_rate(runs):
    means = {}
    for lr in sorted({run["lr"] for run in runs}):
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in means if not math.isnan(means[lr])]
    if not left:
        raise ValueError("all rates diverged")
    best = max(left, key=means.get)
    return best, best in (left[0], left[-1])


# %% only the upper edge message="upper-edge-only"
def choose_rate(runs):
    means = {}
    for lr in sorted({run["lr"] for run in runs}):
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in means if not math.isnan(means[lr])]
    if not left:
        raise ValueError("all rates diverged")
    best = max(left, key=means.get)
    return best, best == max(means)


# %% never at an edge message="never-at-edge"
def choose_rate(runs):
    means = {}
    for lr in sorted({run["lr"] for run in runs}):
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in means if not math.isnan(means[lr])]
    if not left:
        raise ValueError("all rates diverged")
    return max(left, key=means.get), False


# %% edges by place in the list message="wrong-edge"
def choose_rate(runs):
    means = {}
    for lr in sorted({run["lr"] for run in runs}):
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in means if not math.isnan(means[lr])]
    if not left:
        raise ValueError("all rates diverged")
    best = max(left, key=means.get)
    return best, best in (runs[0]["lr"], runs[-1]["lr"])
