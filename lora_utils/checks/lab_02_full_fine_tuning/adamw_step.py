"""Checks of lab 02: one step of AdamW by hand, compared with torch.optim.AdamW.

Letters: theta the numbers to train, g their gradient, m and v the running means of g and of its square, t the step.
"""

from __future__ import annotations

from itertools import permutations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor

adamw_step = Exercise("adamw-step", lifted=("changes-a-tensor",))
NAMES = ("theta", "m", "v")


# ---------------------------------------------------------------------------------------------------------- probes
def run_adamw(function, *, theta, gradients: list, settings: dict) -> dict:
    """Probe: steps t = 1, 2, ... from zero moments; returns theta, m and v after each, and what came in, afterwards."""
    state = [theta, torch.zeros_like(theta), torch.zeros_like(theta)]
    looks, given = [], []
    for t, g in enumerate(gradients, start=1):
        result = function(state[0], g, state[1], state[2], t, **settings)
        given.append({name: value.detach().clone() for name, value in zip((*NAMES, "g"), (*state, g), strict=True)})
        if not isinstance(result, tuple | list) or len(result) != 3:
            return {"looks": [], "given": [], "count": len(result) if isinstance(result, tuple | list) else 1}
        looks.append(dict(zip(NAMES, result, strict=True)))
        if not all(isinstance(value, torch.Tensor) for value in result):
            break
        state = [value.detach().clone() for value in result]
    return {"looks": looks, "given": given, "count": 3}


# ---------------------------------------------------------------------------------------------------------- judges
def adamw_case(draw: Draw, *, steps: int, weight_decay: float = 0.0) -> dict:
    """Draw numbers, gradients of very different size and settings under which no mistake hides."""
    n = draw.integer(5, 9)
    sizes = torch.logspace(-2, 1, n, dtype=torch.float64)  # a small gradient shows where eps stands
    return {
        "theta": draw.normal(n, dtype=torch.float64),
        "gradients": [sizes * draw.normal(n, dtype=torch.float64) for _ in range(steps)],
        "settings": {
            "lr": draw.number(0.11, 0.19), "beta1": draw.number(0.75, 0.85), "beta2": draw.number(0.9, 0.96),
            "eps": draw.number(0.03, 0.09), "weight_decay": weight_decay,
        },
    }  # fmt: skip


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


def simulate(c: dict, mistake: str = "") -> list[dict]:
    """The paper's formulas with one mistake in them."""
    s, theta = c["settings"], c["theta"]
    lr, b1, b2, eps, wd = (s[name] for name in ("lr", "beta1", "beta2", "eps", "weight_decay"))
    if mistake == "betas exchanged":
        b1, b2 = b2, b1
    m, v, looks = torch.zeros_like(theta), torch.zeros_like(theta), []
    for t, g in enumerate(c["gradients"], start=1):
        raw = g
        if mistake == "decay in the gradient":
            g = g + wd * theta
        square = g if mistake == "not squared" else g**2
        if mistake == "square of the mean":
            square = (b1 * m + (1 - b1) * g) ** 2
        if mistake == "weights exchanged":
            m, v = (1 - b1) * m + b1 * g, (1 - b2) * v + b2 * square
        elif mistake == "factor forgotten":
            m, v = b1 * m + g, b2 * v + square
        else:
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * square
        correct1, correct2 = 1 - b1**t, 1 - b2**t
        if mistake == "not corrected":
            correct1 = correct2 = 1.0
        if mistake == "m not corrected":
            correct1 = 1.0
        if mistake == "v not corrected":
            correct2 = 1.0
        if mistake == "always the first":
            correct1, correct2 = 1 - b1, 1 - b2
        if mistake == "corrected with t + 1":
            correct1, correct2 = 1 - b1 ** (t + 1), 1 - b2 ** (t + 1)
        if mistake == "corrections exchanged":
            correct1, correct2 = correct2, correct1
        if mistake == "multiplied":
            correct1, correct2 = 1 / correct1, 1 / correct2
        m_hat, v_hat = m / correct1, v / correct2
        if mistake == "gradient instead of m":
            m_hat = raw
        denominator = {
            "eps inside": (v_hat + eps).sqrt(), "eps inside squared": (v_hat + eps**2).sqrt(),
            "eps scaled": (v.sqrt() + eps) / correct2**0.5, "no root": v_hat + eps, "eps forgotten": v_hat.sqrt(),
        }.get(mistake, v_hat.sqrt() + eps)  # fmt: skip
        step = m_hat / denominator if mistake == "lr forgotten" else lr * m_hat / denominator
        if mistake == "eps beside":
            step = lr * m_hat / v_hat.sqrt() - eps
        if mistake == "theta forgotten":
            step = step + theta
        decay = {
            "decay in the gradient": 0.0, "decay without lr": wd * theta, "decay forgotten": 0.0,
            "decay adds": -lr * wd * theta, "decay of the new": lr * wd * (theta - step),
            "decay scaled": lr * wd * theta / denominator,
        }.get(mistake, lr * wd * theta)  # fmt: skip
        theta = theta + step - decay if mistake == "uphill" else theta - step - decay
        if mistake == "corrected moments kept":
            m, v = m_hat, v_hat
        looks.append({"theta": theta, "m": m, "v": v})
    return looks


