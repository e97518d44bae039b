"""Checks of lab 02: one step of AdamW by hand, compared with torch.optim.AdamW.

Letters: theta the numbers to train, g their gradient, m and v the running means of g and of its square, t the step.

The visible checks look at single steps from moments of the judge's choice, so that a mistake in m or v cannot spoil
what is said about theta; the hidden one takes many steps in a row.
"""

from __future__ import annotations

import math
from itertools import permutations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor
from lora_utils.checks.lab_02_full_fine_tuning.adamw_formulas import DECAY, STEPS, simulate

adamw_step = Exercise("adamw-step", lifted=("changes-a-tensor",))
NAMES = ("theta", "m", "v")
FORMULA = "Compare with the five formulas above, term by term."


# ---------------------------------------------------------------------------------------------------------- probes
def run_adamw(function, *, theta, gradients: list, settings: dict) -> dict:
    """Probe: steps t = 1, 2, ... from zero moments; returns what came of each."""
    state = [theta, torch.zeros_like(theta), torch.zeros_like(theta)]
    results = []
    for t, g in enumerate(gradients, start=1):
        results.append(as_list(function(state[0], g, state[1], state[2], t, **settings)))
        if len(results[-1]) != 3 or not all(isinstance(value, torch.Tensor) for value in results[-1]):
            break
        state = [value.detach().clone() for value in results[-1]]
    return {"results": results}


def single_steps(function, *, cases: list) -> dict:
    """Probe: one step for each case; returns what came of each, and what the tensors that came in are afterwards."""
    results, given = [], []
    for c in cases:
        results.append(as_list(function(c["theta"], c["g"], c["m"], c["v"], c["t"], **c["settings"])))
        given.append({name: c[name].detach().clone() for name in (*NAMES, "g")})
    return {"results": results, "given": given}


def as_list(result) -> list:
    """Not a probe by itself: what was returned, as a list of values."""
    return list(result) if isinstance(result, tuple | list) else [result]


# ---------------------------------------------------------------------------------------------------------- judges
def settings_of(draw: Draw, weight_decay: float) -> dict:
    """Draw settings under which no mistake hides."""
    return {
        "lr": draw.number(0.11, 0.19), "beta1": draw.number(0.75, 0.85), "beta2": draw.number(0.9, 0.96),
        "eps": draw.number(0.03, 0.09), "weight_decay": weight_decay,
    }  # fmt: skip


def adamw_case(draw: Draw, *, steps: int, weight_decay: float = 0.0) -> dict:
    """Draw numbers and gradients of very different size for several steps in a row."""
    n = draw.integer(5, 9)
    sizes = torch.logspace(-2, 1, n, dtype=torch.float64)  # a small gradient shows where eps stands
    return {
        "theta": draw.normal(n, dtype=torch.float64),
        "gradients": [sizes * draw.normal(n, dtype=torch.float64) for _ in range(steps)],
        "settings": settings_of(draw, weight_decay),
    }


def step_cases(draw: Draw, *, decays: bool = False) -> list[dict]:
    """Draw single steps: the first and later ones, for a vector, a matrix and a single number."""
    cases = []
    for t in (1, 1, 2, 3, 4, 7, 20):
        for shape in ((6,), (2, 3), ()):
            drawn = draw.normal(4, math.prod(shape), dtype=torch.float64)
            theta, g, m, v = (row.reshape(shape) for row in drawn)
            size = 10 ** draw.number(-2, 0.5)
            g, m, v = size * g, size * m * (t > 1), (size * v).square() * (t > 1)  # the moments are zero at the start
            settings = settings_of(draw, draw.number(0.5, 0.9) if decays else 0.0)
            cases.append({"theta": theta, "g": g, "m": m, "v": v, "t": t, "settings": settings})
    return cases


def reference(c: dict) -> list[dict]:
    """theta, m and v after each step, from torch.optim.AdamW itself."""
    s, theta = c["settings"], torch.nn.Parameter(c["theta"].clone())
    betas = (s["beta1"], s["beta2"])
    optimizer = torch.optim.AdamW([theta], lr=s["lr"], betas=betas, eps=s["eps"], weight_decay=s["weight_decay"])
    looks = []
    for g in c["gradients"]:
        theta.grad = g.clone()
        optimizer.step()
        state = optimizer.state[theta]
        looks.append({
            "theta": theta.detach().clone(), "m": state["exp_avg"].clone(), "v": state["exp_avg_sq"].clone(),
        })  # fmt: skip
    return looks


