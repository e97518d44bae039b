"""Checks of lab 09: choosing one method under limits, judged by the properties of the choice."""

from __future__ import annotations

import math

from lora_utils.checks import Draw, Exercise, Failure, Subject

choose_method = Exercise("choose-method")


# ---------------------------------------------------------------------------------------------------------- probes
def outcomes(function, *, cases: list) -> dict:
    """Probe: call the student's function for each list of arguments; of each call its value, or what it raised."""
    return {"outcomes": [outcome(function, args) for args in cases]}


def outcome(function, args: list) -> dict:
    """Not a probe by itself: the value of one call, or what it raised."""
    try:
        return {"raised": None, "value": function(*args)}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": "ValueError" if isinstance(error, ValueError) else type(error).__name__, "text": str(error)}


# ---------------------------------------------------------------------------------------------------------- tables
def feasible_case(draw: Draw, count: int = 8) -> tuple[list[dict], dict[str, float], float]:
    """A table of at least 8 rows, limits that some rows break, and a tolerance, such that each wrong rule errs on it.

    Accuracies are at least 0.004 from the edge of the tolerance, so that rounding decides nothing; the choice lies so
    close to it that a tolerance relative to the best accuracy excludes it.
    """
    memory, forgetting, tolerance = draw.integer(40, 80), draw.number(0.1, 0.3), 0.055
    best = draw.number(0.75, 0.82)
    sizes = sorted(draw.sizes(count, 5, 99))
    light, heavy = memory - draw.integer(20, 30), memory + draw.integer(1, 40)
    mild, harsh = forgetting - draw.number(0.02, 0.08), forgetting + draw.number(0.02, 0.3)
    kept = memory - draw.integer(1, 15)  # below it: the limit itself has a check of its own
    rows = [  # accuracy, place among the sizes, memory, forgetting
        (best, 5, kept, mild),  # the most accurate that is allowed
        (best - draw.number(0.047, 0.05), 3, kept, mild),  # the choice
        (best - draw.number(0.01, 0.035), 4, light, mild),  # as good and lighter, but larger
        (best - draw.number(0.15, 0.25), 0, light, mild),  # the smallest that is allowed
        (best + draw.number(0.08, 0.12), 2, heavy, mild),  # too heavy, and so good that nothing allowed comes near
        (best + draw.number(0.01, 0.02), 1, kept, harsh),  # forgets too much
        (best - draw.number(0.01, 0.035), 6, light, mild),  # as good, and larger than all others that are
        (best + draw.number(0.15, 0.17), 7, heavy, harsh),  # the best of all, above both limits
    ]
    for place in range(len(rows), count):
        rows.append((best - draw.number(0.07, 0.3), place, draw.integer(20, 100), draw.number(0.0, 0.5)))
    letters = "abcdefghijkl"[:count]
    columns = ("accuracy", "trainable", "memory", "forgetting")
    table = [
        dict(zip(columns, (round(accuracy, 3), 100 * sizes[size], used, round(lost, 2)), strict=True))
        for accuracy, size, used, lost in rows
    ]
    order = draw.normal(count).argsort().tolist()
    named = [{"name": f"method {letter}", **table[place]} for letter, place in zip(letters, order, strict=True)]
    return named, {"memory": memory, "forgetting": forgetting}, tolerance


def keeps(row: dict, limits: dict[str, float]) -> bool:
    """Whether a row keeps every limit, the limit itself allowed."""
    return all(row[what] <= most for what, most in limits.items())


def good_enough(rows: list[dict], tolerance: float) -> list[dict]:
    """The rows within the tolerance of the most accurate of them."""
    best = max(row["accuracy"] for row in rows)
    return [row for row in rows if best - row["accuracy"] <= tolerance]


def smallest(rows: list[dict]) -> dict:
    """The row with the fewest trainable numbers."""
    return min(rows, key=lambda row: row["trainable"])


