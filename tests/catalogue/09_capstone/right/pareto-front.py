# %% torch, all pairs at once
def pareto_front(rows, better):
    if not rows:
        return []
    sign = torch.tensor([1.0 if way == "max" else -1.0 for way in better.values()], dtype=torch.float64)
    points = torch.tensor([[row[a] for a in better] for row in rows], dtype=torch.float64) * sign
    gap = points[:, None] - points[None]
    beats = (gap >= 0).all(-1) & (gap > 0).any(-1)
    return (~beats.any(0)).nonzero().flatten().tolist()


# %% no worse anywhere, and not the same
def pareto_front(rows, better):
    def worse(p, q, axis):
        return p[axis] < q[axis] if better[axis] == "max" else p[axis] > q[axis]

    def dominates(p, q):
        no_worse = not any(worse(p, q, axis) for axis in better)
        return no_worse and any(p[axis] != q[axis] for axis in better)

    front = []
    for i in range(len(rows)):
        for j in range(len(rows)):
            if i != j and dominates(rows[j], rows[i]):
                break
        else:
            front.append(i)
    return front


# %% numpy and a tuple
import numpy as np


def pareto_front(rows, better):
    x = np.array([[row[a] * (1 if w == "max" else -1) for a, w in better.items()] for row in rows], dtype=float)
    kept = []
    for i in range(len(rows)):
        at_least = (x >= x[i]).all(axis=1)
        above = (x > x[i]).any(axis=1)
        if not np.logical_and(at_least, above).any():
            kept.append(i)
    return tuple(kept)


# %% a tensor of places, best first thrown against the rest
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]
    front = set(range(len(points)))
    for i, p in enumerate(points):
        for j in list(front):
            q = points[j]
            if p != q and all(x >= y for x, y in zip(p, q)):
                front.discard(j)
    return torch.tensor(sorted(front), dtype=torch.int64)


# %% direction as a factor, all pairs by product
from itertools import product


def pareto_front(table: list[dict], directions: dict[str, str]) -> list[int]:
    sign = {"max": 1, "min": -1}
    beaten = set()
    for i, j in product(range(len(table)), repeat=2):
        gaps = [sign[way] * (table[j][axis] - table[i][axis]) for axis, way in directions.items()]
        if min(gaps) >= 0 and max(gaps) > 0:
            beaten.add(i)
    return [i for i in range(len(table)) if i not in beaten]


# %% sorted once, then only better ones are looked at
def pareto_front(rows, better):
    keys = [tuple(-row[a] if way == "max" else row[a] for a, way in better.items()) for row in rows]
    front = []
    for i in sorted(range(len(rows)), key=keys.__getitem__):
        if all(keys[j] == keys[i] or any(x > y for x, y in zip(keys[j], keys[i])) for j in front):
            front.append(i)
    front.sort()
    return front


# %% numpy
def pareto_front(rows, better):
    import numpy as np
    if not rows: return []
    P = np.array([[r[a] * (1 if w == "max" else -1) for a, w in better.items()] for r in rows], dtype=float)
    ge = (P[:, None] >= P[None]).all(-1); gt = (P[:, None] > P[None]).any(-1)
    return [int(i) for i in np.flatnonzero(~(ge & gt).any(0))]


# %% loops
def pareto_front(rows, better):
    out = []
    for i, a in enumerate(rows):
        hit = False
        for j, b in enumerate(rows):
            if i == j: continue
            worse = sum((b[k] < a[k]) if w == "max" else (b[k] > a[k]) for k, w in better.items())
            good = sum((b[k] > a[k]) if w == "max" else (b[k] < a[k]) for k, w in better.items())
            if not worse and good: hit = True
        if not hit: out.append(i)
    return out
