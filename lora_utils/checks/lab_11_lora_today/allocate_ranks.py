"""Checks of lab 11: the importance of triples, and which of them stay under a budget over all layers.

Letters: i in_dim, o out_dim, r triples of a layer. A (i, r), lam (r,), B (r, o), each with its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import Subject

allocate_ranks = Exercise("allocate-ranks")


# ---------------------------------------------------------------------------------------------------------- probes
def importances_of(importance, allocate, *, cases: list) -> dict:
    """Probe: the importance of the triples of each layer."""
    return {"values": [importance(*args) for args in cases]}


def masks_of(importance, allocate, *, cases: list) -> dict:
    """Probe: which triples stay, for each list of importances and budget."""
    return {"values": [allocate(importances, budget) for importances, budget in cases]}


# ------------------------------------------------------------------------------------------------------ importance
def layers(draw: Draw, count: int) -> list[list]:
    """Draw [A, lam, B, dA, dlam, dB] with sizes pairwise different and numbers of both signs."""
    found = []
    for _ in range(count):
        i, o, r = draw.sizes(3, 3, 9)
        shapes = ((i, r), (r,), (r, o))
        found.append([draw.normal(*shape) for _ in range(2) for shape in shapes])
    return found


def layer_told(A, lam, B, dA, dlam, dB) -> str:
    """A layer, for a message."""
    return f"in_dim {len(A)}, out_dim {B.shape[1]} and {len(lam)} triples"


@allocate_ranks.check
def measures_importance(subject: Subject, draw: Draw) -> None:
    """A triple's importance is |lam dlam| and the means of |A dA| over its column and of |B dB| over its row."""
    judge_importance(subject, layers(draw, 8))


def judge_importance(subject: Subject, cases: list[list]) -> None:
    """Compare the importance of each triple; hidden checks use it with other layers."""
    values = ask(subject, cases, layer_told, importances_of)["values"]
    for value, case in zip(values, cases, strict=True):
        expect_tensor(value, "the importance")
        if value.shape != case[1].shape:
            text = f"for {layer_told(*case)} the importance must have shape {tuple(case[1].shape)}"
            raise Failure("wrong-shape", f"{text}, got {tuple(value.shape)}",
                          "One number a triple: average A over dim=0 and B over dim=1.")  # fmt: skip

    def of(make: Callable) -> Callable:
        return lambda *case: make(*(one.double() for one in case))

    def parts(A, lam, B, dA, dlam, dB, size=torch.abs, over=torch.mean):
        return size(lam * dlam), over(size(A * dA), 0), over(size(B * dB), 1)

    def total(**more) -> Callable:
        return of(lambda *case: sum(parts(*case, **more)))

    right, sizes = total(), "Gradient times number, and then its magnitude: what the loss loses if the number goes."
    rules = (
        Rule("sums-for-means", total(over=torch.sum), "the vectors' parts are summed up", "A mean: a triple is "
             "not more important for being long."),
        Rule("signs-kept", total(size=lambda x: x), "the products keep their signs", sizes),
        Rule("abs-too-late", of(lambda *c: sum(abs(p) for p in parts(*c, size=lambda x: x))), "the magnitude is taken "
             "after the mean, where signs have cancelled", "abs() first, then mean."),
        Rule("abs-too-late", of(lambda *c: sum(parts(*c, size=lambda x: x)).abs()), "the magnitude is taken of the "
             "sum, where signs have cancelled", "abs() first, then mean."),
        Rule("squared", total(size=torch.square), "the products are squared", sizes),
        Rule("gradients-forgotten", of(lambda A, lam, B, dA, dlam, dB: lam.abs() + A.abs().mean(0) + B.abs().mean(1)),
             "only the numbers count, not their gradients", sizes),
        Rule("numbers-forgotten", of(lambda A, lam, B, dA, dlam, dB: dlam.abs() + dA.abs().mean(0) + dB.abs().mean(1)),
             "only the gradients count, not the numbers", sizes),
        Rule("lam-alone", of(lambda *c: parts(*c)[0]), "A and B have no part in it", "All three belong to the triple."),
        Rule("lam-missing", of(lambda *c: sum(parts(*c)[1:])), "lam has no part in it", "All three belong to it."),
        Rule("a-missing", of(lambda *c: parts(*c)[0] + parts(*c)[2]), "A has no part in it", "All three belong to it."),
        Rule("b-missing", of(lambda *c: parts(*c)[0] + parts(*c)[1]), "B has no part in it", "All three belong to it."),
        Rule("mean-of-three", of(lambda *c: sum(parts(*c)) / 3), "the three parts are averaged", "They are added."),
        Rule("product-of-three", of(lambda *c: parts(*c)[0] * parts(*c)[1] * parts(*c)[2]), "the three parts are "
             "multiplied", "They are added."),
        Rule("largest-for-mean", total(over=lambda x, dim: x.amax(dim)), "the largest of each vector counts, not the "
             "mean", "mean(dim)."),
        Rule("singular-value-alone", of(lambda A, lam, *rest: lam.abs()), "it is the magnitude of lam", sizes),
    )  # fmt: skip
    expect_all(values, cases, right, told=layer_told, what="the importance", id="wrong-importance", rules=rules,
               hint=sizes)  # fmt: skip


# ------------------------------------------------------------------------------------------------------ allocation
class Plan(NamedTuple):
    """A case: the importances of each layer's triples, and how many triples may stay."""

    importances: list[torch.Tensor]
    budget: int