# ------------------------------------------------------------------------------------------------- known mistakes
def _choice(rows: list[dict], limits: dict[str, float], tolerance: float, of=smallest, keep=keeps) -> str | None:
    """The name that the rule gives, with another last step or another way to keep the limits; None for nothing left."""
    kept = [row for row in rows if keep(row, limits)]
    return of(good_enough(kept, tolerance))["name"] if kept else None


def _relative(rows: list[dict], limits: dict[str, float], tolerance: float) -> str | None:
    kept = [row for row in rows if keeps(row, limits)]
    best = max((row["accuracy"] for row in kept), default=0)
    good = [row for row in kept if row["accuracy"] >= best * (1 - tolerance)]
    return smallest(good)["name"] if good else None


def _memory(row: dict) -> float:
    return row.get("memory", 0)


def _most_accurate(rows: list[dict]) -> dict:
    return max(rows, key=lambda row: row["accuracy"])


RULES = (  # message, what it chooses, text, hint
    ("most-accurate-chosen", lambda rows, limits, t: _choice(rows, limits, t, _most_accurate), "the most accurate "
     "method that keeps every limit was chosen", "A difference within the tolerance is none: among those that are good "
     "enough take the one with the fewest trainable numbers."),
    ("too-inaccurate", lambda rows, limits, t: _choice(rows, limits, math.inf), "the smallest method that keeps every "
     "limit was chosen", "A small method that is not good enough is no bargain: look at accuracy before size."),
    ("largest-chosen", lambda rows, limits, t: _choice(rows, limits, t, lambda good: max(good, key=_size)), "of the "
     "methods that are good enough the largest was chosen", "The one that trains the fewest numbers."),
    ("first-chosen", lambda rows, limits, t: _choice(rows, limits, t, lambda good: good[0]), "of the methods that are "
     "good enough the first in the table was chosen", "The one that trains the fewest numbers."),
    ("first-chosen", lambda rows, limits, t: _choice(rows, limits, t, lambda good: good[-1]), "of the methods that are "
     "good enough the last in the table was chosen", "The one that trains the fewest numbers."),
    ("limits-reversed", lambda rows, limits, t: _choice(rows, limits, t, keep=_breaks), "the methods above the limits "
     "were kept", "A limit is the most that is allowed."),
    ("relative-tolerance", lambda rows, limits, t: _relative(rows, limits, t), "the tolerance was taken as a share of "
     "the best accuracy", "At most so much less: best - accuracy <= tolerance."),
    ("tolerance-fixed", lambda rows, limits, t: _choice(rows, limits, 0.01 + 1e-9), "a tolerance of 0.01 was used, "
     "whatever the argument says", "Use the argument."),
    ("cheapest-chosen", lambda rows, limits, t: _choice(rows, limits, t, lambda good: min(good, key=_memory)), "of the "
     "methods that are good enough that with the least memory was chosen", "The one that trains the fewest numbers."),
    ("limits-ignored", lambda rows, limits, t: _choice(rows, {}, t), "the limits play no part", "First leave out "
     "every row that is above any of the limits."),
)  # fmt: skip


def _size(row: dict) -> float:
    return row["trainable"]


def _breaks(row: dict, limits: dict[str, float]) -> bool:
    return all(row[what] >= most for what, most in limits.items())


# ---------------------------------------------------------------------------------------------------------- judges
def judge_choice(subject: Subject, cases: list[tuple]) -> None:
    """Look at what each choice keeps and what it misses; hidden checks use it with other (rows, limits, tolerance)."""
    seen = subject.probe(outcomes, cases=[list(case) for case in cases])["outcomes"]
    chosen = [None if one["raised"] else one["value"] for one in seen]
    for id, rule, text, hint in RULES:  # a mistake is named only if every choice is what it gives
        given = [rule(*case) for case in cases]
        if chosen == given and given != [_choice(*case) for case in cases]:
            raise Failure(id, f"{text}: of {len(cases)} tables each choice shows it", hint)
    for case, one in zip(cases, seen, strict=True):
        _judge_one(*case, one)


