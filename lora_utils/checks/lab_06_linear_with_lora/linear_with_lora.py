"""Checks of lab 06: the wrapped layer itself.

Letters: b batch, s sequence, i in_features, o out_features, r rank. W (o, i), bias (o,), A (i, r), B (r, o).
The judge computes everything from the merged weight W + alpha (A B).T, which no student writes down that way.
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_tensor, learns, where_wrong
from lora_utils.checks.framework.wrapping_probes import build, place, run
from lora_utils.checks.lab_06_linear_with_lora.parts_in_use import judge_parts
from lora_utils.checks.lab_06_linear_with_lora.wrapping_cases import BASE, built, case, expect_parts, probed, wrapped
from lora_utils.checks.lab_06_linear_with_lora.wrapping_mistakes import closed_form, output_mistakes

linear_with_lora = Exercise("linear-with-lora")


@linear_with_lora.check(weight=0.5)
def is_a_module(subject: Subject, draw: Draw) -> None:
    """LinearWithLoRA(linear, rank, alpha) is an nn.Module, around any nn.Linear."""
    i, o, r = draw.sizes(3, low=3, high=9)
    for own in (False, True):
        try:
            seen = subject.probe(wrapped, rank=r, alpha=2, sizes=[i, o], own=own)
        except StudentRaised as error:
            if not own:
                raise
            raise Failure("subclass-refused", f"around a layer of a subclass of nn.Linear your code raised {error}",
                          "Such a layer is an nn.Linear too: isinstance says so, type does not.") from None  # fmt: skip
        if not seen["module"]:
            raise Failure(
                "not-a-module",
                "LinearWithLoRA(linear, rank, alpha) is not an nn.Module",
                "The class statement has to name nn.Module as its base.",
            )


@linear_with_lora.check(after=("is-a-module",))
def keeps_the_layer(subject: Subject, draw: Draw) -> None:
    """The layer it is given is inside: the very object, neither a copy nor its parts."""
    c = case(draw, alpha=draw.integer(10, 12), leading=(3,))
    seen, other = built(subject, draw, c)
    if seen["inside"]:
        expect_parts(subject, c, seen["output"], *other, seen["parameters"], "value")
        return
    weights = [p for p in seen["parameters"] if p["value"].shape == c["weight"].shape]
    if any(torch.equal(p["value"], other[0]) for p in seen["renewed"]):
        raise Failure(
            "layer-taken-apart",
            "the given layer's weight is inside, but the layer itself is not",
            "Store the layer as it is, as an attribute of self: whatever it does besides W x + b (hooks, 4 bits) "
            "can then keep working.",
        )
    if any(torch.equal(p["value"], c["weight"]) for p in weights):
        raise Failure(
            "base-copied",
            "a copy of the given layer is inside, so the weights exist twice in memory",
            "Store the layer itself, without deepcopy or a new nn.Linear.",
        )
    if weights:
        raise Failure(
            "base-replaced",
            "a new layer with other weights is inside; the pretrained ones are lost",
            "Store the layer you are given.",
        )
    raise Failure(
        "base-missing",
        "the given layer is not among the module's submodules",
        "Store it as an attribute of the module; a list or dict hides it from PyTorch.",
    )


@linear_with_lora.check(after=("is-a-module",))
def has_the_path(subject: Subject, draw: Draw) -> None:
    """Beside it stand the factors A (in_features, rank) and B (rank, out_features)."""
    i, o, r, alpha = draw.sizes(4)  # alpha is an integer here, so that swapping it with the rank builds and is seen
    c = {"weight": draw.normal(o, i), "bias": draw.normal(o), "rank": r, "alpha": alpha, "x": draw.normal(2, i)}
    seen, _ = built(subject, draw, c)
    rest = [tuple(p["value"].shape) for p in seen["parameters"] if not any(close(p["value"], c[n]) for n in BASE)]
    if alpha in (n for shape in rest for n in shape) and r not in (n for shape in rest for n in shape):
        raise Failure(
            "rank-alpha-swapped",
            f"for rank={r} and alpha={alpha} the factors have inner size {alpha}",
            "LoRALayer takes in_dim, out_dim, rank, alpha, in this order.",
        )
    if not ({(i, r), (r, i)} & set(rest) and {(r, o), (o, r)} & set(rest)):
        raise Failure(
            "no-factors",
            f"expected parameters of shapes {(i, r)} and {(r, o)} for A and B, found "
            f"{', '.join(map(str, rest)) or 'none'} beside the given layer",
            "A LoRALayer of the layer's sizes, as an attribute of self, is registered with its factors.",
        )
    if (i, r) in rest and (r, o) in rest:
        return
    try:
        subject.probe(run, **{**c, "bias": None, "alpha": float(alpha)})
    except StudentRaised as error:
        if error.kind != "RuntimeError":
            raise
        raise Failure(
            "sizes-swapped",
            f"the factors have shapes {' and '.join(map(str, rest))}, but the layer maps "
            f"{i} numbers to {o}: in_features and out_features are exchanged",
            "W is stored as (out_features, in_features); LoRALayer takes in_dim first.",
        ) from None


@linear_with_lora.check(weight=2, after=("has-the-path",))
def output(subject: Subject, draw: Draw) -> None:
    """The output is linear(x) + alpha * (x A B), for any A and B."""
    judge_output(subject, draw, case(draw, leading=(2, 4)))
    judge_output(subject, draw, case(draw, leading=(1,), alpha=draw.number(-2.9, -1.5)))
    judge_output(subject, draw, case(draw, leading=(3,), alpha=2) | {"rank": 11})  # more than the layer has sizes


def judge_output(subject: Subject, draw: Draw, c: dict) -> None:
    """Compare the output for random factors with the closed form; hidden checks use it with other cases."""
    o, i = c["weight"].shape
    A, B = draw.normal(i, c["rank"]), draw.normal(c["rank"], o)
    seen = probed(subject, run, c, A=A, B=B)
    expect_tensor(seen["output"], "what forward returns")
    f = closed_form(c, A, B)
    what = f"the output for rank={c['rank']} and alpha={c['alpha']}"
    hint = "The sum of two outputs for the same x: the kept layer's and the path's."
    try:
        expect_close(
            seen["output"], f["output"], what=what, id="wrong-output", hint=hint, mistakes=output_mistakes(c, f)
        )
    except Failure as failure:
        if failure.id == "wrong-output" and seen["again"] is not None and not close(seen["output"], seen["again"]):
            raise Failure("random-output", "two calls with the same input give different outputs",
                          "Nothing is drawn in forward, no dropout either, and it changes nothing that it keeps."
                          ) from None  # fmt: skip
        raise


@linear_with_lora.check(after=("has-the-path",))
def starts_equal(subject: Subject, draw: Draw) -> None:
    """Before training it computes what the layer computed, bit for bit."""
    i, o, r = draw.sizes(3, low=3, high=9)
    # Quarters of small integers: sums of their products are exact in float32, in whatever order they are added.
    W, b, x = (draw.integers(-8, 8, *shape) / 4 for shape in ((o, i), (o,), (5, i)))
    seen = subject.probe(run, weight=W, bias=b, rank=r, alpha=draw.number(1.5, 2.9), x=x)
    expect_tensor(seen["output"], "what forward returns")
    if not torch.equal(seen["output"], x @ W.T + b):
        same, base = seen["output"].shape == (5, o), (x @ W.T + b).double()
        gap = where_wrong(seen["output"], base, 0.0) if same else f", of shape {(5, o)}"
        raise Failure(
            "not-equal-at-start",
            f"a freshly wrapped layer's output is not the layer's own{gap}",
            "The layer's whole output must come through, its bias too, and a fresh path adds zero to it: B is zero.",
        )
    seen = probed(subject, build, {"weight": W, "bias": b, "rank": r, "alpha": 2.0, "x": x}, other=[W, b])
    A = next(p["value"] for p in seen["parameters"] if p["value"].shape in ((i, r), (r, i)))
    if not A.any():
        raise Failure("A-starts-at-zero", "A is zero at the start: then B's gradient is zero, and if B is zero too, "
                      "nothing is ever learned", "A is drawn at random, and B is zero.")  # fmt: skip
    if torch.linalg.matrix_rank(A) < min(A.shape):
        raise Failure("A-not-random", "the rows or columns of A depend on each other: they would all learn the same",
                      "Draw A at random.")  # fmt: skip


@linear_with_lora.check(after=("keeps-the-layer", "has-the-path"))
def trains_only_the_path(subject: Subject, draw: Draw) -> None:
    """Only the r * (in + out) numbers of the path can be trained; weight and bias are frozen."""
    c = case(draw, alpha=draw.integer(10, 12), leading=(3,))
    seen, _ = built(subject, draw, c)
    (o, i), r = c["weight"].shape, c["rank"]
    moving = [name for name, p in zip(BASE, seen["base"], strict=True) if not torch.equal(p["after"], c[name])]
    if moving == ["bias"]:
        raise Failure(
            "bias-trainable",
            "the layer's weight is frozen, but its bias would still be trained",
            "Freeze every parameter of the layer: linear.requires_grad_(False).",
        )
    if moving:
        text = f"the given layer's {' and '.join(moving)} would still be trained"
        raise Failure("base-not-frozen", text, "Freeze the layer you are given: linear.requires_grad_(False).")
    trainable = sum(p["value"].numel() for p in seen["parameters"] if learns(p))
    if trainable == r * (i + o):
        expect_parts(subject, c, seen["later"], c["weight"], c["bias"], seen["parameters"], "after")
        return
    if trainable < r * (i + o):
        raise Failure(
            "lora-frozen",
            f"{trainable} numbers can be trained, expected r * (i + o) = {r} * ({i} + {o}) = "
            f"{r * (i + o)}: A or B is frozen",
            "Freeze the layer, not the whole module, and do so before or without touching the path.",
        )
    raise Failure(
        "extra-trainable",
        f"{trainable} numbers can be trained, expected r * (i + o) = {r * (i + o)}",
        "The wrapper has no parameters besides the frozen layer and the two factors.",
    )


@linear_with_lora.check(weight=2, after=("output", "keeps-the-layer"))
def calls_its_parts(subject: Subject, draw: Draw) -> None:
    """It calls the kept layer and the path, whatever these do besides, and keeps nothing from one call to the next."""
    judge_parts(subject, draw)


@linear_with_lora.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach x through both branches, and reach A and B."""
    c = case(draw, leading=(4,))
    (o, i), r = c["weight"].shape, c["rank"]
    A, B, G = draw.normal(i, r), draw.normal(r, o), draw.normal(4, o)  # G = dL/dy
    seen = subject.probe(run, **c, A=A, B=B, upstream=G)
    f = closed_form(c, A, B)
    G, x, W, alpha = G.double(), c["x"].double(), c["weight"].double(), c["alpha"]
    dA, dB = alpha * (G.T @ x).T @ B.double().T, alpha * A.double().T @ (G.T @ x).T
    for name, right in (("dA", dA), ("dB", dB)):
        if seen[name] is None or (not seen[name].any() and right.any()):
            raise Failure(
                "path-gets-no-gradient",
                f"dL/d{name[1]} is zero: training would never change {name[1]}",
                "Do not detach the path's output or run it under no_grad.",
            )
    dx = torch.zeros_like(x) if seen["dx"] is None else seen["dx"]
    cut = "linear is frozen already: its weights get no gradient, but x must, or the layers before it cannot learn"
    mistakes = (
        Mistake(
            "base-detached",
            G @ (f["merged"] - W),
            "dL/dx misses the part that flows through linear(x)",
            f"Take away detach or no_grad around the layer: {cut}.",
        ),
        Mistake(
            "lora-input-detached",
            G @ W,
            "dL/dx misses the part that flows through lora(x)",
            "Give the path x itself, not x.detach().",
        ),
        Mistake(
            "input-detached",
            torch.zeros_like(x),
            "dL/dx is zero: the layers before this one cannot learn",
            "Do not detach x and do not run forward under no_grad.",
        ),
    )
    hint = "Both branches take x itself; nothing is detached and nothing runs under no_grad."
    expect_close(dx, G @ f["merged"], what="dL/dx", id="wrong-gradient", hint=hint, mistakes=mistakes)
    expect_close(seen["dA"], dA, what="dL/dA", id="wrong-gradient", hint=hint)
    expect_close(seen["dB"], dB, what="dL/dB", id="wrong-gradient", hint=hint)


