"""Checks of lab 03: the wrapper that puts an adapter behind a sublayer.

Letters: b batch, d width. The sublayer of the probes takes a mask and a factor, as attention takes a mask.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import (
    Mistake,
    close,
    expect_apart,
    expect_close,
    expect_explained,
    expect_tensor,
    learns,
)
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import later, linear, parameters_of, returned
from lora_utils.checks.framework.subject import StudentRaised, Subject

adapter_behind = Exercise("adapter-behind")


NOT_UNPACKED = "the sublayer got a tuple or a dict where a tensor belongs"
OWN_MASK = "the sublayer's own"


class Sublayer(nn.Module):
    """Stands in for attention: a linear layer whose output a mask and a factor change, given by position or by name.

    With a mask of None it reads all, and all by half; without any mask it goes by its own. So None is no default.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.inner = linear(weight, bias)

    def forward(self, x: torch.Tensor, mask=OWN_MASK, factor=1.0) -> torch.Tensor:
        """Return factor * mask * (x W^T + bias)."""
        if not isinstance(x, torch.Tensor) or isinstance(mask, (tuple, dict)):
            raise TypeError(NOT_UNPACKED)
        return factor * weights_of(mask, len(x)) * self.inner(x)  # (b, d)


def weights_of(mask: torch.Tensor | str | None, rows: int) -> torch.Tensor:
    """How much of each row counts (b, 1): by its own mask the first row does not, without any all count by half."""
    if isinstance(mask, torch.Tensor):
        return mask[:, None]
    first = 0.5 if mask is None else 0.0
    return torch.tensor([first] + [0.5 if mask is None else 1.0] * (rows - 1))[:, None]


class Alone(Sublayer):
    """Stands in for feed_forward, which takes x and nothing else."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x W^T + bias."""
        return super().forward(x, torch.ones(len(x)))


