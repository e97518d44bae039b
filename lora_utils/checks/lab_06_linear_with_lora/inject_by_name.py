"""Checks of lab 06: putting wrapped layers into a model, by name."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Subject
from lora_utils.checks.framework.compare import expect_explained
from lora_utils.checks.framework.laws import REBUILDS
from lora_utils.checks.framework.probes import returned

inject_by_name = Exercise("inject-by-name", lifted=REBUILDS)

LAYERS = ("fc1", "fc10", "blocks.0.up", "blocks.0.down", "blocks.1.up", "blocks.1.down", "head")


class Spy(nn.Module):
    """A wrapper that notes how it was called, and lets its output show it; stands in for LinearWithLoRA."""

    def __init__(self, linear: nn.Module, rank, alpha) -> None:
        super().__init__()
        self.linear, self.rank, self.alpha = linear, rank, alpha

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rank * linear(x) + alpha."""
        return self.rank * self.linear(x) + self.alpha


def nested_model() -> nn.Module:
    """A model whose names try a matcher: fc1 and fc10, layers two levels deep, a norm that is no linear layer."""
    model = nn.Module()
    model.fc1, model.fc10, model.norm = nn.Linear(6, 5), nn.Linear(5, 4), nn.LayerNorm(4)
    model.blocks = nn.ModuleList(
        nn.ModuleDict({"up": nn.Linear(4, 8), "act": nn.Tanh(), "down": nn.Linear(8, 4)}) for _ in range(2)
    )
    model.head = nn.Linear(4, 3)
    for number, name in enumerate(LAYERS, start=1):  # each layer has a number of its own
        for parameter in model.get_submodule(name).parameters():
            nn.init.constant_(parameter, number)
    return model


# ---------------------------------------------------------------------------------------------------------- probes
def inject_steps(inject, *, steps: list, rank: int, alpha: float) -> dict:
    """Probe: call inject for each list of names in turn; returns what was raised and what each layer is now."""
    model, raised = nested_model(), []
    originals = dict(model.named_modules())
    for names in steps:
        try:
            inject(model, names, Spy, rank, alpha)
            raised.append(None)
        except NotImplementedError:
            raise
        except Exception as error:
            kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
            raised.append({"kind": kind, "text": str(error)})
    layers = {}
    for name in LAYERS:
        module = model.get_submodule(name)
        inner = module.linear if isinstance(module, Spy) else module
        layers[name] = {
            "wrapped": isinstance(module, Spy),
            "twice": isinstance(inner, Spy),
            "own": inner is originals[name],
            "rank": module.rank if isinstance(module, Spy) else None,
            "alpha": module.alpha if isinstance(module, Spy) else None,
            "output": returned(module, torch.ones(originals[name].in_features)),
        }
    return {"raised": raised, "layers": layers, "dotted": [n for n, _ in model.named_children() if "." in n]}


# ---------------------------------------------------------------------------------------------------------- judges
def injected(subject: Subject, **inputs) -> dict:
    """Call inject; expect that what is said of each layer explains what it returns for ones."""
    seen = subject.probe(inject_steps, **inputs)
    for number, (name, original) in enumerate(((n, nested_model().get_submodule(n)) for n in LAYERS), start=1):
        layer, right = seen["layers"][name], torch.full((original.out_features,), number * (original.in_features + 1.0))
        given = [layer["rank"], layer["alpha"]]
        if layer["own"] and not layer["twice"] and all(type(one) in (int, float) for one in given if layer["wrapped"]):
            right = given[0] * right + given[1] if layer["wrapped"] else right
            expect_explained(layer["output"], right, f"what {name!r} returns")
    return seen


@inject_by_name.check
def replaces_named_layers(subject: Subject, draw: Draw) -> None:
    """Every layer that is named is wrapped in place, with this rank and this alpha."""
    names = ["fc1", "blocks.1.up"]
    rank, alpha = draw.integer(2, 4), draw.integer(5, 9)
    seen = injected(subject, steps=[names], rank=rank, alpha=alpha)
    _expect_no_error(seen["raised"][0])
    layers = seen["layers"]
    if seen["dotted"]:
        raise Failure(
            "dotted-setattr",
            f"the model got a new, unused child called {seen['dotted'][0]!r}, and the layer inside is untouched",
            "setattr takes no dotted name: fetch the parent with model.get_submodule('blocks.1') and set its "
            "attribute 'up'.",
        )
    if not layers["fc1"]["wrapped"]:
        raise Failure(
            "nothing-replaced",
            "after inject(model, ['fc1', ...], ...) model.fc1 is still the plain layer",
            "Making a wrapper is not enough: the parent's attribute must point to it (setattr).",
        )
    if not layers["blocks.1.up"]["wrapped"]:
        raise Failure(
            "nested-ignored",
            "'fc1' was replaced, but 'blocks.1.up', two levels down, was not",
            "named_children sees one level only; split the name at its last dot and use get_submodule.",
        )
    for name in names:
        if not layers[name]["own"]:
            text = f"the wrapper at {name!r} holds another layer than the one that stood there"
            raise Failure("layer-replaced", text, "Hand the wrapper the layer itself: wrapper(layer, rank, alpha).")
        got = (layers[name]["rank"], layers[name]["alpha"])
        if got == (alpha, rank):
            raise Failure(
                "rank-alpha-swapped",
                f"the wrapper at {name!r} got rank={got[0]}, alpha={got[1]}",
                "The order is wrapper(layer, rank, alpha).",
            )
        if got != (rank, alpha):
            raise Failure(
                "wrong-arguments",
                f"the wrapper at {name!r} got rank={got[0]}, alpha={got[1]}; expected rank={rank}, alpha={alpha}",
                "Pass rank and alpha on as they are.",
            )


