"""Checks of lab 09: the output of a layer under DoRA, and what flows back through it.

Letters: i in_features, o out_features, r rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_tensor

dora_layer = Exercise("dora-layer")


@dataclass(frozen=True)
class Case:
    """What goes into one layer; G is the gradient of the loss with respect to its output."""

    x: torch.Tensor
    W: torch.Tensor
    bias: torch.Tensor
    A: torch.Tensor
    B: torch.Tensor
    alpha: float
    magnitude: torch.Tensor
    G: torch.Tensor

    def inputs(self) -> dict:
        """The case as keyword arguments of a probe."""
        return {
            "tensors": [self.x, self.W, self.bias, self.A, self.B],
            "alpha": self.alpha,
            "magnitude": self.magnitude,
        }

    @property
    def V(self) -> torch.Tensor:
        """The rows with their new directions, (o, i)."""
        return self.W + self.alpha * torch.einsum("ir,ro->oi", self.A, self.B)


def dora_case(draw: Draw, square: bool = False, leading: tuple[int, ...] = (6,), rank: int | None = None) -> Case:
    """Random inputs with i != o, or i == o, where a swapped axis changes values and no shape."""
    i, o, r = draw.sizes(3, 3, 9)
    o, r = (i if square else o), (r if rank is None else rank)
    dtype = torch.float64
    return Case(
        x=draw.normal(*leading, i, dtype=dtype),
        W=draw.normal(o, i, dtype=dtype),
        bias=draw.normal(o, dtype=dtype),
        A=draw.normal(i, r, dtype=dtype),
        B=draw.normal(r, o, dtype=dtype),
        alpha=draw.number(0.3, 0.8),
        magnitude=draw.normal(o, dtype=dtype).abs() + 0.5,
        G=draw.normal(*leading, o, dtype=dtype),
    )


# ---------------------------------------------------------------------------------------------------------- probes
def dora_steps(
    function, *, tensors: list, alpha: float, magnitude: torch.Tensor, G: torch.Tensor | None = None
) -> dict:
    """Probe: the student's output and, with G, the gradients of (output * G).sum() that reach A, B, magnitude and x."""
    x, W, bias, A, B = tensors
    learning = [t.clone().requires_grad_(True) for t in (A, B, magnitude, x)] if G is not None else [A, B, magnitude, x]
    A, B, magnitude, x = learning
    value = function(x, W, bias, A, B, alpha, magnitude)
    if G is None or not isinstance(value, torch.Tensor):
        return {"value": value}
    if value.shape != G.shape or not value.requires_grad:
        return {"value": value, "grads": None}
    (value * G).sum().backward()
    return {"value": value, "grads": [t.grad for t in learning]}


# ---------------------------------------------------------------------------------------------------------- judges
def _length(weight: torch.Tensor, dim: int = 1) -> torch.Tensor:
    return weight.square().sum(dim).sqrt()


def _mistakes(c: Case) -> tuple[Mistake, ...]:
    V, b, m = c.V, c.bias, c.magnitude
    xV, xW = torch.einsum("...i,oi->...o", c.x, V), torch.einsum("...i,oi->...o", c.x, c.W)
    lengths, r = _length(V), c.A.shape[1]
    over_rank = c.W + (c.alpha / r) * (V - c.W) / c.alpha
    no_alpha = c.W + (V - c.W) / c.alpha
    whole = "A row of V is one output: V.norm(dim=1) has shape (o,)."
    found = [
        Mistake("norm-of-w", xV * (m / _length(c.W)) + b, "the rows are divided by the lengths of W, not of V",
                "The direction is V / ||V||: measure V = W + alpha * (A B).T after the update."),
        Mistake("whole-norm", xV * (m / V.norm()) + b, "all is divided by one number, the norm of all of V", whole),
        Mistake("not-normalised", xV * m + b, "the rows are not divided by their lengths", "magnitude / ||V||"),
        Mistake("squared-length", xV * (m / lengths.square()) + b, "the rows are divided by their squared lengths",
                "Take the root: V.norm(dim=1)."),
        Mistake("magnitude-missing", xV / lengths + b, "magnitude has no part in the output", "Multiply by magnitude."),
        Mistake("bias-scaled", (xV + b) * (m / lengths), "the bias is scaled as well",
                "DoRA changes the weight: scale x V.T, then add the bias."),
        Mistake("bias-missing", xV * (m / lengths), "the bias is missing", "Add it at the end."),
        Mistake("base-not-scaled", xW + (xV - xW) * (m / lengths) + b, "only the low-rank part is scaled",
                "The new lengths hold for all of V: scale x W.T and the path."),
        Mistake("update-dropped", xW * (m / _length(c.W)) + b, "A and B have no part in the output",
                "V = W + alpha * (A @ B).T"),
        Mistake("alpha-missing", torch.einsum("...i,oi->...o", c.x, no_alpha) * (m / _length(no_alpha)) + b,
                "alpha is missing from the update", "V = W + alpha * (A @ B).T"),
        Mistake("alpha-over-rank", torch.einsum("...i,oi->...o", c.x, over_rank) * (m / _length(over_rank)) + b,
                "alpha is divided by the rank", "In this course alpha stands as it is: alpha * (A @ B).T."),
    ]  # fmt: skip
    if c.W.shape[0] == c.W.shape[1]:
        turned = c.W + (V - c.W).T
        found += [
            Mistake("norm-of-inputs", torch.einsum("...i,oi->...o", c.x, V / _length(V, 0)) * m + b,
                    "each column of V is divided by its length: one number an input", whole),
            Mistake("norm-of-inputs", xV * (m / _length(V, 0)) + b,
                    "the lengths are those of the columns of V: one number an input", whole),
            Mistake("norm-of-inputs", torch.einsum("...i,oi->...o", c.x, V * (m / _length(V, 0))) + b,
                    "lengths and magnitude belong to the columns of V: one number an input", whole),
            Mistake("update-not-transposed", torch.einsum("...i,oi->...o", c.x, turned) * (m / _length(turned)) + b,
                    "A B is added to W as it is; A B is (i, o) and W is (o, i)", "V = W + alpha * (A @ B).T"),
        ]  # fmt: skip
    return tuple(found)


