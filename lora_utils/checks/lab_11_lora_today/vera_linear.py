"""Checks of lab 11: VeRA's layer, two trained vectors over random matrices that all layers share.

Letters: i in_features, o out_features, r rank; I >= i rows of A, O >= o columns of B. W (o, i), bias (o,), A (I, r),
B (r, O), d (r,), b (o,).
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import linear, parameters_of
from lora_utils.checks.framework.subject import Subject

vera_linear = Exercise("vera-linear")


def vera_case(draw: Draw, larger: int = 2, bias: bool = True, leading: tuple[int, ...] = (6,), rank: int = 0) -> dict:
    """Draw a layer, the shared matrices, which are larger than it needs, and numbers for d and b."""
    i, o, r = draw.sizes(3, 3, 9)
    r = rank or r
    return {
        "weight": draw.normal(o, i),
        "bias": draw.normal(o) if bias else None,
        "A": draw.normal(i + larger, r),
        "B": draw.normal(r, o + 2 * larger),
        "d": draw.normal(r),
        "b": draw.normal(o),
        "x": draw.normal(*leading, i),
        "d_initial": draw.number(0.2, 0.7),
    }


# ---------------------------------------------------------------------------------------------------------- probes
def made(cls, *, weight, bias, A, B, d, b, x, d_initial) -> dict:
    """Probe: a layer as built: its parameters, its output, and its output once the shared numbers are others."""
    base = linear(weight, bias)
    layer = cls(base, A, B, d_initial)
    if not isinstance(layer, nn.Module):
        return {"module": False}
    seen = {"module": True, "parameters": parameters_of(layer), "output": layer(x), "plain": base(x)}
    seen["vectors"] = {name: _vector(layer, name) for name in ("d", "b")}
    if all(isinstance(one, torch.Tensor) for one in seen["vectors"].values()):
        with torch.no_grad():
            layer.b.fill_(1.0)
            seen["before"] = layer(x)
            A.mul_(2)  # the shared matrices, not the layer's own
            seen["doubled"] = layer(x)
            A.div_(2)
            layer.b.zero_()
    return seen


def run(cls, *, weight, bias, A, B, d, b, x, d_initial) -> dict:
    """Probe: output and gradients with the given vectors; another layer over the same matrices is made meanwhile."""
    layer = cls(linear(weight, bias), A, B, d_initial)
    cls(linear(weight.T, None), torch.cat([A, A, A]), torch.cat([B, B, B], dim=1), 3.0)
    with torch.no_grad():
        layer.d.copy_(d)
        layer.b.copy_(b)
    x.requires_grad_(True)
    y = layer(x)
    seen = {"output": y, "grads": None}
    if isinstance(y, torch.Tensor) and y.requires_grad:
        wanted = [layer.d, layer.b, x]
        live = [t for t in wanted if t.requires_grad]
        found = iter(torch.autograd.grad(y.square().sum(), live, allow_unused=True))
        seen["grads"] = [next(found) if t.requires_grad else None for t in wanted]
    return seen


def _vector(layer: nn.Module, name: str) -> torch.Tensor | None:
    held = getattr(layer, name, None)
    return held.detach().clone() if isinstance(held, torch.Tensor) else None


# ---------------------------------------------------------------------------------------------------------- judges
@vera_linear.check
def trains_two_vectors(subject: Subject, draw: Draw) -> None:
    """Just d (r numbers) and b (o numbers) train; the linear layer and the shared matrices are frozen."""
    case = vera_case(draw)
    seen = subject.probe(made, **case)
    if not seen["module"]:
        raise Failure("no-module", "VeRALinear(linear, A, B, d_initial) must be an nn.Module", "class ...(nn.Module)")
    vectors, (o, i), r = seen["vectors"], case["weight"].shape, len(case["d"])
    for name, size in (("d", r), ("b", o)):
        held = vectors[name]
        if not isinstance(held, torch.Tensor):
            raise Failure("no-vector", f"self.{name} must be a parameter of {size} numbers, got none",
                          f"self.{name} = nn.Parameter(...), under this name.")  # fmt: skip
        if tuple(held.shape) != (size,):
            raise Failure("wrong-shape", f"self.{name} must have shape ({size},), got {tuple(held.shape)}",
                          "d has a number for each rank, b one for each output.")  # fmt: skip
    trained = [one for one in seen["parameters"] if not torch.equal(one["value"], one["after"])]
    shapes = sorted(tuple(one["value"].shape) for one in trained)
    if shapes == sorted([(r,), (o,)]):
        return
    names = ", ".join(f"{one['name']} {tuple(one['value'].shape)}" for one in trained) or "nothing"
    text = f"d ({r},) and b ({o},) must train, and nothing else; what trains is {names}"
    if any(shape in ((o, i), (i, o)) for shape in shapes):
        raise Failure("base-trains", text, "linear.requires_grad_(False): its bias as well.")
    if any(len(shape) == 2 for shape in shapes):
        raise Failure("matrices-train", text, "A and B are no nn.Parameter: they are kept as they are, or as buffers.")
    if len(shapes) < 2:
        raise Failure("vector-frozen", text, "Both vectors are an nn.Parameter.")
    raise Failure("bias-trains", text, "linear.requires_grad_(False) freezes weight and bias.")


@vera_linear.check(after=("trains-two-vectors",))
def starts_as_before(subject: Subject, draw: Draw) -> None:
    """d starts at d_initial and b at zero: the layer computes at first what it did before."""
    case = vera_case(draw)
    seen = subject.probe(made, **case)
    d, b, initial = seen["vectors"]["d"], seen["vectors"]["b"], case["d_initial"]
    if b.abs().max() > 0:
        swapped = close(b, torch.full_like(b, initial)) and d.abs().max() == 0
        more = ": d is zero and b holds d_initial" if swapped else ""
        raise Failure("starts-swapped" if swapped else "b-not-zero", f"b must start at zero, got {b[0]:.3g}, ...{more}",
                      "b is the last factor of the path: zero there makes the whole path zero.")  # fmt: skip
    if not close(d, torch.full_like(d, initial)):
        id, why = ("d-is-zero", ": with both vectors at zero nothing gets a gradient") if not d.abs().max() else (
            "d-initial-ignored", "")  # fmt: skip
        raise Failure(id, f"every number of d must start at d_initial, which is {initial}, got {d[0]:.3g}, ...{why}",
                      "torch.full(size, d_initial).")  # fmt: skip
    zero, (o, i) = torch.zeros_like(seen["plain"]), case["weight"].shape
    path = (case["x"] @ case["A"][:i] * initial) @ case["B"][:, :o]
    known = (
        Mistake("base-missing", zero, "the first output is zero: the linear layer has no part in it",
                "linear(x) + path."),
        Mistake("bias-missing", seen["plain"] - case["bias"], "the bias of the linear layer is missing",
                "Call linear(x)."),
        Mistake("b-missing", seen["plain"] + path, "b has no part in the output: it is zero, and the path is not",
                "It scales the o numbers after B."),
    )  # fmt: skip
    expect_close(seen["output"], seen["plain"], what="the first output", id="starts-elsewhere", mistakes=known,
                 hint="linear(x) with its bias, plus a path that is zero at first.")  # fmt: skip


@vera_linear.check(weight=2, after=("trains-two-vectors",))
def output(subject: Subject, draw: Draw) -> None:
    """The output is linear(x) + ((x A) * d) B * b, with the first i rows of A and the first o columns of B."""
    judge_output(subject, [vera_case(draw), vera_case(draw, bias=False), vera_case(draw, leading=(2, 3))])


def judge_output(subject: Subject, cases: list[dict]) -> None:
    """Compare output and gradients; hidden checks use it with other sizes."""
    for case in cases:
        seen = subject.probe(run, **case)
        expect_tensor(seen["output"], "the output")
        wanted, grads = expected(case)
        expect_close(seen["output"], wanted, what="the output", id="wrong-output", mistakes=mistakes(case),
                     hint="Write the shapes beside each step: (..., i), (..., r), (..., o).")  # fmt: skip
        for name, found, want in zip(("d", "b", "x"), seen["grads"] or [None] * 3, grads, strict=True):
            if found is None:
                raise Failure("no-gradient", f"no gradient reaches {name}", "No detach() and no no_grad() in forward.")
            expect_close(found, want, what=f"the gradient of {name}", id="wrong-gradient", tolerance=1e-4,
                         hint="The same formula, without detach().")  # fmt: skip


def expected(case: dict) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The output and the gradients of its sum of squares with respect to d, b and x, in float64."""
    d, b, x = (case[name].double().requires_grad_(True) for name in ("d", "b", "x"))
    W, A, B = (case[name].double() for name in ("weight", "A", "B"))
    weight = W + torch.einsum("ir,r,ro,o->oi", A[: W.shape[1]], d, B[:, : len(W)], b)
    y = torch.einsum("...i,oi->...o", x, weight) + (0 if case["bias"] is None else case["bias"].double())
    return y.detach(), list(torch.autograd.grad(y.square().sum(), [d, b, x]))