@linear_with_lora.check(after=("has-the-path",))
def dtype_and_device(subject: Subject, draw: Draw) -> None:
    """The path lives where the layer lives: same device, same dtype."""
    i, o, r = draw.sizes(3, low=3, high=9)
    for dtype in ("float64", "bfloat16"):
        seen = subject.probe(place, dtype=dtype, device="cpu", rank=r, alpha=2, sizes=[i, o])
        dtypes = sorted({str(tensor.dtype) for tensor in seen["path"]})
        if dtypes != [f"torch.{dtype}"]:
            raise Failure(
                "path-dtype",
                f"beside a {dtype} layer the path has {', '.join(dtypes) or 'nothing'}",
                "Move the path to the dtype of the layer's weight.",
            )
    # "meta" stands for any other device: tensors there have a shape, a dtype and a place, but no storage.
    try:
        seen = subject.probe(place, dtype="float32", device="meta", rank=r, alpha=2, sizes=[i, o])
    except StudentRaised as error:
        if "incompatible tensor type" in error.text:
            return  # p.data = p.data.to(device): it moves the path, which torch permits between real devices
        raise
    if seen["devices"] != ["meta"]:
        raise Failure(
            "path-device",
            f"beside a layer on device 'meta' the path is on {', '.join(seen['devices']) or 'no device'}",
            "Move the path to the device of the layer's weight.",
        )