def seen_steps(subject: Subject, cases: list) -> dict:
    """Run single steps and expect three tensors, of the shape of theta, from each."""
    seen = subject.probe(single_steps, cases=cases)
    for result in seen["results"]:
        if len(result) != 3:
            came = "None: is a return missing?" if result == [None] else f"{len(result)} value(s)"
            raise Failure("not-three", f"expected theta, m and v, got {came}", "return theta, m, v")
        for name, value in zip(NAMES, result, strict=True):
            expect_tensor(value, name)
    right = [simulate(c) for c in cases]
    for order in permutations(NAMES):
        if order != NAMES and all(close(value, one[name]) for result, one in zip(seen["results"], right, strict=True)
                                  for value, name in zip(result, order, strict=True)):  # fmt: skip
            raise Failure("other-order", f"the three values are right and come in another order: {', '.join(order)}",
                          "return theta, m, v")  # fmt: skip
    looks = [dict(zip(NAMES, result, strict=True)) for result in seen["results"]]
    for look, c in zip(looks, cases, strict=True):
        for name in NAMES:
            if look[name].shape != c["theta"].shape:
                came, wanted = tuple(look[name].shape), tuple(c["theta"].shape)
                raise Failure("wrong-moment-shape", f"{name} must have the shape of theta, {wanted}, got {came}",
                              "All operations act number by number: nothing is summed or averaged.")  # fmt: skip
            if look[name].dtype != c["theta"].dtype:
                raise Failure("dtype-lost", f"theta came in {c['theta'].dtype}, and {name} comes back in "
                              f"{look[name].dtype}", "Compute in the dtype that comes in: no .float().")  # fmt: skip
    return {"looks": looks, "given": seen["given"]}


def expect_steps(looks: list[dict], cases: list, name: str, known: tuple, id: str, what: str, hint: str) -> None:
    """Compare one of theta, m and v over all cases at once: a mistake is named if it explains every one of them."""

    def row(values: list[dict]) -> torch.Tensor:
        return torch.cat([one[name].double().flatten() for one in values])

    came, right = row(looks), row([simulate(c) for c in cases])
    if close(came, right, 1e-6):
        return  # before all the mistakes are computed
    mistakes = tuple(Mistake(id, row([simulate(c, mistake) for c in cases]), text, hint)
                     for mistake, id, text, hint in known)  # fmt: skip
    if any(close(came, mistake.value, 1e-6) for mistake in mistakes):
        expect_close(came, right, what=what, mistakes=mistakes, tolerance=1e-6)
    pairs = [(look[name], simulate(c)[name], c) for look, c in zip(looks, cases, strict=True)]
    wrong = [pair for pair in pairs if not close(*pair[:2], 1e-6)]
    value, wanted, c = next((pair for pair in wrong if pair[2]["theta"].dim()), wrong[0])
    fine = sorted({c["t"] for c in cases} - {pair[2]["t"] for pair in wrong})
    at = f" at t = {c['t']}" + f" (it is right at t = {', '.join(map(str, fine))})" * bool(fine)
    at += " where lr is 0" * all(pair[2]["settings"]["lr"] == 0 for pair in wrong)
    expect_close(value, wanted, what=what + at, id=id, hint=hint, tolerance=1e-6)
    raise Failure(id, f"{what}{at} is wrong", hint)  # by less than can be told in one case alone


def judge_theta(subject: Subject, c: dict) -> None:
    """Compare theta after each of many steps with torch.optim.AdamW; hidden checks use it with many."""
    results, right = subject.probe(run_adamw, **c)["results"], reference(c)
    for k, (result, expected) in enumerate(zip(results, right, strict=False)):
        theta = result[0]
        expect_tensor(theta, "theta")
        expect_close(theta, expected["theta"], what=f"theta after step {k + 1}", id="wrong-theta",
                     hint="A single step from other moments was right: does something depend on t, or on a gradient "
                     "that is zero?")  # fmt: skip


