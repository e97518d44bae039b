"""Checks of lab 08: a low-rank path beside a layer whose weight is bytes.

Letters: i in_features, o out_features, r rank. W' (o, i), A (i, r), B (r, o).
"""

from __future__ import annotations

import torch

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_explained, expect_tensor, learns, where_wrong
from lora_utils.checks.framework.wrapping_probes import meanwhile
from lora_utils.checks.lab_08_qlora.four_bit_layers import base_of, build_path, other_parts, run_path, run_types
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

qlora_linear = Exercise("qlora-linear", lifted=("changes-weights",))  # finer checks look at the base


# ---------------------------------------------------------------------------------------------------------- judges
def path_case(draw: Draw, *, leading: tuple[int, ...] = (4,), kind: str = "bytes", bias: bool = True,
              alpha: float | None = None) -> dict:  # fmt: skip
    """Draw a rectangular layer, a rank and an alpha whose confusion cannot go unseen, factors and an input."""
    i, o, r = draw.sizes(3, low=5, high=13)
    return {
        "weight": draw.normal(o, i), "bias": draw.normal(o) if bias else None, "rank": r, "kind": kind,
        "alpha": draw.number(2.05, 2.95) if alpha is None else alpha,
        "x": draw.normal(*leading, i), "A": draw.normal(i, r), "B": draw.normal(r, o),
    }  # fmt: skip


def build_case(draw: Draw) -> dict:
    """What `build_path` needs."""
    c = path_case(draw)
    return {name: c[name] for name in ("weight", "bias", "rank", "alpha", "x")}


def base_output(c: dict) -> torch.Tensor:
    """What the 4-bit layer alone returns, in float64."""
    bias = 0 if c["bias"] is None else c["bias"].double()
    return c["x"].double() @ dequantize_4bit(quantize_4bit(c["weight"])).double().T + bias


def _no_bias(c: dict, error: StudentRaised) -> None:
    """Name the cause where a base without bias is what the answer does not expect."""
    if c["bias"] is None and "NoneType" in error.text:
        raise Failure("bias-assumed", f"for a base without bias your code raised {error}", "base.bias is None there; "
                      "requires_grad_ of a whole module asks for no bias.") from None  # fmt: skip


def built(subject: Subject, c: dict, **more) -> dict:
    """Build; a type that no float tensor can have is a mistake of its own."""
    try:
        seen = subject.probe(build_path, **c, **more)
    except StudentRaised as error:
        if "floating point" in error.text or "uint8" in error.text or "Byte" in error.text:
            raise Failure("dtype-from-bytes", f"torch refuses the path's type: {error.text}", "The base's weight is "
                          "bytes (uint8). Give the path the type in the argument dtype.") from None  # fmt: skip
        if error.kind == "AttributeError" and "weight" in error.text:
            raise Failure("needs-weight", f"it reads base.weight: {error.text}", "A 4-bit layer need not have one: use "
                          "base.in_features, base.out_features and the argument dtype.") from None  # fmt: skip
        _no_bias(c, error)
        if error.kind == "ValueError" and f"rank must be an integer of at least 1, got {c['alpha']}" in error.text:
            raise Failure("rank-alpha-swapped", f"for rank={c['rank']} and alpha={c['alpha']} LoRALayer says: "
                          f"{error.text}", "The order is in_dim, out_dim, rank, alpha.") from None  # fmt: skip
        if error.kind == "TypeError" and "dtype" in error.text and "missing" in error.text:
            raise Failure("dtype-without-default", f"QLoRALinear(base, rank, alpha) raises: {error.text}", "The stub "
                          "gives dtype a default, torch.float32; keep it.") from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "it is not an nn.Module", "Write class QLoRALinear(nn.Module).")
    return seen


