"""Checks of lab 06: merging a trained path into the weight, and taking it out again."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_explained
from lora_utils.checks.framework.probes import linear, parameters_of
from lora_utils.methods.lora import LoRALayer

merge_weights = Exercise("merge-weights", lifted=("changes-weights", "changes-what-trains"))


class Mergeable(nn.Module):
    """A frozen linear layer with a path beside it that can be folded into the weight."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)  # .weight has shape (out, in)
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)  # .A (in, r), .B (r, out), .alpha
        self.merged = False  # your functions keep this up to date

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Once merged, the linear layer alone holds both."""
        return self.linear(x) if self.merged else self.linear(x) + self.lora(x)


# ---------------------------------------------------------------------------------------------------------- probes
def merge_steps(merge, unmerge, *, weight, A, B, alpha, x, steps: str, weight2=None) -> dict:
    """Probe: do the steps (m merge, u unmerge, n new factors, w new base weight) and look after each of them."""
    layer = Mergeable(linear(weight, None), A.shape[1], alpha)
    with torch.no_grad():
        layer.lora.A.copy_(A)
        layer.lora.B.copy_(B)
    looks = []
    for step in steps:
        if step == "m":
            merge(layer)
        elif step == "u":
            unmerge(layer)
        else:
            with torch.no_grad():
                layer.lora.B.mul_(-2) if step == "n" else layer.linear.weight.copy_(weight2)
        looks.append(
            {
                "weight": layer.linear.weight.detach().clone(),
                "merged": bool(layer.merged),
                "output": layer(x),
                "parameters": parameters_of(layer, shared_twice=True),
            }
        )
    return {"looks": looks}


# ---------------------------------------------------------------------------------------------------------- judges
def merge_case(draw: Draw, *, square: bool = False) -> dict:
    """Draw a layer, factors and an input; `square` hides a missing transpose from the shapes, not from the values."""
    i, o, r = draw.sizes(3, low=3, high=9)
    o = i if square else o
    return {
        "weight": draw.normal(o, i),
        "A": draw.normal(i, r),
        "B": draw.normal(r, o),
        "alpha": draw.number(1.5, 2.9),
        "x": draw.normal(4, i),
    }


def merged_weight(c: dict, factor: float = 1.0) -> torch.Tensor:
    """W + factor * alpha (A B).T in float64, from an outer-product sum."""
    update = torch.einsum("ir,ro->oi", c["A"].double(), c["B"].double())
    return c["weight"].double() + factor * c["alpha"] * update


def _first_merge(subject: Subject, c: dict) -> dict:
    """Merge once; a weight that came out of autograd is refused by torch, which is a mistake of its own."""
    try:
        return subject.probe(merge_steps, **c, steps="m")["looks"][0]
    except StudentRaised as error:
        if "leaf" not in error.text:
            raise
        raise Failure(
            "no-grad-missing",
            f"torch refused the new weight, because it was computed from A and B with gradients: {error.text[:60]} ...",
            "Compute and add the update inside `with torch.no_grad():`.",
        ) from None


@merge_weights.check
def merges(subject: Subject, draw: Draw) -> None:
    """merge puts W + alpha * (A B).T into linear.weight."""
    for square in (True, False):
        c = merge_case(draw, square=square)
        look = _first_merge(subject, c)
        W, AB, alpha, r = c["weight"].double(), c["A"].double() @ c["B"].double(), c["alpha"], c["A"].shape[1]
        mistakes = [
            Mistake(
                "merge-no-op",
                W,
                "after merge the weight is what it was before",
                "Change layer.linear.weight itself, in place; a sum stored elsewhere is never used.",
            ),
            Mistake(
                "merge-without-scale",
                W + AB.T,
                "the update is added without alpha",
                "The path computes alpha * (x A B), so the weight's update is alpha * (A B).T.",
            ),
            Mistake(
                "merge-alpha-over-rank",
                W + alpha / r * AB.T,
                "the update is scaled by alpha / rank",
                "This course's LoRALayer scales by alpha alone.",
            ),
            Mistake("merge-subtracts", W - alpha * AB.T, "the update is subtracted", "merge adds the update."),
            Mistake("merge-replaces", alpha * AB.T, "the weight is replaced by the update", "Add it to the weight."),
        ]
        if square:
            swap = "linear.weight is (out, in), A @ B is (in, out): transpose the product."
            mistakes += [
                Mistake("merge-not-transposed", W + alpha * AB, "A B is added without being transposed", swap),
                Mistake(
                    "merge-not-transposed", W + AB, "A B is added without being transposed, and without alpha", swap
                ),
            ]
        hint = "The new weight is W + alpha * (A @ B).T."
        expect_close(
            look["weight"],
            merged_weight(c),
            what="the merged weight",
            id="wrong-merge",
            hint=hint,
            mistakes=tuple(mistakes),
        )


@merge_weights.check(after=("merges",))
def same_output(subject: Subject, draw: Draw) -> None:
    """The layer's output stays the same, up to rounding; A and B stay; the weight stays a frozen parameter."""
    c = merge_case(draw)
    before = c["x"].double() @ merged_weight(c).T
    look = subject.probe(merge_steps, **c, steps="m")["looks"][0]
    parts = {p["name"]: p for p in look["parameters"]}
    if not look["merged"]:
        raise Failure(
            "flag-not-set",
            "layer.merged is still False after merge, so forward adds the path a second time",
            "Set layer.merged = True in merge and False in unmerge.",
        )
    if not all(any(torch.equal(p["value"], c[name]) for p in look["parameters"]) for name in "AB"):
        raise Failure("factors-changed", "merge changed A or B", "Leave the factors alone; unmerge needs them later.")
    weight = parts.get("linear.weight")
    if weight is None or not torch.equal(weight["after"], look["weight"]):
        what = "requires a gradient" if weight else "is no longer a parameter"
        raise Failure(
            "weight-not-frozen",
            f"after merge linear.weight {what}",
            "Add to the existing weight in place, under torch.no_grad().",
        )
    expect_close(
        look["output"],
        before,
        what="the merged layer's output",
        id="output-changed",
        hint="Merging must not change what the layer computes.",
    )


