"""Checks of lab 03: folding the factors of IA3 into the weight.

Letters: i in_features, o out_features. W (o, i), bias (o,), scale (o,) or (i,).
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import Mistake, close, expect_close, learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import linear, parameters_of
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_03_additive.ia3_layer import SIDES, scaled

fold_ia3 = Exercise("fold-ia3", lifted=("changes-weights", "changes-what-trains"))


# ----------------------------------------------------------------------------------------------------------- probe
def run_fold(fold, *, weight, bias, scale, where, x) -> dict:
    """Probe: fold factors into a layer; the new layer's output and parts, and its output when the given one changes."""
    given = linear(weight, bias)
    folded = fold(given, scale, where)
    if not isinstance(folded, nn.Module):
        return {"kind": type(folded).__name__, "linear": False}
    if type(folded) is not nn.Linear:
        return {"kind": type(folded).__name__, "linear": False}
    with torch.no_grad():
        seen = {
            "linear": True,
            "same": folded is given,
            "output": folded(x),
            "weight": folded.weight.clone(),
            "bias": None if folded.bias is None else folded.bias.clone(),
            "parameters": len(parameters_of(folded)),
            "given": parameters_of(given),
        }
        for parameter in given.parameters():
            parameter.add_(1)
        return seen | {"later": folded(x)}


def run_again(fold, *, layers: list, scales: list, x) -> dict:
    """Probe: one given layer folded again and again, with other factors, sides and numbers inside; every output.

    The factors come in one tensor, which is written anew. At last the first folded layer is looked at once more.
    """
    given = linear(layers[0]["weight"], layers[0]["bias"])
    scale, folded, values = scales[0].clone(), [], []
    with torch.no_grad():
        for layer in layers:
            given.weight.copy_(layer["weight"])
            given.bias.copy_(layer["bias"])
            for where in SIDES:
                for numbers in scales:
                    scale.copy_(numbers)
                    folded.append(fold(given, scale, where))
                    values.append(folded[-1](x))
        return {"values": values, "first": folded[0](x)}


# ---------------------------------------------------------------------------------------------------------- judges
def fold_case(draw: Draw, where: str, *, bias: bool = True, square: bool = True, signs: bool = False) -> dict:
    """Draw a square layer, where the wrong axis still computes something, or a rectangular one; factors, an input."""
    i, o = draw.sizes(2, 4, 9)
    o = i if square else o
    scale = draw.normal(o if where == "output" else i) * 0.3 + 1.7
    if signs:
        scale[0], scale[1] = 0.0, -1.3
    return {
        "weight": draw.normal(o, i),
        "bias": draw.normal(o) if bias else None,
        "scale": scale,
        "where": where,
        "x": draw.normal(3, i),
    }


@fold_ia3.check
def folded_output(subject: Subject, draw: Draw) -> None:
    """For where="output" the new layer computes scale * linear(x)."""
    judge_fold(subject, fold_case(draw, "output"))
    judge_fold(subject, fold_case(draw, "output", signs=True))
    judge_fold(subject, fold_case(draw, "output", square=False))


@fold_ia3.check
def folded_input(subject: Subject, draw: Draw) -> None:
    """For where="input" the new layer computes linear(scale * x)."""
    judge_fold(subject, fold_case(draw, "input"))
    judge_fold(subject, fold_case(draw, "input", signs=True))
    judge_fold(subject, fold_case(draw, "input", square=False))


