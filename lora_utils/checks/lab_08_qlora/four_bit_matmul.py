"""Checks of lab 08: the product with a weight that is stored in 4 bits.

Letters: b batch, i in_features, o out_features, m blocks of 64 weights. W' (o, i), x (..., i), G = dL/dy (..., o).
The judge draws codes and scales and looks W' up entry by entry; it never quantises anything.
"""

from __future__ import annotations

import functools
import math
import types

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, expect_close
from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.quantization.codebooks import NF4
from lora_utils.quantization.nf4 import FourBit

BLOCK = 64

four_bit_matmul = Exercise("four-bit-matmul")


# ---------------------------------------------------------------------------------------------------------- probes
def apply_function(cls, *, x, packed, absmax, shape, upstream=None, needs_grad=True, scales_ask=False) -> dict:
    """Probe: the output, what is kept for the backward pass, and the gradient of x, and of scales that ask for one."""
    x.requires_grad_(needs_grad)
    absmax.requires_grad_(scales_ask)
    y = cls.apply(x, packed, absmax, tuple(shape))
    seen = {
        "output": y,
        "recorded": isinstance(y, torch.Tensor) and (y.requires_grad or x.requires_grad),
        "dx": None,
        "kept": [],
        "function": isinstance(cls, type) and issubclass(cls, torch.autograd.Function),
    }
    if seen["recorded"]:
        node = y.grad_fn
        kept = [
            *getattr(node, "saved_tensors", ()),
            *_tensors(getattr(node, "__dict__", {})),
            *_tensors(dict(vars(cls))),
        ]
        seen["kept"] = [t for t in kept if t is not None]
        if upstream is not None:
            seen["more"] = _given_to_others(cls, node, upstream)
            wanted = [x, absmax] if scales_ask else [x]
            seen |= zip(("dx", "dc"), torch.autograd.grad(y, wanted, upstream, allow_unused=True), strict=False)
    return seen


def _given_to_others(cls, node, upstream) -> list[str]:
    """For which arguments beside x backward returns anything; autograd drops what goes to bytes without a word."""
    try:
        with torch.no_grad():  # as autograd calls it
            given = cls.backward(node, upstream)
    except Exception:  # autograd calls it too, and its complaint is told
        return []
    given = given if isinstance(given, tuple | list) else (given,)
    return [name for name, one in zip(("packed", "absmax", "shape"), given[1:], strict=False) if one is not None]


def apply_twice(cls, *, cases: list) -> dict:
    """Probe: the gradient of each input when all layers have run forward before any goes back, as in a model."""
    inputs = [x.requires_grad_() for x, *_ in cases]
    outputs = [
        cls.apply(x, packed, absmax, tuple(shape))
        for x, (_, packed, absmax, shape, _) in zip(inputs, cases, strict=True)
    ]
    for y, case in zip(reversed(outputs), reversed(cases), strict=True):
        y.backward(case[-1])
    return {"outputs": outputs, "gradients": [x.grad for x in inputs]}