def adamw_seen(subject: Subject, c: dict) -> dict:
    """Run the steps and expect three tensors a step."""
    seen = subject.probe(run_adamw, **c)
    if seen["count"] != 3:
        raise Failure("not-three", f"expected theta, m and v, got {seen['count']} value(s)", "return theta, m, v")
    for name in NAMES:
        expect_tensor(seen["looks"][0][name], name)
    look, right = seen["looks"][0], reference(c)[0]
    for order in permutations(NAMES):
        if order != NAMES and all(close(look[at], right[name]) for at, name in zip(NAMES, order, strict=True)):
            raise Failure("other-order", f"the three values are right and come in another order: {', '.join(order)}",
                          "return theta, m, v")  # fmt: skip
    return seen


STEPS = (
    ("not corrected", "bias-not-corrected", "m and v are used as they are: in the first steps they are far too small",
     "Divide m by 1 - beta1**t and v by 1 - beta2**t, for use in this step."),
    ("m not corrected", "m-not-corrected", "m is used without its correction", "m_hat = m / (1 - beta1**t)"),
    ("v not corrected", "v-not-corrected", "v is used without its correction", "v_hat = v / (1 - beta2**t)"),
    ("corrected with t + 1", "t-off-by-one", "the correction uses t + 1", "The first step has t = 1."),
    ("always the first", "t-ignored", "the correction is that of the first step for ever", "Use beta1**t, not beta1."),
    ("eps inside", "eps-inside-root", "eps stands inside the square root", "sqrt(v_hat) + eps: first the root."),
    ("eps inside squared", "eps-inside-root", "eps squared stands inside the square root", "sqrt(v_hat) + eps"),
    ("eps scaled", "eps-scaled", "eps is divided by sqrt(1 - beta2**t) too: it was added before the correction",
     "Correct v first, take the root, then add eps."),
    ("eps forgotten", "eps-forgotten", "eps is missing", "Divide by sqrt(v_hat) + eps."),
    ("no root", "root-forgotten", "the square root of v is missing", "Divide by sqrt(v_hat) + eps."),
    ("corrections exchanged", "corrections-exchanged", "m is corrected with beta2 and v with beta1",
     "m belongs to beta1, v to beta2."),
    ("multiplied", "correction-multiplied", "m and v are multiplied with 1 - beta**t",
     "Divide: the correction makes the first, small means larger."),
    ("eps beside", "eps-outside-fraction", "eps is added to the fraction instead of its denominator",
     "Parentheses: m_hat / (sqrt(v_hat) + eps)"),
    ("lr forgotten", "lr-forgotten", "the step is not multiplied by lr", "lr * m_hat / (sqrt(v_hat) + eps)"),
    ("theta forgotten", "theta-forgotten", "that is the step alone", "theta - step: it starts from theta."),
    ("gradient instead of m", "m-unused", "the step follows the gradient itself instead of m", "Use m_hat above."),
    ("uphill", "uphill", "the step goes along the gradient: uphill", "Subtract the step."),
)  # fmt: skip
DECAY = (
    ("decay in the gradient", "decay-in-gradient", "the decay is added to the gradient, so m and v see it: Adam with "
     "L2, not AdamW", "Leave g alone; subtract lr * weight_decay * theta beside the step."),
    ("decay forgotten", "decay-forgotten", "weight_decay has no effect", "Subtract lr * weight_decay * theta as well."),
    ("decay without lr", "decay-without-lr", "the decay is not multiplied by lr", "lr * weight_decay * theta"),
    ("decay adds", "decay-adds", "the decay makes theta larger", "Subtract lr * weight_decay * theta."),
    ("decay of the new", "decay-of-the-new", "the decay acts on theta after the step",
     "Both parts are computed from the theta that came in."),
    ("decay scaled", "decay-scaled", "the decay is divided by the root of v like the gradient",
     "The decay stands outside the fraction."),
)  # fmt: skip