@merge_weights.check(after=("merges",))
def merging_twice(subject: Subject, draw: Draw) -> None:
    """Merging a merged layer changes nothing; unmerging an unmerged layer changes nothing."""
    c = merge_case(draw)
    looks = subject.probe(merge_steps, **c, steps="umm")["looks"]
    if not torch.equal(looks[0]["weight"], c["weight"]):
        raise Failure(
            "unmerge-not-idempotent",
            "unmerge changed the weight of a layer that was not merged",
            "Return at once when layer.merged is False.",
        )
    mistake = Mistake(
        "merge-not-idempotent",
        merged_weight(c, 2),
        "the second merge added the update again",
        "Return at once when layer.merged is True.",
    )
    expect_close(
        looks[2]["weight"],
        merged_weight(c),
        what="the weight after merging twice",
        id="merge-not-idempotent",
        hint="Return at once when layer.merged is True.",
        mistakes=(mistake,),
    )


@merge_weights.check(after=("merges",))
def restores(subject: Subject, draw: Draw) -> None:
    """unmerge restores the weight bit for bit, also after unmerging twice."""
    c = merge_case(draw)
    c["A"] = c["A"] * 30  # a large update loses more bits of the weight, so that rounding cannot hide by luck
    looks = subject.probe(merge_steps, **c, steps="muu")["looks"]
    once, twice = looks[1]["weight"], looks[2]["weight"]
    if looks[1]["merged"]:
        raise Failure(
            "flag-not-reset",
            "layer.merged is still True after unmerge, so the path is switched off",
            "Set layer.merged = False in unmerge.",
        )
    if torch.equal(once, c["weight"]) and not torch.equal(twice, c["weight"]):
        raise Failure(
            "unmerge-not-idempotent",
            "the second unmerge changed the weight again",
            "Return at once when layer.merged is False.",
        )
    if torch.equal(once, c["weight"]):
        values = [p["value"] for p in looks[1]["parameters"]]
        factors = {name: next(v for v in values if v.shape == c[name].shape) for name in "AB"}
        path = c["x"].double() @ merged_weight(c | factors).T
        expect_explained(looks[1]["output"], path, "the output after unmerge")
        return
    gap = float((once - c["weight"]).abs().max())
    if close(once, looks[0]["weight"], 1e-7):
        raise Failure(
            "unmerge-no-op",
            "after unmerge the weight is still the merged one",
            "Write the original back with copy_; and keep it as a clone, or it changes together with the weight.",
        )
    if gap < 1e-3 * float((looks[0]["weight"] - c["weight"]).abs().max()):
        raise Failure(
            "unmerge-rounding",
            f"the weight comes back only up to rounding: off by {gap:.2g}",
            "(W + D) - D is not W in floating point. Keep a clone of W when merging and copy it back.",
        )
    raise Failure(
        "wrong-unmerge",
        f"after unmerge the weight differs from the original by up to {gap:.3g}",
        "Keep a clone of the weight when merging; a second name for the same tensor changes with it.",
    )
