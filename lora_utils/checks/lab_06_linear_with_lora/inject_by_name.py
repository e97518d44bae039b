"""Checks of lab 06: putting wrapped layers into a model, by name."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import expect_explained
from lora_utils.checks.framework.laws import REBUILDS
from lora_utils.checks.framework.probes import returned

inject_by_name = Exercise("inject-by-name", lifted=REBUILDS)

LAYERS = ("fc1", "fc10", "blocks.0.up", "blocks.0.down", "blocks.1.up", "blocks.1.down", "stem.0", "linear", "head",
          "tail.fc1")  # fmt: skip


class Spy(nn.Module):
    """A wrapper that notes how it was called, and lets its output show it; stands in for LinearWithLoRA."""

    def __init__(self, linear: nn.Module, rank, alpha) -> None:
        super().__init__()
        self.linear, self.rank, self.alpha = linear, rank, alpha

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rank * linear(x) + alpha."""
        return self.rank * self.linear(x) + self.alpha


class DeepSpy(Spy):
    """The same, with the layer two levels down and under another name."""

    def __init__(self, layer: nn.Module, rank, alpha) -> None:
        super().__init__(None, rank, alpha)
        del self.linear
        self.parts = nn.ModuleList([layer])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rank * layer(x) + alpha."""
        return self.rank * self.parts[0](x) + self.alpha


class OwnLinear(nn.Linear):
    """A linear layer of somebody's own, as bitsandbytes' Linear4bit is one."""


class Scaler(nn.Module):
    """Has the attributes of a linear layer, and is none."""

    def __init__(self) -> None:
        super().__init__()
        self.in_features = self.out_features = 4
        self.weight = nn.Parameter(torch.eye(4))


def nested_model() -> nn.Module:
    """A model whose names try a matcher: fc1, fc10 and tail.fc1, layers two levels deep, what resembles a layer."""
    model = nn.Module()
    model.fc1, model.fc10, model.norm = nn.Linear(6, 5), nn.Linear(5, 4), nn.LayerNorm(4)
    model.blocks = nn.ModuleList(
        nn.ModuleDict({"up": nn.Linear(4, 8), "act": nn.Tanh(), "down": OwnLinear(8, 4)}) for _ in range(2)
    )
    model.stem = nn.Sequential(nn.Linear(4, 7, bias=False), nn.ReLU())
    model.linear, model.head = nn.Linear(7, 4), nn.Linear(4, 3)
    model.tail = nn.ModuleDict({"fc1": nn.Linear(3, 2)})
    model.words, model.scaler = nn.Embedding(5, 4), Scaler()
    for number, name in enumerate(LAYERS, start=1):  # each layer has a number of its own
        for parameter in model.get_submodule(name).parameters():
            nn.init.constant_(parameter, number)
    return model


# ---------------------------------------------------------------------------------------------------------- probes
def inject_steps(inject, *, steps: list, rank: int, alpha: float, deep: bool = False) -> dict:
    """Probe: call inject for each list of names in turn; returns what was raised and what each layer is now."""
    model, raised, wrapper = nested_model(), [], DeepSpy if deep else Spy
    originals = dict(model.named_modules())
    model.fc10.eval().requires_grad_(False)
    trains = {name: p.requires_grad for name, p in model.named_parameters()}
    held, modes = dict(model.named_parameters()), {name: one.training for name, one in originals.items()}
    for names in steps:
        try:
            inject(model, list(names), wrapper, rank, alpha)
            raised.append(None)
        except NotImplementedError:
            raise
        except Exception as error:
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            raised.append({"kind": kind, "text": str(error)})
    layers, now = {}, dict(model.named_modules())
    for name in LAYERS:
        module = now.get(name)
        inner = (module.parts[0] if deep else module.linear) if isinstance(module, Spy) else module
        layers[name] = {
            "kind": type(module).__name__,
            "wrapped": isinstance(module, Spy),
            "twice": isinstance(inner, Spy),
            "own": inner is originals[name],
            "rank": module.rank if isinstance(module, Spy) else None,
            "alpha": module.alpha if isinstance(module, Spy) else None,
            "output": None if module is None else returned(module, torch.ones(originals[name].in_features)),
        }
    return {"raised": raised, "layers": layers, "dotted": [n for n, _ in model.named_children() if "." in n],
            "retrained": [name for name, p in held.items() if p.requires_grad != trains[name]],
            "other_mode": [name for name, one in originals.items() if one.training != modes[name]]}  # fmt: skip


def inject_all(inject, *, runs: list) -> dict:
    """Probe: what `inject_steps` sees for several inputs, each with a model of its own."""
    return {"runs": [inject_steps(inject, **run) for run in runs]}


# ---------------------------------------------------------------------------------------------------------- judges
def injected(subject: Subject, *runs: dict) -> list[dict]:
    """Call inject; expect that what is said of each layer explains what it returns for ones."""
    settings, originals = [{"rank": 2, "alpha": 1.0} | run for run in runs], dict(nested_model().named_modules())
    found = subject.probe(inject_all, runs=settings)["runs"]
    for seen in found:
        for number, (name, original) in enumerate(((n, originals[n]) for n in LAYERS), start=1):
            layer, bias = seen["layers"][name], 0.0 if original.bias is None else 1.0
            right, given = (
                torch.full((original.out_features,), number * (original.in_features + bias)),
                [layer["rank"], layer["alpha"]],
            )
            if layer["own"] and not layer["twice"] and all(type(x) in (int, float) for x in given if layer["wrapped"]):
                right = given[0] * right + given[1] if layer["wrapped"] else right
                expect_explained(layer["output"], right, f"what {name!r} returns")
    return found


@inject_by_name.check
def replaces_named_layers(subject: Subject, draw: Draw) -> None:
    """Every layer that is named is wrapped in place, with this rank and this alpha."""
    drawn = [[LAYERS[k] for k in draw.order(len(LAYERS))[: draw.integer(1, 5)]] for _ in range(4)]
    runs = [{"steps": [names], "rank": draw.integer(2, 4), "alpha": alpha, "deep": k == 3} for k, (names, alpha) in
            enumerate(zip((["fc1", "blocks.1.up"], ["blocks.0.down"], *drawn),
                          (draw.integer(5, 9), 0.5, 0.0, -1.5, 0.25, 8), strict=True))]  # fmt: skip
    for run, seen in zip(runs, injected(subject, *runs), strict=True):
        (names,) = run["steps"]
        _expect_no_error(seen["raised"][0], names)
        if seen["dotted"]:
            raise Failure(
                "dotted-setattr",
                f"the model got a new, unused child called {seen['dotted'][0]!r}, and the layer inside is untouched",
                "setattr takes no dotted name: the attribute to set is one of the parent module's.",
            )
        for name in names:
            _expect_wrapped(seen["layers"], name, names, run["rank"], run["alpha"])


def _expect_wrapped(layers: dict, name: str, names: list, rank: int, alpha: float) -> None:
    layer, call = layers[name], f"after inject(model, {names}, wrapper, rank={rank}, alpha={alpha})"
    if not layer["wrapped"] and not layer["own"]:
        raise Failure(
            "another-wrapper",
            f"{call} {name!r} is a {layer['kind']}, not what the argument `wrapper` makes",
            "The class comes in as an argument: call wrapper, whatever class that is.",
        )
    if not layer["wrapped"] and layers["fc1"]["wrapped"] and "." in name:
        raise Failure(
            "nested-ignored",
            f"{call} 'fc1' is wrapped, but {name!r}, further down, is not",
            "named_children sees one level only; a name's last part is an attribute of the module that the rest names.",
        )
    if not layer["wrapped"]:
        raise Failure(
            "nothing-replaced",
            f"{call} {name!r} is still the plain {layer['kind']}",
            "Making a wrapper is not enough: an attribute of the given model's own module has to point to it.",
        )
    if layer["twice"]:
        raise Failure("wraps-twice", f"{call} {name!r} is a wrapper around a wrapper", "Wrap each layer once.")
    if not layer["own"]:
        text = f"the wrapper at {name!r} holds another layer than the one that stood there"
        raise Failure("layer-replaced", text, "Hand the wrapper the layer itself, as it is.")
    got = (layer["rank"], layer["alpha"])
    if got == (alpha, rank):
        raise Failure(
            "rank-alpha-swapped",
            f"{call} the wrapper at {name!r} got rank={got[0]}, alpha={got[1]}",
            "The order is wrapper(layer, rank, alpha).",
        )
    if got != (rank, alpha):
        raise Failure(
            "wrong-arguments",
            f"{call} the wrapper at {name!r} got rank={got[0]}, alpha={got[1]}",
            "Pass rank and alpha on as they are.",
        )


@inject_by_name.check(after=("replaces-named-layers",))
def leaves_the_others(subject: Subject, draw: Draw) -> None:
    """No other layer is touched: not the head, not a layer whose name is similar."""
    drawn = [[LAYERS[k] for k in draw.order(len(LAYERS))[: draw.integer(1, 3)]] for _ in range(3)]
    named = (["fc1", "blocks.0.down"], ["linear"], ["blocks.1.up"], [], ["fc1"], *drawn)
    runs = [{"steps": [names]} for names in named]
    for run, seen in zip(runs, injected(subject, *runs), strict=True):
        _expect_others(seen, run["steps"][0])


def _expect_others(seen: dict, names: list) -> None:
    _expect_no_error(seen["raised"][0], names)
    layers = seen["layers"]
    others = [n for n in LAYERS if layers[n]["wrapped"] and n not in names]
    call = f"after inject(model, {names}, ...)"
    if others and set(others) | set(names) == set(LAYERS):
        raise Failure(
            "all-wrapped",
            f"{call} every linear layer is wrapped, the head too",
            "Wrap the layers in names and no others; a new head is trained in full anyway.",
        )
    similar = [
        n for n in others if any(n in one or one in n or n.split(".")[-1] == one.split(".")[-1] for one in names)
    ]
    if similar:
        raise Failure(
            "similar-name-wrapped",
            f"{call} {', '.join(others)} got wrapped too",
            "Compare whole names: 'fc1' in 'fc10' is True, and 'up' is in every block.",
        )
    if others:
        text = f"{call} {', '.join(others)} got wrapped too"
        raise Failure("others-wrapped", text, "Wrap the layers in names and no others.")
    if moved := [n for n in LAYERS if not layers[n]["own"]]:
        raise Failure(
            "layer-replaced",
            f"{call} {moved[0]!r} holds another layer than before",
            "Only the layers in names change, and these are inside their wrappers.",
        )
    if seen["retrained"]:
        name = seen["retrained"][0]
        raise Failure("freezes-the-model", f"{call} {name!r} trains where it did not, or no longer does",
                      "What is frozen is the affair of the wrapper and of whoever calls inject.")  # fmt: skip
    if seen["other_mode"]:
        raise Failure("changes-the-mode", f"{call} {seen['other_mode'][0] or 'the model'!r} is in another mode",
                      "No train() and no eval() here: the model goes on as it was.")  # fmt: skip


@inject_by_name.check
def refuses_wrong_names(subject: Subject, draw: Draw) -> None:
    """A name that is no linear layer is a ValueError that says the name."""
    wrong = ("fc3", "norm", "blocks", "blocks.2.up", "blocks.0.act", "blocks.0", "blocks.0.up.in", "fc1.weight", "up",
             "Fc1", "fc", "stem", "stem.1", "stem.2", "words", "scaler", "tail", "1.up")  # fmt: skip
    for name, seen in zip(wrong, injected(subject, *({"steps": [[name]]} for name in wrong)), strict=True):
        expect_refusal(seen["raised"][0], name, "wrong-name-ignored", "a typing error would train nothing, in silence")


@inject_by_name.check(after=("replaces-named-layers", "leaves-the-others"))
def refuses_wrapping_twice(subject: Subject, draw: Draw) -> None:
    """A layer that is wrapped already is refused, and so is the linear layer inside a wrapper."""
    for deep in (False, True):
        (seen,) = injected(subject, {"steps": [["fc1", "head", "blocks.0.up"], ["fc1"]], "deep": deep})
        _expect_no_error(seen["raised"][0], ["fc1", "head", "blocks.0.up"])
        if seen["layers"]["fc1"]["twice"]:
            raise Failure(
                "wraps-twice",
                "the second inject(model, ['fc1'], ...) put a wrapper around the wrapper",
                "Wrap nn.Linear layers only: isinstance(layer, nn.Linear) is False for a wrapper.",
            )
        expect_refusal(seen["raised"][1], "fc1", "second-time-ignored", "'fc1' is wrapped already")
        runs = [{"steps": [["fc1"], ["fc10"]]}, {"steps": [["blocks.0.up"], ["blocks.0.down", "blocks.1.up"]]},
                {"steps": [["fc1"], ["linear"]]}, {"steps": [["fc1"], ["tail.fc1"]]},
                {"steps": [["tail.fc1"], ["fc1"]]}]  # fmt: skip
        for run, seen in zip(runs, injected(subject, *(run | {"deep": deep} for run in runs)), strict=True):
            (first,), names = run["steps"]
            if raised := seen["raised"][1]:
                raise Failure(
                    "refuses-too-much",
                    f"once {first!r} is wrapped, names={names} ends in {raised['kind']}: {raised['text']}",
                    f"None of them lies inside a wrapper: such a name begins with {first + '.'!r}.",
                )
        inside = ("fc1.parts.0", "blocks.0.up.parts.0") if deep else ("fc1.linear", "blocks.0.up.linear")
        runs = [{"steps": [[name.split(".linear")[0].split(".parts")[0]], [name]], "deep": deep} for name in inside]
        for name, seen in zip(inside, injected(subject, *runs), strict=True):
            first = name.split(".linear")[0].split(".parts")[0]
            why = f"it lies inside the wrapper {first!r}, which would be adapted twice"
            expect_refusal(seen["raised"][1], name, "wraps-inside", why)


def _expect_no_error(raised: dict | None, names: list) -> None:
    if raised:
        raise Failure(
            f"raised-{raised['kind']}",
            f"for names={names}, all of them linear layers, inject raised {raised['kind']}: {raised['text']}",
            "Call it once by hand on a small model; the traceback shows the line. A linear layer may lie deep inside "
            "the model, be of a subclass of nn.Linear, or have no bias.",
        )


def expect_refusal(raised: dict | None, name: str, id: str, why: str) -> None:
    """Fail unless what was raised is a ValueError that names the wrong layer."""
    if raised is None:
        raise Failure(
            id,
            f"names=[{name!r}] was accepted, though {why}",
            f"raise ValueError with the name {name!r} in its message.",
        )
    if raised["kind"] != "ValueError":
        raise Failure(
            "wrong-error",
            f"names=[{name!r}] ended in {raised['kind']}: {raised['text']}",
            "Look every name up first, in what named_modules gives, and raise a ValueError that says what is wrong.",
        )
    if name not in raised["text"]:
        raise Failure(
            "error-without-name",
            f"the ValueError says {raised['text']!r}, but not which name it is about, {name!r}",
            "Put the name into the message with {name!r}.",
        )
