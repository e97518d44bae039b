# %% a loop that keeps the best so far
def choose_method(rows, limits, tolerance):
    feasible = []
    for row in rows:
        for what in limits:
            if row[what] > limits[what]:
                break
        else:
            feasible.append(row)
    if len(feasible) == 0:
        raise ValueError("asked: " + ", ".join(f"{k} at most {v}" for k, v in limits.items()))
    top = max(r["accuracy"] for r in feasible)
    chosen = None
    for row in feasible:
        if top - row["accuracy"] <= tolerance and (chosen is None or row["trainable"] < chosen["trainable"]):
            chosen = row
    return chosen["name"]


# %% sorted by size, the first that is good enough
def choose_method(rows, limits, tolerance):
    fits = sorted((r for r in rows if not any(r[k] > v for k, v in limits.items())), key=lambda r: r["trainable"])
    if not fits:
        raise ValueError(f"{limits} cannot be kept")
    best = max(fits, key=lambda r: r["accuracy"])["accuracy"]
    return next(r["name"] for r in fits if r["accuracy"] + tolerance >= best)


# %% filter and lambdas
def choose_method(rows, limits, tolerance):
    ok = list(filter(lambda row: all(map(lambda item: row[item[0]] <= item[1], limits.items())), rows))
    if not ok:
        raise ValueError(repr(limits))
    floor = max(map(lambda row: row["accuracy"], ok)) - tolerance
    name, _ = min(((r["name"], r["trainable"]) for r in ok if r["accuracy"] >= floor), key=lambda pair: pair[1])
    return name


# %% torch masks
def choose_method(rows, limits, tolerance):
    fits = torch.ones(len(rows), dtype=torch.bool)
    for what, most in limits.items():
        fits &= torch.tensor([row[what] for row in rows], dtype=torch.float64) <= most
    if not fits.any():
        raise ValueError(f"no row keeps {sorted(limits)}")
    accuracy = torch.tensor([row["accuracy"] for row in rows], dtype=torch.float64)
    good = fits & (accuracy >= accuracy[fits].max() - tolerance)
    size = torch.tensor([float(row["trainable"]) for row in rows]).masked_fill(~good, math.inf)
    return rows[int(size.argmin())]["name"]


# %% sorted twice, other names
def choose_method(table: list[dict], at_most: dict[str, float], slack: float) -> str:
    fitting = [m for m in table if {k for k, v in at_most.items() if m[k] > v} == set()]
    if fitting == []:
        wanted = " and ".join(f"{k} <= {v}" for k, v in at_most.items())
        raise ValueError("nothing has " + wanted)
    fitting.sort(key=lambda m: -m["accuracy"])
    near = [m for m in fitting if fitting[0]["accuracy"] - m["accuracy"] <= slack]
    near.sort(key=lambda m: m["trainable"])
    return near[0]["name"]


# %% numpy
import numpy as np


def choose_method(rows, limits, tolerance):
    column = {k: np.array([row[k] for row in rows], dtype=float) for k in {"accuracy", "trainable", *limits}}
    fits = np.ones(len(rows), dtype=bool)
    for k, most in limits.items():
        fits &= column[k] <= most
    if not fits.any():
        raise ValueError("no row keeps the limits on " + ", ".join(limits))
    floor = column["accuracy"][fits].max() - tolerance
    fits &= column["accuracy"] >= floor
    return rows[int(np.where(fits, column["trainable"], np.inf).argmin())]["name"]


# %% an error of one's own, a dict by name
class NothingFits(ValueError):
    pass


def choose_method(rows, limits, tolerance):
    fits = {row["name"]: row for row in rows if not any(row[what] > most for what, most in limits.items())}
    try:
        best = max(row["accuracy"] for row in fits.values())
    except ValueError:
        raise NothingFits(str(limits)) from None
    good = {name: row["trainable"] for name, row in fits.items() if row["accuracy"] >= best - tolerance}
    return min(good, key=good.get)


# %% loop
def choose_method(rows, limits, tolerance):
    ok = []
    for r in rows:
        if any(r[k] > v for k, v in limits.items()): continue
        ok.append(r)
    if len(ok) == 0:
        raise ValueError("nothing fits " + ", ".join(f"{k} <= {v}" for k, v in limits.items()))
    ok.sort(key=lambda r: r["accuracy"], reverse=True)
    top = ok[0]["accuracy"]
    return sorted([r for r in ok if top - r["accuracy"] <= tolerance], key=lambda r: r["trainable"])[0]["name"]


# %% names only
def choose_method(rows: list[dict], limits: dict[str, float], tolerance: float) -> str:
    """Name of the smallest method that keeps every limit and is within `tolerance` of the most accurate that does.

    Raises ValueError, naming the limits, if no method keeps them all.
    """
    feasible = [row for row in rows if all(row[what] <= most for what, most in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {', '.join(limits)}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda row: row["trainable"])["name"]
