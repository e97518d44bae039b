"""Checks of lab 09: the Pareto front of a table of methods."""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.probes import calls

pareto_front = Exercise("pareto-front")

AXES = {"accuracy": "max", "trainable": "min", "forgetting": "min"}


# ---------------------------------------------------------------------------------------------------------- tables
def random_table(draw: Draw, count: int, levels: int, better: dict[str, str] = AXES) -> list[dict]:
    """Rows with `levels` numbers on every axis, and one number more, `seconds`, that is no axis.

    The numbers of the axes take turns: whole above zero, whole around it, and eighths around it, which are exact.
    """
    scales = [((1, 0), (1, levels // 2), (0.125, levels // 2))[k % 3] for k in range(len(better))]
    rows = []
    for place in range(count):
        row = {"name": f"m{place}"}
        for axis, (unit, below) in zip(better, scales, strict=True):
            row[axis] = unit * (draw.integer(1, levels) - below)
        rows.append({**row, "seconds": draw.integer(1, levels)})
    return rows


def _signed(rows: list[dict], better: dict[str, str]) -> list[list[float]]:
    """The rows as points on which more is better."""
    return [[row[axis] if way == "max" else -row[axis] for axis, way in better.items()] for row in rows]


def _front(points: list[list[float]], beats: Callable[[list[float], list[float]], bool]) -> list[int]:
    return [i for i, q in enumerate(points) if not any(j != i and beats(p, q) for j, p in enumerate(points))]


def dominates(p: list[float], q: list[float]) -> bool:
    """At least as good everywhere, better somewhere."""
    gaps = [x - y for x, y in zip(p, q, strict=True)]
    return min(gaps) >= 0 < max(gaps)


def front_of(rows: list[dict], better: dict[str, str]) -> list[int]:
    """Places of the rows that none dominates."""
    return _front(_signed(rows, better), dominates)


def _mistakes(rows: list[dict], better: dict[str, str]) -> list[tuple[str, list[int], str, str]]:
    """What well-known mistakes return for a table: message, answer, text, hint."""
    points, right = _signed(rows, better), front_of(rows, better)
    every = range(len(rows))
    best = [max(column) for column in zip(*points, strict=True)]
    first_axis, seen, unique = next(iter(better)), [], []
    for place in right:
        if points[place] not in seen:
            unique.append(place)
        seen.append(points[place])
    definition = "Dominated: another row is at least as good on every axis and better on at least one."
    flip = {axis: "min" if way == "max" else "max" for axis, way in better.items()}
    direction = 'Look at better[axis]: with "min" a smaller number is the better one.'
    return [
        ("direction-ignored", front_of(rows, dict.fromkeys(better, "max")), "more counts as better on every axis",
         direction),
        ("direction-ignored", front_of(rows, dict.fromkeys(better, "min")), "less counts as better on every axis",
         direction),
        ("direction-ignored", front_of(rows, dict.fromkeys(better, better[first_axis])), "all axes count as the first "
         "does", direction),
        ("direction-reversed", front_of(rows, flip), 'every direction is reversed: "max" means that more is better',
         direction),
        ("equal-rows-dropped", _front(points, lambda p, q: all(x >= y for x, y in zip(p, q, strict=True))),
         "equal rows throw each other out: at least as good everywhere is not enough to dominate", definition),
        ("equal-rows-dropped", unique, "of equal rows only the first is kept", "Equal rows all stay."),
        ("better-everywhere", _front(points, lambda p, q: all(x > y for x, y in zip(p, q, strict=True))),
         "a row is kept though another is as good on one axis and better on the rest", definition),
        ("everything-dominated", [], "no row is left in any table", "A row that is worse "
         "on one axis does not dominate, and no row dominates itself."),
        ("better-anywhere", _front(points, lambda p, q: any(x > y for x, y in zip(p, q, strict=True))),
         "a row is thrown out as soon as another is better on one axis", definition),
        ("winners-only", [i for i in every if any(x == top for x, top in zip(points[i], best, strict=True))],
         "only rows that are best on some axis are kept; a good compromise is best on none and still on the front",
         definition),
        ("dominated-returned", [i for i in every if i not in right], "those are dominated rows", "Return the rest."),
        ("earlier-rows-only", [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points[:i])], "a "
         "row is compared only with those before it", "Any other row may dominate, before it or after."),
        ("later-rows-only", [i for i, q in enumerate(points) if not any(dominates(p, q) for p in points[i:])], "a row "
         "is compared only with those after it", "Any other row may dominate, before it or after."),
        ("counted-from-one", [i + 1 for i in right], "places are counted from 1", "The first row has place 0."),
        ("best-sum", [i for i in every if sum(points[i]) == max(map(sum, points))], "the numbers of all axes are added "
         "up", "Axes have no common unit: compare axis by axis."),
        ("signs-lost", front_of([{k: abs(v) if k in better else v for k, v in row.items()} for row in rows], better),
         "numbers below zero are taken as if they were above", "Compare the numbers as they are."),
        ("signs-lost", front_of([{k: abs(v) if better.get(k) == "min" else v for k, v in row.items()} for row in rows],
                                better), 'on axes with "min" numbers below zero are taken as if they were above',
         "Compare the numbers as they are."),
        ("direction-by-name", front_of(rows, {k: "max" if k == "accuracy" else "min" for k in better}), "more is taken "
         "for better on the axis `accuracy` alone", 'Look at better[axis]: with "max" more is better.'),
        ("majority", [i for i, q in enumerate(points) if not any(
            sum(map(operator.gt, p, q)) > len(q) / 2 for p in points)], "a row that is better on most axes throws "
         "another out", "Dominated: at least as good on every axis and better on at least one."),
        ("reciprocals", front_of([{k: (1 / v if v else 1e9) if better.get(k) == "min" else v for k, v in row.items()}
         for row in rows], dict.fromkeys(better, "max")), 'axes with "min" are turned round by dividing, which orders '
         "numbers of both signs wrongly", "Change their signs instead."),
        ("axes-ignored", front_of(rows, {first_axis: better[first_axis]}), "the first axis alone decides",
         "Go through better.items(): any number of axes."),
        ("axes-ignored", front_of(rows, dict(list(better.items())[:2])), "only the first two axes were looked at",
         "Go through better.items(): any number of axes."),
        ("foreign-column", front_of(rows, {**better, "seconds": "min"}), "`seconds` took part; it is not in `better`",
         "Compare on the axes in `better` and on nothing else."),
        ("foreign-column", front_of(rows, {**better, "seconds": "max"}), "`seconds` took part; it is not in `better`",
         "Compare on the axes in `better` and on nothing else."),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- judges
def judge_front(subject: Subject, tables: list[tuple[list[dict], dict[str, str]]]) -> None:
    """Compare the places returned with the front of each (rows, better); hidden checks use it with other tables."""
    values = subject.probe(calls, cases=[[rows, better] for rows, better in tables])["values"]
    found = [_places(value) for value in values]
    fronts = [front_of(rows, better) for rows, better in tables]
    if found == fronts:
        return
    if [sorted(value) for value in found] == fronts:
        value = next(value for value, right in zip(found, fronts, strict=True) if value != right)
        text = f"the right rows, but in the order {value}"
        raise Failure("not-in-order", text, "Keep the order of the table: places ascending.")
    if [sorted(set(value)) for value in found] == fronts:
        value = next(value for value, right in zip(found, fronts, strict=True) if value != right)
        raise Failure("places-twice", f"a place comes twice: {value}", "Each place that stays comes once.")
    # A mistake is named only if all tables show it.
    known = [_mistakes(rows, better) if rows else [] for rows, better in tables]
    for k, (id, _, text, hint) in enumerate(next(filter(None, known), [])):
        given = [mistakes[k][1] if mistakes else [] for mistakes in known]
        if given != fronts and [sorted(value) for value in found] == [sorted(answer) for answer in given]:
            raise Failure(id, text, hint)
    definition = "Dominated: another row is at least as good on every axis and better on at least one."
    for (rows, better), value, right in zip(tables, found, fronts, strict=True):
        show = {axis: [row[axis] for row in rows] for axis in better}
        if missing := [place for place in right if place not in value]:
            text = f"row {missing[0]} is missing, though no row dominates it; the table is {show}, better is {better}"
            raise Failure("front-missing", text, definition)
        if extra := [place for place in value if place not in right]:
            what = "is dominated and still there" if 0 <= extra[0] < len(rows) else "is no row"
            text = f"row {extra[0]} {what}; the table is {show}, better is {better}"
            raise Failure("dominated-kept", text, definition)


def _places(value) -> list[int]:
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if type(value) is not list:
        came = "None: is a return missing?" if value is None else f"a {type(value).__name__}"
        raise Failure("not-a-list", f"expected a list of places, got {came}", "Collect the places i and return them.")
    if any(type(item) is dict for item in value):
        raise Failure("rows-returned", "the rows themselves came back", "Return their places: i from enumerate(rows).")
    if value and all(type(item) is bool for item in value):
        raise Failure("flags-returned", "a truth value a row came back", "Return the places of those that are true.")
    if value and all(type(item) is str for item in value):
        raise Failure("names-returned", f"names came back: {value}", "Return their places: i from enumerate(rows).")
    if any(type(item) is not int for item in value):
        raise Failure("not-places", f"places are whole numbers, got {value}", "Return i from enumerate(rows).")
    return value


def telling_table(draw: Draw, count: int, levels: int, better: dict[str, str]) -> list[dict]:
    """A table without equal numbers on which the mistakes that need no ties give something else than the front."""
    while True:
        rows = random_table(draw, count, levels, better)
        if any(len({row[axis] for row in rows}) < count for axis in better):
            continue
        right = front_of(rows, better)
        if sum(answer != right for _, answer, _, _ in _mistakes(rows, better)) > 12:
            return rows


@pareto_front.check(weight=2)
def keeps_what_none_dominates(subject: Subject, draw: Draw) -> None:
    """It returns the places of the rows that no other row dominates, on three axes, each in its own direction."""
    other = {"memory": "min", "accuracy": "max", "forgetting": "min"}
    kinds = [AXES, other, {"speed": "max", "accuracy": "max", "memory": "min"}]
    judge_front(subject, [(telling_table(draw, 9, 60, better), better) for better in kinds * 3])
    near = {"accuracy": "max", "memory": "min"}  # a small lead is one
    rows = [{"name": f"m{k}", "accuracy": 0.9 + k * gap, "memory": 50 + k * gap, "seconds": 1} for gap in (1e-4, 1e-6)
            for k in range(3)]  # fmt: skip
    judge_front(subject, [(rows[:3], near), (rows[3:], near)])


@pareto_front.check(after=("keeps-what-none-dominates",))
def equal_on_an_axis(subject: Subject, draw: Draw) -> None:
    """A row that is as good on some axes and worse on the others is dominated."""
    a, t = draw.number(0.5, 0.9), draw.integer(50, 90)
    rows = [
        {"name": "m0", "accuracy": a, "trainable": t, "seconds": 1},
        {"name": "m1", "accuracy": a, "trainable": t - 7, "seconds": 1},
        {"name": "m2", "accuracy": a - 0.1, "trainable": t - 7, "seconds": 1},
    ]
    better = {"accuracy": "max", "trainable": "min"}
    judge_front(subject, [(rows, better), (rows[::-1], better), ([rows[1], rows[0], rows[2]], better)])
    near = [
        {"accuracy": a, "trainable": t},
        {"accuracy": a + 1e-4, "trainable": t},
        {"accuracy": a, "trainable": t - 1e-4},
    ]
    front = subject.probe(calls, cases=[[near[:2], better], [near[::2], better]])["values"]
    if any(0 in places for places in front if isinstance(places, list)):
        raise Failure("within-a-tolerance", "a row that is worse by 0.0001 on one axis, and equal on the other, was "
                      "kept", "Compare the numbers as they are: tolerance is a matter of the next exercise."
                      )  # fmt: skip


@pareto_front.check(after=("keeps-what-none-dominates",))
def equal_rows_stay(subject: Subject, draw: Draw) -> None:
    """Two rows that are equal on every axis do not dominate each other: both stay, or both go."""
    better = {"accuracy": "max", "memory": "min"}
    a, m = draw.number(0.6, 0.9), draw.integer(40, 60)
    rows = [
        {"name": "m0", "accuracy": a - 0.2, "memory": m, "seconds": 1},
        {"name": "m1", "accuracy": a, "memory": m, "seconds": 2},
        {"name": "m2", "accuracy": a, "memory": m, "seconds": 3},
        {"name": "m3", "accuracy": a - 0.2, "memory": m, "seconds": 4},
        {"name": "m4", "accuracy": a - 0.1, "memory": m - 9, "seconds": 5},
    ]
    judge_front(subject, [(rows, better), (rows[::-1], better)])


@pareto_front.check(after=("keeps-what-none-dominates", "equal-on-an-axis", "equal-rows-stay"))
def any_axes(subject: Subject, draw: Draw) -> None:
    """It works on one axis, on two and on four, and looks at no column that is not in `better`."""
    kinds = [
        {"memory": "min"},
        {"trainable": "min", "accuracy": "max"},
        {"memory": "min", "accuracy": "max", "forgetting": "min", "speed": "max"},
        {"accuracy": "max"},
        {"accuracy": "max", "speed": "max"},
    ]
    judge_front(subject, [(random_table(draw, 8, levels, better), better) for better in kinds for levels in (40, 4)])
