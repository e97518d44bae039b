"""Checks of lab 00 on whole models: counting trainable and total numbers, freezing all but some modules.

The probes build the models; the judge knows every count and every name from the sizes alone.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.framework.subject import StudentRaised, Subject

count_trainable = Exercise("count-trainable", lifted=("changes-what-trains",))
freeze_all_but = Exercise("freeze-all-but", lifted=("changes-what-trains",))


# -------------------------------------------------------------------------------------------------- count-trainable
def counted(function, *, case: str, sizes: list) -> dict:
    """Probe: what the function says about a model, and the model's parameters afterwards."""
    model = counting_model(case, *sizes)
    return {"value": function(model), "parameters": parameters_of(model)}


def counting_model(case: str, words: int, a: int, b: int, c: int) -> nn.Module:
    """Not a probe by itself: a model for the function to count."""
    if case == "nested":
        block = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c, bias=False))
        model = nn.Sequential(OrderedDict(embedding=nn.Embedding(words, a), block=block))
        model.embedding.weight.requires_grad_(False)
        block[0].bias.requires_grad_(False)
        return model
    if case == "tied":
        model = nn.Sequential(OrderedDict(embedding=nn.Embedding(words, a), head=nn.Linear(a, words, bias=False)))
        model.head.weight = model.embedding.weight
        return model
    model = nn.Sequential() if case == "empty" else nn.Sequential(nn.ReLU())
    if case == "own":  # parameters that hang on the model itself, one of them a single number
        model.scale, model.shift = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(a, b, c), requires_grad=False)
    return model


def odd_models(words: int, a: int, b: int, c: int) -> dict:
    """Models at the edge, each with its trainable and total count."""
    return {"own": (1, 1 + a * b * c), "empty": (0, 0)}


def trainable_names(parameters: list[dict]) -> list[str]:
    """The names of the parameters that a step has moved."""
    return [p["name"] for p in parameters if learns(p)]


def numbers(subject: Subject, case: str, sizes: list) -> tuple[float, float]:
    """Call the student's function and expect two whole numbers."""
    try:
        value = subject.probe(counted, case=case, sizes=sizes)["value"]
    except StudentRaised as error:
        if error.kind == "IndexError":
            raise Failure("needs-two-axes", f"your code raised {error}: not every parameter is a matrix",
                          "A bias has one axis; p.numel() counts numbers for any shape.") from None  # fmt: skip
        raise
    if type(value) is not list or len(value) != 2:
        came = f"{len(value)} values" if type(value) is list else f"one {type(value).__name__}"
        raise Failure("not-a-pair", f"expected (trainable, total), got {came}", "Write return trainable, total.")
    if any(isinstance(v, torch.Tensor) and v.numel() != 1 for v in value) or any(isinstance(v, str) for v in value):
        raise Failure("not-numbers", f"expected two whole numbers, got {value}", "Add up p.numel().")
    return tuple(float(v) for v in value)


