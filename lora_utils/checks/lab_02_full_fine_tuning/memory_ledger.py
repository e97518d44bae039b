"""Checks of lab 02: the memory ledger of a training step, on many chains at once.

Letters: b batch, sizes the widths of a chain of linear layers with ReLU between them, c classes.
"""

from __future__ import annotations

from itertools import product

from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import expect_number, learns
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.lab_02_full_fine_tuning.ledger_rules import right_bytes, wrong_bytes

memory_ledger = Exercise("memory-ledger", lifted=("changes-what-trains",))
KINDS = ("weights", "gradients", "optimizer", "activations")


# ---------------------------------------------------------------------------------------------------------- probes
def chain(sizes: list, biases: list, trained: list, b: int = 0) -> nn.Sequential:
    """Not a probe by itself: Linear, ReLU, Linear, ...; one switch a parameter, in the model's order."""
    layers: list[nn.Module] = []
    for k, bias in enumerate(biases):
        layers += [nn.Linear(sizes[k], sizes[k + 1], bias=bias), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    for parameter, on in zip(model.parameters(), trained, strict=True):
        parameter.requires_grad_(on)
    return model


def predicted(function, *, chains: list) -> dict:
    """Probe: the ledger of each chain, and the first chain's parameters afterwards."""
    models = [chain(**c) for c in chains]
    values = [function(model, c["b"]) for model, c in zip(models, chains, strict=True)]
    return {"values": values, "parameters": parameters_of(models[0])}


# ---------------------------------------------------------------------------------------------------------- judges
def ledger_case(draw: Draw, trained: list, biases: list) -> dict:
    """Draw widths, all different, and a batch size for a chain with these biases and switches."""
    *sizes, b = draw.sizes(len(biases) + 2, low=3, high=17)
    return {"sizes": sizes, "trained": list(trained), "b": b, "biases": list(biases)}


def ledger_cases(draw: Draw, count: int = 12) -> list[dict]:
    """Draw chains of one to five layers, some of them without bias, trained here and there, in batches of any size."""
    cases = []
    for _ in range(count):
        biases = [bool(draw.integer(0, 2)) for _ in range(draw.integer(1, 5))]
        n = len(biases) + sum(biases)
        trained = [bool(draw.integer(0, 1)) for _ in range(n)]
        trained[draw.integer(0, n - 1)] = True  # the exercise promises one
        cases.append(ledger_case(draw, trained, biases))
    cases[-1]["b"] = 1
    return cases


def every_case(draw: Draw) -> list[dict]:
    """Draw a chain of three layers for each set of its six parameters that can be trained."""
    return [ledger_case(draw, trained, [True] * 3) for trained in product((True, False), repeat=6) if any(trained)]


def judge_kind(subject: Subject, cases: list, kind: str) -> None:
    """Compare one line of the ledger over all cases: a mistake is named if it explains every one of them."""
    seen = subject.probe(predicted, chains=cases)
    for value in seen["values"]:
        if not isinstance(value, dict) or kind not in value:
            came = ", ".join(map(str, value)) or "an empty one" if isinstance(value, dict) else type(value).__name__
            raise Failure("no-ledger", f"expected a dict with the keys {', '.join(KINDS)}, got {came}; {kind!r} is "
                          "missing", "The names are those of the text, as strings.")  # fmt: skip
        expect_number(value[kind], kind, int)
    if [learns(p) for p in seen["parameters"]] != cases[0]["trained"]:
        raise Failure("switches-changed", "requires_grad of a parameter has changed", "Counting changes nothing.")
    values = [value[kind] for value in seen["values"]]
    right = [right_bytes(c, kind) for c in cases]
    if values == right:
        return
    wrong = [k for k, value in enumerate(values) if value != right[k]]
    k = min(wrong, key=lambda k: len(cases[k]["sizes"]))
    c = cases[k]
    switches, on = iter(c["trained"]), []
    for bias in c["biases"]:
        names = ["weight", "bias"] if bias else ["weight"]
        on.append("+".join(name for name in names if next(switches)) or "nothing")
    text = (f"{kind} of a chain {' -> '.join(map(str, c['sizes']))} (trained, layer by layer: {', '.join(on)}), "
            f"b={c['b']}: it keeps {right[k]} bytes, you predict {values[k]}")  # fmt: skip
    if len(wrong) < len(values):
        text += f" ({len(wrong)} of {len(values)} chains are wrong)"
    for mistakes in zip(*(wrong_bytes(kind, one) for one in cases), strict=True):
        if values == [value for _, value, _, _ in mistakes]:
            id, _, why, hint = mistakes[k]
            raise Failure(id, f"{text}: {why}", hint)
    hint = "Follow the table in the text, layer by layer." if kind == "activations" else "Four bytes a number."
    raise Failure(f"wrong-{kind}", text, hint)


@memory_ledger.check
def weights(subject: Subject, draw: Draw) -> None:
    """Weights: four bytes for every parameter, trained or frozen."""
    judge_kind(subject, ledger_cases(draw), "weights")


@memory_ledger.check
def gradients(subject: Subject, draw: Draw) -> None:
    """Gradients: four bytes for every number that is trained."""
    judge_kind(subject, ledger_cases(draw), "gradients")


@memory_ledger.check
def optimizer(subject: Subject, draw: Draw) -> None:
    """Optimiser: m and v for every trained number, and a step counter for every trained tensor."""
    judge_kind(subject, ledger_cases(draw), "optimizer")


@memory_ledger.check(weight=2)
def activations(subject: Subject, draw: Draw) -> None:
    """Activations: what the backward pass will need, each tensor once, whatever is trained."""
    judge_kind(subject, every_case(draw), "activations")