@qlora_linear.check
def keeps_the_base(subject: Subject, draw: Draw) -> None:
    """The 4-bit layer it is given is inside, as it is, and no float copy of its weight beside it."""
    c = build_case(draw)
    o, i = c["weight"].shape
    seen = built(subject, c)
    if not seen["inside"]:
        raise Failure("base-missing", "the given layer is not among the module's submodules",
                      "Store the object itself: self.base = base.")  # fmt: skip
    if seen["replaced"]:
        raise Failure("base-changed", f"the base's {seen['replaced'][0]} is another object than before: it was cloned, "
                      "or made anew", "Keep the layer as it is: requires_grad_(False), and nothing else.")  # fmt: skip
    if any(t.numel() == o * i and t.is_floating_point() for t in seen["floats"]):
        raise Failure("base-expanded", f"a float tensor of {o} x {i} numbers, the size of W', is kept: 4 bits are "
                      "stored, and 32 beside them", "Call self.base(x); it dequantises, and forgets.")  # fmt: skip


@qlora_linear.check
def has_the_path(subject: Subject, draw: Draw) -> None:
    """Beside it stand A (in_features, rank) and B (rank, out_features), in the type given by dtype."""
    c = build_case(draw)
    (o, i), r = c["weight"].shape, c["rank"]
    for dtype in ("float32", "bfloat16", None):
        seen = built(subject, c, dtype=dtype)
        asked, dtype = (f"for dtype=torch.{dtype}", dtype) if dtype else ("without dtype", "float32")
        shapes = [tuple(t.shape) for t in seen["floats"]]
        if not ((i, r) in shapes or (r, i) in shapes) or not ((r, o) in shapes or (o, r) in shapes):
            came = ", ".join(map(str, shapes)) or "none"
            raise Failure("no-factors", f"expected A {(i, r)} and B {(r, o)} beside the base, found {came}",
                          "Take the sizes from in_features and out_features; the weight of a 4-bit layer has another "
                          "shape.")  # fmt: skip
        factors = [t for t in seen["floats"] if t.shape in ((i, r), (r, i), (r, o), (o, r))]
        if wrong := [t.dtype for t in factors if t.dtype != getattr(torch, dtype)]:
            raise Failure("path-dtype", f"{asked} the path has {wrong[0]}, expected torch.{dtype}",
                          "Move the path to `dtype`. The base cannot say which type it should have.")  # fmt: skip
        state = base_of("bytes", c["weight"], c["bias"]).state_dict()
        if any(seen["state"][name].dtype != t.dtype for name, t in state.items()):
            raise Failure("base-cast", f"{asked} the base's own numbers change their type too",
                          "dtype is the path's: move that alone, not the whole module.")  # fmt: skip


@qlora_linear.check(weight=2, after=("has-the-path",))
def output(subject: Subject, draw: Draw) -> None:
    """The output is base(x) + alpha * (x A B), for any A and B."""
    judge_path(subject, draw, path_case(draw, leading=(2, 4)))
    judge_path(subject, draw, path_case(draw, bias=False, alpha=draw.number(-2.9, -1.1)))