def plans(draw: Draw, count: int, layers: int = 4) -> list[Plan]:
    """Draw layers of different numbers of triples and of different importance, under budgets from 1 to nearly all."""
    found = []
    for _ in range(count):
        sizes = draw.sizes(layers, 2, 8)
        values = torch.tensor(draw.order(sum(sizes))) + 1.0  # no two alike
        scales = [draw.choice((0.3, 1.0, 1.7)) for _ in sizes]
        parts = [part * scale for part, scale in zip(values.split(sizes), scales, strict=True)]
        parts = [part + 0.011 * k for k, part in enumerate(parts)]
        found.append(Plan(parts, draw.integer(1, sum(sizes) - 1)))
    return found


def plan_told(c: Plan) -> str:
    """A plan, for a message."""
    return f"layers of {', '.join(str(len(one)) for one in c.importances)} triples and budget={c.budget}"


def masks(subject: Subject, cases: list[Plan]) -> list[torch.Tensor]:
    """Call the student's function for each plan and expect a mask of each layer; joined, as numbers 0 and 1."""
    values = ask(subject, cases, plan_told, masks_of, arguments=lambda c: list(c))["values"]
    for value, case in zip(values, cases, strict=True):
        if type(value) is not list or len(value) != len(case.importances):
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-a-mask-each", f"for {plan_told(case)} expected a list of {len(case.importances)} masks, "
                          f"got {came}", "One mask a layer, in the order of the layers.")  # fmt: skip
        for mask, own in zip(value, case.importances, strict=True):
            expect_tensor(mask, "a mask")
            if mask.shape != own.shape or mask.dtype != torch.bool:
                kind = f"{tuple(mask.shape)}, {str(mask.dtype).removeprefix('torch.')}"
                text = f"for {plan_told(case)} a mask must have shape {tuple(own.shape)} and hold bools, got {kind}"
                raise Failure("not-a-mask", text, "True where a triple stays: one bool for each importance.")
    return [torch.cat(value).double() if value else torch.zeros(0) for value in values]


def kept(c: Plan) -> torch.Tensor:
    """Which triples stay, of all layers joined."""
    return _first(torch.cat(c.importances), c.budget)


def _first(values: torch.Tensor, budget: int) -> torch.Tensor:
    stays = torch.zeros(len(values), dtype=torch.float64)
    stays[values.argsort(descending=True, stable=True)[:budget]] = 1
    return stays


@allocate_ranks.check(weight=2)
def keeps_the_most_important(subject: Subject, draw: Draw) -> None:
    """The `budget` triples of greatest importance over all layers stay, and no other."""
    judge_allocation(subject, plans(draw, 20))


def judge_allocation(subject: Subject, cases: list[Plan]) -> None:
    """Compare the masks; hidden checks use it with other budgets."""
    found = masks(subject, cases)

    def each(c: Plan, part: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        return torch.cat([part(one) for one in c.importances])

    def in_turn(c: Plan) -> torch.Tensor:
        left, stays = c.budget, []
        for one in c.importances:
            stays.append(_first(one, left))
            left = max(0, left - len(one))
        return torch.cat(stays)

    def above(c: Plan, strict: bool) -> torch.Tensor:
        joined = torch.cat(c.importances).sort(descending=True).values
        bar = joined[min(c.budget, len(joined)) - 1]
        return (torch.cat(c.importances) > bar if strict else torch.cat(c.importances) >= bar).double()

    over_all = "Join all layers before you choose, and split the choice again."
    rules = (
        Rule("same-for-all", lambda c: each(c, lambda one: _first(one, c.budget // len(c.importances))), "every layer "
             "keeps the same number", over_all),
        Rule("budget-each", lambda c: each(c, lambda one: _first(one, c.budget)), "every layer keeps as many as the "
             "whole budget allows", over_all),
        Rule("share-of-each", lambda c: each(c, lambda one: _first(one, round(c.budget * len(one) / len(torch.cat(
             c.importances))))), "every layer keeps the same share", over_all),
        Rule("first-come", in_turn, "the first layers are served in full", over_all),
        Rule("least-important", lambda c: _first(-torch.cat(c.importances), c.budget), "the least important stay",
             "Sort in descending order."),
        Rule("mask-inverted", lambda c: 1 - kept(c), "True stands where a triple goes", "True where it stays."),
        Rule("one-short", lambda c: above(c, True), "one fewer stays than the budget allows", "As important as the "
             "last that stays is enough: >=, or take the first `budget` places."),
        Rule("one-too-many", lambda c: _first(torch.cat(c.importances), c.budget + 1), "one more stays than the budget "
             "allows", "The first `budget` of the order."),
        Rule("relative-to-layer", lambda c: _first(each(c, lambda one: one / one.sum()), c.budget), "importance is "
             "taken as a share of its layer's", "A layer where nothing matters is to lose its triples: compare the "
             "numbers as they are."),
        Rule("relative-to-layer", lambda c: _first(each(c, lambda one: one / one.max()), c.budget), "importance is "
             "measured by the largest of its layer", "Compare the numbers as they are."),
        Rule("by-layer-mean", lambda c: _first(each(c, lambda one: one.mean() + 0 * one), c.budget), "whole layers are "
             "compared, not triples", over_all),
        Rule("first-places", lambda c: _first(each(c, lambda one: -torch.arange(len(one)).double()), c.budget), "it is "
             "the place in the layer that decides", "Compare importances."),
    )  # fmt: skip
    expect_all(found, cases, kept, told=plan_told, what="which triples stay, all layers joined", id="wrong-choice",
               rules=rules, hint=over_all)  # fmt: skip
