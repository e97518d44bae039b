# %% limits ignored message="limits-ignored"
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


# %% the lightest in memory instead of the smallest message="cheapest-chosen"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [r for r in feasible if r["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r.get("memory", r["trainable"]))["name"]


# %% a tolerance in per cent of the best message="relative-tolerance"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best * (1 - tolerance)]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% the tolerance itself excluded message="tolerance-excluded"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if best - row["accuracy"] < tolerance or row["accuracy"] == best]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% a limit of 0 taken for none message="limit-broken"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items() if v)]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% the largest of the good message="largest-chosen"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return max(good, key=lambda r: r["trainable"])["name"]


# %% only the limit on memory message="limit-broken"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if row["memory"] <= limits.get("memory", math.inf)]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% limits the wrong way round message="limits-reversed"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] >= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% the tolerance upwards message="raised-ValueError"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best + tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% the first that is good enough message="first-chosen"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return good[0]["name"]


# %% a nearest miss message="infeasible-accepted"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        feasible = rows
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% one limit named message="error-without-limits"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {next(iter(limits))}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% another error message="wrong-error"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise RuntimeError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% an assertion message="wrong-error"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    assert feasible, f"no method keeps {limits}"
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% its place message="not-a-name"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return rows.index(min(good, key=lambda r: r["trainable"]))


# %% name and row message="not-a-name"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    row = min(good, key=lambda r: r["trainable"])
    return row["name"], row


# %% the tolerance taken from the limits of size message="too-inaccurate"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - 10 * tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% no tolerance message="most-accurate-chosen"
def choose_method(rows, limits, tolerance):
    feasible = [row for row in rows if all(row[k] <= v for k, v in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% or tolerance message="not-good-enough"
def choose_method(rows: list[dict], limits: dict[str, float], tolerance: float) -> str:
    """Name of the smallest method that keeps every limit and is within `tolerance` of the most accurate that does.

    Raises ValueError, naming the limits, if no method keeps them all.
    """
    feasible = [row for row in rows if all(row[what] <= most for what, most in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - (tolerance or 0.01)]
    return min(good, key=lambda row: row["trainable"])["name"]


# %% no names message="error-without-limits"
def choose_method(rows: list[dict], limits: dict[str, float], tolerance: float) -> str:
    """Name of the smallest method that keeps every limit and is within `tolerance` of the most accurate that does.

    Raises ValueError, naming the limits, if no method keeps them all.
    """
    feasible = [row for row in rows if all(row[what] <= most for what, most in limits.items())]
    if not feasible:
        raise ValueError("no method keeps the limits")
    best = max(row["accuracy"] for row in feasible)
    good = [row for row in feasible if row["accuracy"] >= best - tolerance]
    return min(good, key=lambda row: row["trainable"])["name"]


# %% a fixed tolerance message="tolerance-fixed"
def choose_method(rows, limits, tolerance):
    feasible = [r for r in rows if all(r[k] <= m for k, m in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(r["accuracy"] for r in feasible)
    good = [r for r in feasible if r["accuracy"] >= best - 0.01]
    return min(good, key=lambda r: r["trainable"])["name"]


# %% below the tolerance only message="raised-ValueError"
def choose_method(rows, limits, tolerance):
    feasible = [r for r in rows if all(r[k] <= m for k, m in limits.items())]
    if not feasible:
        raise ValueError(f"no method keeps {limits}")
    best = max(r["accuracy"] for r in feasible)
    good = [r for r in feasible if r["accuracy"] > best - tolerance]
    return min(good, key=lambda r: r["trainable"])["name"]
