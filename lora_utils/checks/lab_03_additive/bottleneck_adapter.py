"""Checks of lab 03: the bottleneck adapter itself.

Letters: b batch, s sequence, d width, r bottleneck. down (r, d) and its bias (r,), up (d, r) and its bias (d,).
The judge computes the adapter in float64 from the definition of GELU, z times the normal distribution function.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

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
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_03_additive.bottleneck_probes import beside, build, roles, run, turned

bottleneck_adapter = Exercise("bottleneck-adapter", lifted=("changes-a-tensor",))

WRITE_MODULE = "Write class BottleneckAdapter(nn.Module) with super().__init__() as the first line of __init__."


def built(subject: Subject, c: dict) -> dict:
    """Build the adapter and expect an nn.Module; the usual accident with super() gets its own message."""
    try:
        seen = subject.probe(build, **c)
    except StudentRaised as error:
        if "before Module.__init__() call" in error.text:
            raise Failure("super-init-missing", "PyTorch cannot register the layers: nn.Module was never initialised",
                          "Call super().__init__() before assigning layers.") from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "BottleneckAdapter(width, bottleneck) is not an nn.Module", WRITE_MODULE)
    if not seen["parameters"] and seen["hidden"]:
        raise Failure("hidden-parameters", "the layers sit in a list, where nn.Module does not look",
                      "Assign each layer to its own attribute, or use nn.Sequential.")  # fmt: skip
    return seen


def expect_layers(subject: Subject, c: dict, seen: dict) -> None:
    """Expect that another adapter with the layers that came back, less by the step, returns what came after it."""
    sizes = c["width"], c["bottleneck"]
    values = [p["value"] for p in seen["parameters"]]
    weights = {name: turned(values[k] - 1, name, *sizes) for name, k in roles(values, *sizes).items()}
    other = subject.tried(run, **c, weights=weights, twice=True)
    # Of a random output, and of an x that is changed, others tell.
    if not other or (close(other["output"], other["again"]) and torch.equal(other["x"], c["x"])):
        expect_explained(seen["later"], other.get("output"), "the output after a step")


@bottleneck_adapter.check
def has_two_layers(subject: Subject, draw: Draw) -> None:
    """Its layers are down (width to bottleneck) and up (bottleneck to width), with biases: 2 d r + r + d numbers."""
    r, d = sorted(draw.sizes(2, 3, 12))
    c = {"width": d, "bottleneck": r, "x": draw.normal(4, d)}
    parameters = (seen := built(subject, c))["parameters"]
    shapes = sorted(tuple(p["value"].shape) for p in parameters)
    total, right = sum(math.prod(shape) for shape in shapes), 2 * d * r + r + d
    expected = f"for width={d} and bottleneck={r} it has {total} numbers, expected 2 d r + r + d = {right}"
    layers = "Two nn.Linear, one from width to bottleneck and one back."
    matrices = [shape for shape in shapes if len(shape) == 2]
    if not {(r, d), (d, r)} & set(matrices):
        raise Failure("no-layers", f"{expected}: there is no layer between {d} and {r} numbers", layers)
    if (d, d) in matrices:
        raise Failure("full-matrix", f"{expected}: a layer of {d} x {d} saves nothing", layers)
    if len(matrices) != 2 or sum(shape in ((r, d), (d, r)) for shape in matrices) != 2:
        raise Failure("wrong-layers", f"{expected}: its matrices are {', '.join(map(str, matrices))}", layers)
    if frozen := [p["name"] for p in parameters if not learns(p)]:
        raise Failure("adapter-frozen", f"{frozen[0]} has requires_grad=False: training would never change it",
                      "The adapter is what is trained; only the sublayer it serves is frozen.")  # fmt: skip
    if len(set(matrices)) == 1:
        o, i = matrices[0]
        raise Failure("wrong-layers", f"{expected}: both layers map {i} numbers to {o}", layers)
    vectors = [shape for shape in shapes if len(shape) == 1]
    if total < right:
        raise Failure("no-bias", f"{expected}: a bias is missing", "nn.Linear has a bias unless told otherwise.")
    if vectors.count((d,)) > 1 or vectors.count((r,)) > 1:
        raise Failure("extra-norm", f"{expected}: there is a normalisation or a second bias inside",
                      "The adapter has two linear layers and nothing else; the block has its norms.")  # fmt: skip
    if total > right:
        extra = next((p["name"] for p in parameters if p["value"].dim() not in (1, 2)), "a parameter")
        raise Failure("extra-parameters", f"{expected}: {extra} is one too many", layers)
    expect_layers(subject, c, seen)


# Twice the weight of the other facts: an adapter that does not start as the identity destroys what it is put behind.
@bottleneck_adapter.check(weight=2, after=("has-two-layers",))
def starts_as_the_identity(subject: Subject, draw: Draw) -> None:
    """Before training it returns x itself, bit for bit, because up is zero, while down is not."""
    r, d = sorted(draw.sizes(2, 3, 12))
    c = {"width": d, "bottleneck": r, "x": (x := draw.normal(5, d))}
    y = _call(subject, **c)["output"]
    expect_tensor(y, "what forward returns")
    seen = built(subject, c)
    largest = {tuple(p["value"].shape): float(p["value"].abs().max()) for p in seen["parameters"]}
    down, up, bias = (largest.get(shape, 0.0) for shape in ((r, d), (d, r), (d,)))  # the check before has seen them
    why = "With up = 0 the change is zero, and up itself already receives a gradient."
    if down == 0 and up == 0:
        raise Failure("both-zero", "down and up both start at zero: then neither matrix ever gets a gradient", why)
    starts = next(p["value"] for p in seen["parameters"] if tuple(p["value"].shape) in ((r, d), (d, r))
                  and p["value"].any()) if down else None  # fmt: skip
    if starts is not None and up == 0 and torch.linalg.matrix_rank(starts) == 1:
        raise Failure("down-all-equal", "all rows of down start as one and the same, and get the same gradient: "
                      "the bottleneck stays one number wide", "Let nn.Linear draw down at random.")  # fmt: skip
    if down == 0 and not torch.equal(y, x + 0) and y.shape == x.shape:
        raise Failure("down-zero-up-random", "down starts at zero and up at random; it is the other way round", why)
    if not (down == 0 or up == 0):
        text = f"up must start at zero so that the adapted model equals the pretrained one; found max |up| = {up:.2g}"
        raise Failure("up-not-zero", text, "nn.init.zeros_(self.up.weight), and the same for its bias: nn.Linear draws "
                      "both at random. (The paper starts near the identity, this lab exactly at it.)")  # fmt: skip
    if y.shape == x.shape and torch.equal(y, x):
        return expect_layers(subject, c, seen)
    if y.shape == x.shape and not y.any():
        raise Failure("residual-forgotten", "a fresh adapter returns zeros: the way around it is missing",
                      "What the two layers make of x is added to x.")  # fmt: skip
    if y.shape == x.shape and torch.allclose(y, 2 * x):
        raise Failure("residual-twice", "a fresh adapter returns 2 x: the way around it is added twice", "Add x once.")
    if bias > 0:
        raise Failure("up-bias-not-zero", f"the bias of up starts at random (max {bias:.2g}), so a fresh adapter moves "
                      "every vector by it", "nn.init.zeros_(self.up.bias)")  # fmt: skip
    raise Failure("not-identity-at-start", "a fresh adapter does not return x",
                  "Only what the two layers make of x is added to it; nothing is normalised or scaled.")  # fmt: skip


def case(
    draw: Draw, *, leading: tuple[int, ...] = (4,), dtype: str = "float32", sizes: tuple[int, int] | None = None
) -> dict:
    """Draw sizes r and d that differ unless told, weights that bend the activation, and an input."""
    r, d = sizes or sorted(draw.sizes(2, 3, 12))
    kind = getattr(torch, dtype)
    shapes = {"down": (r, d), "up": (d, r), "down_bias": (r,), "up_bias": (d,)}
    weights = {name: draw.normal(*shape, dtype=kind) for name, shape in shapes.items()}
    return {"width": d, "bottleneck": r, "x": draw.normal(*leading, d, dtype=kind), "weights": weights}


def exact_gelu(z: torch.Tensor) -> torch.Tensor:
    """Z times the probability that a standard normal number is below z."""
    return z * 0.5 * (1 + torch.erf(z / math.sqrt(2)))


@bottleneck_adapter.check(weight=2, after=("has-two-layers",))
def output(subject: Subject, draw: Draw) -> None:
    """The output is x + up(gelu(down(x))), for any weights."""
    for leading in ((4,), (2, 3)):
        judge_output(subject, case(draw, leading=leading))
    judge_output(subject, case(draw, leading=(1,), sizes=(1, 5)))  # one row, a bottleneck of one
    judge_output(subject, case(draw, sizes=(8, 3)))  # a bottleneck that is none
    adapters = [case(draw, sizes=(2, 5)) for _ in range(2)]
    outputs = [subject.probe(beside, adapters=adapters[:n], x=adapters[0]["x"])["output"] for n in (1, 2)]
    expect_apart(*outputs, "adapter")


def _call(subject: Subject, **inputs) -> dict:
    """Run the adapter; layers that do not fit together get a message of their own."""
    try:
        return subject.probe(run, **inputs)
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "shapes cannot be multiplied" in error.text:
            d, r = inputs["width"], inputs["bottleneck"]
            text = f"with width={d} and bottleneck={r} the layers do not fit x of shape {tuple(inputs['x'].shape)}"
            raise Failure("sizes-swapped", f"{text}: width and bottleneck are exchanged",
                          "down maps width to bottleneck, up maps bottleneck back to width.") from None  # fmt: skip
        raise


def judge_output(subject: Subject, c: dict) -> None:
    """Compare the output for given weights with the definition; hidden checks use it with other cases."""
    seen = _call(subject, **c, twice=True)
    expect_tensor(seen["output"], "what forward returns")
    if seen["output"].dtype != c["x"].dtype:
        raise Failure("dtype-lost", f"x is {c['x'].dtype} and the output {seen['output'].dtype}",
                      "Compute in the dtype that comes in: no .float() and no .half().")  # fmt: skip
    if not torch.equal(seen["x"], c["x"]):
        raise Failure("x-changed", "forward changes the x it is given, which the block still needs for its residual",
                      "No += and no method that ends in _ on x: return x + ...")  # fmt: skip
    if not torch.equal(seen["output"], seen["again"]):
        raise Failure("random-output", "two calls with the same input give different outputs",
                      "Nothing in this adapter is random after __init__: no dropout.")  # fmt: skip
    x, (down, up, down_bias, up_bias) = c["x"].double(), (t.double() for t in c["weights"].values())

    def inside(v: torch.Tensor) -> torch.Tensor:
        return torch.einsum("...d,rd->...r", v, down) + down_bias

    def back(v: torch.Tensor) -> torch.Tensor:
        return torch.einsum("...r,dr->...d", v, up) + up_bias

    change, straight = back(exact_gelu(inside(x))), back(inside(x))
    between = "The activation stands between the two layers, and nowhere else."
    others = {"relu": torch.relu, "tanh": torch.tanh, "silu": F.silu, "sigmoid": torch.sigmoid,
              "leaky_relu": F.leaky_relu, "elu": F.elu,
              "z times sigmoid(1.702 z), which comes close to it": lambda z: z * torch.sigmoid(1.702 * z)}  # fmt: skip
    mistakes = (
        Mistake("residual-forgotten", change, "the output is up(gelu(down(x))): the way around it is missing",
                "What the two layers make of x is added to x."),
        Mistake("activation-forgotten", x + straight, "there is no activation between down and up: the two layers are "
                "then one linear map of low rank", between),
        Mistake("activation-after-up", x + exact_gelu(straight), "the activation comes after up", between),
        Mistake("second-activation", x + exact_gelu(change), "there is a second activation, after up", between),
        Mistake("activation-before-down", x + back(inside(exact_gelu(x))), "the activation is applied to x", between),
        Mistake("activation-on-sum", exact_gelu(x + straight), "the activation is applied to the sum with x", between),
        Mistake("residual-twice", 2 * x + change, "x is added twice", "Add x once."),
        Mistake("change-subtracted", x - change, "the change is subtracted", "x + up(gelu(down(x)))"),
        Mistake("input-normalised", x + back(exact_gelu(inside(F.layer_norm(x, x.shape[-1:])))),
                "x is normalised first", "The block has its own norms; the adapter has none."),
        Mistake("output-normalised", F.layer_norm(x + change, x.shape[-1:]), "the output is normalised",
                "The block has its own norms; the adapter has none."),
        Mistake("gelu-approximated", x + back(F.gelu(inside(x), approximate="tanh")), "this is the tanh formula, which "
                "comes close to GELU", "Use F.gelu(z) as it is: the model's own feed-forward layers do."),
        *(Mistake("other-activation", x + back(f(inside(x))), f"the activation is {name}; this lab uses GELU, "
                  "as the model does", "torch.nn.functional.gelu") for name, f in others.items()),
        Mistake("layers-ignored", x, "the output is x whatever the layers hold", "Use self.down and self.up as they "
                "are now."),
    )  # fmt: skip
    came, size = seen["output"].double(), float(change.square().sum())
    factor = float(((came - x) * change).sum()) / size if came.shape == x.shape else 1.0
    if not close(came, x + change) and close(came, x + factor * change) and factor > 0:
        raise Failure("change-scaled", f"what is added to x is {factor:.4g} times up(gelu(down(x)))",
                      "The formula has no factor: x + up(gelu(down(x))).")  # fmt: skip
    hint = "Compare with the formula of the adapter: what is added to x, and where does the activation stand?"
    expect_close(seen["output"], x + change, what="the output", id="wrong-output", hint=hint, mistakes=mistakes)


@bottleneck_adapter.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach x by both ways, and reach all four parameters."""
    c = case(draw)
    G = draw.normal(4, c["width"])
    seen = subject.probe(run, **c, upstream=G)["gradients"]
    x, (down, up, down_bias, _) = c["x"].double(), (t.double() for t in c["weights"].values())
    G, z = G.double(), x @ down.T + down_bias
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    slope = 0.5 * (1 + torch.erf(z / math.sqrt(2))) + z * density  # of GELU
    inner = G @ up * slope  # (b, r)
    right = {"x": G + inner @ down, "down": inner.T @ x, "down_bias": inner.sum(0), "up": G.T @ exact_gelu(z),
             "up_bias": G.sum(0)}  # fmt: skip
    lost = [name for name in right if seen.get(name) is None or not seen[name].any()]
    if lost and lost != ["x"]:
        raise Failure("gets-no-gradient", f"no gradient reaches {' and '.join(lost)}: training would never change it",
                      "Use the layers themselves: no .data, no detach, no torch.no_grad().")  # fmt: skip
    dx = torch.zeros_like(x) if seen["x"] is None else seen["x"]
    why = "the layers before this one cannot learn"
    mistakes = (
        Mistake("input-detached", torch.zeros_like(x), f"dL/dx is zero: {why}", "Do not detach x."),
        Mistake("residual-detached", inner @ down, f"dL/dx misses the way around the adapter: {why}",
                "Add x itself, not x.detach()."),
        Mistake("input-detached", G, f"dL/dx misses the way through the layers: {why}",
                "Give down x itself, not x.detach()."),
    )  # fmt: skip
    hint = "Compute the output with differentiable operations on x and the layers themselves."
    expect_close(dx, right["x"], what="dL/dx", id="wrong-gradient", hint=hint, mistakes=mistakes)
    for name in ("down", "down_bias", "up", "up_bias"):
        expect_close(seen[name], right[name], what=f"dL/d{name}", id="wrong-gradient", hint=hint)