def _tensors(value, depth: int = 5) -> list[torch.Tensor]:
    """All tensors inside attributes, lists and dicts, and those that a function written inside forward holds."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, functools.partial):
        value = [*value.args, *value.keywords.values()]
    elif closure := getattr(value, "__closure__", None):
        value = [cell.cell_contents for cell in closure]
    elif isinstance(value, FourBit | nn.Module | types.SimpleNamespace):
        value = dict(vars(value))
    if isinstance(value, dict):
        value = list(value.values())
    inside = value if isinstance(value, list | tuple) and depth else []
    return [t for item in inside for t in _tensors(item, depth - 1)]


# ---------------------------------------------------------------------------------------------------------- judges
def stored_case(draw: Draw, *, square: bool = False, leading: tuple[int, ...] = (4,), dtype: str = "float32",
                shape: list[int] | None = None) -> dict:  # fmt: skip
    """Draw codes, scales and an input; W' is looked up in the table one weight after another."""
    o, i = shape or draw.sizes(2, low=11, high=18)
    o = i if square else o
    codes = draw.integers(0, 15, o * i)
    absmax = draw.integers(2, 9, math.ceil(o * i / BLOCK)) / 8  # no two neighbours need be equal
    absmax[0] = 2.0
    absmax = (absmax * 1.0007).float()  # more digits than 16 bits keep
    table = torch.tensor(NF4.values, dtype=torch.float64)
    values = torch.stack([table[int(c)] * absmax[k // BLOCK].double() for k, c in enumerate(codes)])
    pairs = torch.cat([codes, codes.new_zeros(o * i % 2)]).reshape(-1, 2)
    return {
        "packed": (pairs[:, 0] * 16 + pairs[:, 1]).to(torch.uint8),
        "absmax": absmax.float(),
        "shape": [o, i],
        "x": draw.normal(*leading, i, dtype=getattr(torch, dtype)),
        "W": values.reshape(o, i),
        "unscaled": table[codes].reshape(o, i),
    }


def see(subject: Subject, c: dict, **more) -> dict:
    """Run the probe on a case."""
    return subject.probe(apply_function, x=c["x"], packed=c["packed"], absmax=c["absmax"], shape=c["shape"], **more)


@four_bit_matmul.check
def output(subject: Subject, draw: Draw) -> None:
    """forward returns x W'.T, with W' from codes and scales."""
    for square in (True, False):
        judge_product(subject, draw, stored_case(draw, square=square))


def judge_product(subject: Subject, draw: Draw, c: dict) -> None:
    """Compare the output with the looked-up weight; hidden checks use it with other shapes."""
    try:
        got = see(subject, c)["output"]
    except StudentRaised as error:
        if c["x"].dim() != 2 and error.kind == "RuntimeError":
            text = f"it fails on x of shape {tuple(c['x'].shape)}, and any leading axes must work: {error.text}"
            raise Failure("needs-2d", text, "@ (torch.matmul) keeps leading axes, torch.mm does not.") from None
        if "save_for_backward" in error.text:
            hint = "save_for_backward takes tensors alone. The shape goes into an attribute: ctx.shape = shape."
            raise Failure("shape-saved-as-tensor", f"torch says: {error.text}", hint) from None
        raise
    expect_tensor(got, "what forward returns")
    x, W = c["x"].double(), c["W"]
    mistakes = [
        Mistake("scales-forgotten", x @ c["unscaled"].T, "the scales are not used: every block is taken to have c = 1",
                "W' is table[code] times the scale of its block; dequantize knows how."),
        Mistake("no-influence", torch.zeros_like(x @ W.T), "the output is zero", "Return the product of x with W'.T."),
        Mistake("sign", -(x @ W.T), "the output has the wrong sign", "Return the product as it is."),
    ]  # fmt: skip
    if W.shape[0] == W.shape[1]:
        mistakes.append(Mistake("forward-transposed", x @ W, "the output is x W', without the transpose",
                                "W' is stored as (out, in), and x has in columns: it takes a transpose."))  # fmt: skip
    what, hint = (
        f"the output for x of shape {tuple(x.shape)} and W' of shape {tuple(W.shape)}",
        "One product, of x with W'.",
    )
    expect_close(got, x @ W.T, what=what, id="wrong-output", hint=hint,
                 mistakes=tuple(mistakes), tolerance=1e-4)  # fmt: skip


@four_bit_matmul.check(weight=2, after=("output",))
def keeps_only_codes(subject: Subject, draw: Draw) -> None:
    """Between the passes only codes and scales are kept: neither W' nor x."""
    c = stored_case(draw)
    o, i = c["shape"]
    seen = see(subject, c)
    if not seen["function"]:
        raise Failure("not-a-function", "FourBitMatmul is no torch.autograd.Function: then autograd keeps what the "
                      "product needs, the dequantised weight", "Keep the stub's class line and its two static "
                      "methods.")  # fmt: skip
    kept = [(t.numel(), t.is_floating_point()) for t in seen["kept"]]
    if (o * i, True) in kept:
        raise Failure("weight-kept", f"the dequantised weight ({o} x {i} floats) is kept until the backward pass: for "
                      "a model of 7 billion weights that is the memory that 4 bits were to save",
                      "Save packed and absmax, and dequantise a second time in backward.")  # fmt: skip
    if (4 * i, True) in kept:
        raise Failure("input-kept", "x is kept, but nothing in backward needs it: only dL/dW would",
                      "Save packed and absmax alone.")  # fmt: skip
    if (4 * o, True) in kept:
        raise Failure("output-kept", "the output is kept, but nothing in backward needs it",
                      "Save packed and absmax alone.")  # fmt: skip
    if any(numel >= o * i and not floats for numel, floats in kept):
        raise Failure("codes-unpacked", f"{o * i} codes are kept one a byte, twice the memory of two a byte",
                      "Save packed as it came.")  # fmt: skip


@four_bit_matmul.check(weight=2, after=("output",))
def gradient(subject: Subject, draw: Draw) -> None:
    """backward returns dL/dx = G W', and nothing for codes, scales and shape."""
    for square in (True, False):
        judge_gradient(subject, draw, stored_case(draw, square=square))
    _judge_layers(subject, draw)


def _judge_layers(subject: Subject, draw: Draw) -> None:
    """Two layers of one size, and one of another: all run forward before the first goes back."""
    one, other = stored_case(draw), stored_case(draw)
    while other["shape"][0] == one["shape"][0] or other["shape"][1] == one["shape"][1]:
        other = stored_case(draw)
    drawn = [one, stored_case(draw, shape=one["shape"]), other]
    cases = [[c["x"], c["packed"], c["absmax"], c["shape"], draw.normal(4, c["shape"][0])] for c in drawn]
    hint = "Leave everything for backward in ctx, which every call has for itself, not in the class or a global."
    text = "with several layers, backward of one uses what another left behind"
    try:
        seen = subject.probe(apply_twice, cases=cases)
    except StudentRaised as error:
        raise Failure("kept-outside-ctx", f"{text}: {error.text}", hint) from None
    for c, case, y, dx in zip(drawn, cases, seen["outputs"], seen["gradients"], strict=True):
        if not close(y, c["x"].double() @ c["W"].T, 1e-4):
            raise Failure("kept-outside-ctx", "with several layers, forward of one uses what another left behind", hint)
        if dx is None or not close(dx, case[-1].double() @ c["W"], 1e-4):
            raise Failure("kept-outside-ctx", text, hint)


def judge_gradient(subject: Subject, draw: Draw, c: dict) -> None:
    """Compare dL/dx with the closed form; hidden checks use it with other shapes."""
    o, i = c["shape"]
    G = draw.normal(*c["x"].shape[:-1], o)
    try:
        seen = see(subject, c, upstream=G)
    except StudentRaised as error:
        if "incorrect number of gradients" in error.text:
            raise Failure("wrong-count", f"torch says: {error.text}", "backward returns one value for every argument "
                          "of forward after ctx: dL/dx, None, None, None.") from None  # fmt: skip
        if "different than None at position" in error.text:
            raise Failure("gradient-elsewhere", f"torch says: {error.text}", "The values stand in the order of "
                          "forward's arguments: x is first, and the others have no gradient.") from None  # fmt: skip
        if "invalid gradient at index 0" in error.text:
            raise Failure("gradient-shape", f"torch says: {error.text}", "dL/dx has the shape of x: (..., o) @ (o, i) "
                          "-> (..., i).") from None  # fmt: skip
        if c["x"].dim() != 2 and error.kind == "RuntimeError":
            text = f"backward fails for x of shape {tuple(c['x'].shape)}: {error.text}"
            raise Failure("needs-2d", text, "@ keeps leading axes; .T and torch.mm do not.") from None
        if error.kind == "NameError" and any(f"'{name}'" in error.text for name in ("packed", "absmax", "shape", "x")):
            hint = "backward knows ctx and the gradient only. Fetch the rest: packed, absmax = ctx.saved_tensors."
            raise Failure("not-fetched", f"in backward {error.text}", hint) from None
        if "cannot be multiplied" in error.text:
            raise Failure("gradient-shapes", f"in backward torch says: {error.text}", "G (..., o) stands on the left "
                          "and W' (o, i) on the right, neither transposed.") from None  # fmt: skip
        raise
    if not seen["recorded"]:
        raise Failure("nothing-recorded", "the output needs no gradient although x does",
                      "Do not mark the output as non-differentiable.")  # fmt: skip
    if seen["dx"] is None:
        raise Failure("no-gradient", "backward returns no gradient for x: every layer below stands still",
                      "The weight is frozen, x is not: its gradient is the first of the values returned.")  # fmt: skip
    G64, W = G.double(), c["W"]
    mistakes = [
        Mistake("zero-gradient", torch.zeros_like(G64 @ W), "dL/dx is zero: every layer below stands still",
                "The weight is frozen, x is not."),
        Mistake("scales-forgotten-backward", G64 @ c["unscaled"], "backward uses the table without the scales",
                "Both passes need the same W'."),
        Mistake("gradient-sign", -(G64 @ W), "dL/dx has the wrong sign", "Return the product as it is."),
        Mistake("gradient-of-x", c["x"].double() * 0 + 1, "dL/dx is one everywhere", "The chain rule needs G and W'."),
    ]  # fmt: skip
    if o == i:
        mistakes += [
            Mistake("backward-transposed", G64 @ W.T, "backward multiplies by W'.T", "The text has the formula; a "
                    "rectangular W' would have refused."),
            Mistake("straight-through", G64, "G is passed on unchanged, as if W' were the identity",
                    "Rounding is passed straight through in quantisation-aware training; here the product with W' has "
                    "to be differentiated."),
        ]  # fmt: skip
    expect_close(seen["dx"], G64 @ W, what="dL/dx", id="wrong-gradient", hint="A product of G with W', for x alone.",
                 mistakes=tuple(mistakes), tolerance=1e-4)  # fmt: skip


@four_bit_matmul.check(after=("gradient",))
def nothing_for_the_scales(subject: Subject, draw: Draw) -> None:
    """backward returns None for codes, scales and shape, whoever asks."""
    c = stored_case(draw)
    seen = see(subject, c, upstream=draw.normal(4, c["shape"][0]), scales_ask=True)
    if seen["dc"] is not None:
        raise Failure("gradient-for-scales", "backward returns a gradient for absmax too, and codes and scales are not "
                      "trained", "None for every argument but x.")  # fmt: skip
    if seen["more"]:
        raise Failure("gradient-for-codes", f"backward returns something for {' and '.join(seen['more'])}, which are "
                      "not trained", "None for every argument but x.")  # fmt: skip


@four_bit_matmul.check(after=("gradient",))
def kinds(subject: Subject, draw: Draw) -> None:
    """Output and gradient have the type of x, which is the compute type: bfloat16 in, bfloat16 out."""
    for dtype in (torch.bfloat16, torch.float64):
        _judge_type(subject, draw, dtype)


def _judge_type(subject: Subject, draw: Draw, dtype: torch.dtype) -> None:
    c = stored_case(draw, dtype=str(dtype).removeprefix("torch."))
    G = draw.normal(4, c["shape"][0], dtype=dtype)
    try:
        seen = see(subject, c, upstream=G)
    except StudentRaised as error:
        if "dtype" in error.text or "scalar type" in error.text:
            raise Failure("type-fixed", f"for x in {dtype} it raises: {error.text}",
                          "Dequantise in the type of x, and in backward in the type of G.") from None  # fmt: skip
        raise
    right = {"output": c["x"].double() @ c["W"].T, "dx": G.double() @ c["W"]}
    for name, what in (("output", "the output"), ("dx", "dL/dx")):
        if seen[name].dtype != dtype:
            raise Failure("type-not-kept", f"{what} is {seen[name].dtype} for x in {dtype}",
                          "Dequantise in the type of x; where x is cast, the result has to be cast back.")  # fmt: skip
        expect_close(seen[name], right[name], what=f"{what} for x in {dtype}", id=f"wrong-{name}-in-other-types",
                     hint="The same product, whatever the type.", tolerance=0.05)  # fmt: skip
