"""Checks of lab 00: freezing all but the named modules.

The probe builds the model; the judge looks names up in a written list and never walks a model.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from lora_utils.checks.framework.compare import learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, explained, first_wrong
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.framework.subject import Subject

freeze_all_but = Exercise("freeze-all-but", lifted=("changes-what-trains",))

# Every parameter of the model below, in the order in which it is registered.
ALL = [
    "scale", "embedding.weight", "encoder.fc1.weight", "encoder.fc1.bias", "encoder.fc10.weight", "encoder.fc10.bias",
    "encoder.norm.weight", "encoder.norm.bias", "encoder.mlp.up.weight", "encoder.mlp.up.bias",
    "encoder.mlp.down.weight", "encoder.mlp.down.bias", "fc1.weight", "fc1.bias", "head.weight", "head.bias",
]  # fmt: skip
BEFORE = {
    "trainable": set(ALL),
    "frozen": set(),
    "mixed": {name for name in ALL if name.endswith("bias") or name == "encoder.norm.weight"},
}


def frozen_model(before: str, tied: bool) -> nn.Module:
    """Not a probe by itself: names that begin with, contain and repeat one another; `act` has no parameters."""
    mlp = nn.Sequential(OrderedDict(up=nn.Linear(3, 4), act=nn.ReLU(), down=nn.Linear(4, 3)))
    encoder = nn.Sequential(OrderedDict(fc1=nn.Linear(3, 5), fc10=nn.Linear(5, 3), norm=nn.LayerNorm(3), mlp=mlp))
    parts = {"embedding": nn.Embedding(7, 3), "encoder": encoder, "fc1": nn.Linear(3, 3), "head": nn.Linear(3, 7)}
    model = nn.Sequential(OrderedDict(parts))
    model.scale = nn.Parameter(torch.ones(3))  # hangs on the model itself
    if tied:
        model.head.weight = model.embedding.weight
    for name, p in model.named_parameters():
        p.requires_grad_(name in BEFORE[before])
    return model


def froze(function, *, cases: list, mark: float = 1.0) -> dict:
    """Probe: the parameters afterwards, of each model given and of the one returned.

    The models given are marked before the returned ones are looked at: the same model bears the mark too.
    """
    models = [frozen_model(before, tied) for _, before, tied in cases]
    results = [function(model, list(case[0])) for model, case in zip(models, cases, strict=True)]
    all_of_them = iter(parameters_of(*models, shared_twice=True))  # one step of training for all
    values = [[next(all_of_them) for _ in model.named_parameters(remove_duplicate=False)] for model in models]
    returned = []
    for model, result in zip(models, results, strict=True):
        with torch.no_grad():
            model.scale.fill_(mark)
        returned.append(None)
        if result is model:
            returned[-1] = [{"name": n, "value": p} for n, p in model.named_parameters(remove_duplicate=False)]
        elif isinstance(result, nn.Module):
            returned[-1] = parameters_of(result, shared_twice=True)
    return {"values": values, "returned": returned}


def refused(function, *, cases: list) -> dict:
    """Probe: whether the function raises an exception for these names."""
    values = []
    for names in cases:
        try:
            function(frozen_model("trainable", False), list(names))
            values.append(False)
        except NotImplementedError:
            raise
        except Exception:
            values.append(True)
    return {"values": values}


# ------------------------------------------------------------------------------------------- right, and known mistakes
def on(chosen, tied: bool) -> list[str]:
    """The names of the trainable parameters, when those chosen are: a shared tensor goes by both of its names."""
    shared = {"embedding.weight", "head.weight"}
    return [p for p in ALL if p in chosen or (tied and p in shared and shared & set(chosen))]


TELLING = ((["head"], "mixed", False), (["fc1", "encoder.fc1"], "trainable", False), (["encoder"], "frozen", False))


def inside(names: list[str]) -> set[str]:
    """The parameters in the named modules."""
    return {p for p in ALL if any(p.startswith(name + ".") for name in names)}


def right(names: list[str], before: str, tied: bool) -> list[str]:
    """What may be trained afterwards."""
    return on(inside(names), tied)


def start(before: str) -> set[str]:
    """What may be trained before."""
    return BEFORE[before]


def layer(p: str) -> str:
    """The module that a parameter hangs on."""
    return p.rpartition(".")[0]


def flipped(names: list[str]) -> set[str]:
    """What is trainable when each name turns the switches in its module round."""
    return {p for p in ALL if sum(p.startswith(name + ".") for name in names) % 2}


WHOLE = "Take the module by its full name, model.get_submodule(name), or compare with name + '.'."
WITHIN = "A named module counts with everything inside it."
ALL_OF_IT = "A layer has more than a weight: requires_grad_, called on the layer, reaches all of it."
RULES = (
    Rule("nothing-left", lambda n, b, t: [], "nothing is trainable", "The named modules are to be trainable at the "
         "end: what do you switch on, and does anything freeze it again afterwards?"),
    Rule("empty-list-ignored", lambda n, b, t: right(n, b, t) if n else on(start(b), t), "an empty list leaves the "
         "model as it came", "An empty list names no module: then everything is frozen."),
    Rule("nothing-changed", lambda n, b, t: on(start(b), t), "every parameter is as it was before",
         "Nothing has reached the parameters. requires_grad is theirs: assigned to a module it is one more attribute."),
    Rule("everything-trainable", lambda n, b, t: on(ALL, t), "every parameter is trainable",
         "Freeze first, then switch on the named modules alone."),
    Rule("turned-round", lambda n, b, t: on(set(ALL) - inside(n), False), "exactly the named modules are frozen, and "
         "nothing else", "The named modules are those that stay trainable."),
    Rule("turned-round", lambda n, b, t: on(start(b) - inside(n), False), "the named modules are frozen, and nothing "
         "else", "The named modules are those that stay trainable."),
    Rule("never-frozen", lambda n, b, t: on(start(b) | inside(n), t), "what was trainable before stays so",
         "Freeze every parameter before you switch the named modules on."),
    Rule("never-switched-on", lambda n, b, t: on(inside(n) & start(b), t), "what came frozen in a named module stays "
         "so", "Set requires_grad to True in the named modules; leaving them alone is not enough."),
    Rule("own-parameters-missed", lambda n, b, t: on(inside(n) | {"scale"} & start(b), t), "`scale` may still be "
         "trained: it hangs on the model itself", "Go through model.parameters(), not only through its layers'."),
    Rule("shared-lost", lambda n, b, t: on(inside(n) - {"head.weight"} if t else inside(n), t), "a tensor that a "
         "named module shares is frozen, since its first name is another one", "named_parameters() gives a shared "
         "tensor its first name only: switch on what is in the module itself."),
    Rule("shared-lost", lambda n, b, t: on([p for p in inside(n) if not t or p not in ("embedding.weight",
         "head.weight")], False), "a tensor that a named module shares with another is frozen", "A shared tensor is "
         "one tensor: freeze everything first, then switch on what is in the named modules."),
    Rule("last-name-wins", lambda n, b, t: on(inside(n[-1:]), t), "only the last of the names counts",
         "Freeze everything once, before the loop over the names."),
    Rule("first-name-only", lambda n, b, t: on(inside(n[:1]), t), "only the first of the names counts",
         "Is there a return or a break inside the loop over the names?"),
    Rule("switched-twice", lambda n, b, t: on(flipped(n), t), "what two names reach is frozen again",
         "Set requires_grad to True for each name, whatever it was; do not turn it round."),
    Rule("biases-missed", lambda n, b, t: on({p for p in inside(n) if not p.endswith("bias")}, t), "the biases of the "
         "named modules stay frozen", ALL_OF_IT),
    Rule("biases-missed", lambda n, b, t: on({p for p in inside(n) if not p.endswith("bias") and "norm" not in p}, t),
         "only matrices are trainable, no biases and norms", ALL_OF_IT),
    Rule("biases-missed", lambda n, b, t: on(inside(n) | {p for p in start(b) if p.endswith("bias")}, t), "biases that "
         "were trainable stay so", ALL_OF_IT),
    Rule("weights-missed", lambda n, b, t: on({p for p in inside(n) if p.endswith("bias")}, t), "the weights of the "
         "named modules stay frozen", ALL_OF_IT),
    Rule("one-level-only", lambda n, b, t: on({p for p in ALL if layer(p) in n}, t), "parameters inside the parts of a "
         "named module are frozen", WITHIN),
    Rule("top-level-only", lambda n, b, t: on(inside([one for one in n if "." not in one]), t), "a module that lies "
         "inside another one is not found", WHOLE),
    Rule("top-level-only", lambda n, b, t: on({p for p in ALL if p.split(".")[0] in n and "." in p}, t), "a module "
         "that lies inside another one is not found", WHOLE),
    Rule("whole-branch", lambda n, b, t: on(inside([one.split(".")[0] for one in n]), t), "the whole top-level module "
         "is trainable, where a module inside it was named", WHOLE),
    Rule("prefix-matched", lambda n, b, t: on({p for p in ALL if p.startswith(tuple(n))}, t), "it takes whatever "
         "begins with the name: encoder.fc10 begins with encoder.fc1, and is another module", WHOLE),
    Rule("prefix-matched", lambda n, b, t: on({p for p in ALL if p.startswith(tuple(n)) and not (t and p ==
         "head.weight")}, t), "it takes whatever begins with the name: encoder.fc10 begins with encoder.fc1, and is "
         "another module", WHOLE),
    Rule("substring-matched", lambda n, b, t: on({p for p in ALL if any(one in p for one in n)}, t), "a name was "
         "looked for anywhere in the parameter's name", WHOLE),
    Rule("substring-matched", lambda n, b, t: on({p for p in ALL if any(one in p for one in n) and not (t and p ==
         "head.weight")}, t), "a name was looked for anywhere in the parameter's name", WHOLE),
    Rule("last-part-matched", lambda n, b, t: on({p for p in ALL if set(layer(p).split(".")) & set(n)}, t), "a name "
         "was compared with single parts of the parameter's name, but it is a path from the top", WHOLE),
    Rule("last-part-matched", lambda n, b, t: on({p for p in ALL if layer(p).split(".")[-1] in n}, t), "a name was "
         "compared with the last part of each module's name, but it is a path from the top", WHOLE),
    Rule("last-part-matched", lambda n, b, t: on({p for p in ALL if set(layer(p).split(".")) & {one.split(".")[-1]
         for one in n}}, t), "only the last part of a name was compared, but a name is a path from the top", WHOLE),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- checks
def judge_frozen(subject: Subject, cases: list[tuple]) -> None:
    """Compare what may be trained with the list; a case is (names, how the model came, whether a tensor is shared)."""
    seen = ask(subject, cases, told, froze)
    values = [[p["name"] for p in one if learns(p)] for one in seen["values"]]
    place = first_wrong(values, cases, right)
    if place is None:
        return
    case, came = cases[place], set(values[place])
    wanted, returned = set(right(*case)), seen["returned"][place]
    text = f"after {told(*case)} "
    copied = {p["name"] for p in returned or [] if "after" in p and learns(p)}  # another module than the one given
    if any("after" in p for p in returned or []) and copied == wanted and values[place] == on(start(case[1]), case[2]):
        raise Failure("a-copy", text + "the model returned is right, but the one given is unchanged",
                      "Change the model itself, without copying it.")  # fmt: skip
    told_of = [(wanted - came, "trainable", "frozen"), (came - wanted, "frozen", "trainable")]
    text += "; ".join(f"{listed(names)} must be {due} and {'is' if len(names) == 1 else 'are'} {found}"
                      for names, due, found in told_of if names)  # fmt: skip
    more = subject.tried(froze, cases=[list(case) for case in TELLING])  # several mistakes agree on the cases above
    values += [[p["name"] for p in one if learns(p)] for one in more.get("values", [])]
    rule = explained(values, [*cases, *TELLING][: len(values)], right, RULES)
    if rule:
        raise Failure(rule.id, f"{text}: {rule.text}", rule.hint)
    if came - wanted == {"scale"} and not wanted - came:
        raise Failure("own-parameters-missed", f"{text}: it hangs on the model itself",
                      "Go through model.parameters(), "
                      "not only through its layers'.")  # fmt: skip
    if case[2] and wanted - came == {"embedding.weight", "head.weight"} and not came - wanted:
        raise Failure("shared-lost", f"{text}: it is one tensor under two names", "Freeze everything first, and switch "
                      "on what is in the named modules at the very end.")  # fmt: skip
    raise Failure("wrong-set", text, "Afterwards the named modules are trainable, with all that is in them, and no "
                  "other parameter is.")  # fmt: skip


def listed(names: set[str]) -> str:
    """The first few names, in the order of the model."""
    names = [name for name in ALL if name in names]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def told(names: list[str], before: str, tied: bool) -> str:
    """A case in words."""
    came = {"trainable": "", "frozen": ", for a model that came frozen,", "mixed": ", for a model partly frozen,"}
    shared = ", where head and embedding share their weight," if tied else ""
    return f"freeze_all_but(model, {names}){shared}{came[before]}"


@freeze_all_but.check
def freezes(subject: Subject, draw: Draw) -> None:
    """Afterwards the named module is trainable, weight and bias, and nothing else is."""
    judge_frozen(subject, [(["head"], "trainable", False), (["embedding"], "trainable", False)])


@freeze_all_but.check(after=("freezes",))
def returns_the_model(subject: Subject, draw: Draw) -> None:
    """What it returns is the model that it was given."""
    mark = draw.number(2.0, 9.0)
    (model,) = subject.probe(froze, cases=[[["head"], "trainable", False]], mark=mark)["returned"]
    if model is None:
        raise Failure("nothing-returned", "freeze_all_but(model, ['head']) does not return the model",
                      "The last line says return model. model.requires_grad_(...) inside is not enough.")  # fmt: skip
    names = [p["name"] for p in model]
    marked = [p for p in model if p["name"] == "scale" and torch.equal(p["value"], torch.full((3,), mark))]
    if sorted(names) != sorted(ALL) or not marked:
        raise Failure("other-model", "freeze_all_but(model, ['head']) returns another module than the one it was given",
                      "Change the model and return that very object: no copy, and none of its parts.")  # fmt: skip


@freeze_all_but.check(after=("freezes",))
def whole_names(subject: Subject, draw: Draw) -> None:
    """A name is the full path of one module, with all that is inside it."""
    several = [["encoder.mlp", "head"], ["head", "encoder.fc10", "embedding"], ["encoder", "encoder.fc1"],
               ["encoder.fc1", "encoder"], ["fc1", "fc1"]]  # fmt: skip
    single = [["fc1"], ["encoder.fc1"], ["encoder"], ["encoder.mlp.up"], ["encoder.mlp.act"]]
    names = [[[draw.choice(["encoder.fc10", "encoder.norm"])], *single, *several][i] for i in draw.order(11)]
    judge_frozen(subject, [(one, "trainable", False) for one in names])


@freeze_all_but.check(after=("freezes",))
def switches_on(subject: Subject, draw: Draw) -> None:
    """A named module that was frozen before becomes trainable, whatever else was."""
    judge_frozen(subject, [(names, before, False) for before in ("frozen", "mixed") for names in (["head"], ["fc1"])])


@freeze_all_but.check(after=("freezes",))
def shared_tensor(subject: Subject, draw: Draw) -> None:
    """A tensor that a named module shares with another one is trainable."""
    judge_frozen(subject, [(["head"], "trainable", True), (["embedding"], "trainable", True)])


@freeze_all_but.check(after=("freezes",))
def refuses(subject: Subject, draw: Draw) -> None:
    """A name that no module has is an error."""
    wrong = [["haed"], ["encoder.fc2"], ["encoder.head"], ["encoder.f"], ["fc"], ["mlp"], ["norm"], ["up"],
             ["head", "haed"], ["haed", "head"], ["encoder.fc1.fc10"], ["head.fc1"]]  # fmt: skip
    for names, raises in zip(wrong, subject.probe(refused, cases=wrong)["values"], strict=True):
        if not raises:
            raise Failure("unknown-name-ignored", f"freeze_all_but(model, {names}) goes through, though the model has "
                          f"no module {' and no module '.join(n for n in names if n != 'head')}: a typing error would "
                          "freeze too much without a word", "Look each name up so that an unknown one raises; "
                          "model.get_submodule does.")  # fmt: skip