@count_trainable.check
def total(subject: Subject, draw: Draw) -> None:
    """The second number is the total: every number of every parameter, frozen or not, and nothing else."""
    words, (a, b, c) = draw.integer(70, 90), draw.sizes(3, 4, 12)
    sizes, frozen = [words, a, b, c], words * a + b
    parts = {"embedding": words * a, "first": a * b, "bias": b, "norm": 2 * b, "last": b * c}
    right = sum(parts.values())
    first, second = numbers(subject, "nested", sizes)
    if second == right:
        return
    text = f"for a model with {right} numbers, {frozen} of them frozen, you returned ({first:g}, {second:g})"
    matrices = words * a + a * b + b * c
    known = (
        ("order-exchanged", first == right and second == right - frozen, "the two results are exchanged",
         "Trainable first, total second."),
        ("frozen-returned", second == frozen, "the second number is that of the frozen ones",
         "The total holds trainable and frozen numbers together."),
        ("total-without-frozen", second == right - frozen, "the frozen numbers are missing in the total",
         "A frozen number is still stored and used: it counts in the total."),
        ("tensors-counted", second == 6, "it counts the tensors, not the numbers in them",
         "p.numel() is how many numbers a parameter holds."),
        ("bytes-counted", second == 4 * right, "it counts bytes: a float32 number has four",
         "p.numel() counts numbers; p.nbytes counts bytes."),
        ("buffers-counted", second in (right + 2 * b + 1, right + 2 * b), "it counts the buffers of BatchNorm as well",
         "state_dict() holds parameters and buffers; model.parameters() has the parameters alone."),
        ("matrices-only", second == matrices, "it counts matrices only: biases and norms are missing",
         "Go through model.parameters() and leave none out."),
        ("linear-layers-only", second == right - words * a - 2 * b, "it counts linear layers only",
         "model.parameters() has those of every kind of layer."),
        ("one-level-only", second in (words * a, 0), "it does not look inside the nested block",
         "model.parameters() goes through all levels by itself."),
        ("first-axis-only", second == words + b + b + b + b + c, "it adds up the first axis of each parameter",
         "len(p) is its number of rows; p.numel() counts the numbers."),
    )  # fmt: skip
    for id, found, why, hint in known:
        if found:
            raise Failure(id, f"{text}: {why}", hint)
    raise Failure("wrong-total", text, "Add up p.numel() over model.parameters().")


@count_trainable.check(after=("total",))
def trainable(subject: Subject, draw: Draw) -> None:
    """The first number counts those that training may change: requires_grad is True."""
    words, (a, b, c) = draw.integer(70, 90), draw.sizes(3, 4, 12)
    frozen = words * a + b
    all_ = frozen + a * b + 2 * b + b * c
    first, _ = numbers(subject, "nested", [words, a, b, c])
    if first == all_ - frozen:
        return
    text = f"{frozen} of {all_} numbers are frozen, so {all_ - frozen} are trainable; you returned {first:g}"
    known = (
        ("switch-ignored", first == all_, "frozen parameters are counted too", "Ask each parameter: p.requires_grad."),
        ("frozen-returned", first == frozen, "that is the number of frozen ones", "Count where requires_grad is True."),
        ("gradient-asked", first == 0, "before the first backward() no parameter has a gradient",
         "p.grad is the gradient, None at first; p.requires_grad is the switch."),
        ("layers-asked", first in (all_ - frozen + b, all_ - words * a - a * b - b),
         "one parameter of a layer is frozen and the other is not",
         "requires_grad belongs to the single parameter; ask each one, not the layer."),
    )  # fmt: skip
    for id, found, why, hint in known:
        if found:
            raise Failure(id, f"{text}: {why}", hint)
    raise Failure("wrong-trainable", text, "Add up p.numel() of those parameters whose requires_grad is True.")


@count_trainable.check(after=("total",))
def shared_once(subject: Subject, draw: Draw) -> None:
    """A tensor that two layers share counts once."""
    words, a = draw.integer(70, 90), draw.integer(4, 12)
    first, second = numbers(subject, "tied", [words, a, 3, 2])
    if (first, second) == (words * a, words * a):
        return
    text = f"embedding and head share one tensor of {words * a} numbers; you returned ({first:g}, {second:g})"
    if 2 * words * a in (first, second):
        raise Failure("shared-twice", f"{text}: it was counted twice",
                      "model.parameters() gives each tensor once; a walk over modules meets it again.")  # fmt: skip
    raise Failure("shared-wrong", text, "Go through model.parameters(), which gives each tensor once.")


# --------------------------------------------------------------------------------------------------- freeze-all-but
def frozen_model(tied: bool) -> nn.Module:
    """Not a probe by itself: names that begin with, contain and repeat one another."""
    mlp = nn.Sequential(OrderedDict(up=nn.Linear(3, 4), down=nn.Linear(4, 3)))
    encoder = nn.Sequential(OrderedDict(fc1=nn.Linear(3, 5), fc10=nn.Linear(5, 3), norm=nn.LayerNorm(3), mlp=mlp))
    parts = {"embedding": nn.Embedding(7, 3), "encoder": encoder, "fc1": nn.Linear(3, 3), "head": nn.Linear(3, 7)}
    model = nn.Sequential(OrderedDict(parts))
    model.scale = nn.Parameter(torch.ones(3))  # hangs on the model itself
    if tied:
        model.head.weight = model.embedding.weight
    return model


