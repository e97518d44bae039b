"""Checks of lab 00: counting a whole model's trainable and total numbers.

The probe builds the models; the judge knows every parameter of them from the sizes alone.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn

from lora_utils.checks.framework.compare import expect_number, learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all, explained, first_wrong
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.framework.subject import Subject

count_trainable = Exercise("count-trainable", lifted=("changes-what-trains",))
TOLD = {
    "nested": "a model of nested blocks, partly frozen",
    "twins": "a model of layers of one shape, with equal numbers in them",
    "tied": "a model whose embedding and head share one tensor",
    "tied-frozen": "a model whose embedding and head share one frozen tensor",
    "reused": "a model that has one layer in three places",
    "own": "a model with two parameters that hang on the model itself, one of them a single number",
    "own-frozen": "a model whose only parameter, a single number on the model itself, is frozen",
    "plain": "a single linear layer",
    "convolution": "a model with a convolution, whose weight has four axes",
    "empty": "a model without parameters",
}


def counted(function, *, cases: list) -> dict:
    """Probe: what the function says about each model, and the models' parameters afterwards."""
    models = [counting_model(*case).train(k % 3 != 1) for k, case in enumerate(cases)]  # in both modes
    return {"values": [function(model) for model in models], "parameters": [parameters_of(model) for model in models]}


def counted_again(function, *, case: list) -> dict:
    """Probe: the counts of one model before and after all of it was frozen."""
    model = counting_model(*case)
    return {"before": list(function(model)), "after": list(function(model.requires_grad_(False)))}


def counting_model(case: str, n: int, a: int, b: int, c: int) -> nn.Module:
    """Not a probe by itself: a model for the function to count."""
    if case == "nested":
        inner = nn.Sequential(nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))
        block = nn.Sequential(nn.Linear(a, b), inner)
        model = nn.Sequential(OrderedDict(embedding=nn.Embedding(n, a), block=block))
        model.embedding.weight.requires_grad_(False)
        block[0].bias.requires_grad_(False)
        return model
    if case == "twins":
        model = nn.Sequential(nn.Linear(a, b), nn.Linear(a, b), nn.Linear(a, b))
        for p in model.parameters():
            nn.init.zeros_(p)
        model[2].requires_grad_(False)
        return model
    if case in ("tied", "tied-frozen"):
        model = nn.Sequential(OrderedDict(embedding=nn.Embedding(n, a), head=nn.Linear(a, n)))
        model.head.weight = model.embedding.weight
        model.head.weight.requires_grad_(case == "tied")
        return model
    if case == "reused":
        layer = nn.Linear(a, a)
        return nn.Sequential(layer, nn.Sequential(layer, nn.Linear(a, b)), layer)
    if case == "plain":
        return nn.Linear(a, b)
    if case == "convolution":
        model = nn.Sequential(nn.Conv2d(a, b, (2, 3)), nn.ReLU(), nn.LayerNorm(c))
        model[2].weight.requires_grad_(False)
        return model
    model = nn.Sequential(nn.ReLU())
    if case == "own":
        model.scale, model.shift = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(a, b, c), requires_grad=False)
    if case == "own-frozen":
        model.scale = nn.Parameter(torch.ones(()), requires_grad=False)
    return model


class Part(NamedTuple):
    """One parameter of a model, as the judge knows it."""

    layer: str  # the kind of layer it belongs to; nothing where it hangs on the model itself
    shape: tuple[int, ...]
    on: bool = True
    places: int = 1  # in how many places it stands
    level: int = 1  # how deep its layer lies; 0 is the model itself
    name: str = "weight"


def parts(case: str, n: int, a: int, b: int, c: int) -> list[Part]:
    """Every parameter of a model, written out: the judge never walks one."""

    def linear(i: int, o: int, on: bool = True, bias_on: bool = True, **where) -> list[Part]:
        return [Part("linear", (o, i), on, **where), Part("linear", (o,), bias_on, name="bias", **where)]

    return {
        "nested": [Part("embedding", (n, a), False), *linear(a, b, True, False, level=2), Part("norm", (b,), level=3),
                   Part("norm", (b,), name="bias", level=3), *linear(b, c, level=3)],
        "twins": linear(a, b) * 2 + linear(a, b, False, False),
        "tied": [Part("embedding", (n, a), True, 2), Part("linear", (n,), name="bias")],
        "tied-frozen": [Part("embedding", (n, a), False, 2), Part("linear", (n,), name="bias")],
        "reused": linear(a, a, places=3) + linear(a, b, level=2),
        "own": [Part("", (), True, level=0, name="scale"), Part("", (a, b, c), False, level=0, name="shift")],
        "own-frozen": [Part("", (), False, level=0, name="scale")],
        "plain": linear(a, b, level=0),
        "convolution": [Part("convolution", (b, a, 2, 3)), Part("convolution", (b,), name="bias"),
                        Part("norm", (c,), False), Part("norm", (c,), name="bias")],
        "empty": [],
    }[case]  # fmt: skip


