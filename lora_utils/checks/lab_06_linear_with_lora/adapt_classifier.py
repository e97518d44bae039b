"""Checks of lab 06: the seed's adaptation of a four-class text classifier to two classes."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.laws import REBUILDS
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.lab_06_linear_with_lora.adapted_model import WithPath

adapt_classifier = Exercise("adapt-classifier", lifted=REBUILDS)
SHAPES = {
    "embedding.weight": (7, 50), "fc1.weight": (128, 50), "fc1.bias": (128,), "fc2.weight": (4, 128), "fc2.bias": (4,),
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- probes
def adapt_model(adapt, *, vectors: torch.Tensor, numbers: dict) -> dict:
    """Probe: adapt a four-class classifier that has these numbers; its parameters, and how the wrapper was called.

    The wrapper freezes nothing, so that what is frozen afterwards has been frozen by the answer.
    """
    from lora_utils.models.classifier import TextClassifier

    calls: list[dict] = []

    class Wrapper(WithPath):
        def __init__(self, linear, rank, alpha) -> None:
            kept = [p.requires_grad for p in linear.parameters()]
            weight = linear.weight.detach().clone() if isinstance(linear, nn.Linear) else None
            calls.append({"kind": type(linear).__name__, "weight": weight, "rank": rank, "alpha": alpha})
            super().__init__(linear, rank if type(rank) is int else 1, alpha)
            for parameter, asks in zip(linear.parameters(), kept, strict=True):
                parameter.requires_grad_(asks)

    model = TextClassifier(num_classes=4, vectors=vectors)
    model.load_state_dict(numbers)
    model.fc1.eval()
    modes = {name: one.training for name, one in model.named_modules()}
    result = adapt(model, Wrapper)
    made = result if type(result) is type(model) else model  # a copy is looked at too: it is one mistake, not four
    parts = {name: getattr(made, name, None) for name in ("fc1", "fc2")}
    return {
        "same": result is model,
        "kind": type(result).__name__,
        "calls": calls,
        "fc1": isinstance(parts["fc1"], Wrapper),
        "fc1_kind": type(parts["fc1"]).__name__,
        "fc2": type(parts["fc2"]).__name__,
        "plain": getattr(type(parts["fc2"]), "forward", None) is nn.Linear.forward,
        "other_mode": [n for n, one in made.named_modules() if n in modes and n != "fc1" and one.training != modes[n]],
        "parameters": parameters_of(made),
    }


# ---------------------------------------------------------------------------------------------------------- judges
def seen_after(subject: Subject, draw: Draw, numbers: dict | None = None) -> dict:
    """Adapt a small classifier; what the probe saw, its parameters by name, and the numbers that it had before."""
    numbers = numbers or {name: draw.normal(*shape) for name, shape in SHAPES.items()}
    seen = subject.probe(adapt_model, vectors=numbers["embedding.weight"], numbers=numbers)
    return {**seen, "before": numbers, "after": {p["name"]: p for p in seen["parameters"]}}


@adapt_classifier.check
def returns_the_model(subject: Subject, draw: Draw) -> None:
    """It changes the model it is given and returns it."""
    seen = seen_after(subject, draw)
    if seen["kind"] == "NoneType":
        raise Failure("returns-none", "adapt(model, wrapper) returns None", "Is the return missing?")
    if not seen["same"]:
        raise Failure(
            "another-model",
            f"adapt returns another object than the model it was given: a {seen['kind']}",
            "Change the attributes of the given model; a copy costs memory and is not needed.",
        )
    if seen["other_mode"]:
        raise Failure("changes-the-mode", "the model is in another mode than before: train() or eval() was called",
                      "Freezing is not evaluating: requires_grad_(False) is all that it takes.")  # fmt: skip


@adapt_classifier.check
def wraps_fc1(subject: Subject, draw: Draw) -> None:
    """fc1 is the wrapper around the old fc1, with rank 2 and alpha 0.1."""
    seen = seen_after(subject, draw)
    if not seen["fc1"] and not seen["calls"] and seen["fc1_kind"] != "Linear":
        text = f"model.fc1 is a {seen['fc1_kind']}, and the argument `wrapper` was not called"
        raise Failure("another-wrapper", text, "The class comes in as an argument: call wrapper, whatever that is.")
    if not seen["calls"] or not seen["fc1"]:
        text = "a wrapper was made, but" if seen["calls"] else "the wrapper was not called:"
        raise Failure("fc1-not-wrapped", f"{text} model.fc1 is still a {seen['fc1_kind']}",
                      "Assign what the wrapper makes to the model's attribute.")  # fmt: skip
    fc1 = seen["before"]["fc1.weight"]
    first = next((c for c in seen["calls"] if c["weight"] is not None and torch.equal(c["weight"], fc1)), None)
    if first is None:
        raise Failure(
            "fc1-replaced",
            "the wrapper got another layer than the model's pretrained fc1",
            "Hand it model.fc1 as it is, or what was learned on newsgroups is lost.",
        )
    if len(seen["calls"]) > 1:
        given = " and ".join(f"a {c['kind']}" + ("" if c["weight"] is None else f" of {tuple(c['weight'].shape)}")
                             for c in seen["calls"])  # fmt: skip
        raise Failure(
            "too-many-wrapped",
            f"the wrapper was called {len(seen['calls'])} times, for {given}",
            "Only fc1 gets a path, and one. fc2 stays a plain nn.Linear: it is new and trained in full.",
        )
    if (first["rank"], first["alpha"]) == (0.1, 2):
        raise Failure("rank-alpha-swapped", "the wrapper got rank=0.1 and alpha=2", "rank comes before alpha.")
    if (first["rank"], first["alpha"]) != (2, 0.1) or type(first["rank"]) is not int:
        raise Failure(
            "wrong-setting",
            f"the wrapper got rank={first['rank']} and alpha={first['alpha']}; expected rank=2, alpha=0.1",
            "The quiz fixes both; a rank is a whole number.",
        )


@adapt_classifier.check
def new_head(subject: Subject, draw: Draw) -> None:
    """fc2 is a new linear layer from 128 to 2, with bias."""
    seen = seen_after(subject, draw)
    weight, bias = seen["after"].get("fc2.weight"), seen["after"].get("fc2.bias")
    old = seen["before"]["fc2.weight"]
    if weight is None:
        raise Failure(
            "head-wrapped",
            f"model.fc2 is a {seen['fc2']}, expected a plain nn.Linear",
            "The head is new and needs no path.",
        )
    shape = tuple(weight["value"].shape)
    if shape == tuple(old.shape):
        raise Failure(
            "head-not-replaced",
            f"fc2 still has a weight of shape {shape}, four classes",
            "Assign a new layer; changing out_features alone changes no weight.",
        )
    if shape != (2, old.shape[1]):
        raise Failure(
            "head-outputs",
            f"fc2 has a weight of shape {shape}, expected {(2, old.shape[1])}",
            "Two classes need two outputs, one score each, from 128 numbers.",
        )
    if bias is None:
        raise Failure("head-without-bias", "fc2 has no bias", "nn.Linear(128, 2) has one unless told otherwise.")
    copied = any(torch.equal(row, kept) for row in weight["value"] for kept in old)
    if copied or any(value in seen["before"]["fc2.bias"] for value in bias["value"]):
        raise Failure(
            "head-not-new",
            f"fc2 holds numbers of the old head, {'rows of its weight' if copied else 'of its bias'}",
            "They mean other classes; start from a new layer.",
        )
    if not seen["plain"] or weight["value"].dtype != old.dtype:
        what = f"a {seen['fc2']} with a forward of its own" if not seen["plain"] else f"a {weight['value'].dtype} layer"
        raise Failure("head-not-plain", f"model.fc2 is {what}, expected a plain nn.Linear like the old one",
                      "nn.Linear with its two sizes; the loss takes the scores as they are.")  # fmt: skip
    again, other = seen_after(subject, draw, seen["before"]), seen_after(subject, draw)
    heads = [one["after"].get("fc2.weight", {"value": None})["value"] for one in (seen, again, other)]
    if torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2]):
        raise Failure(
            "head-from-the-old",
            "the new head depends on the old one: over a model with other numbers it starts otherwise",
            "No mean, no multiple and no sum of old rows: they tell other classes apart. Start from a new layer.",
        )


@adapt_classifier.check(after=("wraps-fc1", "new-head"))
def trains_only_what_is_new(subject: Subject, draw: Draw) -> None:
    """Exactly 614 numbers can be trained: A and B of fc1, and the new fc2."""
    judge_trainable(subject, draw)


def judge_trainable(subject: Subject, draw: Draw) -> None:
    """Compare the names of the trainable parameters with the four that shall be trained."""
    after = seen_after(subject, draw)["after"]
    trainable = {name for name, p in after.items() if learns(p)}
    wanted = {"fc1.lora.A", "fc1.lora.B", "fc2.weight", "fc2.bias"}
    if trainable == wanted:
        return
    found = f"trainable are {', '.join(sorted(trainable))}" if trainable else "nothing can be trained"
    if trainable == set(after):
        raise Failure(
            "nothing-frozen",
            f"{found}: nothing is frozen",
            "Freeze the loaded model first; requires_grad_ works on a whole module.",
        )
    if frozen := sorted({"fc1.lora.A", "fc1.lora.B"} - trainable):
        raise Failure(
            "lora-frozen",
            f"{found}; {' and '.join(frozen)} of the new path should be too",
            "Freeze first, then put in the new parts; new parameters are trainable.",
        )
    if not {"fc2.weight", "fc2.bias"} <= trainable:
        raise Failure(
            "head-frozen",
            f"{found}: the new head is frozen, at random values",
            "Freeze first, then put in the new fc2; new parameters are trainable.",
        )
    if trainable - wanted:
        left = trainable - wanted
        if left <= {"fc1.linear.weight", "fc1.linear.bias"}:
            raise Failure(
                "fc1-not-frozen",
                f"{found}; of these {', '.join(sorted(left))} should be frozen: not every wrapper does it for you",
                "Freeze everything that the loaded model has, fc1 too.",
            )
        raise Failure(
            "base-not-frozen",
            f"{found}; of these {', '.join(sorted(trainable - wanted))} should be frozen",
            "Freeze the whole loaded model first, the embedding included.",
        )
    raise Failure(
        "wrong-trainable",
        f"{found}; expected {', '.join(sorted(wanted))}",
        "First freeze, then add what is new.",
    )
