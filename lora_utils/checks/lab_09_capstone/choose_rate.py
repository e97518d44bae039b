"""Checks of lab 09: which learning rate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject, close
from lora_utils.checks.lab_09_capstone.choose_method import outcomes

choose_rate = Exercise("choose-rate")

NAN = float("nan")
RATES = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 0.1, 0.5)


def run_table(draw: Draw, count: int = 5) -> list[dict]:
    """Runs of one method: `count` rates with one to four seeds each, in no order; no rounding decides which is best."""
    while True:
        first = draw.integer(0, len(RATES) - count)
        runs = []
        for lr in RATES[first : first + count]:
            level = draw.number(0.3, 0.9)
            for seed in range(draw.integer(1, 4)):
                valid = min(0.99, max(0.01, level + draw.number(-0.25, 0.25)))
                runs.append({"lr": lr, "seed": seed, "valid": valid, "test": draw.number(0.3, 0.95)})
        second, best = sorted(map(_average, by_rate(runs).values()))[-2:]
        if best - second > 1e-3:
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


def _running(values: list[float]) -> float:
    """The mean of the mean so far and the next, again and again."""
    mean = values[0]
    for value in values[1:]:
        mean = (mean + value) / 2
    return mean


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
    ("median-for-mean", _rule("valid", statistics.median), "each rate was judged by the median of its runs", MEAN),
    ("running-mean", _rule("valid", _running), "each rate's mean was halved with every further run, so that the last "
     "run counts most", MEAN),
    ("most-runs", _rule("valid", len), "the rate with the most runs was chosen", MEAN),
)  # fmt: skip


def picked(subject: Subject, tables: list[list[dict]]) -> list[tuple[float, bool]]:
    """Call the student's function for each table and expect a rate that was tried, and a truth value."""
    seen = subject.probe(outcomes, cases=[[runs] for runs in tables])["outcomes"]
    return [_pair(runs, one) for runs, one in zip(tables, seen, strict=True)]


def _pair(runs: list[dict], seen: dict) -> tuple[float, bool]:
    if seen["raised"]:
        text = f"it raised {seen['raised']} for runs of which one rate is good: {seen['text'][:120]}"
        raise Failure(f"raised-{seen['raised']}", text, "Refuse only when every rate has diverged.")
    value = seen["value"]
    if type(value) is not list or len(value) != 2:
        came = "None" if value is None else f"{len(value)} values" if type(value) is list else f"{value!r}"[:40]
        raise Failure("not-a-pair", f"expected two results, (lr, at_edge), got {came}", "return lr, at_edge")
    lr, at_edge = value
    if isinstance(lr, torch.Tensor) and lr.numel() == 1:
        lr = lr.item()
    rates = sorted({run["lr"] for run in runs})
    plain = isinstance(lr, (int, float)) and type(lr) is not bool and math.isfinite(lr)
    found = next((rate for rate in rates if plain and close(lr / rate, 1.0, 1e-6)), None)
    if found is None:
        text = f"the first result must be one of the rates that were tried, {rates}, got {lr!r}"
        raise Failure("not-a-rate", text, "Return the learning rate itself, not its place in a list and not its score.")
    if isinstance(at_edge, torch.Tensor) and at_edge.numel() == 1:
        at_edge = bool(at_edge.item())
    if type(at_edge) is not bool:
        text = f"at_edge must be True or False, got {at_edge!r}"
        raise Failure("edge-not-bool", text, "The second result answers a question: is lr at an end?")
    return found, at_edge


@choose_rate.check(weight=2)
def by_the_mean_on_validation(subject: Subject, draw: Draw) -> None:
    """It is the rate with the highest mean validation accuracy over its runs."""
    right = _rule("valid", _average)
    while True:  # until every mistake answers differently from the right rule, and from the other mistakes
        tables = [run_table(draw) for _ in range(14)]
        answers = {tuple(rule(runs) for runs in tables) for _, rule, _, _ in RULES}
        if len(answers) == len(RULES) and tuple(right(runs) for runs in tables) not in answers:
            break
    judge_rates(subject, tables)
    top = draw.integer(60, 90) / 100
    near = [{1e-4: [top], 1e-3: [top + gap], 1e-2: [top - 0.1]} for gap in (0.004, 0.0004, 0.00002)]
    for valid, (lr, _) in zip(near, picked(subject, [runs_of(valid) for valid in near]), strict=True):
        if lr != 1e-3:  # a small lead is one
            raise Failure("small-lead-lost", f"of {valid} it chose {lr:g}", "Compare the means as they are, unrounded.")


