"""Checks of lab 05: the gradients of LoRALayer by hand.

Letters: n rows of x, i in_dim, o out_dim, r rank. x (n, i), A (i, r), B (r, o), G (n, o) = dL/dy.
The judge takes gradients from autograd in float64.
"""

from __future__ import annotations

import torch
from torch.overrides import TorchFunctionMode

from lora_utils.checks.framework.compare import expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import StudentRaised, Subject

first_gradients = Exercise("first-gradients")
INPUTS = ("x", "A", "B", "alpha", "G")


def by_hand(function, *, cases: list) -> dict:
    """Probe: call the student's function where autograd does not record, and may not be switched on again."""
    values = []
    for case in cases:
        with torch.inference_mode(), _NoAutograd():
            value = function(*(t.clone() if isinstance(t, torch.Tensor) else t for t in case))
        if isinstance(value, (list, tuple)):
            value = [v.clone() if isinstance(v, torch.Tensor) else v for v in value]
        values.append(value)
    return {"values": values}


class _NoAutograd(TorchFunctionMode):
    """Refuses every result that autograd or torch.func would differentiate."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.requires_grad:
            raise RuntimeError("requires_grad is switched off here")
        return result


def told(c: dict) -> str:
    """The sizes of a case and its alpha, for a message."""
    (n, i), (r, o) = c["x"].shape, c["B"].shape
    return f"{n} rows, in_dim {i}, rank {r}, out_dim {o} and alpha={c['alpha']}"


def gradients_of(subject: Subject, cases: list[dict]) -> list:
    """Call the student's function for each case and expect two results, computed without autograd."""
    try:
        values = ask(subject, cases, told, by_hand, arguments=lambda c: [c[name] for name in INPUTS])["values"]
    except StudentRaised as error:
        words = ("require grad", "requires_grad", "grad_fn", "Inference tensors", "inference tensor")
        if error.kind == "RuntimeError" and any(word in error.text for word in words):
            raise Failure("autograd-used", "autograd is asked for the gradients, which is switched off here",
                          "Write the two products down: they need only x, A, B, alpha and G.") from None  # fmt: skip
        raise
    for value in values:
        if not isinstance(value, list) or len(value) != 2:
            came = f"{len(value)} results" if isinstance(value, list) else f"one {type(value).__name__}"
            came = "None: is a return missing?" if value is None else came
            raise Failure("not-a-pair", f"expected two results, (dA, dB), got {came}", "Return both, dA first.")
    return values


def gradient_case(draw: Draw, *, n: int | None = None, r: int | None = None) -> dict:
    """Draw x, A, B, alpha and G with pairwise different sizes; n=1 gives a single row, r=1 a rank of one."""
    sizes = draw.sizes(4, 3, 9)
    n, (i, k, o) = sizes[0] if n is None else n, sizes[1:]
    k = k if r is None else r
    return {"x": draw.normal(n, i), "A": draw.normal(i, k), "B": draw.normal(k, o),
            "alpha": draw.number(1.5, 2.9), "G": draw.normal(n, o)}  # fmt: skip


def gradient_cases(draw: Draw) -> list[dict]:
    """Draw ordinary cases, and some whose alpha is whole, negative or small."""
    cases = [gradient_case(draw), gradient_case(draw), gradient_case(draw, r=1), gradient_case(draw, n=1)]
    return [*cases, *(gradient_case(draw) | {"alpha": alpha} for alpha in (3, -1.5, 0.25))]