class Bend(nn.Module):
    """Stands in for an adapter: x + tanh(gain * x)."""

    def __init__(self, gain: torch.Tensor) -> None:
        super().__init__()
        self.gain = nn.Parameter(gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + tanh(gain * x)."""
        return x + torch.tanh(self.gain * x)


# ---------------------------------------------------------------------------------------------------------- probes
def wrap(cls, *, weight, bias, gain, x, positional=(), named=None, upstream=None, alone=False, x_named=False) -> dict:
    """Probe: wrap a sublayer and an adapter; the output and the gradients of x and of the adapter.

    With `alone` the sublayer takes x and nothing else; with `x_named` x is given by its name too.
    """
    sublayer, adapter = (Alone if alone else Sublayer)(weight, bias), Bend(gain)
    layer = cls(sublayer, adapter)
    if not isinstance(layer, nn.Module):
        return {"module": False}
    x.requires_grad_(upstream is not None)
    named = named or {}
    y = layer(x=x, **named) if x_named else layer(x, *positional, **named)
    seen = {"module": True, "output": y}
    if upstream is not None and y.requires_grad:
        live = [x, adapter.gain] if adapter.gain.requires_grad else [x]
        grads = torch.autograd.grad(y, live, upstream, allow_unused=True)
        seen |= {"dx": grads[0], "dgain": grads[-1] if len(live) == 2 else None}
    return seen


def beside(cls, *, parts: list, x) -> dict:
    """Probe: the first wrapper's output, when all have been made and used."""
    layers = [cls(Sublayer(one["weight"], one["bias"]), Bend(one["gain"])) for one in parts]
    return {"output": [layer(x) for layer in reversed(layers)][-1]}


def build(cls, *, weight, bias, gain, x, other) -> dict:
    """Probe: wrap a sublayer and an adapter; what the result is made of, before and after a step.

    At last sublayer and adapter get other numbers, which only what holds the very objects follows.
    """
    sublayer, adapter = Sublayer(weight, bias), Bend(gain)
    layer = cls(sublayer, adapter)
    if not isinstance(layer, nn.Module):
        return {"module": False}
    seen = {
        "module": True,
        "given": parameters_of(sublayer, adapter),
        "parameters": parameters_of(layer),
        "later": later(layer, x),
    }
    with torch.no_grad():
        for parameter, number in zip((*sublayer.parameters(), adapter.gain), other, strict=True):
            parameter.copy_(number)
    return seen | {"renewed": parameters_of(layer), "output": returned(layer, x)}


@adapter_behind.check
def keeps_both(subject: Subject, draw: Draw) -> None:
    """The sublayer and the adapter it is given are inside; the sublayer is frozen, the adapter is trained."""
    d = draw.integer(3, 8)
    c = {"weight": draw.normal(d, d), "bias": draw.normal(d), "gain": draw.normal(d), "x": draw.normal(3, d)}
    other = [draw.normal(d, d), draw.normal(d), draw.normal(d)]
    seen = subject.probe(build, **c, other=other)
    store = "Store both as attributes of self, as they are."
    if not seen["module"]:
        raise Failure("not-a-module", "AdapterBehind(sublayer, adapter) is not an nn.Module",
                      "Write class AdapterBehind(nn.Module) with super().__init__().")  # fmt: skip
    values = [p["value"] for p in seen["renewed"]]
    inside = [any(torch.equal(value, number) for value in values) for number in other]
    if not inside[0] and any(torch.equal(value, c["weight"]) for value in values):
        raise Failure(
            "sublayer-copied", "a copy of the sublayer is inside, so its weights exist twice in memory", store
        )
    for name, there in zip(("sublayer", "adapter"), inside[::2], strict=True):
        if not there:
            raise Failure(f"{name}-missing", f"the given {name} is not among the module's submodules",
                          f"{store} A list or dict hides them from PyTorch.")  # fmt: skip
    *sublayer, adapter = seen["given"]
    if not learns(adapter):
        raise Failure("adapter-frozen", "the adapter can no longer be trained", "Freeze the sublayer alone, not self.")
    if moving := [p["name"] for p in sublayer if learns(p)]:
        raise Failure("sublayer-not-frozen", f"of the sublayer {' and '.join(moving)} would still be trained",
                      "requires_grad_(False) of a module reaches everything inside it; the attribute requires_grad of "
                      "a module reaches nothing.")  # fmt: skip
    if len(values) > 3:
        raise Failure(
            "extra-parameters", "the wrapper has parameters beside those of the sublayer and the adapter", store
        )
    for output, *numbers in ((seen["later"], c["weight"], c["bias"], c["gain"] - 1), (seen["output"], *other)):
        parts = dict(zip(("weight", "bias", "gain"), numbers, strict=True))
        again = subject.tried(wrap, **parts, x=c["x"]).get("output")
        expect_explained(output, again, "the output, once its parts hold other numbers,",
                         kept=close(seen["later"], seen["output"]))  # fmt: skip


@adapter_behind.check(weight=2)
def any_call(subject: Subject, draw: Draw) -> None:
    """It takes whatever the sublayer takes, by position or by name, and returns adapter(sublayer(...))."""
    mask = torch.tensor([1.0, 0.0, 1.0, 1.0])
    judge_call(subject, draw, [], {})
    judge_call(subject, draw, [mask], {})
    judge_call(subject, draw, [], {"mask": mask})
    judge_call(subject, draw, [], {}, alone=True)
    judge_call(subject, draw, [], {"mask": mask}, x_named=True)
    judge_call(subject, draw, [None], {})
    judge_call(subject, draw, [], {"mask": None})
    parts = [{"weight": draw.normal(4, 4), "bias": draw.normal(4), "gain": draw.normal(4)} for _ in range(2)]
    outputs = [subject.probe(beside, parts=parts[:count], x=parts[0]["weight"])["output"] for count in (1, 2)]
    expect_apart(*outputs, "wrapper")


def judge_call(
    subject: Subject, draw: Draw, positional: list, named: dict, *, alone: bool = False, x_named: bool = False
) -> None:
    """Compare one way of calling with the closed form; hidden checks use it with other ways."""
    d = draw.integer(3, 8)
    c = {"weight": draw.normal(d, d), "bias": draw.normal(d), "gain": draw.normal(d) + 2, "x": draw.normal(4, d)}
    places = ["None" if one is None else name for one, name in zip(positional, ("mask", "factor"), strict=False)]
    names = [f"{name}={'None' if one is None else '...'}" for name, one in named.items()]
    how = ", ".join(["x=..." if x_named else "x", *places, *names])
    every = "def forward(self, *inputs, **named) takes everything; hand both on to the sublayer."
    call = {"positional": positional, "named": named, "alone": alone, "x_named": x_named}
    try:
        seen = subject.probe(wrap, **c, **call)
    except StudentRaised as error:
        if NOT_UNPACKED in error.text:
            raise Failure("not-unpacked", f"called as ({how}), {NOT_UNPACKED}",
                          "The stars stand in the call too, where they unpack.") from None  # fmt: skip
        if error.kind == "TypeError" and "Bend.forward" in error.text:
            raise Failure("adapter-gets-arguments", f"called as ({how}), it gives the adapter more than one tensor",
                          "The arguments are the sublayer's; the adapter gets its output alone.") from None  # fmt: skip
        if alone and error.kind == "TypeError" and "argument" in error.text:
            raise Failure("arguments-added", "a sublayer that takes x alone, as feed_forward does, was called with "
                          f"more than it was given: {error.text}", every) from None  # fmt: skip
        if error.kind == "TypeError" and "argument" in error.text:
            raise Failure("arguments-refused", f"called as ({how}), as the sublayer may be, it raises: {error.text}",
                          every) from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "it is not an nn.Module", "Write class AdapterBehind(nn.Module).")
    expect_tensor(seen["output"], "what forward returns")
    x, weight, bias, gain = (c[name].double() for name in ("x", "weight", "bias", "gain"))

    given = dict(zip(("mask", "factor"), positional, strict=False)) | named

    def sublayer(v: torch.Tensor, given: dict = given) -> torch.Tensor:
        m = torch.ones(len(v)) if alone else given.get("mask", OWN_MASK)
        rows = weights_of(m, len(v)).double()
        return given.get("factor", 1.0) * rows * (torch.einsum("bi,oi->bo", v, weight) + bias)

    def adapter(v: torch.Tensor) -> torch.Tensor:
        return v + torch.tanh(gain * v)

    s, order = sublayer(x), "Behind means: first the sublayer, then the adapter on its output."
    residual = "The block adds its residual after the sublayer, and the adapter has its own way around: add nothing."
    mistakes = (
        Mistake("adapter-ignored", s, "the output is the sublayer's: the adapter is never called", order),
        Mistake("adapter-first", sublayer(adapter(x)), "the adapter works on the sublayer's input", order),
        Mistake("adapter-beside", s + adapter(x), "the adapter works beside the sublayer, on the same input", order),
        Mistake("adapter-beside", s + torch.tanh(gain * x), "the adapter works beside the sublayer", order),
        Mistake("sublayer-ignored", adapter(x), "the adapter works on x: the sublayer is never called", order),
        Mistake("residual-added", s + adapter(s), "the sublayer's output is added once more", residual),
        Mistake("residual-added", x + adapter(s), "x is added", residual),
        Mistake("arguments-added", adapter(sublayer(x, {"mask": None} | given)), f"called as ({how}) it gives the "
                "sublayer a mask of None, which it was not given", every),
        Mistake("none-dropped", adapter(sublayer(x, {k: v for k, v in given.items() if v is not None})), f"called as "
                f"({how}) it keeps None back, and the sublayer takes its default instead",
                "None is an argument too: hand on everything as it came."),
        Mistake("arguments-dropped", adapter(sublayer(x, {})), f"called as ({how}) it gives the sublayer x alone",
                every),
        Mistake("factor-dropped", adapter(sublayer(x, {k: v for k, v in given.items() if k != "factor"})), f"called as "
                f"({how}) it keeps the sublayer's factor back", "Hand on everything as it came."),
    )  # fmt: skip
    expect_close(seen["output"], adapter(s), what=f"the output of ({how})", hint=order, mistakes=mistakes)


