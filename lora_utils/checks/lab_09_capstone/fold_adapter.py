"""Checks of lab 09: one plain linear layer for a layer with an adapter of any kind, or a refusal.

Letters: i in_features, o out_features. How the weight is found is free; the judge looks at what the result computes.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Mistake, Subject, close, expect_close
from lora_utils.checks.framework.probes import returned
from lora_utils.checks.lab_09_capstone.adapted_layers import BENT, STRAIGHT, adapted_case, layer_of, true_weight

fold_adapter = Exercise("fold-adapter")
TOLERANCE = 2e-4  # a least squares solution in float32 is less exact than a product


# ---------------------------------------------------------------------------------------------------------- probes
def folded(function, *, cases: list) -> dict:
    """Probe: fold each layer; what was made or raised, and what it computes before and after the layer has changed."""
    seen = []
    for c in cases:
        layer = layer_of(c)
        try:
            made = function(layer, c["numbers"]["W"].shape[1])
        except NotImplementedError:
            raise
        except Exception as error:
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            seen.append({"raised": kind, "text": str(error)})
            continue
        plain = type(made) is nn.Linear
        one = {"raised": None, "made": type(made).__name__, "plain": plain, "same": made is layer}
        if plain:
            one |= {"weight": made.weight.detach().clone(), "output": returned(made, c["x"]),
                    "graph": made.weight.grad_fn is not None}  # fmt: skip
            with torch.no_grad():
                for number in layer.parameters():
                    number.add_(1)
            one["later"] = returned(made, c["x"])
        seen.append(one)
    return {"seen": seen}


# ---------------------------------------------------------------------------------------------------------- judges
def straight_cases(draw: Draw) -> list[dict]:
    """Draw each kind that is linear altogether, with a bias and without."""
    return [adapted_case(draw, kind, bias=bias) for kind in STRAIGHT for bias in (True, False)]


@fold_adapter.check(weight=2)
def computes_the_same(subject: Subject, draw: Draw) -> None:
    """For each kind that is linear altogether it returns an nn.Linear that computes the same for any x."""
    judge_folds(subject, straight_cases(draw))


def judge_folds(subject: Subject, cases: list[dict]) -> None:
    """Compare what the plain layers compute; hidden checks use it with other types and with dropout."""
    for c, one in zip(cases, subject.probe(folded, cases=cases)["seen"], strict=True):
        where = f"for {c['kind']}" + (" with dropout, in training mode," if c["training"] and c["dropout"] else "")
        where += "" if c["x"].dtype == torch.float32 else f" with numbers in {c['x'].dtype}"
        if one["raised"]:
            text = f"{where} it raised {one['raised']}, though a linear layer computes the same: {one['text'][:120]}"
            raise Failure(f"raised-{one['raised']}", text, _why_raised(c, one))
        if not one["plain"]:
            came = "None: is a return missing?" if one["made"] == "NoneType" else f"a {one['made']}"
            came = "the layer itself" if one["same"] else came
            raise Failure("not-a-plain-layer", f"{where} expected an nn.Linear, got {came}",
                          "Make nn.Linear(in, out) and write weight and bias into it.")  # fmt: skip
        _expect_same(c, one, where)


def _why_raised(c: dict, one: dict) -> str:
    """What to look at where a layer that can be folded was not."""
    if one["raised"] == "AttributeError":
        return "Of a kind that you do not know no attribute can be counted on, only what the layer answers."
    if one["raised"] != "ValueError":
        return "The layer takes tensors (..., in_features) of its own parameters' type."
    if c["dropout"]:
        return "Where dropout acts, the layer in evaluation mode is meant."
    return "Which test has refused it, and is it exact where floats round?"


def _expect_same(c: dict, one: dict, where: str) -> None:
    W, b = true_weight(c)
    x, W0, b0 = c["x"].double(), c["numbers"]["W"].double(), c["numbers"]["b"].double()
    ids = torch.eye(W.shape[1], dtype=torch.float64)
    raw = (ids @ W.T + b).T  # what comes out for the rows of the identity, the bias in each
    mistakes = (
        Mistake("bias-in-the-weight", x @ raw.T + b, f"{where} the bias is in every column of the weight, and once "
        "more "
                "by itself", "A layer's answer to a unit vector holds the bias too: take it away."),
        Mistake("bias-in-the-weight", x @ raw.T, f"{where} the bias is in every column of the weight",
                "A layer's answer to a unit vector holds the bias too: take it away, and give it back once."),
        Mistake("bias-missing", x @ W.T, f"{where} the bias is missing", "What does the layer answer to zeros?"),
        Mistake("bias-twice", x @ W.T + 2 * b, f"{where} the bias is there twice", "Once is enough."),
        Mistake("weight-reshaped", x @ W.T.reshape(W.shape).T + b, f"{where} the weight has the right shape but its "
                "numbers are mixed up", "The answers to the rows of the identity are (in, out): transpose, do not "
                "reshape."),
        Mistake("base-alone", x @ W0.T + b0, f"{where} the result is the base alone", "The adapter is to be in it."),
        Mistake("bias-of-the-base", x @ W.T + b0, f"{where} the bias is the base's, and the adapter changes it too",
                "What does the whole layer answer to zeros?"),
    )  # fmt: skip
    if W.shape != one["weight"].shape:
        raise Failure("wrong-shape", f"{where} the weight is {tuple(one['weight'].shape)}, expected {tuple(W.shape)}",
                      "nn.Linear keeps (out, in); the answers to the rows of the identity are (in, out).")  # fmt: skip
    if one["weight"].dtype != c["x"].dtype:
        text = f"for {c['kind']} with numbers in {c['x'].dtype} the result has {one['weight'].dtype}"
        raise Failure("other-type", text, "Give the new layer the type of the old one's numbers.")
    expect_close(one["output"], x @ W.T + b, what=f"what the plain layer computes {where}", id="computes-another",
                 hint="Which numbers determine a linear map? Its answers to zeros and to the unit vectors.",
                 mistakes=mistakes, tolerance=TOLERANCE)  # fmt: skip
    if one["graph"] or not close(one["later"], x @ W.T + b, TOLERANCE):
        raise Failure("still-tied", f"{where} the plain layer changes when the old one is trained on",
                      "Copy the numbers: no views and no autograd history.")  # fmt: skip


@fold_adapter.check(weight=2, after=("computes-the-same",))
def refuses_what_bends(subject: Subject, draw: Draw) -> None:
    """Where no linear layer computes the same, it raises ValueError."""
    judge_refusals(subject, [adapted_case(draw, kind, training=mode) for kind in BENT for mode in (False, True)])


def judge_refusals(subject: Subject, cases: list[dict]) -> None:
    """Expect a ValueError for each case; hidden checks use it with other types."""
    for c, one in zip(cases, subject.probe(folded, cases=cases)["seen"], strict=True):
        if one["raised"] is None:
            raise Failure("bent-accepted", f"for {c['kind']} it returned a {one['made']}: no linear layer computes "
            "what "
                          "that layer does", "Compare your layer with the old one on inputs that you have not used, "
                          "and "
                          "raise ValueError where they part.")  # fmt: skip
        if one["raised"] != "ValueError":
            raise Failure("wrong-error", f"for {c['kind']} it ended in {one['raised']}: {one['text'][:120]}",
                          "Find out whether the layer is linear, and raise a ValueError where it is not.")  # fmt: skip


@fold_adapter.check(after=("computes-the-same",))
def dropout_is_off(subject: Subject, draw: Draw) -> None:
    """Of a layer in training mode with dropout it folds what that computes in evaluation mode."""
    cases = [adapted_case(draw, kind, dropout=0.5, training=True) for kind in ("LoRA", "IA3 on the output", "DoRA")]
    judge_folds(subject, cases)
