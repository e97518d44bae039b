"""Checks of lab 03: the linear layer with IA3.

Letters: b batch, i in_features, o out_features. W (o, i), bias (o,), scale (o,) or (i,).
The judge scales the rows or the columns of W, which no student's forward does.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import (
    Mistake,
    close,
    expect_apart,
    expect_close,
    expect_explained,
    expect_tensor,
    learns,
)
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import linear
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.framework.wrapping_probes import made_of

ia3_layer = Exercise("ia3-layer", lifted=("changes-a-tensor",))
SIDES, BASE = ("output", "input"), ("weight", "bias")


# ---------------------------------------------------------------------------------------------------------- probes
def build_ia3(cls, *, weight, bias, where, x, other) -> dict:
    """Probe: wrap a layer and tell what the result is made of."""
    base = linear(weight, bias)
    layer = cls(base, where)
    seen = made_of(layer, base, x, other)
    if seen["module"]:
        seen["tensors"] = sum(type(v) is torch.Tensor for v in vars(layer).values()) + len(list(layer.buffers()))
    return seen


def run_ia3(cls, *, weight, bias, where, x, scale, upstream=None, default=False) -> dict:
    """Probe: the output for given factors, what has become of x, and gradients."""
    base = linear(weight, bias)
    layer = cls(base) if default else cls(base, where)
    own = {id(p) for p in base.parameters()}
    factors = next(p for p in layer.parameters() if id(p) not in own)
    with torch.no_grad():
        factors.copy_(scale.reshape(factors.shape))
    x.requires_grad_(upstream is not None)
    y = layer(x)
    seen = {"output": y, "x": x.detach().clone()}
    if upstream is not None and y.requires_grad:
        live = [p for p in (x, factors) if p.requires_grad]
        grads = torch.autograd.grad(y, live, upstream, allow_unused=True)
        seen |= {"dx": grads[0], "dscale": grads[1] if len(grads) > 1 else None}
    return seen


def beside(cls, *, layers: list, x) -> dict:
    """Probe: the first layer's output for its own factors, when all have been made and used."""
    made = []
    for one in layers:
        base = linear(one["weight"], one["bias"])
        layer, own = cls(base, one["where"]), {id(p) for p in base.parameters()}
        made.append((layer, next(p for p in layer.parameters() if id(p) not in own)))
    with torch.no_grad():
        for (_, factors), one in zip(made, layers, strict=True):
            factors.copy_(one["scale"].reshape(factors.shape))
        return {"output": [layer(x) for layer, _ in reversed(made)][-1]}


# ------------------------------------------------------------------------------------------------------- ia3-layer
def ia3_case(
    draw: Draw,
    where: str,
    *,
    bias: bool = True,
    leading: tuple[int, ...] = (4,),
    square: bool = False,
    signs: bool = False,
    default: bool = False,
) -> dict:
    """Draw a rectangular layer, or a square one as keys and values have, factors for one side and an input.

    With `signs` the factors are of both signs, one is zero and one large; with `default` the layer is not told where.
    """
    i, o = draw.sizes(2, 3, 9)
    o = i if square else o
    size = o if where == "output" else i
    scale = draw.normal(size) * 0.3 + 1.7
    if signs:
        scale[0], scale[1], scale[2] = 0.0, -1.3, 40.0
    return {
        "weight": draw.normal(o, i),
        "bias": draw.normal(o) if bias else None,
        "where": where,
        "x": draw.normal(*leading, i),
        "scale": scale,
        "default": default,
    }


def scaled(weight: torch.Tensor, bias: torch.Tensor | None, scale: torch.Tensor, where: str) -> tuple:
    """Weight and bias, in float64, of the plain layer that computes the same; the bias is zero where there is none."""
    W, s = weight.double(), scale.double()
    b = torch.zeros(len(W), dtype=torch.float64) if bias is None else bias.double()
    return (torch.diag(s) @ W, s * b) if where == "output" else (W @ torch.diag(s), b)


