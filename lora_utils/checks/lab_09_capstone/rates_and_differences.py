"""Checks of lab 09: which learning rate, and what a difference between two methods is worth."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, close, expect_close
from lora_utils.checks.lab_09_capstone.choose_method import outcome

choose_rate = Exercise("choose-rate")
paired_difference = Exercise("paired-difference")

NAN = float("nan")
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)


# ---------------------------------------------------------------------------------------------------------- probes
def compare(function, *, a: list, b: list) -> dict:
    """Probe: call the student's function with two mappings seed -> accuracy, made from pairs in the given order."""
    a, b = ({int(seed): float(value) for seed, value in pairs} for pairs in (a, b))
    try:
        value = function(a, b)
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": "ValueError" if isinstance(error, ValueError) else type(error).__name__, "text": str(error)}
    return {"raised": None, "value": value}


# ----------------------------------------------------------------------------------------------------- choose-rate
def run_table(draw: Draw, count: int = 5) -> list[dict]:
    """Runs of one method: `count` rates with one to three seeds each, in no order."""
    first = draw.integer(0, len(RATES) - count)
    runs = []
    for lr in RATES[first : first + count]:
        level = draw.number(0.3, 0.9)
        for seed in range(draw.integer(1, 3)):
            valid = min(0.99, max(0.01, level + draw.number(-0.25, 0.25)))
            runs.append({"lr": lr, "seed": seed, "valid": valid, "test": draw.number(0.3, 0.95)})
    return shuffled(draw, runs)


def shuffled(draw: Draw, items: list) -> list:
    """The same items in another order."""
    order = torch.argsort(draw.normal(len(items)))
    return [items[int(place)] for place in order]


def by_rate(runs: list[dict], what: str = "valid") -> dict[float, list[float]]:
    """Rate -> its accuracies, rates ascending."""
    return {lr: [run[what] for run in runs if run["lr"] == lr] for lr in sorted({run["lr"] for run in runs})}


def _best(scores: dict[float, float]) -> float:
    return max(sorted(scores), key=scores.get)


def _rule(what: str, summary: Callable[[list[float]], float]) -> Callable[[list[dict]], float]:
    return lambda runs: _best({lr: summary(values) for lr, values in by_rate(runs, what).items()})


def _average(values: list[float]) -> float:
    return sum(values) / len(values)


def _both(runs: list[dict]) -> float:
    valid, test = by_rate(runs), by_rate(runs, "test")
    return _best({lr: _average(valid[lr] + test[lr]) for lr in valid})


MEAN = "Average `valid` over the runs of one rate first, then compare the rates."
RULES = (  # message, what the rule picks, text, hint
    ("test-leak", _rule("test", _average), "the rate was chosen by the test accuracy",
     "Choose by `valid`. A test set that takes part in a choice no longer says how good the choice is."),
    ("test-leak", _rule("test", max), "the rate was chosen by the best test run",
     "Choose by the mean of `valid`. A test set that takes part in a choice says nothing about it any more."),
    ("test-leak", _both, "test accuracy has a part in the choice", "Choose by `valid` alone; put `test` aside."),
    ("best-single-run", _rule("valid", max), "the rate of the best single run was chosen: one seed decides", MEAN),
    ("sum-not-mean", _rule("valid", sum), "the accuracies were added up, so a rate with more runs wins", MEAN),
    ("worst-rate", _rule("valid", lambda v: -_average(v)), "the rate with the lowest mean was chosen",
     "A high accuracy is good: take the maximum."),
    ("one-seed-only", _rule("valid", lambda v: v[-1]), "of each rate only the last run in the list counts",
     "A dict {lr: valid} keeps one run a rate. " + MEAN),
    ("one-seed-only", _rule("valid", lambda v: v[0]), "of each rate only the first run in the list counts", MEAN),
    ("worst-seed", _rule("valid", min), "each rate was judged by its worst run", MEAN),
)  # fmt: skip


