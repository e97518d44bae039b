"""Checks of lab 05: a rank for each of several updates, under one budget.

Letters: d rows, k columns, r rank, m = min(d, k); r (d + k) numbers are spent on a matrix. Whatever keeps the promises
is right: the judge knows the best choice by trying all, and asks for nine tenths of what that keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from lora_utils.checks.framework.compare import expect_number
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, explained
from lora_utils.checks.framework.subject import Subject
from lora_utils.checks.lab_05_lora_layer.low_rank import Known, known

ranks_under_budget = Exercise("ranks-under-budget")
ENOUGH = 0.9  # of the energy that the best choice keeps


class Plan(NamedTuple):
    """A case: updates, and how many numbers their factors may hold together."""

    updates: list[Known]
    budget: int

    def sizes(self) -> list[int]:
        """What one rank of each update costs: d + k."""
        return [len(w.left) + len(w.right) for w in self.updates]

    def cost(self, ranks: list[int]) -> int:
        """How many numbers the factors of these ranks hold."""
        return sum(r * size for r, size in zip(ranks, self.sizes(), strict=True))

    def energy(self, ranks: list[int]) -> float:
        """What these ranks keep."""
        return sum(float(w.s[:r].square().sum()) for r, w in zip(ranks, self.updates, strict=True))

    def full(self) -> list[int]:
        """The largest rank of each update."""
        return [len(w.s) for w in self.updates]

    def best(self) -> float:
        """The most energy that any ranks within the budget keep."""
        ranges = [range(m + 1) for m in self.full()]
        return max(self.energy(ranks) for ranks in itertools.product(*ranges) if self.cost(ranks) <= self.budget)


def told(c: Plan) -> str:
    """A case, for a message."""
    shapes = ", ".join(f"{len(w.left)} x {len(w.right)}" for w in c.updates)
    return f"updates of {shapes} and budget={c.budget}"


def bought(c: Plan, worth: Callable[[float, int], float], at_once: bool = False) -> list[int]:
    """Spend the budget on one rank after the other: always the one of largest worth that can still be paid.

    With `at_once` it ends at the first that cannot be paid, as where all are sorted and cut.
    """
    ranks, sizes = [0] * len(c.updates), c.sizes()
    while True:
        rest = c.budget - c.cost(ranks)
        open_ = [j for j, w in enumerate(c.updates) if ranks[j] < len(w.s) and (at_once or sizes[j] <= rest)]
        if not open_:
            return ranks
        if at_once and sizes[max(open_, key=lambda j: worth(float(c.updates[j].s[ranks[j]]), sizes[j]))] > rest:
            return ranks
        ranks[max(open_, key=lambda j: worth(float(c.updates[j].s[ranks[j]]), sizes[j]))] += 1


def plans(draw: Draw, count: int) -> list[Plan]:
    """Draw updates whose sizes and energies differ much, under budgets from a few ranks to nearly all of them."""
    found: list[Plan] = []
    while len(found) < count:
        updates = []
        for n in (draw.integer(4, 6), draw.integer(7, 12), draw.integer(20, 30)):
            m = draw.integer(3, 4)
            fall, top = draw.choice((0.3, 0.6, 0.9)), draw.number(0.5, 4)
            s = top * torch.tensor([fall**j for j in range(m)])
            updates.append(known(draw, *((n, m) if draw.integer(0, 1) else (m, n)), s))
        c = Plan([updates[j] for j in draw.order(3)], 0)
        c = c._replace(budget=int(draw.number(0.25, 0.85) * c.cost(c.full())))
        plain = c.energy(bought(c, lambda s, size: s * s / size, at_once=True))
        if plain >= 0.94 * c.best() > 0:  # else a plain way that is right could fall short by whole numbers alone
            found.append(c)
    return found


def chosen(subject: Subject, cases: list[Plan]) -> list[list[int]]:
    """Call the student's function for each case and expect a whole number for each update."""
    values = ask(subject, cases, told, arguments=lambda c: [[w.W for w in c.updates], c.budget])["values"]
    for c, value in zip(cases, values, strict=True):
        value = value.tolist() if isinstance(value, torch.Tensor) and value.dim() == 1 else value
        if type(value) is not list or len(value) != len(c.updates):
            came = f"{len(value)} results" if type(value) is list else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-a-rank-each", f"for {told(c)} expected {len(c.updates)} ranks, got {came}",
                          "Return a list with one rank for each matrix, in their order.")  # fmt: skip
        for one in value:
            expect_number(one, f"a rank for {told(c)}", int)
    return [v.tolist() if isinstance(v, torch.Tensor) else v for v in values]


@ranks_under_budget.check
def keeps_the_budget(subject: Subject, draw: Draw) -> None:
    """Each rank is a whole number from 0 to min(d, k), and the factors hold no more numbers than the budget says."""
    judge_budget(subject, plans(draw, 20))