def numbers(part: Part) -> int:
    """How many numbers a parameter holds."""
    count = 1
    for side in part.shape:
        count *= side
    return count


def pair(*case, size=numbers, those=lambda part: True) -> list[int]:
    """Trainable and total of those parameters, by some measure of size."""
    chosen = [(part, size(part)) for part in parts(*case) if those(part)]
    return [sum(count for part, count in chosen if part.on), sum(count for _, count in chosen)]


def total_by(**how):
    """A rule for the second number."""
    return lambda *case: pair(*case, **how)[1]


def buffers(*case) -> int:
    """How many numbers stand in the buffers of the model with a BatchNorm: mean, variance and a counter."""
    return 2 * case[3] + 1 if case[0] == "nested" else 0


ALL_OF_IT = "Go through model.parameters() and leave none out."
ONCE = "model.parameters() gives each tensor once; a walk over modules, or over state_dict(), meets it again."
SWITCH = "requires_grad belongs to the single parameter: ask each one, not the layer."
TOTAL = (
    Rule("order-exchanged", lambda *c: None, "the two results are exchanged", "Trainable first, total second."),
    Rule("frozen-returned", lambda *c: pair(*c)[1] - pair(*c)[0], "the second number is that of the frozen ones",
         "The total holds trainable and frozen numbers together."),
    Rule("total-without-frozen", lambda *c: pair(*c)[0], "the frozen numbers are missing in the total",
         "A frozen number is still stored and used: it counts in the total."),
    Rule("tensors-counted", total_by(size=lambda part: 1), "it counts the tensors, not the numbers in them",
         "p.numel() is how many numbers a parameter holds."),
    Rule("bytes-counted", total_by(size=lambda part: 4 * numbers(part)), "it counts bytes: a float32 number has four",
         "p.numel() counts numbers; p.nbytes counts bytes."),
    Rule("buffers-counted", lambda *c: pair(*c)[1] + buffers(*c), "it counts the buffers of BatchNorm as well",
         "A buffer is no parameter; model.parameters() has the parameters alone."),
    Rule("buffers-counted", lambda *c: pair(*c, size=lambda part: numbers(part) * part.places)[1] + buffers(*c),
         "it counts the buffers of BatchNorm as well", "state_dict() holds parameters and buffers, and a shared tensor "
         "twice; model.parameters() has the parameters alone."),
    Rule("buffers-counted", lambda *c: pair(*c)[1] + max(buffers(*c) - 1, 0), "it counts the buffers of BatchNorm as "
         "well", "A buffer is no parameter; model.parameters() has the parameters alone."),
    Rule("matrices-only", total_by(those=lambda part: len(part.shape) > 1), "it leaves out what is no matrix: biases "
         "and norms are missing", ALL_OF_IT),
    Rule("matrices-only", total_by(those=lambda part: len(part.shape) == 2), "it counts matrices only: biases and "
         "norms are missing", ALL_OF_IT),
    Rule("equal-once", lambda *c: sum(numbers(part) for part in {one.shape: one for one in parts(*c)}.values()),
         "parameters of one shape are counted once", "Two tensors of one shape are two tensors."),
    Rule("weights-only", total_by(those=lambda part: part.name == "weight"), "it counts what is called weight only",
         ALL_OF_IT),
    Rule("linear-layers-only", total_by(those=lambda part: part.layer == "linear"), "it counts linear layers only",
         "model.parameters() has those of every kind of layer."),
    Rule("one-level-only", total_by(those=lambda part: part.level == 1), "it does not look inside the nested block",
         "model.parameters() goes through all levels by itself."),
    Rule("two-levels-only", total_by(those=lambda part: part.level in (1, 2)), "it does not look inside the block in "
         "the block", "model.parameters() goes through all levels by itself."),
    Rule("first-axis-only", total_by(size=lambda part: part.shape[0]), "it adds up the first axis of each parameter",
         "len(p) is its number of rows; p.numel() counts the numbers."),
    Rule("last-axis-only", total_by(size=lambda part: part.shape[-1]), "it adds up the last axis of each parameter",
         "p.numel() counts the numbers."),
    Rule("sides-added", total_by(size=lambda part: sum(part.shape)), "it adds up the sides of each parameter",
         "A matrix holds rows times columns numbers: p.numel()."),
    Rule("axes-counted", total_by(size=lambda part: len(part.shape)), "it counts the axes of each parameter",
         "p.numel() is how many numbers a parameter holds."),
    Rule("last-parameter-only", lambda *c: numbers(parts(*c)[-1]), "only the last parameter counts",
         "Add to the sum: total += ... instead of total = ..."),
    Rule("largest-only", lambda *c: max(map(numbers, parts(*c))), "only the largest parameter counts", ALL_OF_IT),
    Rule("all-zero", lambda *c: 0, "the total is 0",
         "Is anything added? model.parameters() is a generator: who has gone "
         "through it once finds nothing in it the second time."),
)  # fmt: skip
TRAINABLE = (
    Rule("switch-ignored", lambda *c: pair(*c)[1], "frozen parameters are counted too",
         "Ask each parameter: p.requires_grad."),
    Rule("frozen-returned", lambda *c: pair(*c)[1] - pair(*c)[0], "that is the number of frozen ones",
         "Count where requires_grad is True."),
    Rule("counts-none", lambda *c: 0, "you count none", "p.requires_grad is True for those that training may change; "
         "p.grad would be None for all of them before the first backward()."),
    Rule("tensors-counted", lambda *c: pair(*c, size=lambda part: 1)[0], "you count the tensors, not the numbers in "
         "them", "p.numel() is how many numbers a parameter holds."),
    Rule("buffers-counted", lambda *c: pair(*c)[0] + buffers(*c), "the buffers of BatchNorm are counted as well",
         "A buffer is no parameter; model.parameters() has the parameters alone."),
    Rule("layers-asked", lambda kind, n, a, b, c: pair(kind, n, a, b, c)[0] + (b if kind == "nested" else 0),
         "one parameter of a layer is frozen and the other is not", SWITCH),
    Rule("layers-asked", lambda kind, n, a, b, c: pair(kind, n, a, b, c)[0] - (a * b if kind == "nested" else 0),
         "one parameter of a layer is frozen and the other is not", SWITCH),
)  # fmt: skip
SHARED = (
    Rule("equal-once", lambda kind, n, a, b, c: [a * b + b] * 2 if kind == "twins" else pair(kind, n, a, b, c),
         "layers with equal numbers in them, or of equal shape, were counted once", "Two tensors with equal numbers "
         "are two tensors; only one and the same object counts once."),
    Rule("shared-twice", lambda *c: pair(*c, size=lambda part: numbers(part) * part.places), "it was counted once for "
         "each place", ONCE),
    Rule("shared-twice", lambda *c: [pair(*c)[0], total_by(size=lambda part: numbers(part) * part.places)(*c)],
         "in the total it was counted once for each place", ONCE),
    Rule("shared-twice", lambda *c: [pair(*c, size=lambda part: numbers(part) * part.places)[0], pair(*c)[1]],
         "among the trainable ones it was counted once for each place", ONCE),
    Rule("shared-twice", lambda *c: pair(*c, size=lambda part: numbers(part) * (2 if part.layer == "embedding" and
         part.places == 2 else 1)), "a tensor that two layers hold was counted for each of them", ONCE),
    Rule("shared-twice", lambda *c: pair(*c, size=lambda part: numbers(part) * min(part.places, 2)), "it was counted "
         "again for another place", ONCE),
    Rule("shared-lost", lambda *c: pair(*c, those=lambda part: part.places == 1), "it was not counted at all",
         "It is a parameter like any other, and counts once."),
)  # fmt: skip


