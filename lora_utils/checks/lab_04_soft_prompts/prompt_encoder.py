"""Checks of lab 04: a prompt that a small network makes, and what is left of it after training.

Letters: l length of the prompt, d width, f inner width. table (l, d), down (f, d), up (d, f).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from lora_utils.checks.framework.compare import Mistake, close, expect_close, expect_explained, expect_tensor, learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import later, parameters_of
from lora_utils.checks.framework.subject import StudentRaised, Subject

prompt_encoder = Exercise("prompt-encoder")
SHAPES = ("table", "down", "down_bias", "up", "up_bias")


def shapes(l: int, d: int, f: int) -> dict[str, tuple]:
    """Not a probe by itself: the shape of each of the five parameters, by name."""
    return dict(zip(SHAPES, ((l, d), (f, d), (f,), (d, f), (d,)), strict=True))


# ------------------------------------------------------------------------------------------------------------ probes
def build(cls, *, length: int, width: int, inner: int) -> dict:
    """Probe: what the network is made of, and the prompt it makes after a step."""
    module = cls(length, width, inner)
    if not isinstance(module, nn.Module):
        return {"module": False}
    return {
        "module": True,
        "parameters": parameters_of(module),
        "later": later(module),
        "buffers": [list(value.shape) for _, value in module.named_buffers()],
        "tensors": [list(value.shape) for value in vars(module).values() if type(value) is torch.Tensor],
    }


def run(cls, *, length: int, width: int, inner: int, upstream=None, **values) -> dict:
    """Probe: the prompt that given numbers make, as forward and as fold return it, and the gradients."""
    module = cls(length, width, inner)
    parts = placed(module, length, width, inner, values)
    prompt = module()
    seen = {"prompt": prompt, "again": module(), "gradients": {}}
    if upstream is not None and isinstance(prompt, torch.Tensor) and prompt.requires_grad:
        grads = torch.autograd.grad(prompt, list(parts.values()), upstream, allow_unused=True)
        seen["gradients"] = dict(zip(parts, grads, strict=True))
    return seen


def fold_later(cls, *, length: int, width: int, inner: int, **values) -> dict:
    """Probe: what fold returns, whether it has a history, and whether later training still changes it."""
    module = cls(length, width, inner)
    parts = placed(module, length, width, inner, values)
    folded = module.fold()
    if not isinstance(folded, torch.Tensor):
        return {"folded": None, "history": False, "later": None}
    seen = {"folded": folded.detach().clone(), "history": folded.grad_fn is not None}
    with torch.no_grad():
        for part in parts.values():
            part.add_(1)
    return seen | {"later": folded}


def fold_twice(cls, *, length: int, width: int, inner: int, **values) -> dict:
    """Probe: the prompts that the network makes after fold, as it is and after a step."""
    module = cls(length, width, inner)
    placed(module, length, width, inner, values)
    module.fold()
    return {"prompt": module(), "later": later(module)}


def placed(module: nn.Module, length: int, width: int, inner: int, values: dict) -> dict:
    """Not a probe by itself: the five parameters, found by shape, with the given numbers in them."""
    found = {}
    for name, shape in shapes(length, width, inner).items():
        found[name] = next((p for p in module.parameters() if tuple(p.shape) == shape), None)
        if found[name] is None:
            raise ValueError(f"the network has no parameter of shape {shape}")
        with torch.no_grad():
            found[name].copy_(values[name])
    return found


# ------------------------------------------------------------------------------------------------------------ judges
def network_case(draw: Draw, *, length: int | None = None) -> dict:
    """Draw sizes, pairwise different, and numbers for all five parameters, none so large that tanh is flat."""
    l, d, f = draw.sizes(3, low=4, high=9)
    l = l if length is None else length
    return {
        "length": l, "width": d, "inner": f, "table": draw.normal(l, d), "down": draw.normal(f, d, scale=0.5),
        "down_bias": draw.normal(f), "up": draw.normal(d, f), "up_bias": draw.normal(d),
    }  # fmt: skip


def prompt_of(c: dict, less: float = 0.0) -> torch.Tensor:
    """What the network makes of its numbers, each less by so much, in float64."""
    table, A, a, B, b = (c[name].double() - less for name in SHAPES)
    return torch.tanh(table @ A.T + a) @ B.T + b


@prompt_encoder.check
def has_a_network(subject: Subject, draw: Draw) -> None:
    """It trains a table (l, d) and two linear layers: l*d + (d*f + f) + (f*d + d) numbers."""
    l, d, f = draw.sizes(3, low=4, high=9)
    try:
        seen = subject.probe(build, length=l, width=d, inner=f)
    except StudentRaised as error:
        if "before Module.__init__() call" in error.text:
            raise Failure("super-init-missing", "nn.Module was never initialised", "Call super().__init__() first."
                          ) from None  # fmt: skip
        raise
    if not seen["module"]:
        raise Failure("not-a-module", "PromptEncoder is not an nn.Module", "Write class PromptEncoder(nn.Module).")
    found = [list(p["value"].shape) for p in seen["parameters"]]
    if [l, d] not in found and [l, d] in seen["buffers"] + seen["tensors"]:
        raise Failure("table-not-a-parameter", f"the table {(l, d)} is there, but no optimiser sees it",
                      "self.table = nn.Parameter(torch.randn(length, width))")  # fmt: skip
    if frozen := [p["name"] for p in seen["parameters"] if not learns(p)]:
        text = f"{', '.join(frozen)} cannot be trained"
        raise Failure("part-frozen", text, "Table and layers are all trained; only the model behind them is frozen.")
    wanted = sorted([[l, d], [f, d], [f], [d, f], [d]])
    if sorted(found) == wanted:
        parts = {name: next(p["value"] for p in seen["parameters"] if p["value"].shape == shape)
                 for name, shape in shapes(l, d, f).items()}  # fmt: skip
        if (parts["table"] == parts["table"][0, 0]).all():
            raise Failure("table-not-drawn", "all numbers of the table are equal: all places start alike",
                          "self.table = nn.Parameter(torch.randn(length, width))")  # fmt: skip
        other = subject.tried(run, length=l, width=d, inner=f, **{name: v - 1 for name, v in parts.items()})
        if not other or close(other["prompt"], other["again"]):  # of a random prompt the next check tells
            expect_explained(seen["later"], other.get("prompt"), "the prompt after a step")
        return
    came = ", ".join(str(tuple(shape)) for shape in found) or "none"
    expected = f"for length={l}, width={d}, inner={f} expected a table {(l, d)} and the layers' weights and biases"
    if sorted(found) == sorted([[l, d], [f, d], [d, f]]):
        raise Failure("bias-missing", f"{expected}, found {came}", "Both layers are plain nn.Linear, with bias.")
    if [l, d] not in found:
        raise Failure("no-table", f"{expected}, found {came}", "The table has a row for each place of the prompt.")
    if sorted(found) == sorted([[l, d], [d, d], [d], [d, d], [d]]):
        raise Failure("inner-ignored", f"{expected}, found {came}", "The width between the two layers is inner.")
    raise Failure("other-parameters", f"{expected}, found {came}",
                  "table (l, d), nn.Linear(width, inner), nn.Linear(inner, width), and nothing else.")  # fmt: skip


@prompt_encoder.check(weight=2, after=("has-a-network",))
def formula(subject: Subject, draw: Draw) -> None:
    """It makes up(tanh(down(table))), with gradients to the table and to both layers."""
    judge_formula(subject, draw, network_case(draw))


def judge_formula(subject: Subject, draw: Draw, c: dict) -> None:
    """Compare the prompt and its gradients with the closed form; hidden checks use it with other cases."""
    G = draw.normal(c["length"], c["width"])
    seen = subject.probe(run, **c, upstream=G)
    expect_tensor(seen["prompt"], "what forward returns")
    table, A, a, B, b = (c[name].double() for name in SHAPES)
    inner = torch.einsum("ld,fd->lf", table, A) + a
    bent = torch.tanh(inner)
    right = torch.einsum("lf,df->ld", bent, B) + b
    between = "up(tanh(down(table))): the tanh stands between the two layers."
    mistakes = (
        Mistake("tanh-missing", inner @ B.T + b, "there is no tanh between the layers: together they are one matrix",
                between),
        Mistake("tanh-at-the-end", torch.tanh(right), "the result passes through tanh: no entry could exceed 1",
                between),
        Mistake("tanh-at-the-end", torch.tanh(inner @ B.T + b), "tanh stands behind both layers", between),
        Mistake("tanh-too-early", torch.tanh(table) @ A.T @ B.T + a @ B.T + b, "tanh stands before both layers",
                between),
        *(Mistake("other-activation", f(inner) @ B.T + b, "another function than tanh stands between the layers",
          between)
          for f in (torch.relu, F.gelu, F.silu, torch.sigmoid)),
        Mistake("network-skipped", table, "the table comes back as it is: the network is not used", between),
        Mistake("table-added", table + right, "the table is added to the result",
                "Here nothing goes past the network."),
        Mistake("network-half", bent, "the second layer is missing", between),
    )  # fmt: skip
    expect_close(seen["prompt"], right, what="the prompt", id="wrong-prompt", hint=between, mistakes=mistakes)
    if not close(seen["again"], right):
        raise Failure("random-prompt", "two calls give different prompts", "Draw the table once, in __init__.")
    G = G.double()
    slope = (G @ B) * (1 - bent.square())
    grads = {
        "table": slope @ A,
        "down": slope.T @ table,
        "down_bias": slope.sum(0),
        "up": G.T @ bent,
        "up_bias": G.sum(0),
    }
    lost = [name for name in grads if seen["gradients"].get(name) is None or not seen["gradients"][name].any()]
    if lost:
        raise Failure("gradient-lost", f"no gradient reaches {', '.join(lost)}: training would never change it",
                      "forward uses the parameters themselves: no detach, no no_grad.")  # fmt: skip
    for name, value in grads.items():
        expect_close(seen["gradients"][name], value, what=f"the gradient of {name}", id="wrong-gradient", hint=between)


@prompt_encoder.check(after=("has-a-network",))
def folds(subject: Subject, draw: Draw) -> None:
    """fold() returns the finished prompt as plain numbers: no history, and later steps do not change it."""
    c = network_case(draw)
    seen = subject.probe(fold_later, **c)
    expect_tensor(seen["folded"], "what fold returns")
    table, A, a, B, b = (c[name].double() for name in SHAPES)
    right = prompt_of(c)
    same = "Call the network once and keep the result: return self().detach()."
    mistakes = (
        Mistake("fold-is-the-table", table, "fold returns the table: the network's work is lost", same),
        Mistake("fold-is-linear", (table @ A.T + a) @ B.T + b,
                "fold has no tanh: no single matrix replaces the network",
                "Keep the result, not the product of the weights: return self().detach()."),
    )  # fmt: skip
    expect_close(seen["folded"], right, what="what fold returns", id="wrong-fold", hint=same, mistakes=mistakes)
    if seen["history"]:
        raise Failure("fold-has-history", "what fold returns has a grad_fn: it holds on to the whole network", same)
    if not close(seen["later"], right):
        raise Failure("fold-not-final", "what fold returned changed when the network was trained further", same)
