"""Checks of lab 02: the memory ledger of a training step, against a step that is really taken and counted.

Letters: b batch, sizes the widths of a chain of linear layers with ReLU between them, c classes.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.training.measured_memory import training_memory

memory_ledger = Exercise("memory-ledger", lifted=("changes-what-trains",))
KINDS = ("weights", "gradients", "optimizer", "activations")


# ---------------------------------------------------------------------------------------------------------- probes
def chain(sizes: list, trained: list, bias: bool) -> nn.Sequential:
    """Not a probe by itself: Linear, ReLU, Linear, ...; one switch a parameter, in the model's order."""
    layers: list[nn.Module] = []
    for i, o in pairwise(sizes):
        layers += [nn.Linear(i, o, bias=bias), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for parameter, on in zip(model.parameters(), trained, strict=True):
        parameter.requires_grad_(on)
    return model


def predicted(function, *, sizes: list, trained: list, b: int, bias: bool) -> dict:
    """Probe: the ledger of a model, and the model's parameters afterwards."""
    model = chain(sizes, trained, bias)
    value = function(model, b)
    return {"value": value, "type": type(value).__name__, "parameters": parameters_of(model)}


# ---------------------------------------------------------------------------------------------------------- judges
def ledger_case(draw: Draw, policy: str, *, layers: int = 3, bias: bool = True) -> dict:
    """Draw widths and a batch size, all different, and the switches of a policy."""
    *sizes, b = draw.sizes(layers + 2, low=3, high=17)
    n = layers * (2 if bias else 1)
    trained = {
        "everything": [True] * n,
        "last layer": [False] * (n - (2 if bias else 1)) + [True] * (2 if bias else 1),
        "bitfit": [k % 2 == 1 for k in range(n)],
        "middle weight": [k == n // 2 for k in range(n)],
    }[policy]
    return {"sizes": sizes, "trained": trained, "b": b, "bias": bias}


def facts(c: dict) -> dict:
    """Counts in numbers, not bytes: what is there, what is trained and what each layer could keep."""
    model, b = chain(c["sizes"], c["trained"], c["bias"]), c["b"]
    parameters = list(model.parameters())
    on = [p for p in parameters if p.requires_grad]
    return {
        "all": sum(p.numel() for p in parameters), "on": sum(p.numel() for p in on), "tensors": len(on),
        "matrices": sum(p.numel() for p in parameters if p.ndim == 2),
        "hidden": b * sum(c["sizes"][1:-1]), "outputs": b * sum(c["sizes"][1:]), "inputs": b * sum(c["sizes"][:-1]),
        "b": b, "given": b * c["sizes"][0], "loss": b * c["sizes"][-1] + 1,
        "new inputs": b * sum(  # of trained weights behind frozen numbers alone: ReLU has not kept them
            i for k, i in enumerate(c["sizes"][:-1])
            if k and model[2 * k].weight.requires_grad and not any(p.requires_grad for p in model[: 2 * k].parameters())
        ),
        "of trained weights": b * sum(
            i for k, i in enumerate(c["sizes"][:-1]) if k and model[2 * k].weight.requires_grad
        ),
    }  # fmt: skip


def wrong_bytes(kind: str, f: dict, right: int) -> tuple:
    """Values of the usual mistakes for one kind, each with its message."""
    one, two = 4 * f["on"], 8 * f["on"]
    twice = "a tensor is counted twice: the output of ReLU is the input of the next layer"
    once = "Between two linear layers one tensor stays: ReLU's output. What goes into ReLU is not needed."
    return {
        "weights": (
            ("numbers-not-bytes", f["all"], "that counts numbers", "A float32 number has four bytes."),
            ("only-trained", one, "the frozen weights are missing", "Frozen weights are stored and used too."),
            ("biases-missed", 4 * f["matrices"], "the biases are missing", "Go through model.parameters()."),
        ),
        "gradients": (
            ("frozen-counted", 4 * f["all"], "frozen parameters get no gradient", "Ask each one: p.requires_grad."),
            ("numbers-not-bytes", f["on"], "that counts numbers", "A float32 number has four bytes."),
            ("no-gradients", 0, "trained parameters have a gradient each", "As many bytes as the trained parameters."),
        ),
        "optimizer": (
            ("step-counter-missed", two, "each trained tensor has a step counter as well",
             "Add 4 bytes a trained tensor: AdamW keeps its t as one float32."),
            ("one-moment", one + 4 * f["tensors"], "AdamW keeps two numbers, m and v", "Twice the gradients."),
            ("one-moment", one, "AdamW keeps two numbers, m and v, and a step counter a tensor",
             "Twice the gradients, and 4 bytes a trained tensor."),
            ("frozen-counted", 8 * f["all"] + 4 * f["tensors"], "frozen parameters have no optimiser state",
             "Sum over p.requires_grad."),
            ("frozen-counted", 8 * f["all"], "frozen parameters have no optimiser state", "Sum over p.requires_grad."),
            ("counter-per-number", 12 * f["on"], "the step counter is one number a tensor, not one a number",
             "Add 4 bytes a trained tensor."),
            ("one-counter", two + 4, "each trained tensor has a step counter of its own",
             "Add 4 bytes for every trained tensor, not 4 in all."),
            ("numbers-not-bytes", 2 * f["on"] + f["tensors"], "that counts numbers", "Four bytes each."),
        ),
        "activations": (
            ("no-activations", 0, "the backward pass needs intermediate results, frozen layers or not",
             "Go through the table of what each layer keeps."),
            ("loss-missed", right - 4 * f["loss"], "what cross entropy keeps is missing",
             "Add b * c log-probabilities and one number."),
            ("one-number-missed", right - 4, "one number is missing: cross entropy also keeps the total weight",
             "b * c + 1 numbers."),
            ("numbers-not-bytes", right // 4, "that counts numbers", "Four bytes each."),
            ("batch-size-forgotten", 4 * ((right // 4 - 1) // f["b"] + 1), "that is for one example",
             "Everything but the one number of the loss is there b times."),
            ("input-missed", right - 4 * f["new inputs"], "the input of the trained weight is missing: ReLU did not "
             "keep it, since nothing before it is trained", "The tensor is new there: a trained weight keeps its "
             "input itself."),
            ("as-if-all-trained", 4 * (f["hidden"] + f["loss"]), "layers before the first trained number keep nothing, "
             "and a frozen linear layer does not keep its input", "Ask at each layer what before it is trained."),
            ("relu-forgotten", 4 * (f["of trained weights"] + f["loss"]), "the outputs of ReLU are missing where the "
             "next layer's weight is frozen", "ReLU keeps its output if anything before it is trained, a bias too."),
            ("counted-twice", 4 * (2 * f["hidden"] + f["loss"]), twice, once),
            ("counted-twice", right + 4 * f["of trained weights"], twice, once),
            ("batch-counted", right + 4 * f["given"], "the batch itself is counted", "It is there without training."),
            ("linear-outputs-counted", 4 * (f["hidden"] + f["outputs"] + f["loss"]), "the outputs of linear layers are "
             "counted", "Nobody needs them: ReLU's derivative follows from its own output."),
            ("frozen-is-free", 4 * f["loss"], "only what the loss keeps is counted",
             "Go through the layers: frozen does not mean free."),
        ),
    }[kind]  # fmt: skip


def judge_kind(subject: Subject, c: dict, kind: str) -> None:
    """Compare one line of the ledger with a counted step; hidden checks use it with other models."""
    seen = subject.probe(predicted, **c)
    value = seen["value"]
    if not isinstance(value, dict) or kind not in value:
        came = ", ".join(value) if isinstance(value, dict) else seen["type"]
        raise Failure("no-ledger", f"expected a dict with the keys {', '.join(KINDS)}, got {came or 'an empty one'}; "
                      f"{kind!r} is missing",
                      'return {"weights": ..., "gradients": ..., "optimizer": ..., "activations": ...}')  # fmt: skip
    if [learns(p) for p in seen["parameters"]] != c["trained"]:
        raise Failure("switches-changed", "requires_grad of a parameter has changed", "Counting changes nothing.")
    x, labels = torch.ones(c["b"], c["sizes"][0]), torch.arange(c["b"]) % c["sizes"][-1]
    right = getattr(training_memory(chain(c["sizes"], c["trained"], c["bias"]), x, labels), kind)
    came = value[kind]
    if isinstance(came, torch.Tensor) and came.numel() == 1:
        came = float(came)
    if not isinstance(came, int | float):
        raise Failure("not-a-number", f"{kind} is a {type(came).__name__}", "Give whole numbers of bytes.")
    if came == right:
        return
    f = facts(c)
    widths = " -> ".join(map(str, c["sizes"]))
    on = "".join("T" if one else "-" for one in c["trained"])
    text = f"{kind} of a chain {widths} (trained: {on}), b={c['b']}: measured {right} bytes, you predict {came:g}"
    for id, wrong, why, hint in wrong_bytes(kind, f, right):
        if came == wrong:
            raise Failure(id, f"{text}: {why}", hint)
    hint = "Follow the table in the text, layer by layer." if kind == "activations" else "Four bytes a number."
    raise Failure(f"wrong-{kind}", text, hint)


@memory_ledger.check
def weights(subject: Subject, draw: Draw) -> None:
    """Weights: four bytes for every parameter, trained or frozen."""
    judge_kind(subject, ledger_case(draw, "last layer"), "weights")


@memory_ledger.check
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients: four bytes for every number that is trained."""
    for policy in ("last layer", "bitfit"):
        judge_kind(subject, ledger_case(draw, policy), "gradients")


@memory_ledger.check
def optimizer(subject: Subject, draw: Draw) -> None:
    """Optimiser: m and v for every trained number, and a step counter for every trained tensor."""
    for policy in ("last layer", "bitfit"):
        judge_kind(subject, ledger_case(draw, policy), "optimizer")


@memory_ledger.check(weight=2)
def activations(subject: Subject, draw: Draw) -> None:
    """Activations: what the backward pass will need, each tensor once, under every policy."""
    for policy in ("everything", "bitfit", "last layer"):
        judge_kind(subject, ledger_case(draw, policy), "activations")