def told(kind: str, *sizes) -> str:
    """A case in words."""
    return TOLD[kind]


def seen(subject: Subject, cases: list[tuple]) -> list[list[int]]:
    """Call the student's function and expect two whole numbers for each model; hidden checks use it with others."""
    try:
        values = ask(subject, cases, told, counted)["values"]
    except CaseRaised as error:
        if error.kind == "IndexError" and any(
            w in error.text for w in ("tuple index", "Dimension out", "Dimension specified")
        ):
            text = f"for {told(*error.case)} your code raised {error.error}: not every parameter is a matrix"
            hint = "A bias has one axis; p.numel() counts numbers for any shape."
            raise Failure("needs-two-axes", text, hint) from None
        raise
    for value, case in zip(values, cases, strict=True):
        if type(value) is not list or len(value) != 2:
            came = f"{len(value)} values" if type(value) is list else "None" if value is None else "one value"
            raise Failure("not-a-pair", f"for {TOLD[case[0]]}: expected (trainable, total), got {came}",
                          "Write return trainable, total.")  # fmt: skip
        for name, number in zip(("trainable", "total"), value, strict=True):
            if isinstance(number, str | list | dict):
                raise Failure("not-numbers", f"{name} must be a whole number, got {number!r:.60}", "Add up p.numel().")
            expect_number(number, f"{name}, for {TOLD[case[0]]},", int)
    return values