def built(subject: Subject, draw: Draw, where: str) -> tuple[dict, dict, list]:
    """Wrap a layer; the case, what the probe saw, and the numbers that the given layer had at last."""
    c = ia3_case(draw, where)
    del c["scale"], c["default"]
    other = [draw.normal(*c[name].shape) for name in BASE]
    return c, subject.probe(build_ia3, **c, other=other), other


def added(seen: dict, other: list) -> list[dict]:
    """The parameters that are not those of the given layer: the layer's own have followed it to the other numbers."""
    pairs = zip(seen["parameters"], seen["renewed"], strict=True)
    return [p for p, then in pairs if not any(torch.equal(then["value"], number) for number in other)]


def expect_parts(subject: Subject, c: dict, output, scale) -> None:
    """Expect an output to be that of a wrapped layer with this weight and bias and these factors."""
    again = subject.tried(run_ia3, **c, scale=scale).get("output")
    expect_explained(output, again, "the output, once its parts hold other numbers,")


@ia3_layer.check
def keeps_the_layer(subject: Subject, draw: Draw) -> None:
    """The layer it is given is inside, the very object, with weight and bias frozen."""
    c, seen, other = built(subject, draw, "output")
    if not seen["module"]:
        raise Failure("not-a-module", "LinearWithIA3(linear, where) is not an nn.Module",
                      "Write class LinearWithIA3(nn.Module) with super().__init__().")  # fmt: skip
    if not seen["inside"]:
        raise Failure("layer-missing", "the given layer is not among the module's submodules",
                      "Store the layer itself as an attribute: no copy, no new nn.Linear.")  # fmt: skip
    moving = [name for name, p in zip(BASE, seen["base"], strict=True) if not torch.equal(p["after"], c[name])]
    if moving:
        text = f"the given layer's {' and '.join(moving)} would still be trained"
        raise Failure(
            "base-not-frozen",
            text,
            "requires_grad_(False) of a module reaches all its parameters; the attribute requires_grad of a module "
            "reaches none.",
        )
    if len(factors := added(seen, other)) == 1:
        expect_parts(subject, c | dict(zip(BASE, other, strict=True)), seen["output"], factors[0]["value"])


@ia3_layer.check
def one_factor_a_number(subject: Subject, draw: Draw) -> None:
    """It adds one trainable vector: out_features factors, or in_features for where="input", all one at the start."""
    for where in SIDES:
        c, seen, then = built(subject, draw, where)
        o, i = c["weight"].shape
        if not seen["module"]:
            raise Failure("not-a-module", "it is not an nn.Module", "Write class LinearWithIA3(nn.Module).")
        size, other = (o, i) if where == "output" else (i, o)
        make = "One nn.Parameter of ones, with the size that `where` asks for."
        expected = f"for a layer from {i} to {o} numbers and where={where!r} expected {size} factors"
        if not (factors := added(seen, then)):
            if seen["tensors"]:
                raise Failure("not-parameters", f"{expected}, found a tensor that no optimiser sees", make)
            raise Failure("no-factors", f"{expected}, found none", make)
        values = [f["value"] for f in factors]
        shapes = ", ".join(str(tuple(v.shape)) for v in values)
        if len(values) > 1:
            raise Failure("extra-parameters", f"{expected} and no more, found parameters of shapes {shapes}", make)
        numbers = values[0].numel()
        if numbers == 1:
            raise Failure("scalar-factor", f"{expected}, found a single number for the whole layer",
                          "One factor for each number, so that each can grow or shrink by itself.")  # fmt: skip
        if numbers == o * i:
            raise Failure("factor-matrix", f"{expected}, found a matrix of {numbers}: as many as the weight has", make)
        if numbers == other:
            raise Failure("wrong-side", f"{expected}, found {other}: that is the layer's other side",
                          'where="output" rescales the out_features results, where="input" the in_features numbers '
                          "of x.")  # fmt: skip
        if numbers != size:
            raise Failure("wrong-count", f"{expected}, found {numbers}", make)
        if not learns(factors[0]):
            raise Failure("factors-frozen", "the factors have requires_grad=False: nothing would be trained",
                          "Freeze the layer, not the whole module.")  # fmt: skip
        if not values[0].any() and close(seen["output"], c["x"].double() @ then[0].double().T + then[1].double()):
            raise Failure("deltas", "the factors start at zero, and the layer makes ones of them, by 1 + ... or exp",
                          "What is trained are the factors themselves: they start at one.")  # fmt: skip
        if not values[0].any():
            raise Failure("starts-at-zero", "the factors start at zero, and wrapping changes what the layer computes",
                          "A product starts at one, a sum starts at zero: torch.ones.")  # fmt: skip
        if not torch.equal(values[0], torch.ones_like(values[0])):
            raise Failure("starts-at-random", "the factors do not start at one, so wrapping changes the model",
                          "torch.ones(size)")  # fmt: skip
        base = {name: p["after"] for name, p in zip(BASE, seen["base"], strict=True)}  # moved, where it is not frozen
        expect_parts(subject, c | base, seen["later"], values[0] - 1)