def picked(subject: Subject, runs: list[dict]) -> tuple[float, bool]:
    """Call the student's function and expect a rate that was tried, and a truth value."""
    value = subject.probe(outcome, args=[runs])
    if value["raised"]:
        text = f"it raised {value['raised']} for runs of which one rate is good: {value['text'][:120]}"
        raise Failure(f"raised-{value['raised']}", text, "Refuse only when every rate has diverged.")
    value = value["value"]
    if type(value) is not list or len(value) != 2:
        came = "None" if value is None else f"{len(value)} values" if type(value) is list else f"{value!r}"[:40]
        raise Failure("not-a-pair", f"expected two results, (lr, at_edge), got {came}", "return lr, at_edge")
    lr, at_edge = value
    if isinstance(lr, torch.Tensor) and lr.numel() == 1:
        lr = lr.item()
    rates = sorted({run["lr"] for run in runs})
    found = next((rate for rate in rates if close(lr, rate, 1e-9)), None) if isinstance(lr, (int, float)) else None
    if found is None:
        text = f"the first result must be one of the rates that were tried, {rates}, got {lr!r}"
        raise Failure("not-a-rate", text, "Return the learning rate itself, not its place in a list and not its score.")
    if isinstance(at_edge, torch.Tensor) and at_edge.numel() == 1:
        at_edge = bool(at_edge.item())
    if type(at_edge) is not bool:
        raise Failure(
            "edge-not-bool", f"at_edge must be True or False, got {at_edge!r}", "best in (rates[0], rates[-1])"
        )
    return found, at_edge


@choose_rate.check(weight=2)
def by_the_mean_on_validation(subject: Subject, draw: Draw) -> None:
    """It is the rate with the highest mean validation accuracy over its runs."""
    right = _rule("valid", _average)
    while True:  # until every mistake answers differently from the right rule, and from the other mistakes
        tables = [run_table(draw) for _ in range(8)]
        answers = {tuple(rule(runs) for runs in tables) for _, rule, _, _ in RULES}
        if len(answers) == len(RULES) and tuple(right(runs) for runs in tables) not in answers:
            break
    judge_rates(subject, tables)


def judge_rates(subject: Subject, tables: list[list[dict]]) -> None:
    """Compare the rates chosen from several tables; all at once, since one answer fits several mistakes."""
    right = _rule("valid", _average)
    chosen = [picked(subject, runs)[0] for runs in tables]
    if chosen == (want := [right(runs) for runs in tables]):
        return
    for id, rule, text, hint in RULES:
        if chosen == [rule(runs) for runs in tables]:
            raise Failure(id, text, hint)
    at = next(place for place, (one, other) in enumerate(zip(chosen, want, strict=True)) if one != other)
    means = ", ".join(f"{lr:g}: {_average(values):.3f}" for lr, values in by_rate(tables[at]).items())
    text = f"the rate should be {want[at]:g}, got {chosen[at]:g}; the means on validation are {means}"
    raise Failure("wrong-rate", text, MEAN)


@choose_rate.check(after=("by-the-mean-on-validation",))
def ties_go_to_the_smaller(subject: Subject, draw: Draw) -> None:
    """Among rates with equal means it is the smallest, in whatever order they come."""
    level = draw.number(0.6, 0.9)
    runs = [
        {"lr": lr, "seed": 0, "valid": level - lost, "test": 0.5}
        for lr, lost in zip(RATES[:4], (0.1, 0, 0, 0.2), strict=True)
    ]
    for order in (runs, runs[::-1]):
        if (lr := picked(subject, order)[0]) != RATES[1]:
            text = f"the rates {RATES[1]:g} and {RATES[2]:g} have equal means; {lr:g} was chosen"
            raise Failure("tie-to-the-larger", text, "Go through the rates in ascending order and keep the first best.")