def _judge_one(rows: list[dict], limits: dict[str, float], tolerance: float, seen: dict) -> None:
    kept = [row for row in rows if keeps(row, limits)]
    asked = " and ".join(f"{what} <= {most:g}" for what, most in limits.items()) or "no limit"
    if seen["raised"]:
        text = f"it raised {seen['raised']} for {asked}, which {len(kept)} of {len(rows)} methods keep, and a tolerance"
        hint = "Refuse only where no method keeps every limit. The best accuracy is that of the methods that do."
        if tolerance == 0:
            hint = "With a tolerance of 0 the most accurate is good enough: at most so much less, 0 included."
        text += f" of {tolerance:g}: {seen['text'][:120]}"
        raise Failure(f"raised-{seen['raised']}", text, hint)
    name = seen["value"]
    row = next((row for row in rows if type(name) is str and row["name"] == name), None)
    if row is None:
        came = repr(name) if isinstance(name, (int, float, str)) else f"a {type(name).__name__}"
        came = "None: is a return missing?" if name is None else came
        raise Failure("not-a-name", f"expected the name of a method, got {came}", 'Return chosen["name"], as it is.')
    for what, most in limits.items():
        if row[what] > most:
            text = f"{name} has {what} {row[what]:g}, and at most {most:g} is allowed"
            raise Failure("limit-broken", text, "First leave out every row that is above any of the limits.")
    good = good_enough(kept, tolerance)
    best = max(good, key=lambda r: r["accuracy"])
    if row not in good:
        text = f"{name} has accuracy {row['accuracy']:.6g}; {best['name']} keeps every limit and has "
        text += f"{best['accuracy']:.6g}, more than the tolerance of {tolerance:g} above it"
        raise Failure("not-good-enough", text, "Leave out what is less accurate than the best by more than tolerance.")
    if row is not smallest(good):
        other = smallest(good)
        text = f"{other['name']} is {best['accuracy'] - other['accuracy']:.3f} less accurate than the best, within the "
        text += f"tolerance of {tolerance:g}, and trains {other['trainable']:,} numbers"
        text += f" instead of {row['trainable']:,}"
        hint = "Among those that are good enough take the one with the fewest trainable numbers."
        raise Failure("too-large", text, hint)


@choose_method.check(weight=3)
def smallest_of_the_good(subject: Subject, draw: Draw) -> None:
    """The choice keeps every limit, is as accurate as any that does within the tolerance, and is the smallest such."""
    judge_choice(subject, [feasible_case(draw) for _ in range(12)])


def method(name: str, accuracy: float, trainable: int, **prices: float) -> dict:
    """A row."""
    return {"name": f"method {name}", "accuracy": accuracy, "trainable": trainable, **prices}


@choose_method.check(after=("smallest-of-the-good",))
def a_limit_itself_is_allowed(subject: Subject, draw: Draw) -> None:
    """A method that lies exactly on a limit keeps it, and a limit of 0 is one."""
    m = draw.integer(40, 60)
    rows = [
        method("a", 0.9, 500, memory=m),
        method("b", 0.7, 300, memory=m - 8),
        method("c", 0.95, 200, memory=m + 1),
    ]
    seen = subject.probe(outcomes, cases=[[rows, {"memory": m}, 0.01]])["outcomes"][0]
    if seen["raised"] is None and seen["value"] == "method b":
        text = f"method a has memory {m}, and the limit is {m}: it may be chosen, and it was not"
        raise Failure("limit-excluded", text, "The most that is allowed is allowed.")
    signs = [
        method("a", 0.8, 300, forgetting=-0.02, seconds=4),
        method("b", 0.85, 400, forgetting=0.0, seconds=3),
        method("c", 0.95, 100, forgetting=0.1, seconds=0),
    ]
    cases = [(rows, {"memory": m}, 0.01), (signs, {"forgetting": 0.0}, 0.01), (signs, {"forgetting": -0.01}, 0.01)]
    judge_choice(subject, [*cases, (signs, {"seconds": 0}, 0.01), (signs, {"seconds": 3, "forgetting": 0}, 0.2)])


