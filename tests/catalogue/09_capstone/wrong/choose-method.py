# %% limits ignored message="limit-broken"
def choose_method(rows, limits, tolerance):
    if not any(all(row[k] <= v for k, v in limits.items()) for row in rows):
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in rows)
    return min((r for r in rows if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])["name"]


# %% any limit instead of all message="limit-broken"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if any(row[k] <= v for k, v in limits.items()) or not limits]
    if not any(all(row[k] <= v for k, v in limits.items()) for row in rows):
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    return min((r for r in feasible if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])["name"]


# %% the yardstick is a method that does not fit message="raised-ValueError"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    best = max(row["accuracy"] for row in rows)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    if not good:
        raise ValueError(f"no method keeps {limits}")
    return min(good, key=lambda r: r["trainable"])["name"]


# %% the most accurate message="most-accurate-chosen"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    return max(feasible, key=lambda r: r["accuracy"])["name"]


# %% the smallest that fits message="too-inaccurate"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    return min(feasible, key=lambda r: r["trainable"])["name"]


# %% below the limit message="limit-excluded"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] < v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    return min((r for r in feasible if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])["name"]


# %% None when nothing fits message="infeasible-accepted"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        return None
    best = max(row["accuracy"] for row in feasible)
    return min((r for r in feasible if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])["name"]


# %% the error of an empty max message="error-without-limits"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    best = max(row["accuracy"] for row in feasible)
    return min((r for r in feasible if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])["name"]


# %% the row instead of its name message="not-a-name"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    return min((r for r in feasible if r["accuracy"] >= best - tolerance), key=lambda r: r["trainable"])


# %% the lightest in memory instead of the smallest message="too-large"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [r for r in feasible if r["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r.get("memory", r["trainable"]))["name"]


# %% a tolerance in per cent of the best message="too-large"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best * (1 - tolerance)]
    return min(good, key=lambda r: r["trainable"])["name"]