@choose_rate.check(after=("by-the-mean-on-validation",))
def diverged_rates_are_out(subject: Subject, draw: Draw) -> None:
    """A rate with a diverged run, valid = NaN, is not eligible; if none is left, ValueError."""
    for bad in (0, 1):
        runs = [
            {"lr": 1e-3, "seed": 0, "valid": draw.number(0.3, 0.4), "test": 0.5},
            {"lr": 3e-3, "seed": 0, "valid": draw.number(0.6, 0.7), "test": 0.5},
            {"lr": 1e-2, "seed": bad, "valid": draw.number(0.8, 0.9), "test": 0.5},
            {"lr": 1e-2, "seed": 1 - bad, "valid": NAN, "test": 0.5},
        ]
        for order in (runs, runs[::-1]):
            if (lr := picked(subject, order)[0]) != 3e-3:
                text = f"{lr:g} was chosen; 0.003 is the best rate without a diverged run, and 0.01 has one"
                hint = (
                    "NaN compares as false with everything, so max() may return it. Drop such rates first: math.isnan."
                )
                raise Failure("diverged-chosen", text, hint)
    seen = subject.probe(outcome, args=[[{"lr": lr, "seed": 0, "valid": NAN, "test": NAN} for lr in RATES[:3]]])
    if seen["raised"] != "ValueError":
        came = f"it raised {seen['raised']}: {seen['text'][:80]}" if seen["raised"] else f"it returned {seen['value']}"
        hint = 'Look first whether a rate is left: raise ValueError("all rates diverged ...").'
        raise Failure("all-diverged-accepted", f"every rate diverged, which must be a ValueError; {came}", hint)


@choose_rate.check(after=("by-the-mean-on-validation",))
def says_when_it_is_at_an_edge(subject: Subject, draw: Draw) -> None:
    """`at_edge` is true exactly if the chosen rate is the smallest or the largest that was tried."""

    def edge(best: int, diverged: int | None = None, back: bool = False) -> bool:
        order = [0, 3, 2, 1] if back else [2, 0, 1, 3]
        runs = [
            {"lr": RATES[k], "seed": 0, "valid": NAN if k == diverged else 0.9 if k == best else 0.5, "test": 0.5}
            for k in order
        ]
        return picked(subject, runs)[1]

    low, high, inside = edge(0), edge(3), [edge(1), edge(2), edge(1, back=True)]
    beside = [edge(2, diverged=3), edge(1, diverged=0)]
    if low and high and not any(inside + beside):
        return
    hint = "Compare with the smallest and the largest rate in the runs: lr in (min(rates), max(rates))."
    if low and high and any(beside) and not any(inside):
        text = "at_edge is true though a rate beyond the chosen one was tried: it diverged, nothing to gain there"
        raise Failure(
            "edge-of-the-rest", text, "Take the edges from all rates that were tried, diverged ones included."
        )
    if not low and not high and not any(inside):
        raise Failure("never-at-edge", "at_edge is false even for the smallest and the largest rate", hint)
    if not low and high and not any(inside):
        raise Failure("upper-edge-only", "at_edge is false for the smallest rate tried", hint)
    if low and not high and not any(inside):
        raise Failure("lower-edge-only", "at_edge is false for the largest rate tried", hint)
    text = "at_edge is wrong: it must be true for the smallest and the largest rate and false for those between"
    raise Failure("wrong-edge", text, hint + " Their order in the list means nothing.")


# ----------------------------------------------------------------------------------------------- paired-difference
def seed_table(draw: Draw, shared: int, alone: tuple[int, int]) -> tuple[list, list]:
    """Pairs [seed, accuracy] of two methods: `shared` seeds in different orders, and seeds that one of them has."""
    seeds = [int(s) for s in torch.argsort(draw.normal(20))[: shared + sum(alone)]]
    level = {seed: draw.number(0.5, 0.8) for seed in seeds}  # what a seed does to both
    a = [[seed, level[seed] + draw.number(0.0, 0.1)] for seed in seeds[: shared + alone[0]]]
    b = [[seed, level[seed] + draw.number(-0.05, 0.05)] for seed in seeds[:shared] + seeds[shared + alone[0] :]]
    return shuffled(draw, a), b[::-1]