def judge_rates(subject: Subject, tables: list[list[dict]]) -> None:
    """Compare the rates chosen from several tables; all at once, since one answer fits several mistakes."""
    right = _rule("valid", _average)
    chosen = [lr for lr, _ in picked(subject, tables)]
    if chosen == (want := [right(runs) for runs in tables]):
        return
    for id, rule, text, hint in RULES:
        if chosen == [rule(runs) for runs in tables]:
            raise Failure(id, text, hint)
    at = next(place for place, (one, other) in enumerate(zip(chosen, want, strict=True)) if one != other)
    means = ", ".join(f"{lr:g}: {_average(values):.3f}" for lr, values in by_rate(tables[at]).items())
    text = f"the rate should be {want[at]:g}, got {chosen[at]:g}; the means on validation are {means}"
    raise Failure("wrong-rate", text, MEAN)


def runs_of(valid: dict[float, list[float]], test: float = 0.5) -> list[dict]:
    """Runs from the validation accuracies of each rate, seeds 0, 1, ..."""
    return [
        {"lr": lr, "seed": seed, "valid": value, "test": test}
        for lr, values in valid.items()
        for seed, value in enumerate(values)
    ]


@choose_rate.check(after=("by-the-mean-on-validation",))
def ties_go_to_the_smaller(subject: Subject, draw: Draw) -> None:
    """Among rates with equal means it is the smallest, in whatever order they come."""
    level = draw.number(0.6, 0.9)
    one = runs_of({1e-4: [level - 0.1], 3e-4: [level], 1e-3: [level], 3e-3: [level - 0.2]})
    two = runs_of({1e-5: [0.25], 1e-4: [0.75, 0.25], 3e-4: [0.5], 0.1: [0.25, 0.5, 0.75]})  # exact means of 0.5
    tables = [(one, 3e-4), (one[::-1], 3e-4), (two, 1e-4), (two[::-1], 1e-4), (shuffled(draw, two), 1e-4)]
    got = picked(subject, [runs for runs, _ in tables])
    for (runs, want), (lr, _) in zip(tables, got, strict=True):
        if lr != want:
            means = {rate: _average(values) for rate, values in by_rate(runs).items()}
            text = f"of the means {means}, runs in the order {[run['lr'] for run in runs]}, {lr:g} was chosen"
            raise Failure("tie-to-the-larger", text, "Of rates whose means are equal keep the smallest.")


@choose_rate.check(after=("by-the-mean-on-validation",))
def diverged_rates_are_out(subject: Subject, draw: Draw) -> None:
    """A rate with a diverged run, valid = NaN, is not eligible; if none is left, ValueError."""
    low, high, top = draw.number(0.3, 0.4), draw.number(0.6, 0.7), draw.number(0.8, 0.9)
    tables = [
        {1e-3: [low], 3e-3: [high], 1e-2: [top, NAN]},
        {1e-3: [low], 3e-3: [high], 1e-2: [NAN, top]},
        {1e-3: [0.1], 3e-3: [0.2], 1e-2: [0.95, NAN, 0.95, 0.95, 0.95]},  # best even with the NaN as 0
        {1e-4: [NAN], 3e-3: [high, high], 1e-2: [low]},
        {1e-4: [NAN, NAN], 3e-3: [high, low], 1e-2: [0.1]},
    ]
    tables = [order for valid in tables for order in (runs_of(valid), runs_of(valid)[::-1])]
    for runs, (lr, _) in zip(tables, picked(subject, tables), strict=True):
        if lr != 3e-3:
            values = by_rate(runs)
            if any(map(math.isnan, values[lr])):
                text = f"{lr:g} was chosen, which has a diverged run: its accuracies are {values[lr]}"
                hint = "NaN compares as false with everything, so max() may return it. Drop such rates first."
                raise Failure("diverged-chosen", text, hint)
            text = f"{lr:g} was chosen; of the rates without a diverged run 0.003 has the best mean: {values}"
            raise Failure("diverged-disturbs", text, "Drop the rates with a diverged run, and nothing else.")
    in_test = runs_of({1e-3: [low], 1e-2: [low]}) + runs_of({3e-3: [high]}, test=NAN)
    if (lr := picked(subject, [in_test])[0][0]) != 3e-3:
        text = f"{lr:g} was chosen; 0.003 has the best mean of `valid`, and only its `test` is NaN"
        raise Failure("test-taken-for-diverged", text, "A run has diverged if its `valid` is NaN.")
    gone = [runs_of({lr: [NAN] for lr in RATES[:3]}, test=NAN), runs_of({1e-3: [0.9, NAN], 3e-3: [NAN, 0.8]})]
    for runs, seen in zip(gone, subject.probe(outcomes, cases=[[runs] for runs in gone])["outcomes"], strict=True):
        if seen["raised"] != "ValueError":
            came = (
                f"it raised {seen['raised']}: {seen['text'][:80]}" if seen["raised"] else f"it returned {seen['value']}"
            )
            text = f"every rate of {by_rate(runs)} has a diverged run, which must be a ValueError; {came}"
            raise Failure("all-diverged-accepted", text, "Look whether a rate is left before you choose one.")
    judge_rates(subject, [runs_of({1e-3: [0.0, 0.0]}), runs_of({1e-3: [0.0], 1e-2: [0.1]})])  # an accuracy of 0 is one