def judge_dora(subject: Subject, c: Case) -> None:
    """Compare the output with that of rows of the trained lengths; hidden checks use it with other cases."""
    value = subject.probe(dora_steps, **c.inputs())["value"]
    expect_tensor(value, "the output")
    rows = torch.nn.functional.normalize(c.V, dim=1) * c.magnitude.unsqueeze(1)
    expected = torch.einsum("...i,oi->...o", c.x, rows) + c.bias
    hint = "V = W + alpha * (A @ B).T, then magnitude / V.norm(dim=1) in front of x @ V.T, then the bias."
    expect_close(value, expected, what="the output", id="wrong-output", hint=hint, mistakes=_mistakes(c))


@dora_layer.check(weight=2)
def output_of_a_square_layer(subject: Subject, draw: Draw) -> None:
    """Where i equals o, the output is magnitude * (x V.T) / ||V|| + bias with the lengths of the rows of V."""
    judge_dora(subject, dora_case(draw, square=True))


@dora_layer.check
def output_of_any_layer(subject: Subject, draw: Draw) -> None:
    """It is right for other sizes, and for single vectors as for sequences."""
    judge_dora(subject, dora_case(draw))
    judge_dora(subject, dora_case(draw, leading=(2, 3)))
    judge_dora(subject, dora_case(draw, leading=()))


@dora_layer.check(after=("output-of-a-square-layer",), weight=2)
def length_is_a_constant(subject: Subject, draw: Draw) -> None:
    """The gradients of A, B, magnitude and x are those with ||V|| taken as a constant."""
    c = dora_case(draw)
    seen = subject.probe(dora_steps, **c.inputs(), G=c.G)
    judge_gradients(c, seen["grads"])


def judge_gradients(c: Case, grads: list | None) -> None:
    """Compare with the closed form."""
    hint = "Detach the lengths and nothing else: lengths = V.norm(dim=1).detach()."
    if grads is None:
        raise Failure("no-gradient", "no gradient comes out of the output at all", hint)
    V, lengths = c.V, _length(c.V)
    scale = c.magnitude / lengths
    x, G = c.x.reshape(-1, c.x.shape[-1]), c.G.reshape(-1, c.G.shape[-1])
    straight = torch.einsum("bo,bi->oi", G * scale, x)  # gradient of V, the length a constant
    unit = V / lengths.unsqueeze(1)
    through = straight - unit * (straight * unit).sum(1, keepdim=True)  # and with the length differentiated
    names = ("A", "B", "magnitude", "x")
    wanted = (
        c.alpha * torch.einsum("oi,ro->ir", straight, c.B),
        c.alpha * torch.einsum("oi,ir->ro", straight, c.A),
        (G * torch.einsum("bi,oi->bo", x, V)).sum(0) / lengths,
        torch.einsum("...o,oi->...i", c.G * scale, V),
    )
    full = (
        c.alpha * torch.einsum("oi,ro->ir", through, c.B),
        c.alpha * torch.einsum("oi,ir->ro", through, c.A),
    )
    if grads[0] is not None and grads[1] is not None and all(close(g, f) for g, f in zip(grads, full, strict=False)):
        text = "the gradient of A and B also flows through ||V||, which shall count as a constant"
        raise Failure("length-not-constant", text, hint)
    for name, grad, want in zip(names, grads, wanted, strict=True):
        if grad is None or not grad.any():
            raise Failure("gradient-cut", f"no gradient reaches {name}", hint)
        expect_close(grad, want, what=f"the gradient of {name}", id="wrong-gradient", hint=hint)