def judge_theta(subject: Subject, c: dict, known: tuple) -> None:
    """Compare theta after each step with torch.optim.AdamW; hidden checks use it with other settings."""
    looks, right = adamw_seen(subject, c)["looks"], reference(c)
    wrong = [(id, text, hint, simulate(c, mistake)) for mistake, id, text, hint in known]
    for k, (look, expected) in enumerate(zip(looks, right, strict=False)):
        mistakes = tuple(Mistake(id, w[k]["theta"], text, hint) for id, text, hint, w in wrong)
        theta = look["theta"]
        if k == 0 and isinstance(theta, torch.Tensor) and not torch.isfinite(theta).all():
            raise Failure("t-off-by-one", "theta after the first step is not finite: something is divided by zero",
                          "At t = 1, 1 - beta**t is not zero, but 1 - beta**(t - 1) is.")  # fmt: skip
        if isinstance(theta, torch.Tensor) and torch.isnan(theta).any():
            raise Failure("root-of-negative", f"theta after step {k + 1} is NaN: the root of a negative number",
                          "v_hat is positive if v is the mean of squares and 1 - beta2**t has a power: ** and not "
                          "*.")  # fmt: skip
        expect_close(look["theta"], expected["theta"], what=f"theta after step {k + 1}", id="wrong-theta",
                     hint="theta - lr * m_hat / (sqrt(v_hat) + eps) - lr * weight_decay * theta",
                     mistakes=mistakes)  # fmt: skip


@adamw_step.check
def moments(subject: Subject, draw: Draw) -> None:
    """m and v are the running means of the gradient and of its square, not corrected."""
    c = adamw_case(draw, steps=3)
    looks, right = adamw_seen(subject, c)["looks"], reference(c)
    formula = "m = beta1 * m + (1 - beta1) * g, and the same for v with beta2 and g squared."
    known = (
        ("betas exchanged", "betas-exchanged", "uses the other beta"),
        ("weights exchanged", "weights-exchanged", "has beta and 1 - beta exchanged"),
        ("factor forgotten", "factor-forgotten", "lacks the factor 1 - beta"),
        ("not squared", "not-squared", "averages the gradient, not its square"),
        ("square of the mean", "square-of-mean", "averages the square of the new m instead of that of g"),
        ("corrected moments kept", "corrected-kept", "is returned after its correction: the next step would correct it "
         "again"),
    )  # fmt: skip
    for name in ("m", "v"):
        for look in looks:  # one shape in all steps, so that they can be compared together
            expect_tensor(look[name], name)
            if look[name].shape != c["theta"].shape:
                came, wanted = tuple(look[name].shape), tuple(c["theta"].shape)
                raise Failure("wrong-moment-shape", f"{name} must have shape {wanted}, got {came}", formula)
        mistakes = tuple(Mistake(id, _all(simulate(c, mistake), name), f"{name} {why}", formula)
                         for mistake, id, why in known)  # fmt: skip
        what = f"{name} over {len(right)} steps"
        expect_close(_all(looks, name), _all(right, name), what=what, id="wrong-moment", hint=formula,
                     mistakes=mistakes)  # fmt: skip


def _all(looks: list[dict], name: str) -> torch.Tensor:
    """One of theta, m and v after every step, as rows."""
    return torch.stack([look[name].double() for look in looks])


@adamw_step.check(weight=2)
def steps(subject: Subject, draw: Draw) -> None:
    """Without decay, theta moves as under torch.optim.AdamW, in the first step and in later ones."""
    judge_theta(subject, adamw_case(draw, steps=4), STEPS)


@adamw_step.check(after=("steps",))
def decay(subject: Subject, draw: Draw) -> None:
    """The weight decay is decoupled: it shrinks theta beside the step and never enters m and v."""
    judge_theta(subject, adamw_case(draw, steps=3, weight_decay=draw.number(0.5, 0.9)), DECAY)


@adamw_step.check
def inputs_kept(subject: Subject, draw: Draw) -> None:
    """The tensors that come in stay as they are."""
    c = adamw_case(draw, steps=2, weight_decay=0.3)
    seen, zero = adamw_seen(subject, c), torch.zeros_like(c["theta"])
    came = [{"theta": c["theta"], "m": zero, "v": zero}, *seen["looks"]]  # each step gets what the one before returned
    changed = set()
    for now, state, g in zip(seen["given"], came, c["gradients"], strict=False):
        for name, old in (*state.items(), ("g", g)):
            if not torch.equal(now[name].nan_to_num(), old.nan_to_num()):  # NaN, unlike itself, is no change
                changed.add(name)
    if changed:
        raise Failure("changed-in-place", f"{', '.join(sorted(changed))} came in and was changed in place",
                      "Write m = beta1 * m + ...; not m *= beta1 or m.mul_(beta1).")  # fmt: skip