def judge_fold(subject: Subject, c: dict) -> None:
    """Compare the new layer's output with the closed form; hidden checks use it without bias and with zeros."""
    o, i = c["weight"].shape
    try:
        seen = subject.probe(run_fold, **c)
    except StudentRaised as error:
        if o != i and error.kind == "RuntimeError" and ("must match" in error.text or "shapes" in error.text):
            raise Failure("sizes-swapped", f"it serves a square layer, but not one from {i} to {o} numbers: "
                          f"{error.text}", "nn.Linear takes the number of inputs first, then outputs."
                          ) from None  # fmt: skip
        raise
    if not seen["linear"]:
        raise Failure("not-a-linear", f"fold must return an nn.Linear, got {seen['kind']}",
                      "Make a new nn.Linear of the same sizes and copy numbers into it.")  # fmt: skip
    if seen["parameters"] < 1 + (seen["bias"] is not None):
        raise Failure("not-parameters", "the new layer's weight or bias is no parameter: it still hangs on the given "
                      "one and on the factors", "Write numbers into the new layer's own weight and bias, under "
                      "torch.no_grad().")  # fmt: skip
    if c["bias"] is None and seen["bias"] is not None and seen["bias"].any():
        raise Failure("bias-invented", "the given layer has no bias, but the new one has, with numbers of its own",
                      "nn.Linear has a bias unless told otherwise.")  # fmt: skip
    x, W, s, where = c["x"].double(), c["weight"].double(), c["scale"].double(), c["where"]
    b = torch.zeros(len(W), dtype=torch.float64) if c["bias"] is None else c["bias"].double()
    divisor = s.where(s != 0, 1e-3)  # what is divided by zero would be close to everything
    weight, bias = scaled(c["weight"], c["bias"], c["scale"], where)
    right = x @ weight.T + bias
    axis = "W is (out, in): row k makes output k, column k meets input k."
    new = seen["bias"]
    if new is not None and torch.allclose(seen["weight"].double(), weight, atol=1e-5):
        known = (b, s * b, b / divisor, 0 * b) if where == "output" or o == i else (b, 0 * b)
        if not any(torch.allclose(new.double(), k, atol=1e-5) for k in known):
            raise Failure("bias-not-copied", "the weight is right, and the bias is neither the given layer's nor that "
                          "times the factors", "Write the bias too, where a new nn.Linear has random numbers: times "
                          "the factors for the output, as it is for the input.")  # fmt: skip
    if o != i:  # the mistakes below are told apart on square layers
        expect_close(seen["output"], right, what=f"the output for where={where!r} and a layer from {i} to {o} numbers",
                     hint="Nothing may depend on the layer being square.")  # fmt: skip
        return
    other = s[:, None] * W if where == "input" else W * s
    smaller = W / divisor[:, None] if where == "output" else W / divisor
    mistakes = (
        Mistake("bias-not-scaled", x @ weight.T + b, "the weight is rescaled, but not the bias, which is part of the "
                "output", "For where='output' the bias takes the factors too."),
        Mistake("bias-scaled", x @ weight.T + s * b, "the bias is rescaled, though the factors belong to the input",
                "For where='input' the bias comes after the factors and stays."),
        Mistake("wrong-axis", x @ other.T + bias, f"for where={where!r} the factors meet the wrong axis of W", axis),
        Mistake("wrong-axis", x @ other.T + b, f"for where={where!r} the factors meet the wrong axis of W", axis),
        Mistake("wrong-axis", x @ other.T + s * b, f"for where={where!r} the factors meet the wrong axis of W", axis),
        Mistake("bias-lost", x @ weight.T, "the new layer has lost the bias", "A new layer with a bias, and the given "
                "one's numbers in it."),
        Mistake("nothing-folded", x @ W.T + b, "the new layer computes what the given one does", axis),
        Mistake("divides", x @ smaller.T + b, "the weight is divided by the "
                "factors", "Multiply."),
        Mistake("divides", x @ smaller.T + b / divisor, "weight and bias are "
                "divided by the factors", "Multiply."),
        *(Mistake("sign-lost", x @ m.T + v, "factors below zero are not used as they are", "Multiply by them as they "
                  "are: a factor may be negative.")
          for bent in (c["scale"].abs(), c["scale"].clamp(min=0))
          for m, v in (scaled(c["weight"], c["bias"], bent, where),)),
        Mistake("folded-twice", x @ scaled(weight, bias, s, where)[0].T + scaled(weight, bias, s, where)[1],
                "the factors are multiplied in twice", "Multiply by them once."),
        Mistake("folded-twice", x @ scaled(weight, bias, s, where)[0].T + bias, "the factors are multiplied into the "
                "weight twice", "Multiply by them once."),
        *(Mistake("one-plus", x @ m.T + v, "the factors meet the weight as 1 + scale", "They start at one themselves: "
                  "multiply by scale.") for m, v in (scaled(c["weight"], c["bias"], 1 + c["scale"], where),)),
        *(Mistake("one-factor", x @ m.T + v, "all are multiplied by one number, the mean of the factors", "Each row or "
                  "column has a factor of its own.")
          for m, v in (scaled(c["weight"], c["bias"], c["scale"].mean().expand(len(s)), where),)),
        *(Mistake("adds", x @ (W + (s[:, None] if where == "output" else s)).T + v, "the factors are added to the "
                  "weight", "IA3 multiplies: * and not +.")
          for v in (b, *((b + s, s * b) if where == "output" else ()))),
        Mistake("transposed", x @ weight + bias, "the new layer's weight is transposed", axis),
    )  # fmt: skip
    hint = "Which rows or columns of W, and which numbers of the bias, make the numbers that the factors belong to?"
    expect_close(seen["output"], right, what=f"the output for where={where!r}", hint=hint, mistakes=mistakes)


