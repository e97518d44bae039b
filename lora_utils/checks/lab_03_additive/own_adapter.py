"""Checks of lab 03: an adapter of one's own design, judged by what every additive method has in common.

Letters: b batch, d width. Nothing is asked about what is inside: the probes see what it returns and what it trains.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import close, expect_apart, learns, share_left, where_wrong
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import parameters_of, train_towards
from lora_utils.checks.framework.subject import StudentRaised, Subject

own_adapter = Exercise("own-adapter")

STEPS, RATE, TRIES = 250, 0.03, 3
LEFT = 0.8  # of the squared distance to the target: straight maps leave 0.9 and more, designs that bend 0 to 0.7


# ---------------------------------------------------------------------------------------------------------- probes
def build_own(cls, *, width: int, budget: int, x) -> dict:
    """Probe: a fresh adapter's output, its parameters before and after a step, and how many are of its modules."""
    adapter = cls(width, budget)
    if not isinstance(adapter, nn.Module):
        return {"module": False}
    return {"module": True, "output": adapter(x), "again": adapter(x), "parameters": parameters_of(adapter)}


def run_own(cls, *, width: int, budget: int, x, target) -> dict:
    """Probe: an adapter that has learned a little, on a batch, on its rows and with axes in front; what has moved."""
    adapter = cls(width, budget)
    before = [p.detach().clone() for p in adapter.parameters()]
    train_towards(adapter, x, target, lr=RATE, steps=20)
    named = zip(adapter.named_parameters(), before, strict=True)
    still = [name for (name, p), old in named if p.requires_grad and p.numel() and torch.equal(p, old)]
    with torch.no_grad():
        return {
            "batch": adapter(x),
            "again": adapter(x),
            "rows": torch.stack([adapter(row) for row in x]),
            "axes": adapter(x[None, :, None]),
            "still": still,
        }


def fit_own(cls, *, width: int, budget: int, x, target, unseen) -> dict:
    """Probe: train some fresh adapters towards the target; their outputs for other inputs."""
    found = []
    for _ in range(TRIES):
        adapter = cls(width, budget)
        train_towards(adapter, x, target, lr=RATE, steps=STEPS)
        found.append(adapter(unseen))
    return {"found": found}


def beside(cls, *, sizes: list, x, target) -> dict:
    """Probe: the output of an adapter trained a little, before and after another one is made and trained elsewhere."""
    first = cls(*sizes)
    train_towards(first, x, target, lr=RATE, steps=20)
    alone = first(x).detach().clone()
    train_towards(cls(*sizes), x, x - 5 * target, lr=RATE, steps=20)
    return {"alone": alone, "beside": first(x)}


