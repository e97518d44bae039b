"""Checks of lab 05 about the formulas around LoRALayer: its gradients by hand, and what PEFT's numbers mean.

Letters: n rows of x, i in_dim, o out_dim, r rank. x (n, i), A (i, r), B (r, o), G (n, o) = dL/dy.
The judge takes gradients from autograd in float64, and judges a conversion by the products it must leave unchanged.
"""

from __future__ import annotations

import torch
from torch.overrides import TorchFunctionMode

from lora_utils.checks.framework.compare import Mistake, expect_close
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import StudentRaised, Subject

first_gradients = Exercise("first-gradients")
alpha_conventions = Exercise("alpha-conventions")


# ------------------------------------------------------------------------------------------------- first-gradients
def by_hand(function, *, x, A, B, alpha, G) -> dict:
    """Probe: call the student's function where autograd does not record, and may not be switched on again."""
    with torch.inference_mode(), _NoAutograd():
        value = function(x.clone(), A.clone(), B.clone(), alpha, G.clone())
    return {"value": [v.clone() if isinstance(v, torch.Tensor) else v for v in value] if _pair(value) else value}


class _NoAutograd(TorchFunctionMode):
    """Refuses every result that autograd or torch.func would differentiate."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.requires_grad:
            raise RuntimeError("requires_grad is switched off here")
        return result


def _pair(value) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2


def gradients_of(subject: Subject, c: dict) -> list:
    """Call the student's function and expect two results, computed without autograd."""
    try:
        value = subject.probe(by_hand, **c)["value"]
    except StudentRaised as error:
        told = ("require grad", "requires_grad", "grad_fn", "Inference tensors", "inference tensor")
        if error.kind == "RuntimeError" and any(words in error.text for words in told):
            raise Failure("autograd-used", "it asks autograd for the gradients, which is switched off here",
                          "Write the two products down: they need only x, A, B, alpha and G.") from None  # fmt: skip
        raise
    if not _pair(value):
        raise Failure("not-a-pair", "expected two results, (dA, dB)", "Write return dA, dB.")
    return value


def gradient_case(draw: Draw, *, n: int | None = None) -> dict:
    """Draw x, A, B, alpha and G with pairwise different sizes; n=1 gives a single row."""
    sizes = draw.sizes(4, 3, 9)
    n, (i, r, o) = sizes[0] if n is None else n, sizes[1:]
    return {"x": draw.normal(n, i), "A": draw.normal(i, r), "B": draw.normal(r, o),
            "alpha": draw.number(1.5, 2.9), "G": draw.normal(n, o)}  # fmt: skip