@fold_ia3.check
def given_layer_stays(subject: Subject, draw: Draw) -> None:
    """The layer that was handed over keeps every number, and shares none with the new one."""
    for where in SIDES:
        c = fold_case(draw, where)
        seen = subject.probe(run_fold, **c)
        if not seen["linear"]:
            raise Failure("not-a-linear", f"fold must return an nn.Linear, got {seen['kind']}",
                          "Make a new nn.Linear of the same sizes and copy numbers into it.")  # fmt: skip
        make = "Make a new nn.Linear and write into that one; folding twice must not scale twice."
        pairs = zip(seen["given"], (c["weight"], c["bias"]), strict=True)
        moved = not all(torch.equal(p["value"], number) for p, number in pairs)
        if seen["same"] or moved:
            raise Failure("changed-in-place", "the layer that was handed over has changed: the base of every other "
                          "task is lost", make)  # fmt: skip
        if not all(learns(p) for p in seen["given"]):
            raise Failure("given-frozen", "the layer that was handed over can no longer be trained", "Leave it "
                          "as it is: numbers are copied under torch.no_grad().")  # fmt: skip
        if not torch.equal(seen["later"], seen["output"]):
            raise Failure("shares-memory", "the new layer shares memory with the given one: changing one changes both",
                          "Copy the numbers: clone(), or copy_ into the new layer.")  # fmt: skip


@fold_ia3.check(after=("folded-output", "folded-input", "given-layer-stays"))
def folds_anew(subject: Subject, draw: Draw) -> None:
    """A layer may be folded again, with other factors or on the other side: each call makes a layer of its own."""
    d = draw.integer(3, 6)
    layers = [{"weight": draw.normal(d, d), "bias": draw.normal(d)} for _ in range(2)]
    scales, x = [draw.normal(d) for _ in range(2)], draw.normal(3, d)
    seen = subject.probe(run_again, layers=layers, scales=scales, x=x)
    cases = [(layer, where, scale) for layer in layers for where in SIDES for scale in scales]
    each = "Compute from what is given at this call, and keep nothing from the calls before."
    for call, (value, (layer, where, scale)) in enumerate(zip(seen["values"], cases, strict=True), start=1):
        weight, bias = scaled(layer["weight"], layer["bias"], scale, where)
        if not close(value, x.double() @ weight.T + bias):
            before = [k for k, other in enumerate(seen["values"][: call - 1], start=1) if close(value, other)]
            more = f": it gives what call {before[0]} gave" if before else ""
            raise Failure("remembers", f"call {call} for the same layer, with where={where!r} and other factors or "
                          f"weights than before, does not give what these ask for{more}", each)  # fmt: skip
    if not close(seen["first"], seen["values"][0]):
        raise Failure("folded-shared", "a later fold has changed the layer that an earlier one returned",
                      "Make a new nn.Linear in every call.")  # fmt: skip