@choose_rate.check(after=("by-the-mean-on-validation", "diverged-rates-are-out"))
def says_when_it_is_at_an_edge(subject: Subject, draw: Draw) -> None:
    """`at_edge` is true exactly if the chosen rate is the smallest or the largest that was tried."""
    rates = (1e-5, 1e-4, 1e-3, 1e-2)  # as texts they have another order

    def table(best: int, diverged: int | None = None, order: tuple[int, ...] = (2, 0, 1, 3)) -> list[dict]:
        return runs_of({rates[k]: [NAN if k == diverged else 0.9 if k == best else 0.5] for k in order})

    back = (0, 3, 2, 1)
    tables = [
        table(0), table(0, order=back), table(0, diverged=3), table(3), table(3, order=back), table(3, diverged=0),
        table(1), table(2), table(1, order=back), table(2, order=(1, 2, 0, 3)),
        table(2, diverged=3), table(1, diverged=0),
        runs_of({1e-3: [0.7, 0.6]}), runs_of({1e-3: [0.7], 1e-2: [0.6]}), runs_of({1e-2: [0.7], 1e-3: [0.6]}),
    ]  # fmt: skip
    got = [at_edge for _, at_edge in picked(subject, tables)]
    right = [True] * 6 + [False] * 6 + [True] * 3
    if got == right:
        return
    low, high, inside, beside, few = got[:3], got[3:6], got[6:10], got[10:12], got[12:]
    hint = "Compare the chosen rate with the smallest and with the largest of all rates in the runs."
    known = [
        ("edge-of-the-rest", all(low + high) and not any(inside) and any(beside), "at_edge is true though a rate "
         "beyond the chosen one was tried: it diverged, nothing to gain there", "Take the edges from all rates that "
         "were tried, diverged ones included."),
        ("never-at-edge", not any(got), "at_edge is false even for the smallest and the largest rate", hint),
        ("always-at-edge", all(got), "at_edge is true even for a rate between two others", hint),
        ("edge-reversed", got == [not one for one in right], "at_edge is true exactly where it should be false", hint),
        ("upper-edge-only", not any(low) and all(high) and not any(inside + beside), "at_edge is false for the "
         "smallest rate tried", hint),
        ("lower-edge-only", all(low) and not any(high) and not any(inside + beside), "at_edge is false for the largest "
         "rate tried", hint),
        ("few-rates", got[:12] == right[:12], f"at_edge is {few} for one rate and twice for two: then every rate is "
         "the smallest or the largest", hint),
    ]  # fmt: skip
    for id, so, text, advice in known:
        if so:
            raise Failure(id, text, advice)
    i = next(place for place, (one, want) in enumerate(zip(got, right, strict=True)) if one != want)
    values = {run["lr"]: run["valid"] for run in tables[i]}
    text = f"for one run each, rate: valid, in the order {values}, at_edge must be {right[i]}, got {got[i]}"
    raise Failure("wrong-edge", text, hint + " Their order in the list means nothing.")