@ia3_layer.check(weight=2, after=("one-factor-a-number",))
def scaling(subject: Subject, draw: Draw) -> None:
    """The output is scale * (x W^T + bias), or (scale * x) W^T + bias for where="input"."""
    for where in SIDES:
        judge_scaling(subject, ia3_case(draw, where, leading=(2, 3)))
        judge_scaling(subject, ia3_case(draw, where, square=True))  # where the sizes do not tell the sides apart
        judge_scaling(subject, ia3_case(draw, where, signs=True))
    judge_scaling(subject, ia3_case(draw, "output", square=True, default=True))
    d = draw.integer(3, 8)
    for first in SIDES:
        layers = [{"weight": draw.normal(d, d), "bias": draw.normal(d), "scale": draw.normal(d), "where": where}
                  for where in (first, *SIDES)]  # fmt: skip
        x = draw.normal(4, d)
        outputs = [subject.probe(beside, layers=layers[:count], x=x)["output"] for count in (1, 2, 3)]
        for beside_others in outputs[1:]:
            expect_apart(outputs[0], beside_others, "layer")


def judge_scaling(subject: Subject, c: dict) -> None:
    """Compare the output for given factors with the plain layer that has them inside."""
    try:
        seen = subject.probe(run_ia3, **c)
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            raise Failure("wrong-side", f"for where={c['where']!r} the factors meet another size: {error.text}",
                          "Rescale the result for where='output', and x for where='input'.") from None  # fmt: skip
        raise
    expect_tensor(seen["output"], "what forward returns")
    if not torch.equal(seen["x"], c["x"]):
        raise Failure("x-changed", "forward changes the x it is given, which others may still need",
                      "No *= and no method that ends in _ on x: write scale * x.")  # fmt: skip
    x, W, s = c["x"].double(), c["weight"].double(), c["scale"].double()
    divisor = s.where(s != 0, 1e-3)  # what is divided by zero would be close to everything
    b = torch.zeros(len(W), dtype=torch.float64) if c["bias"] is None else c["bias"].double()
    plain = x @ W.T
    weight, bias = scaled(c["weight"], c["bias"], c["scale"], c["where"])
    right = torch.einsum("...i,oi->...o", x, weight) + bias
    adds = "IA3 multiplies: * and not +."
    if c["where"] == "output":
        mistakes = [
            Mistake("bias-not-scaled", s * plain + b, "the product is rescaled, but not the bias, which is part of the "
                    "output", "Rescale what the layer returns, bias included."),
            Mistake("bias-lost", s * plain, "the bias is missing", "The whole output is rescaled, bias included."),
            Mistake("adds", plain + b + s, "the factors are added to the output", adds),
            Mistake("one-plus", (1 + s) * (plain + b), "the output is multiplied by 1 + scale: the layer's own output "
                    "is added once more", "The factors start at one themselves: return scale times the output alone."),
            Mistake("divides", (plain + b) / divisor, "the output is divided by the factors", "Multiply."),
        ]  # fmt: skip
    else:
        mistakes = [
            Mistake("adds", (x + s) @ W.T + b, "the factors are added to x", adds),
            Mistake("one-plus", ((1 + s) * x) @ W.T + b, "x is multiplied by 1 + scale",
                    "The factors start at one themselves: multiply by scale."),
            Mistake("divides", (x / divisor) @ W.T + b, "x is divided by the factors", "Multiply."),
            Mistake("bias-lost", (s * x) @ W.T, "the bias is missing", "The layer's own bias is added at the end."),
            Mistake("layer-added", plain + b + (s * x) @ W.T + b, "the layer's own output is added once more",
                    "The factors stand in the path, not beside it."),
        ]  # fmt: skip
    for bent in (s.abs(), s.clamp(min=0)):
        value = x @ (bent[:, None] * W).T + bent * b if c["where"] == "output" else (bent * x) @ W.T + b
        mistakes.append(Mistake("sign-lost", value, "factors below zero are not used as they are",
                                "A factor may become negative in training: use it as it is."))  # fmt: skip
    if W.shape[0] == W.shape[1]:
        other = (s * x) @ W.T + b if c["where"] == "output" else s * (plain + b)
        mistakes.append(Mistake("wrong-side", other, f"for a square layer and where={c['where']!r} the factors meet "
                        "the other side", "Keep `where` in self.where: the sizes do not tell the sides apart.")
                        )  # fmt: skip
    mistakes.append(Mistake("factors-ignored", plain + b, "the output is the layer's own, whatever the factors are",
                            "forward must use self.scale as it is now."))  # fmt: skip
    hint = "One factor for each number of the layer's output, or of its input: compare with the two formulas above."
    what = f"the output for where={c['where']!r}"
    try:
        expect_close(seen["output"], right, what=what, id="wrong-output", hint=hint, mistakes=tuple(mistakes))
    except Failure as failure:
        if failure.id != "wrong-output" or c["where"] != "output":
            raise
        used = seen["output"].double().flatten(0, -2) / (plain + b).flatten(0, -2)  # (rows, o)
        if not close(used, used[:1].expand_as(used), 1e-3):
            raise
        k = int((used[0] - s).abs().argmax())
        text = f"{failure.rationale}; number {k} is {used[0, k]:.3g} times the layer's own, its factor is {s[k]:.3g}"
        raise Failure(failure.id, text, hint) from None


