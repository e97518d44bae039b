"""Checks of lab 02: what a freezing policy leaves trainable.

The probe builds the model; the judge knows every parameter's name and group from the lists here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.probes import parameters_of

freezing_policy = Exercise("freezing-policy", lifted=("changes-what-trains",))
POLICIES = ("nothing", "last layer", "bitfit", "everything")
ALL = [
    "scale", "bias", "embedding.weight", "block.rel_bias", "block.bias_scale", "block.norm.weight", "block.norm.bias",
    "block.bias_gate.weight", "block.out.weight",
    "block.out.bias", "block.fc2.weight", "block.fc2.bias", "fc1.weight",
    "fc1.bias", "fc2.weight", "fc2.bias", "fc20.weight", "fc20.bias",
]  # fmt: skip
BIASES = {name for name in ALL if name.rpartition(".")[2] == "bias"}
NEARLY = {name for name in ALL if "bias" in name} - BIASES


# ---------------------------------------------------------------------------------------------------------- probes
def policy_model() -> nn.Module:
    """Not a probe by itself: a model whose names invite mistakes."""
    model = nn.Module()
    model.scale, model.bias = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2))
    model.embedding = nn.Embedding(5, 3)
    model.block = nn.Module()
    model.block.rel_bias, model.block.bias_scale = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(2, 3))
    model.block.norm, model.block.bias_gate = nn.LayerNorm(3), nn.Linear(3, 4, bias=False)
    model.block.out, model.block.fc2 = nn.Linear(4, 3), nn.Linear(3, 2)
    model.fc1, model.fc2, model.fc20 = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(2, 2)
    return model


def chosen(function, *, policy: str, head: str, before: bool, numbers: dict) -> dict:
    """Probe: apply a policy to a model of these numbers that was wholly trainable or wholly frozen."""
    model = policy_model().requires_grad_(before)
    model.load_state_dict(numbers)
    returned = function(model, policy, head)
    listed = isinstance(returned, Iterable) and not isinstance(returned, str | torch.Tensor)
    returned = list(returned) if listed else returned
    return {
        "returned": [one if isinstance(one, str) else type(one).__name__ for one in returned] if listed else None,
        "names": listed and all(isinstance(one, str) for one in returned),
        "type": type(returned).__name__,
        "parameters": parameters_of(model),
    }


def refused(function, *, policies: list) -> dict:
    """Probe: what comes of each of some policies: the kind of an error and its words, or nothing."""
    errors = []
    for policy in policies:
        try:
            function(policy_model(), policy, "fc2")
            errors.append(["", ""])
        except NotImplementedError:
            raise
        except Exception as error:
            errors.append(["ValueError" if isinstance(error, ValueError) else type(error).__name__, str(error)])
    return {"errors": errors}


# ---------------------------------------------------------------------------------------------------------- judges
def right_names(policy: str, head: str) -> set[str]:
    """The parameters that a policy trains, from the list of names."""
    of_head = {name for name in ALL if name.startswith(f"{head}.")}
    return {"nothing": set(), "last layer": of_head, "bitfit": BIASES | of_head, "everything": set(ALL)}[policy]


def policy_seen(subject: Subject, policy: str, head: str, before: bool) -> dict:
    """Apply a policy; what the probe saw, the names that a step then moves, and whether it left all numbers alone."""
    numbers = {
        name: torch.full_like(value, k + 2.0) for k, (name, value) in enumerate(policy_model().state_dict().items())
    }
    seen = subject.probe(chosen, policy=policy, head=head, before=before, numbers=numbers)
    same = all(torch.equal(p["value"], n) for p, n in zip(seen["parameters"], numbers.values(), strict=True))
    return {**seen, "trainable": [p["name"] for p in seen["parameters"] if learns(p)], "same": same}


def judge_policy(subject: Subject, policy: str, head: str = "fc2", *, before: bool = True) -> None:
    """Compare what may be trained with the list; hidden checks use it with other heads."""
    seen = policy_seen(subject, policy, head, before)
    came, right = set(seen["trainable"]), right_names(policy, head)
    extra, missing = came - right, right - came
    if not extra and not missing:
        return
    start = "trainable" if before else "frozen"
    names = ", ".join(seen["trainable"]) or "none"
    text = f"after {policy!r} with head {head!r} on a {start} model, trainable are {names}"
    whole = "A parameter of the head begins with head + '.'; model.get_submodule(head) holds exactly those."
    if (right and came == (set(ALL) if before else set())) or (not right and before and came == set(ALL)):
        if not before and policy != "nothing":
            raise Failure("never-switched-on", f"{text}: the model came frozen and stayed so",
                          "Set requires_grad to True for what is trained; leaving it alone is not enough.")  # fmt: skip
        raise Failure("nothing-frozen", f"{text}: nothing was frozen",
                      "Set p.requires_grad of every parameter, True or False. The attribute model.requires_grad, or "
                      "a misspelt one, changes no parameter.")  # fmt: skip
    if came == set(ALL) - right:
        raise Failure(
            "turned-round", f"{text}: exactly the wrong half", "Freeze first, then switch on what is trained."
        )
    if policy == "bitfit" and "block.bias_gate.weight" in extra <= NEARLY:
        raise Failure("module-name-matched", f"{text}: bias_gate is the name of a module, and its weight is no bias",
                      "Look at the parameter's own name, after the last dot: all of it is 'bias'.")  # fmt: skip
    if policy == "bitfit" and extra and not missing and extra <= NEARLY:
        raise Failure("nearly-bias", f"{text}: {', '.join(sorted(extra))} is no bias by the exercise's rule",
                      "The part after the last dot is 'bias', the whole of it: compare with ==.")  # fmt: skip
    if head == "fc2" and not missing and "fc20.weight" in extra and extra <= {"fc20.weight", "fc20.bias"}:
        raise Failure("prefix-matched", f"{text}: fc20 begins with fc2 but is another layer", whole)
    if (
        head == "fc2"
        and not missing
        and "block.fc2.weight" in extra
        and extra <= {"block.fc2.weight", "block.fc2.bias"}
    ):
        raise Failure("inside-matched", f"{text}: fc2. stands in the name block.fc2.weight too, which is another layer",
                      whole)  # fmt: skip
    others = {"fc20.weight", "fc20.bias", "block.fc2.weight", "block.fc2.bias"}
    if head == "fc2" and {"fc20.weight", "block.fc2.weight"} <= extra <= others:
        raise Failure("prefix-matched", f"{text}: fc20 and block.fc2 have fc2 in their names and are other layers",
                      whole)  # fmt: skip
    if policy == "bitfit" and {"block.norm.weight", "scale"} == extra:
        raise Failure("vectors-matched", f"{text}: not every vector is a bias", "Go by the own name: it is 'bias'.")
    if policy == "bitfit" and extra == {"block.norm.weight"}:
        raise Failure("norm-weight-trained", f"{text}: of the normalisation the bias alone is trained",
                      "Go by the parameter's own name: it is 'bias'.")  # fmt: skip
    of_head = right_names("last layer", head)
    if policy == "bitfit" and not extra and f"{head}.weight" in missing and missing <= of_head:
        raise Failure("head-weight-frozen", f"{text}: the new head's weight is frozen at random values",
                      "BitFit trains the biases and the whole new head.")  # fmt: skip
    if policy == "bitfit" and not extra and missing == {"bias"}:
        raise Failure("own-bias-missed", f"{text}: the parameter called bias that hangs on the model itself is missing",
                      "No dot stands before its name: name.split('.')[-1] is the part after the last dot all the same."
                      )  # fmt: skip
    if policy == "bitfit" and not extra and missing - {"bias"} == {"block.norm.bias"}:
        raise Failure("norm-missed", f"{text}: the bias of the normalisation is missing", "It counts, as in the paper.")
    if policy == "bitfit" and not extra and came == right_names("last layer", head):
        raise Failure("biases-missed", f"{text}: the biases outside the head are missing",
                      "Go through model.named_parameters() and take every one whose own name is 'bias'.")  # fmt: skip
    if policy == "bitfit" and not extra and missing <= {n for n in BIASES if n.startswith("block.") or n == "bias"}:
        raise Failure("one-level-only", f"{text}: biases inside block are missing",
                      "model.named_parameters() goes through all levels; model.named_children() does not.")  # fmt: skip
    if policy == "last layer" and missing == {f"{head}.bias"}:
        raise Failure("head-bias-missed", f"{text}: the head's bias is missing", whole)
    if policy == "last layer" and head != "fc2" and came == right_names("last layer", "fc2"):
        raise Failure("head-fixed", f"{text}: the head is called {head!r} here", "Use the argument head.")
    if policy == "last layer" and came and came <= {"fc20.weight", "fc20.bias"}:
        raise Failure("last-by-order", f"{text}: that is the layer registered last, not the one named", whole)
    if right and not came:
        raise Failure("all-frozen", f"{text}: everything is frozen", "Switch on what the policy trains.")
    raise Failure("wrong-set", f"{text}; too many: {', '.join(sorted(extra)) or 'none'}; missing: "
                  f"{', '.join(sorted(missing)) or 'none'}", "Freeze all, then switch on by name.")  # fmt: skip


@freezing_policy.check
def ends(subject: Subject, draw: Draw) -> None:
    """'nothing' leaves no parameter trainable, 'everything' all of them, however the model came."""
    for before in (True, False):
        judge_policy(subject, "nothing", before=before)
        judge_policy(subject, "everything", before=before)


@freezing_policy.check(after=("ends",))
def last_layer(subject: Subject, draw: Draw) -> None:
    """'last layer' trains the head that is named, weight and bias, and nothing else."""
    for before in (True, False):
        judge_policy(subject, "last layer", before=before)


@freezing_policy.check(after=("ends",))
def biases(subject: Subject, draw: Draw) -> None:
    """'bitfit' trains every bias at every depth and the whole head."""
    for before in (True, False):
        judge_policy(subject, "bitfit", before=before)


@freezing_policy.check(after=("ends",))
def names_returned(subject: Subject, draw: Draw) -> None:
    """It returns the names of the trainable parameters in the model's order and changes no value."""
    for policy, before in product(POLICIES, (True, False)):
        seen = policy_seen(subject, policy, "fc2", before)
        came, right = seen["returned"], seen["trainable"]
        if not seen["same"]:
            raise Failure("values-changed", f"{policy!r} has changed a parameter's value", "Set requires_grad only.")
        if came == right:
            continue
        if seen["type"] == "NoneType":
            raise Failure("nothing-returned", "it returns None", "Return the list of names.")
        if not seen["names"]:
            what = f"a list of {came[0]}" if came else f"a {seen['type']}"
            raise Failure("not-names", f"after {policy!r} it returns {what}, not a list of names", "Collect the names "
                          "of named_parameters(), not the parameters and not their number.")  # fmt: skip
        if sorted(map(str, came)) == sorted(right):
            raise Failure("other-order", f"the names come in another order: {came}",
                          "Collect them in one pass over model.named_parameters().")  # fmt: skip
        start = "trainable" if before else "frozen"
        raise Failure("wrong-names", f"after {policy!r} on a {start} model, trainable are {right}, returned was {came}",
                      "The names of what is trainable at the end, whatever it was before.")  # fmt: skip


@freezing_policy.check(after=("ends",))
def refuses(subject: Subject, draw: Draw) -> None:
    """An unknown policy is a ValueError that names it."""
    names = ["bitfits", "last", "all", "Everything", "BitFit", "bias", "last_layer", "head", "none", "full", "bitfit "]
    names = [names[k] for k in draw.order(len(names))]
    errors = subject.probe(refused, policies=names)["errors"]
    for name, (kind, words) in zip(names, errors, strict=True):
        if not kind:
            raise Failure("unknown-policy-accepted", f"the policy {name!r} goes through; a typing error would train "
                          "something else without a word", "Raise ValueError for whatever is none of the four."
                          )  # fmt: skip
        if kind != "ValueError":
            raise Failure("other-error", f"the policy {name!r} raises {kind}; whoever calls this expects ValueError",
                          "Look at the policy first, and raise ValueError with a sentence that names it.")  # fmt: skip
        if name.strip() not in words:
            raise Failure("message-without-name", f"the error does not say that {name!r} was wrong: {words!r}",
                          "Put the value of policy into the message.")  # fmt: skip