def judge_path(subject: Subject, draw: Draw, c: dict) -> None:
    """Compare the output for random factors with the closed form; hidden checks use it with the other base."""
    try:
        seen = subject.probe(run_path, **c)
    except StudentRaised as error:
        if "cannot be multiplied" in error.text:
            hint = "The path maps x, not base(x), and LoRALayer takes in before out."
            raise Failure("path-shapes", f"torch says: {error.text}", hint) from None
        _no_bias(c, error)
        raise
    expect_tensor(seen["output"], "what forward returns")
    x, A, B, alpha, r = (c[name] for name in ("x", "A", "B", "alpha", "rank"))
    y, x, A, B = base_output(c), x.double(), A.double(), B.double()
    path = torch.einsum("...i,io->...o", x, torch.einsum("ir,ro->io", A, B))
    rounded = [dequantize_4bit(quantize_4bit(f.float())).double() for f in (A, B)]
    add = "The output is the sum of two: the base's and the path's."
    mistakes = (
        Mistake("alpha-forgotten", y + path, "the path is added without alpha", "LoRALayer multiplies by alpha."),
        Mistake("alpha-over-rank", y + alpha / r * path, "the path is scaled by alpha / rank",
                "In this course alpha multiplies as it is."),
        Mistake("alpha-twice", y + alpha**2 * path, "alpha is applied twice", "LoRALayer multiplies by alpha itself."),
        Mistake("path-missing", y, "the path is missing from the output", add),
        Mistake("base-output-missing", alpha * path, "the base's output is missing", add),
        Mistake("bias-twice", y + (0 if c["bias"] is None else c["bias"].double()) + alpha * path, "the bias is added "
                "twice", "The base adds its bias itself."),
        *(() if c["bias"] is None else (Mistake("bias-missing", y - c["bias"].double() + alpha * path, "the base's "
                                                "bias is missing", add),)),
        Mistake("alpha-shared", y + meanwhile(alpha) * path, "the path is scaled by the alpha of a layer that was made "
                "later", "Keep alpha on self, or in the path: what belongs to the class all layers share."),
        Mistake("subtracted", y - alpha * path, "the path is subtracted", add),
        Mistake("alpha-scales-base", alpha * (y + path), "alpha scales the base's output too", "LoRALayer has applied "
                "alpha already, to the path alone."),
        Mistake("alpha-scales-base", alpha * (y + alpha * path), "alpha scales the base's output too, and the path "
                "twice", "LoRALayer has applied alpha already, to the path alone."),
        Mistake("path-quantised", y + alpha * (x @ rounded[0] @ rounded[1]), "A and B are rounded to 4 bits: they are "
                "what is trained, and small steps would be lost", "Only the frozen base is stored in 4 bits."),
    )  # fmt: skip
    what = f"the output for rank={r}, alpha={alpha} and a base {'without' if c['bias'] is None else 'with'} bias"
    if seen["output"].is_floating_point() and not close(seen["output"], y + alpha * path):
        _in_sixteen_bits(seen["output"], y + alpha * path, (m.value for m in mistakes))
    expect_close(seen["output"], y + alpha * path, what=what, id="wrong-output", hint=add, mistakes=mistakes)


def _in_sixteen_bits(got: torch.Tensor, right: torch.Tensor, mistakes) -> None:
    """Name rounding where the output is nearly right, and no other mistake is as near."""
    if close(got, right, 0.02) and not any(close(got, m) for m in mistakes):
        gap = float((got - right).abs().max())
        raise Failure("rounded-on-the-way", f"for x in float32 the output is off by {gap:.2g}: only the first digits "
                      "are right, so something is rounded to 16 bits on the way", "Cast x to the type of the path, and "
                      "the path's result to that of base(x), to no other.")  # fmt: skip


@qlora_linear.check(after=("has-the-path",))
def starts_equal(subject: Subject, draw: Draw) -> None:
    """Before training it computes what the base computes, bit for bit."""
    c = path_case(draw)
    del c["A"], c["B"]
    seen = subject.probe(run_path, **c)
    expect_tensor(seen["output"], "what forward returns")
    base = seen["base"] if close(seen["base"], base_output(c)) else base_output(c)  # bit for bit, but not on its word
    if not torch.equal(seen["output"], base):
        same = seen["output"].shape == base.shape
        gap = where_wrong(seen["output"], base, 0.0) if same else f", of shape {tuple(base.shape)}"
        raise Failure("not-equal-at-start", f"with a fresh path the output is not the base's{gap}",
                      "B starts at zero, and nothing else is added.")  # fmt: skip
    i, r = c["weight"].shape[1], c["rank"]
    seen = built(subject, {name: c[name] for name in ("weight", "bias", "rank", "alpha", "x")})
    A = next((p["value"] for p in seen["path"] if p["value"].shape in ((i, r), (r, i))), None)
    if A is None:
        return
    if not A.any():
        raise Failure("A-starts-at-zero", "A is zero at the start: then B's gradient is zero, and if B is zero too, "
                      "nothing is ever learned", "A is drawn at random, and B is zero.")  # fmt: skip
    if torch.linalg.matrix_rank(A.float()) < min(A.shape):
        raise Failure("A-not-random", "the rows or columns of A depend on each other: they would all learn the same",
                      "Draw A at random.")  # fmt: skip