def reference(c: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """dL/dA and dL/dB by autograd, in float64."""
    A, B = (c[name].double().requires_grad_(True) for name in "AB")
    y = c["alpha"] * (c["x"].double() @ A @ B)  # (n, o)
    return torch.autograd.grad(y, (A, B), c["G"].double())


@first_gradients.check(weight=0)  # what follows is about the two results
def returns_two(subject: Subject, draw: Draw) -> None:
    """For any x, A, B, alpha and G it returns two tensors, without asking autograd."""
    for value in gradients_of(subject, gradient_cases(draw)):
        for one, name in zip(value, ("dA", "dB"), strict=True):
            expect_tensor(one, f"the result {name}")


@first_gradients.check(after=("returns-two",))
def gradient_of_a(subject: Subject, draw: Draw) -> None:
    """dA is dL/dA for any x, A, B, alpha and G, and has the shape of A."""
    judge_gradient(subject, gradient_cases(draw), 0)


@first_gradients.check(after=("returns-two",))
def gradient_of_b(subject: Subject, draw: Draw) -> None:
    """dB is dL/dB for any x, A, B, alpha and G, and has the shape of B."""
    judge_gradient(subject, gradient_cases(draw), 1)


def _rules(which: int) -> tuple[Rule, ...]:
    """What well-known mistakes give for one of the two gradients."""
    name = "AB"[which]

    def right(c: dict) -> torch.Tensor:
        return reference(c)[which]

    def scaled(by):
        return lambda c: right(c | {"alpha": 1.0}) * by(c)

    def of_product(c: dict) -> torch.Tensor:
        return c["x"].double().T @ c["G"].double()

    further = f"Apply the rule once more, to the product A @ B, to get from there to {name}."
    rows = "G holds whatever averaging the loss does: the rows are added up, as the matrix product does."
    once = "G is dL/dy, after the multiplication by alpha: multiply once."
    return (
        Rule("alpha-forgotten", scaled(lambda c: 1), f"the gradient d{name} lacks the factor alpha",
             "y = alpha * (x @ A @ B), so alpha multiplies every gradient."),
        Rule("alpha-twice", scaled(lambda c: c["alpha"] ** 2), f"the gradient d{name} holds alpha twice", once),
        Rule("alpha-inverted", scaled(lambda c: 1 / c["alpha"] if c["alpha"] else 0), f"the gradient d{name} is "
             "divided by alpha", "The factor alpha multiplies y, and so every gradient."),
        Rule("alpha-absolute", scaled(lambda c: abs(c["alpha"])), f"the gradient d{name} takes alpha without its sign",
             "A negative alpha turns the gradients round as well."),
        Rule("alpha-zero-ignored", scaled(lambda c: c["alpha"] or 1.0), f"the gradient d{name} takes 1 for an alpha of "
             "zero", "With alpha = 0 the layer returns zero, and no gradient is left."),
        Rule("alpha-over-rank", scaled(lambda c: c["alpha"] / len(c["B"])), f"the gradient d{name} is divided by the "
             "rank", "This course's layer scales by alpha alone; the paper's alpha / r is the last exercise."),
        Rule("alpha-whole", scaled(lambda c: round(c["alpha"])), f"the gradient d{name} takes alpha rounded to a whole "
             "number", "Take alpha as it is given."),
        Rule("alpha-whole", scaled(lambda c: int(c["alpha"])), f"the gradient d{name} takes alpha without its fraction",
             "Take alpha as it is given."),
        Rule("normalised", lambda c: right(c) / right(c).norm(), f"the gradient d{name} is divided by its norm",
             "Return the gradient itself: clipping and normalising belong to the optimiser."),
        Rule("clipped", lambda c: right(c).clamp(-1, 1), f"the gradient d{name} is cut at 1",
             "Return the gradient itself: clipping belongs to the optimiser."),
        Rule("averaged", scaled(lambda c: c["alpha"] / len(c["x"])), f"the gradient d{name} is averaged over the rows",
             rows),
        Rule("averaged", scaled(lambda c: c["alpha"] / c["G"].numel()), f"the gradient d{name} is averaged over all "
             "entries of G", rows),
        Rule("doubled", scaled(lambda c: 2 * c["alpha"]), f"the gradient d{name} has a factor 2", "The 2 of a squared "
             "error is in G already: nothing here depends on the loss."),
        Rule("descent-step", scaled(lambda c: -c["alpha"]), f"the gradient d{name} has the opposite sign",
             "Return the gradient itself; the minus sign belongs to the optimiser's step."),
        Rule("zero-gradient", scaled(lambda c: 0), f"the gradient d{name} is zero for factors that are not",
             "Only at the first step, where B is zero, does one of the two vanish."),
        Rule("gradient-transposed", lambda c: right(c).T, f"the gradient d{name} is transposed",
             "A gradient has the shape of what it belongs to."),
        Rule("gradients-swapped", lambda c: reference(c)[1 - which], "the gradients dA and dB are in each other's "
             "place", "The text asks for dA first."),
        Rule("gradient-of-product", lambda c: c["alpha"] * of_product(c), "that is dL/d(A @ B), of shape (i, o)",
             further),
        Rule("gradient-of-product", of_product, "that is dL/d(A @ B) without alpha, of shape (i, o)", further),
        Rule("factor-itself", lambda c: c[name], f"that is {name} itself, not its gradient", further),
        Rule("output-for-gradient",
             lambda c: reference(c | {"G": c["alpha"] * (c["x"].double() @ c["A"].double() @ c["B"].double())})[which],
             f"the gradient d{name} is made with the output y where G belongs", "What arrives from above is G."),
        Rule("updated-factor", lambda c: c[name].double() - right(c), f"that is {name} after a step of rate 1",
             "Return the gradient itself; the step is the optimizer's."),
        Rule("first-row-only", lambda c: right(c | {"x": c["x"][:1], "G": c["G"][:1]}), f"the gradient d{name} is made "
             "of the first row alone", rows),
        Rule("last-row-only", lambda c: right(c | {"x": c["x"][-1:], "G": c["G"][-1:]}), f"the gradient d{name} is "
             "made of the last row alone", rows),
        Rule("upstream-ignored", lambda c: right(c | {"G": torch.ones_like(c["G"])}), f"the gradient d{name} is made "
             "with ones where G belongs", "G is what arrives from above: the gradient of a sum has ones there, another "
             "loss has not."),
        Rule("stepped-factor", lambda c: reference(c | {"B": c["B"].double() - reference(c)[1],
                                                        "A": c["A"].double() - reference(c)[0]})[which],
             f"the gradient d{name} is taken after the other factor has made a step", "Both gradients belong to the "
             "same A and B, as they were given."),
    )  # fmt: skip


def judge_gradient(subject: Subject, cases: list[dict], which: int) -> None:
    """Compare one gradient with autograd's; hidden checks use it with other cases."""
    values = [value[which] for value in gradients_of(subject, cases)]
    hint = (
        "Go back from y in two steps, first to x @ A and then to A; each step multiplies by what stood beside.",
        "Read y as U @ V with V = B; what is U, and what does the rule in the text say of dL/dV?",
    )[which]
    expect_all(values, cases, lambda c: reference(c)[which], told=told, what=f"the gradient d{'AB'[which]}",
               id="wrong-gradient", hint=hint, rules=_rules(which))  # fmt: skip