def judge_pair(subject: Subject, a: list, b: list) -> None:
    """Compare mean difference and standard error; hidden checks use it with other tables."""
    one, other = dict(a), dict(b)
    seeds = [seed for seed in one if seed in other]
    d = torch.tensor([one[seed] - other[seed] for seed in seeds], dtype=torch.float64)
    n, mean, sd = len(d), float(d.mean()), float(d.std())
    seen = subject.probe(compare, a=a, b=b)
    if seen["raised"]:
        text = f"it raised {seen['raised']} for {n} seeds in common: {seen['text'][:120]}"
        raise Failure(f"raised-{seen['raised']}", text, "The methods may have other seeds besides; take those of both.")
    value = seen["value"]
    if type(value) is not list or len(value) != 2:
        raise Failure("not-a-pair", "expected two results, (mean, error)", "return mean, error")
    full, rest = (torch.tensor(list(t.values()), dtype=torch.float64) for t in (one, other))
    k = min(len(full), len(rest))
    position = full[:k] - rest[:k]
    sorted_pairs = torch.tensor(
        [one[x] - other[y] for x, y in zip(sorted(one), sorted(other), strict=False)], dtype=torch.float64
    )
    pairing = "Look the seed up in both: a[seed] - b[seed] for the seeds that both have."
    expect_close(value[0], mean, what="the mean difference", id="wrong-mean", hint=pairing, mistakes=(
        Mistake("sign-reversed", -mean, "the difference has the wrong sign", "Positive means that a is better: a - b."),
        Mistake("all-seeds", float(full.mean() - rest.mean()), "the means over all seeds were subtracted; seeds that "
                "only one method has must not count", pairing),
        Mistake("paired-by-position", float(position.mean()), "values were paired by their place, not by their seed",
                pairing),
        Mistake("paired-by-position", float(sorted_pairs.mean()), "values were paired by rank of the seed", pairing),
        Mistake("absolute", float(d.abs().mean()), "the differences lost their signs", "Do not take abs()."),
    ))  # fmt: skip
    shared_a, shared_b = (torch.tensor([t[s] for s in seeds], dtype=torch.float64) for t in (one, other))
    unpaired = math.sqrt(float(shared_a.var() + shared_b.var()) / n)
    population = float(d.std(correction=0))
    root = "Divide by the root of the number of seeds: sd / math.sqrt(n)."
    expect_close(value[1], sd / math.sqrt(n), what="the standard error", id="wrong-error", tolerance=1e-6,
                 hint="Sample standard deviation of the differences (n - 1), over sqrt(n).", mistakes=(
        Mistake("paired-by-position", float(position.std()) / math.sqrt(k), "values were paired by their place, not by "
                "their seed", pairing),
        Mistake("spread-not-error", sd, "that is the spread of single differences, not the error of their mean", root),
        Mistake("divided-by-n", sd / n, "the spread was divided by n instead of its root", root),
        Mistake("population-spread", population / math.sqrt(n), "the spread was taken with n instead of n - 1",
                "Use the sample standard deviation: statistics.stdev, or torch's default."),
        Mistake("population-spread", population, "the spread was taken with n instead of n - 1, and not divided by "
                "sqrt(n)", "statistics.stdev(d) / math.sqrt(n)."),
        Mistake("variance", float(d.var()) / n, "that is the variance of the mean", "Take the square root."),
        Mistake("unpaired", unpaired, "the spreads of both methods were added; what a seed does to both is still in it",
                "Take the spread of the differences, seed by seed."),
    ))  # fmt: skip


@paired_difference.check(weight=2)
def same_seeds(subject: Subject, draw: Draw) -> None:
    """With the same seeds in another order, mean and standard error are those of the differences seed by seed."""
    judge_pair(subject, *seed_table(draw, draw.integer(4, 6), (0, 0)))


@paired_difference.check
def other_seeds_besides(subject: Subject, draw: Draw) -> None:
    """Seeds that only one method has do not count."""
    judge_pair(subject, *seed_table(draw, draw.integer(3, 5), (2, 1)))


@paired_difference.check
def refuses_too_few(subject: Subject, draw: Draw) -> None:
    """Fewer than two seeds in common is a ValueError."""
    for shared in (1, 0):
        a, b = seed_table(draw, shared, (2, 2))
        seen = subject.probe(compare, a=a, b=b)
        if seen["raised"] != "ValueError":
            came = f"it raised {seen['raised']}" if seen["raised"] else f"it returned {seen['value']}"
            text = f"{shared} seeds in common give no spread, so this must be a ValueError; {came}"
            raise Failure(
                "too-few-accepted", text, "Count the seeds in common first: if len(shared) < 2, raise ValueError."
            )
