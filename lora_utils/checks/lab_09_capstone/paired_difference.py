"""Checks of lab 09: what a difference between two methods is worth."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject, close
from lora_utils.checks.framework.many_cases import Rule, expect_all
from lora_utils.checks.lab_09_capstone.choose_method import outcome

paired_difference = Exercise("paired-difference")

PAIRING = "Look the seed up in both, for the seeds that both have."
ROOT = "Divide the spread by the root of the number of seeds in common."


# ---------------------------------------------------------------------------------------------------------- probes
def compare(function, *, cases: list) -> dict:
    """Probe: call the student's function with pairs of mappings seed -> accuracy, made in the given order."""
    seen = []
    for pair in cases:
        a, b = ({int(seed): float(value) for seed, value in pairs} for pairs in pair)
        seen.append(outcome(function, [a, b]))
    return {"outcomes": seen}


# ---------------------------------------------------------------------------------------------------------- tables
def seed_table(draw: Draw, shared: int, alone: tuple[int, int], shift: float = 0.05) -> tuple[list, list]:
    """Pairs [seed, accuracy] of two methods: `shared` seeds in different orders, and seeds that one of them has.

    Seed 0 is among the shared ones, and so is an accuracy of 0; the first method is better by about `shift`.
    """
    seeds = [0, *(1 + seed for seed in draw.order(20))][: shared + sum(alone)]
    level = {seed: draw.number(0.5, 0.8) for seed in seeds}  # what a seed does to both
    a = [[seed, level[seed] + shift + draw.number(-0.05, 0.05)] for seed in seeds[: shared + alone[0]]]
    b = [[seed, level[seed] + draw.number(-0.05, 0.05)] for seed in seeds[:shared] + seeds[shared + alone[0] :]]
    if shared > 2:
        a[1][1] = 0.0
        b[1][1] = draw.number(0.02, 0.04) * (1 if shift < 0 else 0.5)
    order = draw.order(len(a))
    return [a[place] for place in order], b[::-1]


def _cases(draw: Draw, sizes: list[tuple]) -> list[tuple[list, list]]:
    return [seed_table(draw, shared, alone, (0.06, -0.06, 0.0)[i % 3]) for i, (shared, alone) in enumerate(sizes)]


# ---------------------------------------------------------------------------------------------------------- judges
def _vectors(a: list, b: list) -> dict[str, torch.Tensor]:
    """What a rule may look at: differences, and both methods' values, of the shared seeds and of all."""
    one, other = dict(a), dict(b)
    seeds = [seed for seed in one if seed in other]

    def vector(values) -> torch.Tensor:
        return torch.tensor(list(values), dtype=torch.float64)

    k = min(len(one), len(other))
    union = sorted(one.keys() | other.keys())
    return {
        "d": vector(one[s] - other[s] for s in seeds),
        "a": vector(one[s] for s in seeds), "b": vector(other[s] for s in seeds),
        "all_a": vector(one.values()), "all_b": vector(other.values()),
        "position": vector(one.values())[:k] - vector(other.values())[:k],
        "ranked": vector(one[x] - other[y] for x, y in zip(sorted(one), sorted(other), strict=False)),
        "filled": vector(one.get(s, 0.0) - other.get(s, 0.0) for s in union),
        "without_0": vector(one[s] - other[s] for s in seeds if s),
        "without_zeros": vector(one[s] - other[s] for s in seeds if one[s] and other[s]),
    }  # fmt: skip


def _sd(v: torch.Tensor, correction: int = 1) -> float:
    return float(v.std(correction=correction)) if len(v) > correction else math.nan


def _mean_of(key: str) -> Callable[[dict], float]:
    return lambda c: float(c[key].mean()) if len(c[key]) else math.nan