@linear_with_lora.check(after=("output", "dtype-and-device"))
def in_double_precision(subject: Subject, draw: Draw) -> None:
    """Around a float64 layer the output is float64."""
    c = case(draw, leading=(3,), alpha=2.5)
    o, i = c["weight"].shape
    factors = {"A": draw.normal(i, c["rank"]).double(), "B": draw.normal(c["rank"], o).double()}
    wide = {name: value.double() if isinstance(value, torch.Tensor) else value for name, value in c.items()}
    seen = probed(subject, run, wide, **factors)
    if seen["output"].dtype != torch.float64:
        text = f"for a layer and an x in float64 the output is {seen['output'].dtype}"
        raise Failure("output-dtype", text, "Nothing in forward needs a cast: both parts have the layer's dtype.")
    right, hint = closed_form(c, factors["A"], factors["B"])["output"], "The same sum, whatever the dtype."
    expect_close(seen["output"], right, what="the output in float64", id="wrong-output", hint=hint)
    if not close(seen["output"], right, 1e-10):
        raise Failure("digits-lost", "around a float64 layer only the digits of float32 are right",
                      "Nothing in forward needs a cast: both parts have the layer's dtype.")  # fmt: skip


@linear_with_lora.check(weight=0.5, after=("is-a-module",))
def called_by_name(subject: Subject, draw: Draw) -> None:
    """It is also called as LinearWithLoRA(layer, rank=2, alpha=0.1), as later cells do."""
    i, o, r = draw.sizes(3, low=3, high=9)
    try:
        subject.probe(wrapped, rank=r, alpha=2, sizes=[i, o], by_name=True)
    except StudentRaised as error:
        if error.kind != "TypeError":
            raise
        raise Failure("other-argument-names", f"LinearWithLoRA(layer, rank={r}, alpha=2) raises {error}",
                      "Keep the names that the stub gives: later cells use rank and alpha.") from None  # fmt: skip
