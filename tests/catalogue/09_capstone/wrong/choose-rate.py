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


# %% a diverged run counts as 0 message="diverged-chosen"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [0.0 if math.isnan(run["valid"]) else run["valid"] for run in runs if run["lr"] == lr]
        if not any(values):
            values = [math.nan]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% runs with any NaN dropped message="test-taken-for-diverged"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        values += [math.nan for run in runs if run["lr"] == lr and math.isnan(run.get("test", 0))]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% always at an edge message="always-at-edge"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, True


# %% at an edge where it is not message="edge-reversed"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best not in (rates[0], rates[-1])


# %% the smallest only message="lower-edge-only"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best == rates[0]


# %% one rate is no edge message="few-rates"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, len(rates) > 1 and best in (rates[0], rates[-1])


# %% rates sorted as texts message="wrong-edge"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    rates = sorted(rates, key=str)
    return best, best in (rates[0], rates[-1])


# %% a word for the edge message="edge-not-bool"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, "edge" if best in (rates[0], rates[-1]) else "inside"


# %% the median of the runs message="median-for-mean"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = (
            sorted(values)[len(values) // 2]
            if len(values) % 2
            else sum(sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]) / 2
        )
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% the most runs message="most-runs"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = float(len(values))
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% its place message="not-a-rate"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return rates.index(best), best in (rates[0], rates[-1])


# %% edges first message="not-a-rate"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best in (rates[0], rates[-1]), best


# %% the first run of each rate message="one-seed-only"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = values[0]
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% another error message="all-diverged-accepted"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise RuntimeError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% return forgotten message="not-a-pair"
def choose_rate(runs):
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged")
    best = max(left, key=means.get)
    best, best in (rates[0], rates[-1])


# %% sentinel -1 message="raised-ValueError"
def choose_rate(runs):
    by = {}
    for r in runs: by.setdefault(r["lr"], []).append(r["valid"])
    best, top = None, 0
    for lr in sorted(by):
        m = sum(by[lr]) / len(by[lr])
        if m > top: best, top = lr, m
    if best is None: raise ValueError("none")
    return best, best in (min(by), max(by))


# %% rounded means message="small-lead-lost"
def choose_rate(runs: list[dict]) -> tuple[float, bool]:
    """(lr, at_edge): the rate with the highest mean `valid`, and whether it is the smallest or largest that was tried.

    Raises ValueError if every rate has a diverged run.
    """
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = round(sum(values) / len(values), 2) if not math.isnan(sum(values)) else math.nan
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged; try smaller ones")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% rounded 3 message="small-lead-lost"
def choose_rate(runs: list[dict]) -> tuple[float, bool]:
    """(lr, at_edge): the rate with the highest mean `valid`, and whether it is the smallest or largest that was tried.

    Raises ValueError if every rate has a diverged run.
    """
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = round(sum(values) / len(values), 3) if not math.isnan(sum(values)) else math.nan
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left:
        raise ValueError(f"all of {len(rates)} rates diverged; try smaller ones")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% if best falsy message="raised-ValueError"
def choose_rate(runs: list[dict]) -> tuple[float, bool]:
    """(lr, at_edge): the rate with the highest mean `valid`, and whether it is the smallest or largest that was tried.

    Raises ValueError if every rate has a diverged run.
    """
    rates = sorted({run["lr"] for run in runs})
    means = {}
    for lr in rates:
        values = [run["valid"] for run in runs if run["lr"] == lr]
        means[lr] = sum(values) / len(values)
    left = [lr for lr in rates if not math.isnan(means[lr])]
    if not left or not any(means[lr] for lr in left):
        raise ValueError(f"all of {len(rates)} rates diverged; try smaller ones")
    best = max(left, key=means.get)
    return best, best in (rates[0], rates[-1])


# %% running pair mean message="running-mean"
def choose_rate(runs):
    by = {}
    for r in runs: by[r["lr"]] = (by[r["lr"]] + r["valid"]) / 2 if r["lr"] in by else r["valid"]
    ok = [lr for lr in sorted(by) if not math.isnan(by[lr])]
    if not ok: raise ValueError("none")
    best = max(ok, key=by.get)
    return best, best in (min(by), max(by))