# ---------------------------------------------------------------------------------------------------------- judges
def bent(draw: Draw, width: int, *counts: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs (n, d), and these with a change added of which no straight map explains anything, for each count.

    Two sums of a token's numbers, without their signs and less their mean: sqrt(2 / pi) for normal numbers.
    """
    down, up = draw.normal(width, 2, scale=width**-0.5), draw.normal(2, width, scale=2.0)
    return [((x := draw.normal(n, width)), x + ((x @ down).abs() - 0.8) @ up) for n in counts]


def started(subject: Subject, width: int, budget: int, x: torch.Tensor) -> dict:
    """Build an adapter and expect an nn.Module that returns a tensor of the shape that came in."""
    seen = subject.probe(build_own, width=width, budget=budget, x=x)
    if not seen["module"]:
        raise Failure("not-a-module", "OwnAdapter(width, budget) is not an nn.Module",
                      "Write class OwnAdapter(nn.Module) with super().__init__().")  # fmt: skip
    y = seen["output"]
    if not isinstance(y, torch.Tensor):
        raise Failure("no-tensor", f"forward must return a tensor, got {'None' if y is None else 'something else'}",
                      "Is a return missing?")  # fmt: skip
    if y.shape != x.shape or y.dtype != x.dtype:
        raise Failure("wrong-shape", f"x is {tuple(x.shape)}, {x.dtype}; the output is {tuple(y.shape)}, {y.dtype}",
                      "An adapter returns what may stand in the place of x.")  # fmt: skip
    return seen


@own_adapter.check
def starts_as_the_identity(subject: Subject, draw: Draw) -> None:
    """A fresh adapter returns x, bit for bit, for any width and budget."""
    for width, budget in ((7, 7), (8, 20), (6, 40), (draw.integer(9, 14), draw.integer(50, 400))):
        x = draw.normal(5, width)
        seen = started(subject, width, budget, x)
        case = f"width={width} and budget={budget}"
        if not close(seen["again"], seen["output"]):
            raise Failure("random-output", f"with {case} two calls on the same x give different outputs",
                          "After __init__ nothing is drawn: no dropout.")  # fmt: skip
        if torch.equal(seen["output"], x):
            continue
        if not seen["output"].any():
            raise Failure("residual-forgotten", f"with {case} a fresh adapter returns zeros: x itself is lost",
                          "What is learned is added to x, or multiplies it by factors that start at one.")  # fmt: skip
        gap = where_wrong(seen["output"], x, 0.0)
        raise Failure("not-the-identity", f"with {case} what a fresh adapter returns is not x{gap}",
                      "Start the last thing that is done at zero (or, for a product, at one).")  # fmt: skip


@own_adapter.check
def keeps_the_budget(subject: Subject, draw: Draw) -> None:
    """It trains at most `budget` numbers, and at least half of them, for every budget from d to d * d."""
    width = draw.integer(10, 16)
    budgets = [
        width,
        width + 1,
        2 * width - 1,
        2 * width,
        2 * width + 1,
        3 * width,
        3 * width + 1,
        4 * width,
        5 * width + 1,
    ]
    budgets += [width * width, *(draw.integer(width, width * width) for _ in range(6))]
    for budget in budgets:
        parameters = started(subject, width, budget, draw.normal(3, width))["parameters"]
        trained = sum(p["value"].numel() for p in parameters if learns(p))
        case = f"with width={width} and budget={budget} it trains {trained:,} numbers"
        if trained > budget:
            raise Failure("over-budget", case, "Count all that has requires_grad, biases too; nothing may be left over "
                          "when you divide, so round down.")  # fmt: skip
        if not trained:
            raise Failure("nothing-trained", f"{case}: nothing that an optimiser would find",
                          "What is trained is an nn.Parameter, or sits in a module that is an attribute.")  # fmt: skip
        if 2 * trained < budget:
            raise Failure("budget-unused", f"{case}: less than half", "Derive the sizes from the budget: what grows "
                          "with it, and what fits when it is as small as d?")  # fmt: skip


@own_adapter.check(weight=2, after=("starts-as-the-identity", "keeps-the-budget"))
def learns_as_a_layer(subject: Subject, draw: Draw) -> None:
    """All that it trains does learn; a token's result depends on that token alone, whatever axes stand in front."""
    for budget in ("width", "more"):
        width = draw.integer(6, 9)
        size = width if budget == "width" else 5 * width + 3
        ((x, target),) = bent(draw, width, 12)
        case = f"with width={width} and budget={size}"
        try:
            seen = subject.probe(run_own, width=width, budget=size, x=x, target=target)
        except StudentRaised as error:
            if error.kind == "RuntimeError" and "does not require grad" in error.text:
                raise Failure("gets-no-gradient", f"{case} no gradient reaches what is trained", "Compute with the "
                              "parameters themselves: no detach, no .data, no torch.no_grad().") from None  # fmt: skip
            raise
        if seen["still"]:
            raise Failure("never-learns", f"{case}, {', '.join(seen['still'])} has not moved after 20 steps",
                          "Two factors of a product that both start at zero get no gradient; and what forward does not "
                          "use gets none either.")  # fmt: skip
        if not close(seen["again"], seen["batch"]):
            raise Failure("random-output", f"{case}, once it has learned, two calls with the same input give different "
                          "outputs", "Nothing in forward is random: no dropout.")  # fmt: skip
        if not close(seen["rows"], seen["batch"]):
            alone, among = seen["rows"].flatten(), seen["batch"].flatten()
            place = int((alone - among).abs().argmax())
            raise Failure("rows-mixed", f"{case}, a token alone gives something else than in a batch: one of its "
                          f"numbers is {alone[place]:.4g} alone and {among[place]:.4g} in the batch",
                          "Work along the last axis only: no mean or norm over the batch, no state from other calls."
                          )  # fmt: skip
        if not close(seen["axes"].flatten(0, -2), seen["batch"]):
            raise Failure("axes-fixed", f"{case}, an input (1, b, 1, d) does not give what (b, d) gives",
                          "The width is the last axis, whatever stands before it.")  # fmt: skip
    sizes = [width, size]
    seen = subject.probe(beside, sizes=sizes, x=x, target=target)
    expect_apart(seen["alone"], seen["beside"], "adapter")


def judge_fit(subject: Subject, draw: Draw, width: int, budget: int) -> str:
    """Train towards a change that mixes the numbers of a token and bends; hidden checks use it with other sizes."""
    (x, target), (unseen, right) = bent(draw, width, 320, 256)
    seen = subject.probe(fit_own, width=width, budget=budget, x=x, target=target, unseen=unseen)
    left = min(share_left(found, right, unseen) for found in seen["found"])
    told = f"with width={width} and budget={budget}, {left:.1%} of the squared distance is left after {STEPS} steps"
    if not left < LEFT:
        raise Failure("learns-too-little", f"{told}; it must be below {LEFT:.0%}",
                      "The target mixes the numbers of a token and bends. Factors mix nothing, one linear map after "
                      "another stays straight, and an odd function of sums without a bias does not help.")  # fmt: skip
    return told


@own_adapter.check(after=("learns-as-a-layer",))
def learns_what_bends(subject: Subject, draw: Draw) -> str:
    """Trained on a change that mixes the numbers and bends, the best of three leaves less than 80 % of the distance."""
    return judge_fit(subject, draw, width=9, budget=126)