@qlora_linear.check(after=("has-the-path",))
def trains_only_the_path(subject: Subject, draw: Draw) -> None:
    """Only A and B can be trained: the base is frozen, its bias too."""
    c = build_case(draw)
    (o, i), r = c["weight"].shape, c["rank"]
    seen = built(subject, c)
    pairs = zip(base_of("bytes", c["weight"], c["bias"]).named_parameters(), seen["base"], strict=True)
    if moving := [name for (name, number), p in pairs if not torch.equal(p["after"], number)]:
        raise Failure("base-not-frozen", f"the base's {' and '.join(moving)} would still be trained",
                      "The codes cannot be trained, but a bias can: base.requires_grad_(False).")  # fmt: skip
    numbers = sum(p["value"].numel() for p in seen["path"] if learns(p))
    if numbers < r * (i + o):
        raise Failure("path-frozen", f"{numbers} numbers can be trained, expected r * (i + o) = {r * (i + o)}",
                      "Freeze the base alone, not the whole module.")  # fmt: skip
    if numbers > r * (i + o):
        raise Failure("extra-trainable", f"{numbers} numbers can be trained, expected r * (i + o) = {r * (i + o)}",
                      "The module trains A and B and nothing else.")  # fmt: skip
    factors = {name: next(t if t.shape == shape else t.T for t in (p["value"] - 1 for p in seen["path"])
                          if t.shape in (shape, shape[::-1]))
               for name, shape in (("A", (i, r)), ("B", (r, o)))}  # fmt: skip
    expect_explained(seen["later"], subject.tried(run_path, **c, **factors).get("output"), "the output after a step")


