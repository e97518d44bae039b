"""Checks of lab 06: merging a trained path into the weight, and taking it out again."""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks import Draw, Exercise, Failure, Mistake, StudentRaised, Subject, close, expect_close
from lora_utils.checks.framework.compare import expect_explained, learns, where_wrong
from lora_utils.checks.framework.probes import linear, parameters_of
from lora_utils.checks.framework.subject import NOT_WRITTEN
from lora_utils.methods.lora import LoRALayer

merge_weights = Exercise("merge-weights", lifted=("changes-weights", "changes-what-trains", "changes-the-model"))


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
def merge_steps(merge, unmerge, *, weight, A, B, alpha, x, steps: str, weight2=None, bias=None) -> dict:
    """Probe: do the steps (m merge, u unmerge, n new factors, w new base weight) and look after each of them."""
    layer = _layer(weight, A, B, alpha, bias)
    looks = []
    for step in steps:
        if step == "m":
            merge(layer)
        elif step == "u":
            unmerge(layer)
        else:
            with torch.no_grad():
                layer.lora.B.mul_(-2) if step == "n" else layer.linear.weight.copy_(weight2)
        looks.append(_look(layer, x))
    return {"looks": looks}


def merge_walks(merge, unmerge, *, walks: list) -> dict:
    """Probe: for each walk, steps on several layers in turn, each a layer's number and m or u; a look after each."""
    seen = []
    for walk in walks:
        layers, looks = [_layer(**c) for c in walk["layers"]], []
        for number, step in walk["steps"]:
            (merge if step == "m" else unmerge)(layers[number])
            layer = layers[number]
            looks.append({"weight": layer.linear.weight.detach().clone(), "merged": bool(layer.merged)})
        seen.append({"looks": looks})
    return {"walks": seen}


def _layer(weight, A, B, alpha, bias=None) -> Mergeable:
    layer = Mergeable(linear(weight, bias), A.shape[1], alpha)
    with torch.no_grad():
        layer.lora.A.copy_(A)
        layer.lora.B.copy_(B)
    return layer


def _look(layer: Mergeable, x) -> dict:
    return {
        "weight": layer.linear.weight.detach().clone(),
        "merged": bool(layer.merged),
        "output": layer(x),
        "parameters": parameters_of(layer, shared_twice=True),
    }