def judge_budget(subject: Subject, cases: list[Plan]) -> None:
    """Expect ranks that there are and that can be paid; hidden checks use it with other budgets."""
    values = chosen(subject, cases)
    _expect_in_order(cases, values)
    for c, ranks in zip(cases, values, strict=True):
        if wrong := [(r, m) for r, m in zip(ranks, c.full(), strict=True) if not 0 <= r <= m]:
            raise Failure("no-such-rank", f"for {told(c)} a rank is {wrong[0][0]}, and that matrix has ranks from 0 to "
                          f"{wrong[0][1]}", "Above min(d, k) there is nothing left to buy.")  # fmt: skip
        if c.cost(ranks) <= c.budget:
            continue
        hint = "A matrix of rank r costs r * (d + k); add them up before each purchase, and stop in time."
        text = f"for {told(c)} the ranks {ranks} cost {c.cost(ranks)} numbers"
        if c.cost(ranks) - max(s for r, s in zip(ranks, c.sizes(), strict=True) if r) <= c.budget:
            raise Failure("one-too-far", f"{text}: without the last of them it would fit",
                          "Look before you buy: a rank that costs more than what is left is not bought.")  # fmt: skip
        rows = sum(r * len(w.left) for r, w in zip(ranks, c.updates, strict=True))
        fits = f"; counted by their rows alone, {rows}, they would fit" if rows <= c.budget else ""
        raise Failure("over-budget", text + fits, hint)


def _expect_in_order(cases: list[Plan], values: list[list[int]]) -> None:
    """Raise a Failure where the ranks keep both promises for every case in another order, and not in theirs."""

    def kept(c: Plan, ranks: Sequence[int]) -> bool:
        fits = all(0 <= r <= m for r, m in zip(ranks, c.full(), strict=True)) and c.cost(ranks) <= c.budget
        return fits and c.energy(ranks) >= ENOUGH * c.best()

    for c, ranks in zip(cases, values, strict=True):
        if not kept(c, ranks) and all(any(kept(other, order) for order in itertools.permutations(given))
                                      for other, given in zip(cases, values, strict=True)):  # fmt: skip
            raise Failure("in-another-order", f"for {told(c)} the ranks {ranks} are good ones for the matrices in "
                          "another order", "The list of ranks has the order of the list of matrices.")  # fmt: skip


def alike(c: Plan) -> list[int]:
    """The same rank for all that the budget allows, cut to what a matrix has."""
    fits = [[min(r, m) for m in c.full()] for r in range(max(c.full()) + 1)]
    return next(ranks for ranks in reversed(fits) if c.cost(ranks) <= c.budget)


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes choose."""

    def in_order(c: Plan, turn: int = 1) -> list[int]:
        ranks = [0] * len(c.updates)
        for j in list(range(len(ranks)))[::turn]:
            ranks[j] = min(c.full()[j], (c.budget - c.cost(ranks)) // c.sizes()[j])
        return ranks

    def by_share(c: Plan) -> list[int]:
        energies = [float(w.s.square().sum()) for w in c.updates]
        parts = [c.budget * e / sum(energies) for e in energies]
        return [min(m, int(part // size)) for part, size, m in zip(parts, c.sizes(), c.full(), strict=True)]

    def split(c: Plan) -> list[int]:
        part = c.budget // len(c.updates)
        return [min(m, part // size) for size, m in zip(c.sizes(), c.full(), strict=True)]

    price = "Two ranks of equal energy cost differently: a small matrix's is the cheaper one."
    return (
        Rule("same-for-all", lambda c: alike(c), "that is the same rank for all, whatever their energy",
             "Where does one more rank keep most?"),
        Rule("split-evenly", split, "every matrix gets the same part of the budget", "Where does one more rank keep "
             "most for what it costs?"),
        Rule("split-by-energy", by_share, "the budget is split by the energy of the whole matrices", "What counts is "
             "what the next rank adds: a matrix of one strong direction needs no second."),
        Rule("first-come", in_order, "the first matrix is served in full, then the next", "Compare the next rank of "
             "each matrix before every purchase."),
        Rule("last-come", lambda c: in_order(c, -1), "the last matrix is served in full, then the one before",
             "Compare the next rank of each matrix before every purchase."),
        Rule("price-ignored", lambda c: bought(c, lambda s, size: s), "the strongest direction is bought first, "
             "whatever it costs", price),
        Rule("energy-ignored", lambda c: bought(c, lambda s, size: -size), "the cheapest rank is bought first, "
             "whatever "
             "it keeps", "Divide what a rank keeps by what it costs."),
        Rule("nothing-bought", lambda c: [0] * len(c.updates), "all ranks are 0: nothing is kept", "Spend the budget."),
    )  # fmt: skip


@ranks_under_budget.check(weight=2, after=("keeps-the-budget",))
def nearly_the_best(subject: Subject, draw: Draw) -> None:
    """They keep at least nine tenths of the energy that the best choice within the budget keeps."""
    judge_energy(subject, plans(draw, 25))


def judge_energy(subject: Subject, cases: list[Plan]) -> None:
    """Compare the energy kept with the best choice's; hidden checks use it with other updates."""
    values = chosen(subject, cases)
    _expect_in_order(cases, values)
    short = [j for j, c in enumerate(cases) if c.energy(values[j]) < ENOUGH * c.best()]
    if not short:
        return
    c, ranks = cases[short[0]], values[short[0]]
    text = f"for {told(c)} the ranks {ranks} keep {c.energy(ranks) / c.best():.0%} of what the best choice keeps"
    if rule := explained(values, cases, lambda c: [-1], _rules()):
        raise Failure(rule.id, f"{text}: {rule.text}", rule.hint)
    raise Failure("energy-lost", text, "For each matrix, what does its next rank keep, and what does it cost?")