@inject_by_name.check
def leaves_the_others(subject: Subject, draw: Draw) -> None:
    """No other layer is touched: not the head, not a layer whose name is similar."""
    seen = injected(subject, steps=[["fc1", "blocks.0.down"]], rank=2, alpha=1.0)
    _expect_no_error(seen["raised"][0])
    layers = seen["layers"]
    others = [n for n in LAYERS if layers[n]["wrapped"] and n not in ("fc1", "blocks.0.down")]
    if others == list(set(LAYERS) - {"fc1", "blocks.0.down"}) or "head" in others:
        raise Failure(
            "head-wrapped",
            f"only 'fc1' and 'blocks.0.down' were named, but {', '.join(others)} got wrapped too",
            "Wrap the layers in names and no others; a new head is trained in full anyway.",
        )
    if others:
        raise Failure(
            "similar-name-wrapped",
            f"only 'fc1' and 'blocks.0.down' were named, but {', '.join(others)} got wrapped too",
            "Compare whole names with ==; 'fc1' in 'fc10' is True.",
        )
    if moved := [n for n in LAYERS if not layers[n]["own"]]:
        raise Failure(
            "layer-replaced",
            f"{moved[0]!r} holds another layer than before",
            "Work on the given model in place, not on a copy of it.",
        )
    if not any(layers[n]["wrapped"] for n in LAYERS):
        raise Failure("nothing-replaced", "no layer of the model was wrapped", "Set the parent's attribute.")


@inject_by_name.check
def refuses_wrong_names(subject: Subject, draw: Draw) -> None:
    """A name that is no linear layer is a ValueError that says the name."""
    for name in ("fc3", "blocks.2.up", "norm", "blocks"):
        seen = injected(subject, steps=[[name]], rank=2, alpha=1.0)
        expect_refusal(seen["raised"][0], name, "wrong-name-ignored", "a typing error would train nothing, in silence")


@inject_by_name.check
def refuses_wrapping_twice(subject: Subject, draw: Draw) -> None:
    """A layer that is wrapped already is refused, and so is the linear layer inside a wrapper."""
    seen = injected(subject, steps=[["fc1", "head"], ["fc1"]], rank=2, alpha=1.0)
    _expect_no_error(seen["raised"][0])
    if not seen["layers"]["fc1"]["wrapped"]:
        raise Failure("nothing-replaced", "no layer of the model was wrapped", "Set the parent's attribute.")
    if seen["layers"]["fc1"]["twice"]:
        raise Failure(
            "wraps-twice",
            "the second inject(model, ['fc1'], ...) put a wrapper around the wrapper",
            "Wrap nn.Linear layers only: isinstance(layer, nn.Linear) is False for a wrapper.",
        )
    expect_refusal(seen["raised"][1], "fc1", "second-time-ignored", "'fc1' is wrapped already")
    seen = injected(subject, steps=[["fc1"], ["fc10", "blocks.0.up"]], rank=2, alpha=1.0)
    if raised := seen["raised"][1]:
        raise Failure(
            "refuses-too-much",
            f"once 'fc1' is wrapped, names=['fc10', 'blocks.0.up'] ends in {raised['kind']}: {raised['text']}",
            "Neither lies inside a wrapper: compare with the wrapper's own name and a dot, 'fc1.'.",
        )
    seen = injected(subject, steps=[["fc1"], ["fc1.linear"]], rank=2, alpha=1.0)
    expect_refusal(
        seen["raised"][1], "fc1.linear", "wraps-inside", "it lies inside a wrapper, so 'fc1' would be adapted twice"
    )


def _expect_no_error(raised: dict | None) -> None:
    if raised:
        raise Failure(
            f"raised-{raised['kind']}",
            f"inject raised {raised['kind']}: {raised['text']}",
            "Call it once by hand on a small model; the traceback shows the line.",
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
            "Look the name up in dict(model.named_modules()) first and raise a ValueError that says what is wrong.",
        )
    if name not in raised["text"]:
        raise Failure(
            "error-without-name",
            f"the ValueError says {raised['text']!r}, but not which name it is about",
            "Put the name into the message with {name!r}.",
        )
