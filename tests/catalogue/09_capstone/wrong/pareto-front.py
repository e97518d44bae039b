# %% more is better everywhere message="direction-ignored"
def pareto_front(rows, better):
    def dominates(p, q):
        return all(p[a] >= q[a] for a in better) and any(p[a] > q[a] for a in better)

    return [i for i, q in enumerate(rows) if not any(dominates(p, q) for p in rows)]


# %% directions the wrong way round message="direction-reversed"
def pareto_front(rows, better):
    points = [[-row[a] if way == "max" else row[a] for a, way in better.items()] for row in rows]

    def dominates(p, q):
        return all(x >= y for x, y in zip(p, q)) and any(x > y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% at least as good is enough message="equal-rows-dropped"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -row[a] for a, way in better.items()] for row in rows]
    return [
        i
        for i, q in enumerate(points)
        if not any(j != i and all(x >= y for x, y in zip(p, q)) for j, p in enumerate(points))
    ]


# %% of equal rows the first alone message="equal-rows-dropped"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]
    front = []
    for i, q in enumerate(points):
        beaten = any(p != q and all(x >= y for x, y in zip(p, q)) for p in points)
        if not beaten and q not in [points[k] for k in front]:
            front.append(i)
    return front


# %% better on every axis message="better-everywhere"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -row[a] for a, way in better.items()] for row in rows]
    return [i for i, q in enumerate(points) if not any(all(x > y for x, y in zip(p, q)) for p in points)]


# %% a row dominates itself message="everything-dominated"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -row[a] for a, way in better.items()] for row in rows]
    return [i for i, q in enumerate(points) if not any(all(x >= y for x, y in zip(p, q)) for p in points)]


# %% best on some axis message="winners-only"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -row[a] for a, way in better.items()] for row in rows]
    best = [max(column) for column in zip(*points)]
    return [i for i, p in enumerate(points) if any(x == b for x, b in zip(p, best))]


# %% the dominated ones message="dominated-returned"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]
    return [i for i, q in enumerate(points) if any(p != q and all(x >= y for x, y in zip(p, q)) for p in points)]


# %% a sweep over two axes message="axes-ignored"
# The usual line sweep for two axes, taken for any number.
def pareto_front(rows, better):
    (a, way_a), (b, way_b) = list(better.items())[:2]
    points = [(row[a] if way_a == "max" else -row[a], row[b] if way_b == "max" else -row[b]) for row in rows]
    return [i for i, q in enumerate(points) if not any(p != q and p[0] >= q[0] and p[1] >= q[1] for p in points)]


# %% every number in the row message="foreign-column"
def pareto_front(rows, better):
    numbers = [k for k in rows[0] if k != "name"]
    points = [tuple(row[k] if better.get(k) == "max" else -row[k] for k in numbers) for row in rows]
    return [i for i, q in enumerate(points) if not any(p != q and all(x >= y for x, y in zip(p, q)) for p in points)]


# %% the rows themselves message="rows-returned"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]
    return [
        row for row, q in zip(rows, points) if not any(p != q and all(x >= y for x, y in zip(p, q)) for p in points)
    ]


# %% sorted by accuracy message="not-in-order"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]
    front = [i for i, q in enumerate(points) if not any(p != q and all(x >= y for x, y in zip(p, q)) for p in points)]
    return sorted(front, reverse=True)


# %% earlier rows only message="earlier-rows-only"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points[:i])]


# %% later rows only message="later-rows-only"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points[i + 1 :])]


# %% reciprocals for min message="reciprocals"
def pareto_front(rows, better):
    points = [
        tuple(row[a] if way == "max" else (1 / row[a] if row[a] else 1e9) for a, way in better.items()) for row in rows
    ]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% magnitudes message="signs-lost"
def pareto_front(rows, better):
    points = [tuple(abs(row[a]) if way == "max" else -abs(row[a]) for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% the largest sum message="best-sum"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if sum(q) == max(map(sum, points))]


# %% better on any axis message="everything-dominated"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return any(x > y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% names message="names-returned"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [rows[i]["name"] for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% flags message="flags-returned"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [not any(dominates(p, q) for p in points) for q in points]


# %% the first axis decides message="axes-ignored"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and p[0] > q[0]

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% places from 1 message="counted-from-one"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points, 1) if not any(dominates(p, q) for p in points)]


# %% a lexicographic comparison message="axes-ignored"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p > q

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% all axes as the first message="direction-ignored"
def pareto_front(rows, better):
    points = [
        tuple(row[a] if next(iter(better.values())) == "max" else -row[a] for a, way in better.items()) for row in rows
    ]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% a place for each row that does not dominate it message="places-twice"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    front = [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]
    return sorted(front + front[:1])


# %% return forgotten message="not-a-list"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in better.items()) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    front = [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% more than two axes are not looked at message="axes-ignored"
def pareto_front(rows, better):
    points = [tuple(row[a] if way == "max" else -row[a] for a, way in list(better.items())[:2]) for row in rows]

    def dominates(p, q):
        return p != q and all(x >= y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% tolerance message="everything-dominated"
def pareto_front(rows: list[dict], better: dict[str, str]) -> list[int]:
    """Places of the rows that no other row dominates, ascending; `better` maps axis -> "max" or "min"."""
    points = [[row[axis] if way == "max" else -row[axis] for axis, way in better.items()] for row in rows]

    def dominates(p, q):
        pairs = list(zip(p, q, strict=True))
        return all(x >= y - 1e-3 for x, y in pairs) and any(x > y for x, y in pairs)

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% 1-based message="counted-from-one"
def pareto_front(rows: list[dict], better: dict[str, str]) -> list[int]:
    """Places of the rows that no other row dominates, ascending; `better` maps axis -> "max" or "min"."""
    points = [[row[axis] if way == "max" else -row[axis] for axis, way in better.items()] for row in rows]

    def dominates(p, q):
        pairs = list(zip(p, q, strict=True))
        return all(x >= y for x, y in pairs) and any(x > y for x, y in pairs)

    return [i for i, q in enumerate(points, 1) if not any(dominates(p, q) for p in points)]


# %% reciprocal for min message="reciprocals"
def pareto_front(rows, better):
    P = [[r[a] if w == "max" else 1 / (r[a] or 1e-9) for a, w in better.items()] for r in rows]
    dom = lambda p, q: all(x >= y for x, y in zip(p, q)) and any(x > y for x, y in zip(p, q))
    return [i for i, q in enumerate(P) if not any(dom(p, q) for p in P)]


# %% magnitudes on axes to be small message="signs-lost"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -abs(row[a]) for a, way in better.items()] for row in rows]

    def dominates(p, q):
        return all(x >= y for x, y in zip(p, q)) and any(x > y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% accuracy alone is to be large message="direction-by-name"
def pareto_front(rows, better):
    points = [[row[a] if a == "accuracy" else -row[a] for a, way in better.items()] for row in rows]

    def dominates(p, q):
        return all(x >= y for x, y in zip(p, q)) and any(x > y for x, y in zip(p, q))

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]


# %% better on most axes is enough message="majority"
def pareto_front(rows, better):
    points = [[row[a] if way == "max" else -row[a] for a, way in better.items()] for row in rows]

    def dominates(p, q):
        return sum(x > y for x, y in zip(p, q)) > len(p) / 2

    return [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points)]