@choose_method.check(after=("smallest-of-the-good",))
def the_tolerance_itself_is_allowed(subject: Subject, draw: Draw) -> None:
    """A method that is exactly `tolerance` less accurate than the best is as good; so is an equal one, with 0."""
    rows = [method("a", 0.75, 500), method("b", 0.5, 300), method("c", 0.25, 100)]  # these differ without rounding
    equal = [method("a", 0.75, 500), method("b", 0.75, 300), method("c", 0.5, 100)]
    cases = [(rows, {}, 0.25), (rows[::-1], {}, 0.25), (equal, {}, 0.0), (equal[::-1], {}, 0.0)]
    near = [method("a", 0.746, 100), method("b", 0.75, 300), method("c", 0.7495, 200)]
    judge_choice(subject, [(near, {}, 0.0), (near[::-1], {}, 0.0), (near, {}, 0.001)])
    seen = subject.probe(outcomes, cases=[list(case) for case in cases])["outcomes"]
    for (table, _, tolerance), one in zip(cases, seen, strict=True):
        if one["raised"] is not None or one["value"] != "method b":
            came = f"it raised {one['raised']}" if one["raised"] else f"it returned {one['value']!r}"
            accuracies = {row["name"]: row["accuracy"] for row in table}
            text = f"of {accuracies} with a tolerance of {tolerance:g} and no limits, method b is the smallest that is "
            raise Failure("tolerance-excluded", f"{text}at most {tolerance:g} less accurate than the best; {came}",
                          "At most: a difference of exactly the tolerance is none.")  # fmt: skip


@choose_method.check
def refuses_what_nobody_keeps(subject: Subject, draw: Draw) -> None:
    """If no method keeps every limit, ValueError with the limits in its message: no nearest miss, no None."""
    rows, _, tolerance = feasible_case(draw)
    least = min(row["memory"] for row in rows)
    apart = [method("a", 0.8, 200, memory=10, forgetting=0.5), method("b", 0.9, 300, memory=90, forgetting=0.01)]
    cases = [
        (rows, {"memory": least - 1}, tolerance),
        (rows, {"forgetting": 1.0, "memory": least - 1}, tolerance),
        (apart, {"memory": 20, "forgetting": 0.1}, 0.5),  # each limit is kept by one, both by none
        (apart, {"memory": 0}, 0.5),
    ]
    seen = subject.probe(outcomes, cases=[list(case) for case in cases])["outcomes"]
    for (table, limits, _), one in zip(cases, seen, strict=True):
        asked = " and ".join(f"{what} <= {most:g}" for what, most in limits.items())
        where = f"none of {len(table)} methods keeps {asked}"
        if one["raised"] is None:
            came = "None" if one["value"] is None else repr(one["value"])
            hint = "Look at what is left before anything else: if nothing is, raise."
            raise Failure("infeasible-accepted", f"{where}; it returned {came}", hint)
        if one["raised"] != "ValueError":
            text = f"{where}; it ended in {one['raised']}: {one['text'][:120]}"
            raise Failure("wrong-error", text, "Look first whether a row is left, and raise a ValueError that says so.")
        if missing := [what for what in limits if what not in one["text"]]:
            text = f"{where}; the ValueError says {one['text'][:120]!r}, and nothing of the limit on {missing[0]!r}"
            hint = "Put every limit into the message, by its name: the dict itself shows them."
            if "empty" in one["text"]:
                hint = (
                    "max() of an empty list raises a ValueError of its own; raise yours first, with every limit in it."
                )
            raise Failure("error-without-limits", text, hint)