def judge_pairs(subject: Subject, cases: list[tuple], rules=SHARED) -> None:
    """Compare both numbers; hidden checks use it with other models."""
    values = seen(subject, cases)
    said = [f"for {told(*case)} expected {tuple(pair(*case))}, got {tuple(value)}"
            for case, value in zip(cases, values, strict=True)]  # fmt: skip
    expect_all(values, cases, pair, told=told, said=said, id="edge-missed", rules=rules, known="{said}: {text}",
               hint="Each parameter of model.parameters() counts with all its numbers, and nothing else does; a sum "
               "over none is 0.")  # fmt: skip


def drawn(draw: Draw, *kinds: str) -> list[tuple]:
    """Each kind of model in three drawn sizes."""
    return [(kind, draw.integer(20, 90), *draw.sizes(3, 4, 12)) for kind in kinds for _ in range(3)]


def judge_one(subject: Subject, cases: list[tuple], which: int, rules: tuple[Rule, ...]) -> None:
    """Compare one of the two numbers: 0 for trainable, 1 for total."""
    pairs = seen(subject, cases)
    values = [one[which] for one in pairs]

    def right(*case) -> int:
        return pair(*case)[which]

    place = first_wrong(values, cases, right, tolerance=0)
    if place is None:
        return
    trainable_, total_ = pair(*cases[place])
    text = f"for {told(*cases[place])} with {total_} numbers, {total_ - trainable_} of them frozen, you returned "
    text += f"{tuple(pairs[place])}"
    if which == 1 and all(one == pair(*case)[::-1] for one, case in zip(pairs, cases, strict=True)):
        raise Failure(rules[0].id, f"{text}: {rules[0].text}", rules[0].hint)
    rule = explained(values, cases, right, rules, tolerance=0)
    if rule:
        raise Failure(rule.id, f"{text}: {rule.text}", rule.hint)
    if len(pairs) > 1 and all(one == pairs[0] for one in pairs) and any(pairs[0]):
        raise Failure("same-for-all", f"{text}, as for every other model", "Count the model that is given, at each "
                      "call.")  # fmt: skip
    fits = [value == right(*case) for value, case in zip(values, cases, strict=True)]
    if fits == [True, False, True] and values[1] == 0:
        raise Failure("mode-asked", f"{text}: that model is in evaluation mode, and for the others, in training mode, "
                      "it is right", "p.requires_grad says what training may change; model.training is another switch."
                      )  # fmt: skip
    name = ("trainable", "total")[which]
    raise Failure(f"wrong-{name}", f"{text}; {name} must be {right(*cases[place])}", "Take each parameter once, with "
                  "all its numbers" + (", if its requires_grad is True." if which == 0 else "."))  # fmt: skip


@count_trainable.check
def total(subject: Subject, draw: Draw) -> None:
    """The second number is the total: every number of every parameter, frozen or not, and nothing else."""
    judge_one(subject, drawn(draw, "nested"), 1, TOTAL)


@count_trainable.check(after=("total",))
def trainable(subject: Subject, draw: Draw) -> None:
    """The first number counts those that training may change: requires_grad is True."""
    judge_one(subject, drawn(draw, "nested"), 0, TRAINABLE)
    (case,) = drawn(draw, "nested")[:1]
    seen = subject.probe(counted_again, case=list(case))
    if seen["after"] != [0, seen["before"][1]]:
        raise Failure("remembers", f"counted again after model.requires_grad_(False), the same model gives "
                      f"{tuple(seen['after'])}", "Count at each call: a model may be frozen in between.")  # fmt: skip


@count_trainable.check(after=("total",))
def shared_once(subject: Subject, draw: Draw) -> None:
    """A tensor that several layers share counts once; equal tensors that are not shared count each."""
    judge_pairs(subject, drawn(draw, "tied", "reused", "twins"))


def trainable_names(parameters: list[dict]) -> list[str]:
    """The names of the parameters that a step has moved."""
    return [p["name"] for p in parameters if learns(p)]