def mistakes(case: dict) -> tuple[Mistake, ...]:
    """Outputs that well-known mistakes lead to."""
    W, A, B, d, b, x = (case[name].double() for name in ("weight", "A", "B", "d", "b", "x"))
    (o, i), bias = W.shape, 0 if case["bias"] is None else case["bias"].double()
    base, first, last = x @ W.T + bias, A[:i], B[:, :o]
    path = (x @ first * d) @ last * b
    found = [
        Mistake("d-missing", base + x @ first @ last * b, "d has no part in the output", "It scales the r numbers "
                "between A and B."),
        Mistake("b-missing", base + (x @ first * d) @ last, "b has no part in the output", "It scales the o numbers "
                "after B."),
        Mistake("vectors-missing", base + x @ first @ last, "neither d nor b has a part in the output", "d between A "
                "and B, b after B."),
        Mistake("base-missing", path, "the linear layer has no part in the output", "linear(x) + path."),
        Mistake("bias-scaled", (x @ W.T + (x @ first * d) @ last) * b + bias, "b scales the linear layer as well",
                "b belongs to the path alone."),
        Mistake("bias-scaled", (base + (x @ first * d) @ last) * b, "b scales the linear layer as well", "b belongs to "
                "the path alone."),
        Mistake("last-rows", base + (x @ A[-i:] * d) @ B[:, -o:] * b, "the last rows of A and columns of B are taken",
                "A[:in_features] and B[:, :out_features]."),
        Mistake("divided-by-rank", base + path / len(d), "the path is divided by the rank", "VeRA has no such factor."),
        Mistake("added-not-scaled", base + (x @ first + d) @ last * b, "d is added", "Multiply."),
        Mistake("added-not-scaled", base + (x @ first * d) @ last + b, "b is added", "Multiply."),
        Mistake("path-subtracted", base - path, "the path is subtracted", "linear(x) + path."),
        Mistake("bias-missing", x @ W.T + path, "the bias of the linear layer is missing", "Call linear(x)."),
    ]  # fmt: skip
    return tuple(found)


@vera_linear.check(after=("output",))
def shares_the_matrices(subject: Subject, draw: Draw) -> None:
    """The layer holds the shared matrices themselves, no copies: numbers changed there are changed in every layer."""
    case = vera_case(draw)
    seen = subject.probe(made, **case)
    plain, before, doubled = (seen[name].double() for name in ("plain", "before", "doubled"))
    if close(doubled, before):
        raise Failure("own-copy", "once the numbers of the given A are doubled, the layer still computes with the old "
                      "ones: it has a copy of its own", "Keep A and B, or a slice of them, which is a view: clone() "
                      "and torch.tensor(...) make a copy for every layer.")  # fmt: skip
    expect_close(doubled - plain, 2 * (before - plain), what="the path once A is doubled", id="not-the-matrices",
                 hint="Use the given A and B in forward, as they are.", tolerance=1e-4)  # fmt: skip