def froze(function, *, names: list, before: bool = True, tied: bool = False) -> dict:
    """Probe: the parameters afterwards, of the model given and of the one returned."""
    model = frozen_model(tied).requires_grad_(before)
    returned = function(model, list(names))
    models = {"model": model, "returned": returned if isinstance(returned, nn.Module) else nn.Module()}
    return {name: parameters_of(one, shared_twice=True) for name, one in models.items()}


def refused(function, *, names: list) -> dict:
    """Probe: whether the function raises an exception for these names."""
    try:
        function(frozen_model(False), list(names))
    except NotImplementedError:
        raise
    except Exception:
        return {"refused": True}
    return {"refused": False}


# Every parameter of the model above, written out: the judge looks names up in this list and never walks a model.
ALL = [
    "scale", "embedding.weight", "encoder.fc1.weight", "encoder.fc1.bias", "encoder.fc10.weight", "encoder.fc10.bias",
    "encoder.norm.weight", "encoder.norm.bias", "encoder.mlp.up.weight", "encoder.mlp.up.bias",
    "encoder.mlp.down.weight", "encoder.mlp.down.bias", "fc1.weight", "fc1.bias", "head.weight", "head.bias",
]  # fmt: skip


def judge_frozen(subject: Subject, names: list[str], right: set[str], **setting) -> None:
    """Compare what may be trained with the list; hidden checks use it with other names."""
    seen = subject.probe(froze, names=names, **setting)
    came, text = set(trainable_names(seen["model"])), f"after freeze_all_but(model, {names})"
    if came == right:
        return
    if seen["returned"] and set(trainable_names(seen["returned"])) == right:
        raise Failure("a-copy", f"{text} the model returned is right, but the one given is unchanged",
                      "Change the model itself, without copying it.")  # fmt: skip
    before = set(ALL) if setting.get("before", True) else set()
    matches = {
        "prefix-matched": (lambda p, n: p.startswith(n), "encoder.fc10 begins with encoder.fc1 but is another module"),
        "substring-matched": (lambda p, n: n in p, "a name was looked for anywhere in the parameter's name"),
        "last-part-matched": (
            lambda p, n: n in p.split("."),
            "a name was compared with single parts of the parameter's name, but it is a path from the top",
        ),
    }
    whole = "Take the module by its full name, model.get_submodule(name), or compare with name + '.'."
    extra, missing = sorted(came - right), sorted(right - came)
    if names and came == set(ALL) - right:
        raise Failure("turned-round", f"{text} exactly the named modules are frozen, and nothing else",
                      "Freeze everything first, then switch the named modules on again.")  # fmt: skip
    if setting.get("tied") and missing == ["embedding.weight", "head.weight"]:
        raise Failure("shared-lost", f"{text} head.weight and embedding.weight, one shared tensor, are frozen; "
                      "named_parameters() gives a shared tensor its first name only",
                      "Freeze everything first, then switch on model.get_submodule(name).parameters().")  # fmt: skip
    if not before and not came:
        raise Failure("never-switched-on", f"{text} nothing is trainable: the model came frozen and stayed so",
                      "Set requires_grad to True in the named modules; leaving them alone is not enough.")  # fmt: skip
    if came == before:
        raise Failure("nothing-changed", f"{text} every parameter is as it was before",
                      "requires_grad belongs to parameters. module.requires_grad = False only makes a new attribute; "
                      "module.requires_grad_(False), with the underscore, reaches them.")  # fmt: skip
    if not came and "." in names[0]:
        raise Failure("top-level-only", f"{text} nothing is trainable: {names[0]} lies inside another module", whole)
    if not came and "encoder" in names:
        raise Failure("one-level-only", f"{text} nothing is trainable: encoder's parameters lie in its parts",
                      "A named module counts with everything inside it.")  # fmt: skip
    if not came:
        raise Failure("nothing-left", f"{text} nothing is trainable", "Switch the named modules on after freezing.")
    for id, (match, why) in matches.items():
        if extra and came == {p for p in ALL if any(match(p, n) for n in names)}:
            raise Failure(id, f"{text} these may be trained too: {', '.join(extra)}: {why}", whole)
    if not missing and extra == ["scale"]:
        raise Failure("own-parameters-missed", f"{text} `scale` may still be trained: it hangs on the model itself",
                      "Go through model.parameters(), not only through the parameters of its layers.")  # fmt: skip
    if not missing and extra and all(name.endswith(".bias") for name in extra):
        raise Failure("biases-missed", f"{text} biases may still be trained: {', '.join(extra)}",
                      "A layer has more than a weight: layer.requires_grad_(False) reaches all of it.")  # fmt: skip
    if missing and not extra and all(name.endswith(".bias") for name in missing):
        raise Failure("biases-missed", f"{text} biases stay frozen: {', '.join(missing)}",
                      "A layer has more than a weight: layer.requires_grad_(True) reaches all of it.")  # fmt: skip
    if missing and not extra and len(names) > 1:
        raise Failure("last-name-wins", f"{text} these are frozen: {', '.join(missing)}",
                      "Freeze everything once, before the loop over the names.")  # fmt: skip
    if missing and not extra:
        raise Failure("one-level-only", f"{text} these are frozen: {', '.join(missing)}",
                      "A named module counts with everything inside it.")  # fmt: skip
    raise Failure("wrong-set", f"{text} frozen by mistake: {', '.join(missing) or 'none'}; trainable by mistake: "
                  f"{', '.join(extra) or 'none'}", whole)  # fmt: skip


