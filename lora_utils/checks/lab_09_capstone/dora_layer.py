"""Checks of lab 09: the output of a layer under DoRA, and what flows back through it.

Letters: i in_features, o out_features, r rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_tensor

dora_layer = Exercise("dora-layer")

UPDATE = "The update of W is alpha times A B, transposed."


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


def dora_case(
    draw: Draw,
    square: bool = False,
    leading: tuple[int, ...] = (6,),
    rank: int | None = None,
    alpha: float | None = None,
    dtype: torch.dtype = torch.float64,
) -> Case:
    """Random inputs with i != o, or i == o, where a swapped axis changes values and no shape.

    Some magnitudes are negative: they are trained, and may become so. alpha is drawn unless it is given.
    """
    i, o, r = draw.sizes(3, 3, 9)
    o, r = (i if square else o), (r if rank is None else rank)
    return Case(
        x=draw.normal(*leading, i, dtype=dtype),
        W=draw.normal(o, i, dtype=dtype),
        bias=draw.normal(o, dtype=dtype),
        A=draw.normal(i, r, dtype=dtype),
        B=draw.normal(r, o, dtype=dtype),
        alpha=draw.number(0.3, 0.8) if alpha is None else alpha,
        magnitude=(draw.normal(o, dtype=dtype).abs() + 0.5) * (1 - 2 * (torch.arange(o) % 3 == 2).to(dtype)),
        G=draw.normal(*leading, o, dtype=dtype),
    )


# ---------------------------------------------------------------------------------------------------------- probes
def dora_steps(
    function, *, tensors: list, alpha: float, magnitude: torch.Tensor, G: torch.Tensor | None = None
) -> dict:
    """Probe: the student's output and, with G, the gradients of (output * G).sum() that reach what goes into it.

    These are of A, B, magnitude, x, W and bias.
    """
    x, W, bias, A, B = tensors
    learning = [A, B, magnitude, x, W, bias]
    if G is not None:
        learning = [t.clone().requires_grad_(True) for t in learning]
    A, B, magnitude, x, W, bias = learning
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
    over_rank = c.W + (V - c.W) / r
    over_root = c.W + (V - c.W) / r**0.5
    no_alpha = c.W + torch.einsum("ir,ro->oi", c.A, c.B)
    whole = "A row of V is one output: there are o lengths, one a row."
    found = [
        *(Mistake("length-guarded", xV * (m / (lengths + e)) + b, f"{e:g} is added to the lengths", "Divide by the "
        "lengths "
                  "as they are.") for e in (1e-3, 1e-4, 1e-2)),
        Mistake("magnitude-without-sign", xV * (m.clamp(min=0) / lengths) + b, "a negative magnitude is taken for zero",
                "It is trained and may become negative: use it as it is."),
        Mistake("norm-of-w", xV * (m / _length(c.W)) + b, "the rows are divided by the lengths of W, not of V",
                "The direction is V / ||V||: measure the rows after the update."),
        Mistake("whole-norm", xV * (m / V.norm()) + b, "all is divided by one number, the norm of all of V", whole),
        Mistake("not-normalised", xV * m + b, "the rows are not divided by their lengths", "magnitude / ||V||"),
        Mistake("squared-length", xV * (m / lengths.square()) + b, "the rows are divided by their squared lengths",
                "A length is the root of the sum of squares."),
        Mistake("magnitude-missing", xV / lengths + b, "magnitude has no part in the output", "Multiply by magnitude."),
        Mistake("bias-scaled", (xV + b) * (m / lengths), "the bias is scaled as well",
                "DoRA changes the weight: scale x V.T, then add the bias."),
        Mistake("bias-missing", xV * (m / lengths), "the bias is missing", "Add it at the end."),
        Mistake("base-not-scaled", xW + (xV - xW) * (m / lengths) + b, "only the low-rank part is scaled",
                "The new lengths hold for all of V: scale x W.T and the path."),
        Mistake("update-dropped", xW * (m / _length(c.W)) + b, "A and B have no part in the output",
                UPDATE),
        Mistake("update-in-the-length-alone", xW * (m / lengths) + b, "x is multiplied by W: only the lengths know of "
                "A and B", "x meets V, the rows with the update."),
        Mistake("largest-for-length", xV * (m / V.abs().amax(1)) + b, "the rows are divided by their largest "
                "magnitudes",
                "The length is the root of the sum of squares."),
        Mistake("mean-for-sum", xV * (m / V.square().mean(1).sqrt()) + b, "the rows are divided by the root of the "
                "mean of their squares", "The length is the root of the sum of squares: norm(dim=1)."),
        *(Mistake("path-not-scaled", xW * (m / of) + (xV - xW) + b, "only x W.T is divided by lengths: the low-rank "
                  "part stands beside it as it is", "The lengths are those of V, and hold for all of it: scale x W.T "
                  "and the path.") for of in (_length(c.W), lengths)),
        Mistake("multiplied-by-length", xV * (m * lengths) + b, "the rows are multiplied by their lengths",
                "V / ||V|| has rows of length 1: divide."),
        Mistake("magnitude-without-sign", xV * (m.abs() / lengths) + b, "magnitude has lost its sign",
                "It is trained and may become negative: use it as it is."),
        Mistake("magnitude-added", xV / lengths + m + b, "magnitude is added", "Multiply by magnitude."),
        Mistake("length-of-sum", xV * (m / V.abs().sum(1)) + b, "the rows are divided by the sums of their magnitudes",
                "The length is the root of the sum of squares."),
        Mistake("update-subtracted", torch.einsum("...i,oi->...o", c.x, 2 * c.W - V) * (m / _length(2 * c.W - V)) + b,
                "A B is subtracted from W", UPDATE),
        Mistake("alpha-over-root", torch.einsum("...i,oi->...o", c.x, over_root) * (m / _length(over_root)) + b,
                "alpha is divided by the root of the rank, as in rsLoRA", "In this course alpha stands as it is."),
        Mistake("alpha-missing", torch.einsum("...i,oi->...o", c.x, no_alpha) * (m / _length(no_alpha)) + b,
                "alpha is missing from the update", UPDATE),
        Mistake("alpha-over-rank", torch.einsum("...i,oi->...o", c.x, over_rank) * (m / _length(over_rank)) + b,
                "alpha is divided by the rank", "In this course alpha stands as it is."),
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
                    "A B is added to W as it is; A B is (i, o) and W is (o, i)", UPDATE),
        ]  # fmt: skip
    return tuple(found)


def judge_dora(subject: Subject, c: Case) -> None:
    """Compare the output with that of rows of the trained lengths; hidden checks use it with other cases."""
    value = subject.probe(dora_steps, **c.inputs())["value"]
    expect_tensor(value, "the output")
    rows = torch.nn.functional.normalize(c.V, dim=1) * c.magnitude.unsqueeze(1)
    expected = torch.einsum("...i,oi->...o", c.x, rows) + c.bias
    hint = "Three steps: the rows V with the update, their lengths, one number an output, then the scaled product."
    what = f"the output for x of shape {tuple(c.x.shape)}, W {tuple(c.W.shape)}, rank {c.A.shape[1]}, alpha {c.alpha:g}"
    if c.alpha == 0:  # other mistakes would have shown before
        expect_close(value, expected, what=what, id="alpha-0", hint="Use alpha as it is, also where it is 0.")
    expect_close(value, expected, what=what, id="wrong-output", hint=hint, mistakes=_mistakes(c))
    if c.x.dtype == torch.float64 and not close(value, expected, 1e-9):
        raise Failure("digits-lost", f"in float64 only the digits of float32 are right: {what}",
                      "Nothing here needs a cast: compute in the type of the arguments.")  # fmt: skip


@dora_layer.check(weight=2)
def output_of_a_square_layer(subject: Subject, draw: Draw) -> None:
    """Where i equals o, the output is magnitude * (x V.T) / ||V|| + bias with the lengths of the rows of V."""
    for alpha in (None, 2.0, 1.0, -0.6, 0.0):
        judge_dora(subject, dora_case(draw, square=True, alpha=alpha))


@dora_layer.check(after=("output-of-a-square-layer",))
def output_of_any_layer(subject: Subject, draw: Draw) -> None:
    """It is right for other sizes, and for single vectors as for sequences."""
    judge_dora(subject, dora_case(draw))
    judge_dora(subject, dora_case(draw, leading=(2, 3)))
    judge_dora(subject, dora_case(draw, leading=()))
    judge_dora(subject, dora_case(draw, leading=(1,), alpha=-1.5))
    judge_dora(subject, dora_case(draw, leading=(2, 1, 3), dtype=torch.float32))


@dora_layer.check(after=("output-of-a-square-layer", "output-of-any-layer"), weight=2)
def length_is_a_constant(subject: Subject, draw: Draw) -> None:
    """The gradients of A, B, magnitude, x, W and bias are those with ||V|| taken as a constant."""
    for leading, alpha in (((6,), None), ((2, 3), 2.0), ((), -0.7)):
        c = dora_case(draw, leading=leading, alpha=alpha)
        seen = subject.probe(dora_steps, **c.inputs(), G=c.G)
        judge_gradients(c, seen["grads"])


def judge_gradients(c: Case, grads: list | None) -> None:
    """Compare with the closed form."""
    hint = "Only the lengths are a constant: detach them and nothing else."
    if grads is None:
        raise Failure("no-gradient", "no gradient comes out of the output at all", hint)
    V, lengths = c.V, _length(c.V)
    scale = c.magnitude / lengths
    x, G = c.x.reshape(-1, c.x.shape[-1]), c.G.reshape(-1, c.G.shape[-1])
    straight = torch.einsum("bo,bi->oi", G * scale, x)  # gradient of V, the length a constant
    unit = V / lengths.unsqueeze(1)
    through = straight - unit * (straight * unit).sum(1, keepdim=True)  # and with the length differentiated
    names = ("A", "B", "magnitude", "x", "W", "bias")
    wanted = (
        c.alpha * torch.einsum("oi,ro->ir", straight, c.B),
        c.alpha * torch.einsum("oi,ir->ro", straight, c.A),
        (G * torch.einsum("bi,oi->bo", x, V)).sum(0) / lengths,
        torch.einsum("...o,oi->...i", c.G * scale, V),
        straight,
        G.sum(0),
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