@adamw_step.check
def moments(subject: Subject, draw: Draw) -> None:
    """m and v are the running means of the gradient and of its square, not corrected."""
    cases = step_cases(draw)
    cases += [{**c, "settings": {**c["settings"], "lr": 0.0}} for c in cases[:6]]  # as in the first step of a warm-up
    looks = seen_steps(subject, cases)["looks"]
    known = (
        ("betas exchanged", "betas-exchanged", "uses the other beta"),
        ("weights exchanged", "weights-exchanged", "has beta and 1 - beta exchanged"),
        ("factor forgotten", "factor-forgotten", "lacks the factor 1 - beta"),
        ("not squared", "not-squared", "averages the gradient, not its square"),
        ("absolute", "not-squared", "averages the gradient's absolute value, not its square"),
        ("one for all", "averaged-over-numbers", "takes the mean of g squared over all numbers of theta"),
        ("sum for all", "averaged-over-numbers", "takes the sum of g squared over all numbers of theta"),
        ("square of the mean", "square-of-mean", "averages the square of the new m instead of that of g"),
        ("corrected moments kept", "corrected-kept", "is returned after its correction: the next step would correct it "
         "again"),
    )  # fmt: skip
    for name, beta in (("m", "beta1"), ("v", "beta2")):
        hint = f"{beta} is the share of the old {name} that stays; what is returned is not corrected."
        expect_steps(looks, cases, name, tuple((mistake, id, f"{name} {why}", hint) for mistake, id, why in known),
                     "wrong-moment", f"{name} after one step", hint)  # fmt: skip


@adamw_step.check(weight=2, after=("moments",))
def steps(subject: Subject, draw: Draw) -> None:
    """Without decay, theta moves as under torch.optim.AdamW, in the first step and in later ones."""
    cases = step_cases(draw)
    looks = seen_steps(subject, cases)["looks"]
    finite = dict.fromkeys((c["t"] for c in cases), True)
    for look, c in zip(looks, cases, strict=True):
        finite[c["t"]] &= bool(torch.isfinite(look["theta"]).all())
    if not finite.pop(1) and all(finite.values()):
        raise Failure("t-off-by-one", "theta after the first step is not finite: something is divided by zero",
                      "At t = 1, 1 - beta**t is not zero, but 1 - beta**(t - 1) is.")  # fmt: skip
    if any(torch.isnan(look["theta"]).any() for look in looks):
        raise Failure("root-of-negative", "theta after a later step is NaN: the root of a negative number",
                      "v_hat is positive if v is the mean of squares and 1 - beta2**t has a power: ** and not "
                      "*.")  # fmt: skip
    expect_steps(looks, cases, "theta", STEPS, "wrong-theta", "theta after one step", FORMULA)
    judge_theta(subject, adamw_case(draw, steps=4))  # torch's own, several in a row


@adamw_step.check(after=("steps",))
def decay(subject: Subject, draw: Draw) -> None:
    """The weight decay is decoupled: it shrinks theta beside the step and never enters m and v."""
    cases = step_cases(draw, decays=True)
    looks = seen_steps(subject, cases)["looks"]
    expect_steps(looks, cases, "theta", DECAY, "wrong-decay", "theta after one step with weight decay",
                 "Without weight decay the step was right: what does the last formula subtract beside it?")  # fmt: skip
    for name in ("m", "v"):
        what = f"{name} after one step with weight decay"
        expect_steps(looks, cases, name, (), "decay-in-moments", what, "The decay never enters m and v.")


@adamw_step.check
def inputs_kept(subject: Subject, draw: Draw) -> None:
    """The tensors that come in stay as they are."""
    cases = step_cases(draw, decays=True)
    seen = seen_steps(subject, cases)
    pairs = list(zip(seen["given"], cases, strict=True))
    changed = [name for name in (*NAMES, "g") if not all(torch.equal(now[name], c[name]) for now, c in pairs)]
    if changed:
        was = "was" if len(changed) == 1 else "were"
        raise Failure("changed-in-place", f"{' and '.join(changed)}, as handed over, {was} changed in place",
                      "Operators such as *= and -=, and methods that end in _ such as mul_, write into the tensor that "
                      "came in; a = b * c makes a new one.")  # fmt: skip
