"""Checks of lab 06: the seed's adaptation of a four-class text classifier to two classes."""

from __future__ import annotations

import torch

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
    """Probe: adapt a four-class classifier that has these numbers; its parameters, and how the wrapper was called."""
    from lora_utils.models.classifier import TextClassifier

    calls: list[dict] = []

    class Wrapper(WithPath):
        def __init__(self, linear, rank, alpha) -> None:
            calls.append({"fc1": linear is fc1, "rank": rank, "alpha": alpha})
            super().__init__(linear, rank if isinstance(rank, int) else 1, alpha)

    model = TextClassifier(num_classes=4, vectors=vectors)
    model.load_state_dict(numbers)
    fc1 = model.fc1
    result = adapt(model, Wrapper)
    return {
        "same": result is model,
        "nothing": result is None,
        "calls": calls,
        "fc1": type(model.fc1) is Wrapper,
        "fc2": type(model.fc2).__name__,
        "parameters": parameters_of(model),
    }


# ---------------------------------------------------------------------------------------------------------- judges
def seen_after(subject: Subject, draw: Draw) -> dict:
    """Adapt a small classifier; what the probe saw, its parameters by name, and the numbers that it had before."""
    numbers = {name: draw.normal(*shape) for name, shape in SHAPES.items()}
    seen = subject.probe(adapt_model, vectors=numbers["embedding.weight"], numbers=numbers)
    return {**seen, "before": numbers, "after": {p["name"]: p for p in seen["parameters"]}}


@adapt_classifier.check
def returns_the_model(subject: Subject, draw: Draw) -> None:
    """It changes the model it is given and returns it."""
    seen = seen_after(subject, draw)
    if seen["nothing"]:
        raise Failure("returns-none", "adapt(model, wrapper) returns None", "End with return model.")
    if not seen["same"]:
        raise Failure(
            "another-model",
            "adapt returns another object than the model it was given",
            "Change the attributes of the given model; a copy costs memory and is not needed.",
        )


@adapt_classifier.check
def wraps_fc1(subject: Subject, draw: Draw) -> None:
    """fc1 is the wrapper around the old fc1, with rank 2 and alpha 0.1."""
    seen = seen_after(subject, draw)
    if not seen["calls"] or not seen["fc1"]:
        text = "a wrapper was made, but" if seen["calls"] else "the wrapper was not called:"
        raise Failure("fc1-not-wrapped", f"{text} model.fc1 is not a wrapper", "model.fc1 = wrapper(model.fc1, ...)")
    first = seen["calls"][0]
    if len(seen["calls"]) > 1:
        raise Failure(
            "too-many-wrapped",
            f"the wrapper was called {len(seen['calls'])} times; only fc1 gets a path",
            "Leave fc2 a plain nn.Linear: it is new and trained in full.",
        )
    if not first["fc1"]:
        raise Failure(
            "fc1-replaced",
            "the wrapper got another layer than the model's pretrained fc1",
            "Hand it model.fc1 itself, or what was learned on newsgroups is lost.",
        )
    if (first["rank"], first["alpha"]) == (0.1, 2):
        raise Failure("rank-alpha-swapped", "the wrapper got rank=0.1 and alpha=2", "Write rank=2, alpha=0.1.")
    if (first["rank"], first["alpha"]) != (2, 0.1):
        raise Failure(
            "wrong-setting",
            f"the wrapper got rank={first['rank']} and alpha={first['alpha']}; expected rank=2, alpha=0.1",
            "Write rank=2, alpha=0.1.",
        )


@adapt_classifier.check
def new_head(subject: Subject, draw: Draw) -> None:
    """fc2 is a new linear layer from 128 to 2, with bias."""
    seen = seen_after(subject, draw)
    weight, bias = seen["after"].get("fc2.weight"), seen["after"].get("fc2.bias")
    old = seen["before"]["fc2.weight"]
    if weight is None:
        raise Failure(
            "head-wrapped", f"model.fc2 is a {seen['fc2']}, expected a plain nn.Linear", "model.fc2 = nn.Linear(128, 2)"
        )
    shape = tuple(weight["value"].shape)
    if shape == tuple(old.shape):
        raise Failure(
            "head-not-replaced",
            f"fc2 still has a weight of shape {shape}, four classes",
            "Assign a new layer, model.fc2 = nn.Linear(128, 2); changing out_features alone changes no weight.",
        )
    if shape != (2, old.shape[1]):
        raise Failure(
            "head-outputs",
            f"fc2 has a weight of shape {shape}, expected {(2, old.shape[1])}",
            "Two classes need two outputs, one score each: nn.Linear(128, 2).",
        )
    if bias is None:
        raise Failure("head-without-bias", "fc2 has no bias", "nn.Linear(128, 2) has one unless told otherwise.")
    if torch.equal(weight["value"], old[:2]):
        raise Failure(
            "head-not-new",
            "fc2 holds two rows of the old head: the scores of two newsgroups",
            "Those rows mean other classes; start from a new nn.Linear(128, 2).",
        )


@adapt_classifier.check
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
            "Freeze the loaded model first: model.requires_grad_(False).",
        )
    if not trainable & {"fc1.lora.A", "fc1.lora.B"} and "fc1.lora.A" in after:
        raise Failure(
            "lora-frozen",
            f"{found}: the new path in fc1 is frozen",
            "Freeze first, then put in the new parts; new parameters are trainable.",
        )
    if "fc2.weight" in trainable and "fc2.bias" not in after:
        raise Failure(
            "head-without-bias",
            f"{found}: the new head has no bias, and 612 numbers are too few",
            "nn.Linear(128, 2) has a bias unless told otherwise.",
        )
    if not {"fc2.weight", "fc2.bias"} <= trainable:
        raise Failure(
            "head-frozen",
            f"{found}: the new head is frozen, at random values",
            "Freeze first, then put in the new fc2; new parameters are trainable.",
        )
    if trainable - wanted:
        raise Failure(
            "base-not-frozen",
            f"{found}; of these {', '.join(sorted(trainable - wanted))} should be frozen",
            "Freeze the whole loaded model first, the embedding included: model.requires_grad_(False).",
        )
    raise Failure(
        "wrong-trainable",
        f"{found}; expected {', '.join(sorted(wanted))}",
        "Freeze, new head, wrapped fc1, in this order.",
    )