@ia3_layer.check(after=("scaling",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach x through the frozen layer, and reach the factors."""
    for where in SIDES:
        c = ia3_case(draw, where)
        G = draw.normal(4, len(c["weight"]))
        seen = subject.probe(run_ia3, **c, upstream=G)
        G, W, x = G.double(), c["weight"].double(), c["x"].double()
        weight, _ = scaled(c["weight"], c["bias"], c["scale"], where)
        dscale = (G * (x @ W.T + c["bias"].double())).sum(0) if where == "output" else ((G @ W) * x).sum(0)
        keep = "Neither detach nor torch.no_grad(): the layer's weights are frozen already."
        if seen.get("dscale") is None or not seen["dscale"].any():
            raise Failure("factors-get-no-gradient", "no gradient reaches the factors: they would never change", keep)
        dx = torch.zeros_like(x) if seen["dx"] is None else seen["dx"]
        cut = Mistake("input-detached", torch.zeros_like(x), "dL/dx is zero: the layers before this one cannot learn",
                      keep)  # fmt: skip
        expect_close(dx, G @ weight, what="dL/dx", id="wrong-gradient", hint=keep, mistakes=(cut,))
        expect_close(seen["dscale"].flatten(), dscale, what="dL/dscale", id="wrong-gradient", hint=keep)
