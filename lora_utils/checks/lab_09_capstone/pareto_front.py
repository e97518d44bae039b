"""Checks of lab 09: the Pareto front of a table of methods."""

from __future__ import annotations

from collections.abc import Callable

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.probes import call

pareto_front = Exercise("pareto-front")

AXES = {"accuracy": "max", "trainable": "min", "forgetting": "min"}


# ---------------------------------------------------------------------------------------------------------- tables
def random_table(draw: Draw, count: int, levels: int, better: dict[str, str] = AXES) -> list[dict]:
    """Rows with whole numbers on every axis, and one number more, `seconds`, that is no axis."""
    return [
        {"name": f"m{place}", **{axis: draw.integer(1, levels) for axis in better}, "seconds": draw.integer(1, levels)}
        for place in range(count)
    ]


def _signed(rows: list[dict], better: dict[str, str]) -> list[list[float]]:
    """The rows as points on which more is better."""
    return [[row[axis] if way == "max" else -row[axis] for axis, way in better.items()] for row in rows]


def _front(points: list[list[float]], beats: Callable[[list[float], list[float]], bool]) -> list[int]:
    return [i for i, q in enumerate(points) if not any(j != i and beats(p, q) for j, p in enumerate(points))]


def dominates(p: list[float], q: list[float]) -> bool:
    """At least as good everywhere, better somewhere."""
    gaps = torch.tensor(p, dtype=torch.float64) - torch.tensor(q, dtype=torch.float64)
    return bool(gaps.min() >= 0) and bool(gaps.max() > 0)


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
        ("direction-reversed", front_of(rows, flip), 'every direction is reversed: "max" means that more is better',
         direction),
        ("equal-rows-dropped", _front(points, lambda p, q: all(x >= y for x, y in zip(p, q, strict=True))),
         "equal rows throw each other out: at least as good everywhere is not enough to dominate", definition),
        ("equal-rows-dropped", unique, "of equal rows only the first is kept", "Equal rows all stay."),
        ("better-everywhere", _front(points, lambda p, q: all(x > y for x, y in zip(p, q, strict=True))),
         "a row is kept though another is as good on one axis and better on the rest", definition),
        ("everything-dominated", [], "nothing is left: does a row dominate itself?", definition),
        ("better-anywhere", _front(points, lambda p, q: any(x > y for x, y in zip(p, q, strict=True))),
         "a row is thrown out as soon as another is better on one axis", definition),
        ("winners-only", [i for i in every if any(x == top for x, top in zip(points[i], best, strict=True))],
         "only rows that are best on some axis are kept; a good compromise is best on none and still on the front",
         definition),
        ("dominated-returned", [i for i in every if i not in right], "those are dominated rows", "Return the rest."),
        ("axes-ignored", front_of(rows, {first_axis: better[first_axis]}), "only the first axis was looked at",
         "Go through better.items(): any number of axes."),
        ("axes-ignored", front_of(rows, dict(list(better.items())[:2])), "only the first two axes were looked at",
         "Go through better.items(): any number of axes."),
        ("foreign-column", front_of(rows, {**better, "seconds": "min"}), "`seconds` took part; it is not in `better`",
         "Compare on the axes in `better` and on nothing else."),
        ("foreign-column", front_of(rows, {**better, "seconds": "max"}), "`seconds` took part; it is not in `better`",
         "Compare on the axes in `better` and on nothing else."),
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- judges
def judge_front(subject: Subject, rows: list[dict], better: dict[str, str]) -> None:
    """Compare the places returned with the front; hidden checks use it with other tables."""
    value = subject.probe(call, args=[rows, better])["value"]
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if type(value) is not list:
        came = "None" if value is None else f"a {type(value).__name__}"
        raise Failure("not-a-list", f"expected a list of places, got {came}", "Collect the places i and return them.")
    if any(type(item) is dict for item in value):
        raise Failure("rows-returned", "the rows themselves came back", "Return their places: i from enumerate(rows).")
    if value and all(type(item) is bool for item in value):
        raise Failure("flags-returned", "a truth value a row came back", "[i for i, kept in enumerate(flags) if kept]")
    if any(type(item) is not int for item in value):
        raise Failure("not-places", f"places are whole numbers, got {value}", "Return i from enumerate(rows).")
    right = front_of(rows, better)
    if value == right:
        return
    if sorted(value) == right:
        text = f"the right rows, but in the order {value}"
        raise Failure("not-in-order", text, "Keep the order of the table: places ascending.")
    if sorted(set(value)) == right:
        raise Failure(
            "places-twice", f"a place comes twice: {value}", "Stop at the first row that dominates (any, break)."
        )
    for id, answer, text, hint in _mistakes(rows, better):
        if answer != right and sorted(value) == sorted(answer):
            raise Failure(id, text, hint)
    definition = "Dominated: another row is at least as good on every axis and better on at least one."
    show = {axis: [row[axis] for row in rows] for axis in better}
    if missing := [place for place in right if place not in value]:
        text = f"row {missing[0]} is missing, though no row dominates it; the table is {show}, better is {better}"
        raise Failure("front-missing", text, definition)
    extra = next(place for place in value if place not in right)
    raise Failure("dominated-kept", f"row {extra} is dominated and still there; the table is {show}", definition)


def telling_table(draw: Draw, count: int, levels: int, better: dict[str, str]) -> list[dict]:
    """A table on which each mistake gives something else than the front, the tie mistakes aside."""
    ties = {"equal-rows-dropped", "better-everywhere"}
    while True:
        rows = random_table(draw, count, levels, better)
        right = front_of(rows, better)
        if all(answer != right for id, answer, _, _ in _mistakes(rows, better) if id not in ties):
            return rows


@pareto_front.check(weight=2)
def keeps_what_none_dominates(subject: Subject, draw: Draw) -> None:
    """It returns the places of the rows that no other row dominates, on three axes, each in its own direction."""
    judge_front(subject, telling_table(draw, 9, 60, AXES), AXES)


@pareto_front.check(after=("keeps-what-none-dominates",))
def equal_on_an_axis(subject: Subject, draw: Draw) -> None:
    """A row that is as good on some axes and worse on the others is dominated."""
    a, t = draw.number(0.5, 0.9), draw.integer(50, 90)
    rows = [
        {"name": "m0", "accuracy": a, "trainable": t, "seconds": 1},
        {"name": "m1", "accuracy": a, "trainable": t - 7, "seconds": 1},
        {"name": "m2", "accuracy": a - 0.1, "trainable": t - 7, "seconds": 1},
    ]
    judge_front(subject, rows, {"accuracy": "max", "trainable": "min"})


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
    judge_front(subject, rows, better)


@pareto_front.check(after=("keeps-what-none-dominates",))
def any_axes(subject: Subject, draw: Draw) -> None:
    """It works on one axis, on two and on four, and looks at no column that is not in `better`."""
    for better in (
        {"memory": "min"},
        {"trainable": "min", "accuracy": "max"},
        {"memory": "min", "accuracy": "max", "forgetting": "min", "speed": "max"},
    ):
        rows = random_table(draw, 8, 40, better)
        judge_front(subject, rows, better)