MEANS = (
    Rule("sign-reversed", lambda c: -c["d"].mean(), "the difference has the wrong sign", "Positive: a is better."),
    Rule("relative", lambda c: (c["d"] / c["b"]).mean(), "each difference is divided by b's value",
         "The difference itself is asked for."),
    Rule("all-seeds", lambda c: c["all_a"].mean() - c["all_b"].mean(), "the means over all seeds were subtracted; "
         "seeds that only one method has must not count", PAIRING),
    Rule("missing-as-zero", _mean_of("filled"), "a seed that one method lacks was taken for an accuracy of 0", PAIRING),
    Rule("paired-by-position", _mean_of("position"), "values were paired by their place, not by their seed", PAIRING),
    Rule("paired-by-position", _mean_of("ranked"), "values were paired by rank of the seed", PAIRING),
    Rule("seed-0-lost", _mean_of("without_0"), "seed 0 takes no part", "0 counts as false: ask whether a seed is in "
         "the other dict."),
    Rule("accuracy-0-lost", _mean_of("without_zeros"), "an accuracy of 0 takes no part", "0 counts as false: ask "
         "whether the seed is in the other dict."),
    Rule("absolute", lambda c: c["d"].abs().mean(), "the differences lost their signs", "Do not take abs()."),
    Rule("absolute", lambda c: c["d"].mean().abs(), "the mean lost its sign", "Do not take abs()."),
    Rule("median-for-mean", lambda c: c["d"].quantile(0.5), "it is the median of the differences", "The mean is asked "
         "for."),
    Rule("sum-for-mean", lambda c: c["d"].sum(), "it is the sum of the differences", "Divide by their number."),
    Rule("in-per-cent", lambda c: 100 * c["d"].mean(), "it is 100 times as large", "A difference of accuracies, not "
         "per cent."),
    *(Rule("rounded", lambda c, digits=digits: round(float(c["d"].mean()), digits), "it is rounded",
           "Return it as it is.") for digits in (2, 3, 4)),
    Rule("relative", lambda c: c["d"].mean() / c["b"].mean(), "it is relative to the accuracy of b", "A plain "
         "difference, not a share."),
    Rule("divided-by-all", lambda c: c["d"].sum() / len(c["all_a"]), "the sum was divided by the number of all seeds "
         "of a", PAIRING),
    Rule("divided-by-all", lambda c: c["d"].sum() / len(c["filled"]), "the sum was divided by the number of all seeds",
         PAIRING),
)  # fmt: skip
ERRORS = (
    Rule("paired-by-position", lambda c: _sd(c["position"]) / len(c["position"]) ** 0.5, "values were paired by their "
         "place, not by their seed", PAIRING),
    Rule("spread-not-error", lambda c: _sd(c["d"]), "that is the spread of single differences, not the error of their "
         "mean", ROOT),
    Rule("divided-by-n", lambda c: _sd(c["d"]) / len(c["d"]), "the spread was divided by n instead of its root", ROOT),
    Rule("population-spread", lambda c: _sd(c["d"], 0) / len(c["d"]) ** 0.5, "the spread was taken with n instead of "
         "n - 1", "Use the sample standard deviation: n - 1 under the sum of squares."),
    Rule("population-spread", lambda c: _sd(c["d"], 0), "the spread was taken with n instead of n - 1, and not "
         "divided by sqrt(n)", "The sample standard deviation has n - 1. " + ROOT),
    Rule("divided-by-n-1", lambda c: _sd(c["d"]) / math.sqrt(len(c["d"]) - 1), "the spread was divided by the root of "
         "n - 1", "n - 1 belongs into the spread alone. " + ROOT),
    Rule("divided-by-all", lambda c: _sd(c["d"]) / len(c["all_a"]) ** 0.5, "the spread was divided by the root of all "
         "seeds of a", ROOT),
    Rule("variance", lambda c: _sd(c["d"]) ** 2 / len(c["d"]), "that is the variance of the mean",
         "Take the square root."),
    Rule("variance", lambda c: _sd(c["d"]) ** 2, "that is the variance of the differences", "Take its root. " + ROOT),
    Rule("variance", lambda c: _sd(c["d"]) ** 2 / len(c["d"]) ** 0.5, "the variance was divided by the root of n",
         "The spread is the root of the variance."),
    Rule("unpaired", lambda c: ((_sd(c["a"]) ** 2 + _sd(c["b"]) ** 2) / len(c["d"])) ** 0.5, "the spreads of both "
         "methods were added; what a seed does to both is still in it",
         "Take the spread of the differences, seed by seed."),
    Rule("unpaired", lambda c: abs(_sd(c["a"]) - _sd(c["b"])) / len(c["d"]) ** 0.5, "the spreads of both methods were "
         "subtracted", "Take the spread of the differences, seed by seed."),
    Rule("interval", lambda c: 2 * _sd(c["d"]) / len(c["d"]) ** 0.5, "that is twice the standard error", "One standard "
         "error is asked for; the rule of thumb doubles it later."),
    Rule("interval", lambda c: 1.96 * _sd(c["d"]) / len(c["d"]) ** 0.5, "that is 1.96 times the standard error", "One "
         "standard error is asked for."),
)  # fmt: skip