def reference(c: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """dL/dA and dL/dB by autograd, in float64."""
    A, B = (c[name].double().requires_grad_(True) for name in "AB")
    y = c["alpha"] * (c["x"].double() @ A @ B)  # (n, o)
    return torch.autograd.grad(y, (A, B), c["G"].double())


@first_gradients.check
def gradient_of_a(subject: Subject, draw: Draw) -> None:
    """dA is dL/dA for any x, A, B, alpha and G, and has the shape of A."""
    judge_gradient(subject, gradient_case(draw), 0)


@first_gradients.check
def gradient_of_b(subject: Subject, draw: Draw) -> None:
    """dB is dL/dB for any x, A, B, alpha and G, and has the shape of B."""
    judge_gradient(subject, gradient_case(draw), 1)


def judge_gradient(subject: Subject, c: dict, which: int) -> None:
    """Compare one gradient with autograd's; hidden checks use it with other cases."""
    name, (dA, dB) = "AB"[which], reference(c)
    right, other, alpha, n = (dA, dB)[which], (dB, dA)[which], c["alpha"], len(c["x"])
    r, x, G = c["A"].shape[1], c["x"].double(), c["G"].double()
    at_start = torch.zeros_like(right)
    known = (
        "Go back from y in two steps, first to x @ A, where alpha * G @ B.T arrives, then to A.",
        "Read y as U @ V with U = alpha * x @ A and V = B; the rule in the text gives dL/dV.",
    )[which]
    further = f"Apply the rule once more, to the product A @ B, to get from there to {name}."
    mistakes = (
        Mistake("alpha-forgotten", right / alpha, f"d{name} lacks the factor alpha",
                "y = alpha * (x @ A @ B), so alpha multiplies every gradient."),
        Mistake("alpha-twice", right * alpha, f"d{name} holds alpha twice",
                "G is dL/dy, after the multiplication by alpha: multiply once."),
        Mistake("alpha-over-rank", right / r, f"d{name} is divided by the rank",
                "This course's layer scales by alpha alone; the paper's alpha / r is the last exercise."),
        Mistake("averaged", right / n, f"d{name} is averaged over the {n} rows",
                "G holds whatever averaging the loss does; add the rows up, as the matrix product does."),
        Mistake("descent-step", -right, f"d{name} has the opposite sign",
                "Return the gradient itself; the minus sign belongs to the optimiser's step."),
        Mistake("zero-gradient", at_start, f"d{name} is zero for factors that are not",
                "Only at the first step, where B is zero, does one of the two vanish."),
        Mistake("gradient-transposed", right.T, f"d{name} is transposed: shape {tuple(right.T.shape)}",
                f"A gradient has the shape of what it belongs to: {tuple(right.shape)}."),
        Mistake("gradients-swapped", other, "dA and dB are in each other's place", "Write return dA, dB."),
        Mistake("gradient-of-product", alpha * x.T @ G, "that is dL/d(A @ B), of shape (i, o)",
                further),
        Mistake("gradient-of-product", x.T @ G, "that is dL/d(A @ B) without alpha, of shape (i, o)",
                further),
    )  # fmt: skip
    value = gradients_of(subject, c)[which]
    what = f"for x of shape {tuple(c['x'].shape)} and alpha={alpha} d{name}"
    expect_close(value, right, what=what, id="wrong-gradient", hint=known, mistakes=mistakes)


# ----------------------------------------------------------------------------------------------- alpha-conventions
NAMES = ("A", "B", "alpha", "delta_W")


def peft_case(draw: Draw, *, rank: int | None = None) -> dict:
    """Draw PEFT's three: lora_A (r, i), lora_B (o, r) and lora_alpha, sizes pairwise different."""
    sizes = draw.sizes(3, 4, 10)  # above the root of any rank, so that lora_alpha / sqrt(r) stands for itself
    r, (i, o) = sizes[0] if rank is None else rank, sizes[1:]
    return {"lora_A": draw.normal(r, i), "lora_B": draw.normal(o, r), "lora_alpha": draw.number(10.1, 39.9)}


def converted(subject: Subject, c: dict) -> dict:
    """Call the student's function and expect four results, by name."""
    value = subject.probe(call, args=[c["lora_A"], c["lora_B"], c["lora_alpha"]])["value"]
    if type(value) is not list or len(value) != 4:
        came = f"{len(value)}" if type(value) is list else f"one {type(value).__name__}"
        raise Failure("not-four", f"expected four results, (A, B, alpha, delta_W), got {came}",
                      "Write return A, B, alpha, delta_W.")  # fmt: skip
    return dict(zip(NAMES, value, strict=True))


@alpha_conventions.check
def converts_factors(subject: Subject, draw: Draw) -> None:
    """A (i, r) and B (r, o) hold PEFT's numbers, turned to this course's shapes."""
    c = peft_case(draw)
    (r, i), o, scale = c["lora_A"].shape, len(c["lora_B"]), c["lora_alpha"] / len(c["lora_A"])
    value, turn = converted(subject, c), "nn.Linear keeps its weight as (out, in); ours is (in, out): transpose with .T"
    for name, given, other in (("A", c["lora_A"], c["lora_B"]), ("B", c["lora_B"], c["lora_A"])):
        right = given.T
        folded = "Return the factors as they are and the scale as alpha, or it is applied twice."
        mistakes = (
            Mistake("not-transposed", given, f"{name} still has PEFT's shape {tuple(given.shape)}", turn + "."),
            Mistake("reshaped", given.reshape(right.shape), f"{name} has the right shape but its numbers are mixed up",
                    "reshape refills row by row; transposing is .T."),
            Mistake("factors-swapped", other, f"{name} is PEFT's other factor",
                    "lora_A is what x meets first, as our A; lora_B is the other."),
            Mistake("factors-swapped", other.T, f"{name} is PEFT's other factor, transposed",
                    "lora_A is what x meets first, as our A; lora_B is the other."),
            Mistake("scale-folded", right * scale, f"lora_alpha / r is multiplied into {name}", folded),
            Mistake("scale-folded", right * scale**0.5, f"part of the scale is multiplied into {name}", folded),
            Mistake("scale-folded", right * c["lora_alpha"], f"lora_alpha is multiplied into {name}", folded),
        )  # fmt: skip
        what = f"for r={r}, i={i}, o={o} the factor {name}"
        expect_close(value[name], right, what=what, id="wrong-factor", hint=turn + ".", mistakes=mistakes)


@alpha_conventions.check
def converts_alpha(subject: Subject, draw: Draw) -> None:
    """alpha is the factor that this course's layer multiplies by: lora_alpha / r."""
    judge_alpha(subject, peft_case(draw))


def judge_alpha(subject: Subject, c: dict) -> None:
    """Compare the converted alpha; a hidden check uses it with whole numbers."""
    (r, i), o, given = c["lora_A"].shape, len(c["lora_B"]), c["lora_alpha"]
    axis = "The rank is the side that both factors share: lora_A.shape[0], lora_B.shape[1]."
    mistakes = (
        Mistake("alpha-not-converted", given, f"alpha is lora_alpha itself, {given}",
                "PEFT and the paper divide by the rank inside the layer; ours does not, so divide here."),
        Mistake("alpha-times-rank", given * r, "alpha is lora_alpha * r", "That is the way back; towards us, divide."),
        Mistake("rank-from-wrong-side", given / i, f"lora_alpha is divided by in_dim = {i}", axis),
        Mistake("rank-from-wrong-side", given / o, f"lora_alpha is divided by out_dim = {o}", axis),
        Mistake("root-of-rank", given / r**0.5, "lora_alpha is divided by the root of the rank",
                "That is rsLoRA (use_rslora=True); plain LoRA divides by the rank."),
        Mistake("upside-down", r / given, "alpha is r / lora_alpha", "It is the other way round."),
        Mistake("whole-division", given // r, f"{given} // {r} drops the fraction", "Divide with /, not with //."),
    )  # fmt: skip
    what = f"for lora_alpha={given} and rank {r} alpha"
    expect_close(converted(subject, c)["alpha"], given / r, what=what, id="wrong-alpha", mistakes=mistakes,
                 hint="PEFT multiplies by lora_alpha / r.")  # fmt: skip


@alpha_conventions.check
def gives_the_update(subject: Subject, draw: Draw) -> None:
    """delta_W (o, i) is what PEFT adds to the weight of the nn.Linear."""
    judge_update(subject, peft_case(draw))


def judge_update(subject: Subject, c: dict) -> None:
    """Compare delta_W by what it does to a full set of inputs; hidden checks use it with other cases."""
    r, given = len(c["lora_A"]), c["lora_alpha"]
    path = torch.nn.functional.linear(c["lora_A"].T.double(), c["lora_B"].double())  # lora_B(lora_A(e)) for each unit e
    right = path.T * (given / r)  # (o, i)
    scale = "delta_W is the whole update, its scale included: (lora_alpha / r) * lora_B @ lora_A."
    mistakes = (
        Mistake("update-transposed", right.T, f"delta_W has shape {tuple(right.T.shape)}, ours for x @ A @ B",
                "An nn.Linear keeps its weight as (out, in): transpose the product."),
        Mistake("update-unscaled", path.T, "delta_W lacks the scale", scale),
        Mistake("update-unscaled", path, "delta_W lacks the scale and is transposed", scale),
        Mistake("update-not-divided", path.T * given, "delta_W is scaled by lora_alpha without dividing by r", scale),
        Mistake("update-scaled-twice", right * (given / r), "delta_W is scaled twice", scale),
        Mistake("update-divided-twice", right / r, "delta_W is divided by the rank twice", scale),
    )  # fmt: skip
    expect_close(converted(subject, c)["delta_W"], right, what="delta_W", id="wrong-update", hint=scale,
                 mistakes=mistakes)  # fmt: skip