# ---------------------------------------------------------------------------------------------------------- judges
def merge_case(draw: Draw, *, square: bool = False, alpha: float | None = None, bias: bool = True) -> dict:
    """Draw a layer, factors and an input; `square` hides a missing transpose from the shapes, not from the values."""
    i, o, r = draw.sizes(3, low=3, high=9)
    o = i if square else o
    return {
        "weight": draw.normal(o, i),
        "bias": draw.normal(o) if bias else None,
        "A": draw.normal(i, r),
        "B": draw.normal(r, o),
        "alpha": draw.number(1.5, 2.9) if alpha is None else alpha,
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


def _in_turn(subject: Subject, c: dict, steps: str) -> list[dict]:
    """Do several steps; what the student's code raises is told with the steps that led to it."""
    for count in range(1, len(steps) + 1):
        try:
            looks = subject.probe(merge_steps, **c, steps=steps[:count])["looks"]
        except StudentRaised as error:
            if error.kind == NOT_WRITTEN:
                raise
            names = ", then ".join("merge" if step == "m" else "unmerge" for step in steps[:count])
            told = f"{error.text} (on a new layer: {names})"
            raise StudentRaised(error.kind, told, error.line, error.there) from None
    return looks


@merge_weights.check
def merges(subject: Subject, draw: Draw) -> None:
    """merge puts W + alpha * (A B).T into linear.weight."""
    negative = draw.number(-2.9, -1.5)
    for square, alpha, bias in ((True, None, True), (False, None, True), (False, negative, False), (False, 1, True)):
        c = merge_case(draw, square=square, alpha=alpha, bias=bias)
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
                "The path computes alpha * (x A B): alpha belongs to the update.",
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
        if alpha == negative:
            mistakes.insert(0, Mistake("alpha-without-sign", W + abs(alpha) * AB.T, "a negative alpha loses its sign",
                                    "Multiply by alpha as it is."))  # fmt: skip
        if square:
            swap = "linear.weight is (out, in), A @ B is (in, out): transpose the product."
            mistakes += [
                Mistake("merge-not-transposed", W + alpha * AB, "A B is added without being transposed", swap),
                Mistake(
                    "merge-not-transposed", W + AB, "A B is added without being transposed, and without alpha", swap
                ),
            ]
        hint = "What matrix does x have to meet, for the path's output to be added to the layer's?"
        expect_close(
            look["weight"],
            merged_weight(c),
            what=f"the merged weight for alpha={c['alpha']} and rank {r}",
            id="wrong-merge",
            hint=hint,
            mistakes=tuple(mistakes),
        )


@merge_weights.check(after=("merges",))
def same_output(subject: Subject, draw: Draw) -> None:
    """The layer's output stays the same, up to rounding; A and B stay; the weight stays a frozen parameter."""
    c = merge_case(draw)
    before = c["x"].double() @ merged_weight(c).T + c["bias"].double()
    look = subject.probe(merge_steps, **c, steps="m")["looks"][0]
    parts = {p["name"]: p for p in look["parameters"]}
    if not look["merged"]:
        raise Failure("flag-not-set", "layer.merged is still False after merge, so forward adds the path a second time",
                      "Set layer.merged = True in merge and False in unmerge.")  # fmt: skip
    if not all(any(torch.equal(p["value"], c[name]) for p in look["parameters"]) for name in "AB"):
        raise Failure("factors-changed", "merge changed A or B", "Leave the factors alone; unmerge needs them later.")
    if (bias := parts.get("linear.bias")) is None or not torch.equal(bias["value"], c["bias"]):
        raise Failure("bias-changed", "merge changed the layer's bias", "Only the weight has an update.")
    weight = parts.get("linear.weight")
    if weight is None or not torch.equal(weight["after"], look["weight"]):
        what = "requires a gradient" if weight else "is no longer a parameter"
        raise Failure("weight-not-frozen", f"after merge linear.weight {what}",
                      "Add to the existing weight in place, under torch.no_grad().")  # fmt: skip
    expect_close(
        look["output"],
        before,
        what="the merged layer's output",
        id="output-changed",
        hint="Merging must not change what the layer computes.",
    )


@merge_weights.check(after=("merges", "same-output"))
def factors_stay(subject: Subject, draw: Draw) -> None:
    """A and B can be trained on after merging and after unmerging, as before, and the weight stays frozen."""
    c = merge_case(draw)
    for look, moment in zip(subject.probe(merge_steps, **c, steps="mu")["looks"], ("merge", "unmerge"), strict=True):
        parts = {p["name"]: p for p in look["parameters"]}
        weight = parts.get("linear.weight")
        if weight is None or learns(weight):
            what = "requires a gradient" if weight else "is no longer a parameter"
            text = f"after {moment} linear.weight {what}"
            raise Failure("weight-not-frozen", text, "Change the existing weight in place, under torch.no_grad().")
        for name in "AB":
            factor = parts.get(f"lora.{name}")
            if factor is None or not torch.equal(factor["value"], c[name]):
                text = f"after {moment} {name} is not what it was"
                raise Failure("factors-changed", text, "Leave the factors alone; unmerge needs them later.")
            if not learns(factor):
                text = f"after {moment} {name} can no longer be trained"
                raise Failure("factors-frozen", text, "Leave the factors as they are, requires_grad too.")


@merge_weights.check(after=("merges", "same-output"))
def merging_twice(subject: Subject, draw: Draw) -> None:
    """Merging a merged layer changes nothing; unmerging an unmerged layer changes nothing."""
    c = merge_case(draw)
    looks = _in_turn(subject, c, "umm")
    if not torch.equal(looks[0]["weight"], c["weight"]):
        raise Failure("unmerge-not-idempotent", "unmerge changed the weight of a layer that was not merged",
                      "Return at once when layer.merged is False.")  # fmt: skip
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


@merge_weights.check(after=("merges", "same-output"))
def restores(subject: Subject, draw: Draw) -> None:
    """unmerge restores the weight bit for bit, also after unmerging twice."""
    c = merge_case(draw)
    c["A"] = c["A"] * 30  # a large update loses more bits of the weight, so that rounding cannot hide by luck
    looks = _in_turn(subject, c, "muu")
    once, twice = looks[1]["weight"], looks[2]["weight"]
    if looks[1]["merged"]:
        raise Failure("flag-not-reset", "layer.merged is still True after unmerge, so the path is switched off",
                      "Set layer.merged = False in unmerge.")  # fmt: skip
    if torch.equal(once, c["weight"]) and not torch.equal(twice, c["weight"]):
        raise Failure("unmerge-not-idempotent", "the second unmerge changed the weight again",
                      "Return at once when layer.merged is False.")  # fmt: skip
    if torch.equal(once, c["weight"]):
        values = [p["value"] for p in looks[1]["parameters"]]
        factors = {name: next(v for v in values if v.shape == c[name].shape) for name in "AB"}
        path = c["x"].double() @ merged_weight(c | factors).T + c["bias"].double()
        expect_explained(looks[1]["output"], path, "the output after unmerge")
        return
    gap = float((once - c["weight"]).abs().max())
    if any(torch.equal(once, c["weight"].to(few).float()) for few in (torch.float16, torch.bfloat16)):
        raise Failure("original-in-16-bits", "after unmerge the weight has only the digits that 16 bits hold",
                      "Keep the clone in the weight's own type.")  # fmt: skip
    if close(once, looks[0]["weight"], 1e-7):
        raise Failure(
            "unmerge-no-op",
            "after unmerge the weight is still the merged one",
            "Write the original back; and keep it as a clone, or it changes together with the weight.",
        )
    if gap < 1e-3 * float((looks[0]["weight"] - c["weight"]).abs().max()):
        raise Failure(
            "unmerge-rounding",
            f"the weight comes back only up to rounding: off by {gap:.2g}",
            "(W + D) - D is not W in floating point. Keep a clone of W when merging and copy it back.",
        )
    raise Failure(
        "wrong-unmerge",
        f"after unmerge the weight is not the original{where_wrong(once, c['weight'], 0.0)}",
        "Keep a clone of the weight when merging; a second name for the same tensor changes with it.",
    )


@merge_weights.check(after=("merging-twice", "restores"))
def in_any_order(subject: Subject, draw: Draw) -> None:
    """In whatever order merges and unmerges come, and with several layers in turn, each layer has its own weight."""
    walks = []
    for number in range(8):
        count = 1 if number < 5 else 2
        c = {name: value for name, value in merge_case(draw).items() if name != "x"}
        other = {name: draw.normal(*v.shape) if isinstance(v, torch.Tensor) else v for name, v in c.items()}
        layers = [c, other][:count]  # of one size, so that what is kept for one fits the other
        first = [[0, step] for step in ("mmu", "ummuum", "mumu", "mmmuu", "muumum")[number]] if count == 1 else []
        drawn = [[draw.integer(0, count - 1), draw.choice("mu")] for _ in range(9)]
        start = [[0, "m"], [1, "m"], [0, "u"], [1, "u"]] if count == 2 else first
        walks.append({"layers": layers, "steps": start + drawn})
    for walk, seen in zip(walks, subject.probe(merge_walks, walks=walks)["walks"], strict=True):
        _follow(walk, seen["looks"])


def _follow(walk: dict, looks: list[dict]) -> None:
    """Compare each look with what the steps so far make of its layer."""
    done: list[list[str]] = [[] for _ in walk["layers"]]
    for (number, step), look in zip(walk["steps"], looks, strict=True):
        c = walk["layers"][number]
        done[number].append("merge" if step == "m" else "unmerge")
        told = f"after {', '.join(done[number])}" + (" of one layer, with another in between," if len(done) > 1 else "")
        right = close(look["weight"], merged_weight(c)) if step == "m" else torch.equal(look["weight"], c["weight"])
        if not right and len(done) > 1:
            text = f"{told} the weight is not that layer's own"
            raise Failure("layers-share-a-place", text, "Keep what unmerge needs on the layer, not in one variable.")
        if not right:
            what = "the merged weight" if step == "m" else "the weight from before, bit for bit"
            raise Failure("wrong-in-a-row", f"{told} the layer does not have {what}", "Both functions look at the flag "
                          "first: what is kept for unmerge is kept by a merge that changes the weight.")  # fmt: skip
        if look["merged"] != (step == "m"):
            raise Failure("flag-not-followed", f"{told} layer.merged is {look['merged']}", "merge sets it to True, "
                          "unmerge to False.")  # fmt: skip