def judge_pairs(subject: Subject, tables: list[tuple[list, list]]) -> None:
    """Compare mean difference and standard error; hidden checks use it with other tables."""
    seen = subject.probe(compare, cases=[list(pair) for pair in tables])["outcomes"]
    cases = [_vectors(*pair) for pair in tables]
    for case, one in zip(cases, seen, strict=True):
        if one["raised"]:
            text = f"it raised {one['raised']} for {len(case['d'])} seeds in common: {one['text'][:120]}"
            hint = "The methods may have other seeds besides; take those of both."
            raise Failure(f"raised-{one['raised']}", text, hint)
        if type(one["value"]) is not list or len(one["value"]) != 2:
            came = "None" if one["value"] is None else f"a {type(one['value']).__name__}"
            raise Failure("not-a-pair", f"expected two results, (mean, error), got {came}", "return mean, error")
    for place, name in enumerate(("mean", "error")):
        for one in seen:
            value = one["value"][place]
            if not isinstance(value, (int, float)) and not (isinstance(value, torch.Tensor) and value.dim() == 0):
                came = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"{value!r}"
                raise Failure("not-a-number", f"the {name} must be one number, got {came[:60]}", "One mean, one error.")
    means, errors = ([float(one["value"][place]) for one in seen] for place in (0, 1))
    right = [float(case["d"].mean()) for case in cases]
    spreads = [_sd(case["d"]) / math.sqrt(len(case["d"])) for case in cases]
    swapped = zip(errors, right, means, spreads, strict=True)
    if all(close(e, r, 1e-6) and close(m, s, 1e-6) for e, r, m, s in swapped):
        raise Failure("results-swapped", "the error comes first and the mean second", "return mean, error")
    told = [f"the differences {[round(v, 3) for v in case['d'].tolist()]}" for case in cases]
    expect_all(means, cases, right, told=told, what=[f"the mean of {one}" for one in told],
               id="wrong-mean", hint=PAIRING, rules=MEANS, known="{text}", tolerance=1e-6)  # fmt: skip
    expect_all(errors, cases, spreads, told=told, rules=ERRORS, known="{text}",
               what=[f"the standard error of {one}" for one in told], id="wrong-error", tolerance=1e-6,
               hint="Sample standard deviation of the differences (n - 1), over the root of n.")  # fmt: skip


@paired_difference.check(weight=2)
def same_seeds(subject: Subject, draw: Draw) -> None:
    """With the same seeds in another order, mean and standard error are those of the differences seed by seed."""
    judge_pairs(subject, _cases(draw, [(draw.integer(3, 6), (0, 0)) for _ in range(9)]))
    tables = [seed_table(draw, 4, (0, 0)) for _ in range(3)]
    judge_pairs(subject, [(b, a) for a, b in tables])  # the accuracy of 0 is now the other method's


@paired_difference.check(after=("same-seeds",))
def other_seeds_besides(subject: Subject, draw: Draw) -> None:
    """Seeds that only one method has do not count."""
    alone = [(2, 1), (0, 3), (3, 0), (1, 1), (1, 2), (4, 4)]
    judge_pairs(subject, _cases(draw, [(draw.integer(3, 5), pair) for pair in alone]))


@paired_difference.check
def refuses_too_few(subject: Subject, draw: Draw) -> None:
    """Fewer than two seeds in common is a ValueError."""
    tables = [(shared, seed_table(draw, shared, (2, 2))) for shared in (1, 0)]
    tables += [(1, ([[0, 0.5]], [[0, 0.75]])), (0, ([[1, 0.5]], [[2, 0.75]])), (0, ([], [[1, 0.5], [2, 0.5]]))]
    seen = subject.probe(compare, cases=[list(pair) for _, pair in tables])["outcomes"]
    for (shared, (a, b)), one in zip(tables, seen, strict=True):
        if one["raised"] != "ValueError":
            came = f"it raised {one['raised']}" if one["raised"] else f"it returned {one['value']}"
            text = f"seeds {[s for s, _ in a]} and {[s for s, _ in b]} have {shared} in common, which gives no spread "
            text += f"and must be a ValueError; {came}"
            hint = "Count the seeds in common before anything else, and raise where they are too few."
            raise Failure("too-few-accepted", text, hint)