@adapter_behind.check(after=("any-call",))
def gradients_pass(subject: Subject, draw: Draw) -> None:
    """Gradients go through the frozen sublayer to x, and reach the adapter."""
    d = draw.integer(3, 8)
    weight, bias, gain, x, G = draw.normal(d, d), draw.normal(d), draw.normal(d), draw.normal(4, d), draw.normal(4, d)
    seen = subject.probe(wrap, weight=weight, bias=bias, gain=gain, x=x, upstream=G, alone=True)
    if seen.get("dgain") is None or not seen["dgain"].any():
        raise Failure(
            "adapter-gets-no-gradient", "no gradient reaches the adapter", "No detach and no torch.no_grad()."
        )
    z = x.double() @ weight.double().T + bias.double()
    back = G.double() * (1 + gain.double() * (1 - torch.tanh(gain.double() * z).square()))
    dx = torch.zeros_like(z) if seen.get("dx") is None else seen["dx"]
    hint = ("Frozen weights are enough: without torch.no_grad() and detach the gradient still passes through them, and "
            "adapters in the blocks below need it.")  # fmt: skip
    cut = Mistake(
        "sublayer-detached", torch.zeros_like(z), "dL/dx is zero: adapters in lower blocks cannot learn", hint
    )
    expect_close(dx, back @ weight.double(), what="dL/dx", id="wrong-gradient", hint=hint, mistakes=(cut,))