@freeze_all_but.check
def freezes(subject: Subject, draw: Draw) -> None:
    """Afterwards the named module is trainable, weight and bias, and nothing else is."""
    judge_frozen(subject, ["head"], {"head.weight", "head.bias"})


@freeze_all_but.check(after=("freezes",))
def whole_names(subject: Subject, draw: Draw) -> None:
    """A name is the full path of one module, with all that is inside it."""
    judge_frozen(subject, ["fc1"], {"fc1.weight", "fc1.bias"})
    judge_frozen(subject, ["encoder.fc1"], {"encoder.fc1.weight", "encoder.fc1.bias"})
    judge_frozen(subject, ["encoder"], {name for name in ALL if name.startswith("encoder.")})
    judge_frozen(subject, ["encoder.mlp", "head"], {*(n for n in ALL if ".mlp." in n), "head.weight", "head.bias"})


@freeze_all_but.check(after=("freezes",))
def switches_on(subject: Subject, draw: Draw) -> None:
    """A named module that was frozen before becomes trainable."""
    judge_frozen(subject, ["head"], {"head.weight", "head.bias"}, before=False)


@freeze_all_but.check(after=("freezes",))
def shared_tensor(subject: Subject, draw: Draw) -> None:
    """A tensor that a named module shares with another one is trainable."""
    judge_frozen(subject, ["head"], {"embedding.weight", "head.weight", "head.bias"}, tied=True)


@freeze_all_but.check(after=("freezes",))
def refuses(subject: Subject, draw: Draw) -> None:
    """A name that no module has is an error."""
    name = draw.choice(["haed", "encoder.fc2", "encoder.head"])
    if not subject.probe(refused, names=[name])["refused"]:
        raise Failure("unknown-name-ignored", f"freeze_all_but(model, [{name!r}]) goes through, though no module is "
                      "called so: a typing error would freeze everything without a word",
                      "model.get_submodule(name) raises for an unknown name.")  # fmt: skip