@qlora_linear.check(weight=2, after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients reach x through the 4-bit layer and through the path, and reach A and B."""
    c = path_case(draw)
    W = dequantize_4bit(quantize_4bit(c["weight"])).double()
    G = draw.normal(4, W.shape[0])
    seen = subject.probe(run_path, **c, upstream=G)
    G64, A, B, x, alpha = G.double(), c["A"].double(), c["B"].double(), c["x"].double(), c["alpha"]
    through_path = alpha * torch.einsum("bo,ro,ir->bi", G64, B, A)
    right = {
        "dA": alpha * torch.einsum("bi,bo,ro->ir", x, G64, B),
        "dB": alpha * torch.einsum("bi,ir,bo->ro", x, A, G64),
    }
    for name in right:
        if seen[name] is None or not seen[name].any():
            raise Failure("path-gets-no-gradient", f"dL/d{name[1]} is missing: training would never change it",
                          "Do not detach the path or run it under no_grad.")  # fmt: skip
    mistakes = (
        Mistake("base-detached", through_path, "dL/dx misses the part that flows through the 4-bit layer",
                "Frozen is not cut off: take away detach or no_grad around self.base(x), or the layers below stand "
                "still."),
        Mistake("path-input-detached", G64 @ W, "dL/dx misses the part that flows through the path",
                "Give the path x itself, not x.detach()."),
    )  # fmt: skip
    dx = torch.zeros_like(x) if seen["dx"] is None else seen["dx"]
    hint = "Base and path take x itself; nothing is detached."
    expect_close(dx, G64 @ W + through_path, what="dL/dx", id="wrong-gradient", hint=hint, mistakes=mistakes)
    for name, expected in right.items():
        expect_close(seen[name], expected, what=f"dL/{name}", id="wrong-gradient", hint=hint)


@qlora_linear.check(after=("output",))
def types(subject: Subject, draw: Draw) -> None:
    """For x in bfloat16 the path computes in its own float32, and the output has the type of base(x)."""
    o = draw.integer(3, 6)
    # In float32 x A = 2**-10. In bfloat16, 1 + 2**-10 is rounded to 1 and nothing is left.
    A = torch.tensor([[1 + 2**-10], [-1.0]])
    c = {"weight": torch.zeros(o, 2), "bias": torch.zeros(o), "rank": 1, "alpha": 1024.0, "A": A, "B": torch.ones(1, o)}
    try:
        seen = subject.probe(run_path, **c, x=torch.ones(3, 2, dtype=torch.bfloat16), upstream=None)
    except StudentRaised as error:
        if "dtype" in error.text or "scalar type" in error.text:
            raise Failure("input-not-cast", f"for x in bfloat16 and a path in float32 it raises: {error.text}",
                          "Cast x to the path's type, and its result to the type of base(x).") from None  # fmt: skip
        raise
    if seen["output"].dtype != torch.bfloat16:
        raise Failure("output-dtype", f"the output is {seen['output'].dtype}, base(x) is torch.bfloat16",
                      "Give the base x itself, and cast the path's result to the type of base(x).")  # fmt: skip
    mistake = Mistake("path-in-low-precision", torch.zeros(3, o), "A and B are rounded to bfloat16 before their use",
                      "Cast x up to the path's type instead of the path down to that of x.")  # fmt: skip
    hint = "Two casts: x on the way into the path, and the path's result on the way out."
    expect_close(seen["output"], torch.ones(3, o), what="the output for x in bfloat16", id="wrong-output", hint=hint,
                 mistakes=(mistake,), tolerance=0.01)  # fmt: skip
    _judge_types(subject, draw)


def _judge_types(subject: Subject, draw: Draw) -> None:
    """Other pairs of types: what comes out has the type of base(x), which is that of x."""
    pairs = [("float64", "float32"), ("float32", "bfloat16"), ("bfloat16", "bfloat16"), ("float16", None),
             ("float32", "float64")]  # fmt: skip
    c = path_case(draw)
    right = base_output(c) + c["alpha"] * (c["x"].double() @ c["A"].double() @ c["B"].double())
    inputs = {name: c[name] for name in ("weight", "bias", "alpha", "A", "B", "x")}
    seen = subject.probe(run_types, **inputs, types=[list(pair) for pair in pairs])
    for (of_x, of_path), output, raised in zip(pairs, seen["outputs"], seen["raised"], strict=True):
        case = f"for x in {of_x} and a path in {of_path or 'float32'}"
        if raised:
            told = "dtype" in raised or "scalar type" in raised
            raise Failure("input-not-cast" if told else "raises-for-types", f"{case} it raises {raised}", "The type "
                          "of x and that of the path may be any: cast on the way into the path and out.")  # fmt: skip
        expect_tensor(output, "what forward returns")
        if output.dtype != getattr(torch, of_x):
            raise Failure("output-dtype", f"{case} the output is {output.dtype}, base(x) is torch.{of_x}",
                          "Give the base x itself, and cast the path's result to the type of base(x).")  # fmt: skip
        expect_close(output, right, what=f"the output {case}", id="wrong-output", hint="Cast types, not values.",
                     tolerance=0.05)  # fmt: skip


@qlora_linear.check(after=("types", "keeps-the-base"))
def calls_its_parts(subject: Subject, draw: Draw) -> None:
    """It calls the base and the path, whatever these do besides, and starts each layer anew."""
    c = path_case(draw)
    seen = subject.probe(other_parts, **{name: c[name] for name in ("weight", "bias", "rank", "alpha", "x")})
    right, call = base_output(c) + 1, "Call the layer itself: self.base(x)."
    parts = (
        ("biased", "bias-copied", "after the base's bias has grown by 1 the output is as before: a copy is used", call),
        ("hooked", "hooks-bypassed", "a hook of the base adds 1 to its output, and that is missing", call),
        ("path", "path-bypassed", "with a LoRALayer that adds 1 to what it returns the output stays the same: its "
         "factors are read, and it is not called", "Call the path itself: self.lora(...)."),
    )  # fmt: skip
    for name, id, text, hint in parts:
        asked = seen["has_path"] or name != "path"
        if asked and not (isinstance(seen[name], torch.Tensor) and close(seen[name], right)):
            raise Failure(id, text, hint)
    if torch.equal(*seen["starts"]):
        raise Failure("same-every-time", "two layers start with the same A",
                      "Each path is drawn anew: set no seed.")  # fmt: skip
