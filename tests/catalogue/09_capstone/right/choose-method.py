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
