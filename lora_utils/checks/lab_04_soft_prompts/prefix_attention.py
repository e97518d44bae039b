"""Checks of lab 04: attention in which every token may also look at l trained keys and values.

Letters: b batch, n heads, s sequence, l length of the prefix, e width of a head.
query, key, value (b, n, s, e); prefix_key, prefix_value (n, l, e); mask bool (b, s).
"""

from __future__ import annotations

import math

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import StudentRaised, Subject

prefix_attention = Exercise("prefix-attention")
INPUTS = ("query", "key", "value", "prefix_key", "prefix_value", "mask")


def attend(function, *, upstream=None, **inputs) -> dict:
    """Probe: the output and, with an upstream gradient, the gradients of the five tensors."""
    tensors = {name: inputs[name] for name in INPUTS}
    live = {name: t.requires_grad_(True) for name, t in tensors.items() if name != "mask"}
    out = function(*tensors.values())
    seen = {"output": out, "gradients": {}}
    if upstream is not None and isinstance(out, torch.Tensor) and out.requires_grad:
        grads = torch.autograd.grad(out, list(live.values()), upstream, allow_unused=True)
        seen["gradients"] = dict(zip(live, grads, strict=True))
    return seen


def attention_case(draw: Draw, *, l: int = 3, lengths: tuple[int, ...] = (5, 3), n: int = 2, e: int = 7) -> dict:
    """Draw everything; the sizes b 2, n 2, s 5, l 3, e 7, and padding on the right in the second text."""
    b, s = len(lengths), max(lengths)
    c = {name: draw.normal(b, n, s, e) for name in INPUTS[:3]}
    c |= {name: draw.normal(n, l, e) for name in INPUTS[3:5]}
    return c | {"mask": torch.arange(s) < torch.tensor(lengths)[:, None]}


def without_prefix(c: dict) -> dict:
    """The same case with a prefix of length 0."""
    return c | {name: c[name][:, :0] for name in INPUTS[3:5]}


def weighted(c: dict, score, *, prefix: bool = True) -> torch.Tensor:
    """The output in float64, one exponential at a time: score(query, key, is it the prefix, is it real) -> number."""
    q, k, v, pk, pv = (c[name].double() for name in INPUTS[:5])
    b, n, s, e = q.shape
    out = torch.zeros(b, n, s, e, dtype=torch.float64)
    for i in range(b):
        for h in range(n):
            places = [(key, value, True, True) for key, value in zip(pk[h], pv[h], strict=True)] if prefix else []
            places += [(k[i, h, j], v[i, h, j], False, bool(c["mask"][i, j])) for j in range(s)]
            for t in range(s):
                shares = (
                    torch.tensor([score(q[i, h, t], key, first, real) for key, _, first, real in places]).double().exp()
                )
                values = torch.stack([value for _, value, _, _ in places])
                out[i, h, t] = shares / shares.sum() @ values
    return out


def outputs(c: dict) -> dict:
    """The right output and what well-known mistakes give."""
    b, n, s, e = c["query"].shape
    l = c["prefix_key"].shape[1]
    root = math.sqrt(e)

    def scaled(by: float):
        return lambda q, k, first, real: float(q @ k) / by if real else -math.inf

    def prefix_only(q, k, first, real):
        return float(q @ k) / root if first else -math.inf

    swapped = {**c, "prefix_key": c["prefix_value"], "prefix_value": c["prefix_key"]}
    rows = {"base": weighted(c, scaled(root), prefix=False), "prefix": weighted(c, prefix_only) if l else 0.0}
    keys, values = (
        torch.cat((c[f"prefix_{side}"].expand(b, -1, -1, -1), c[side]), dim=2).double() for side in ("key", "value")
    )  # (b, n, l + s, e)
    every = c["query"].double() @ keys.mT / root  # (b, n, s, l + s)
    ones = torch.ones(b, l).bool()
    scores = every.masked_fill(~torch.cat((ones, c["mask"]), 1)[:, None, None], -math.inf)
    behind = every.masked_fill(~torch.cat((c["mask"], ones), 1)[:, None, None], -math.inf)
    return rows | {
        "right": weighted(c, scaled(root)),
        "unscaled": weighted(c, scaled(1.0)),
        "by-width": weighted(c, scaled(float(e))),
        "by-model": weighted(c, scaled(math.sqrt(n * e))),
        "by-length": weighted(c, scaled(math.sqrt(l + s))),
        "padding": weighted(c, lambda q, k, first, real: float(q @ k) / root),
        "zeroed": weighted(c, lambda q, k, first, real: float(q @ k) / root if real else 0.0),
        "swapped": weighted(swapped, scaled(root)),
        "no-values": weighted({**c, "prefix_value": torch.zeros_like(c["prefix_value"])}, scaled(root)),
        "no-keys": weighted({**c, "prefix_key": torch.zeros_like(c["prefix_key"])}, scaled(root)),
        "keys-twice": weighted({**c, "prefix_value": c["prefix_key"]}, scaled(root)),
        "values-twice": weighted({**c, "prefix_key": c["prefix_value"]}, scaled(root)),
        "values-behind": scores.softmax(-1) @ values.roll(-l, 2),
        "keys-behind": every.roll(-l, -1).masked_fill(scores == -math.inf, -math.inf).softmax(-1) @ values.roll(-l, 2),
        "masked-late": every.softmax(-1).masked_fill(scores == -math.inf, 0) @ values,
        "multiplied": weighted(c, scaled(1 / root)),
        "behind": behind.softmax(-1) @ values,
        "over-queries": torch.nan_to_num(scores.softmax(-2)) @ values,
        "no-softmax": scores.masked_fill(scores == -math.inf, 0) @ values,
    }


def output_mistakes(o: dict) -> tuple[Mistake, ...]:
    """What the usual mistakes give, each with its message."""
    scale = "Divide the products by sqrt(e), e the width of one head: query.shape[-1] ** 0.5."
    masks = "The mask grows with the keys, ones in front: torch.cat((mask.new_ones(b, l), mask), dim=1)."
    one = "One softmax over all l + s places: join keys and values first, then attend."
    return (
        Mistake("prefix-ignored", o["base"], "the output is that of the text alone: the prefix has no influence", one),
        Mistake("text-ignored", o["prefix"], "the output is that of the prefix alone: no token sees another", one),
        Mistake("two-softmaxes", o["base"] + o["prefix"],
                "prefix and text have a softmax each, and the results are added",
                one),
        Mistake("two-softmaxes", (o["base"] + o["prefix"]) / 2, "prefix and text have a softmax each", one),
        Mistake("scale-missing", o["unscaled"], "the products are not divided by sqrt(e)", scale),
        Mistake("wrong-scale", o["by-width"], "the products are divided by e, not by its root", scale),
        Mistake("wrong-scale", o["by-model"], "the products are divided by the root of the whole width n * e", scale),
        Mistake("wrong-scale", o["by-length"], "the products are divided by the root of the number of places", scale),
        Mistake("padding-read", o["padding"], "padding is looked at", "Where the mask is False the score is -inf."),
        Mistake("mask-times-scores", o["zeroed"], "padding gets the score 0, which is no small score",
                "masked_fill(~mask, -inf) before the softmax; multiplying by the mask does not hide a place."),
        Mistake("mask-behind", o["behind"], "the mask's ones for the prefix stand behind those of the text", masks),
        Mistake("keys-and-values-swapped", o["swapped"], "prefix keys are used as values and values as keys",
                "The order of the arguments is prefix_key, prefix_value."),
        Mistake("keys-used-twice", o["keys-twice"], "the prefix's keys stand in front of the values too",
                "Join prefix_value, not prefix_key, in front of value."),
        Mistake("values-used-twice", o["values-twice"], "the prefix's values stand in front of the keys too",
                "Join prefix_key, not prefix_value, in front of key."),
        Mistake("order-differs", o["values-behind"], "the prefix stands before the keys but behind the values",
                "Keys, values and mask are joined in the same order: prefix first."),
        Mistake("order-differs", o["keys-behind"], "the prefix stands behind the text, but its ones stand in front",
                "Keys, values and mask are joined in the same order: prefix first."),
        Mistake("masked-after-softmax", o["masked-late"], "padding is removed after the softmax, with its share of the "
                "attention: the shares left do not add up to 1", "masked_fill(~mask, -inf) before the softmax."),
        Mistake("wrong-scale", o["multiplied"], "the products are multiplied by sqrt(e)", scale),
        Mistake("prefix-values-missing", o["no-values"],
                "the prefix takes its share of the attention, but its values are "
                "zero", "Join prefix_value in front of value, as the keys are joined."),
        Mistake("prefix-keys-missing", o["no-keys"], "the prefix's keys are zero: every query looks at it alike",
                "Join prefix_key in front of key."),
        Mistake("softmax-over-queries", o["over-queries"], "the softmax runs over the queries", "softmax(dim=-1): over "
                "the places that one query looks at."),
        Mistake("softmax-missing", o["no-softmax"], "the scores are used without a softmax", one),
    )  # fmt: skip


@prefix_attention.check(weight=3)
def output(subject: Subject, draw: Draw) -> None:
    """One softmax over prefix and text: softmax(q [pk; k]^T / sqrt(e)) [pv; v], without padding."""
    judge_attention(subject, attention_case(draw))


def judge_attention(subject: Subject, c: dict) -> None:
    """Compare the output with one exponential at a time; hidden checks use it with other cases."""
    b, n, s, e = c["query"].shape
    l = c["prefix_key"].shape[1]
    try:
        seen = subject.probe(attend, **c)
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "Sizes of tensors must match" in error.text:
            raise Failure("prefix-not-expanded", f"prefix and keys cannot be joined: {error.text}",
                          f"The prefix {(n, l, e)} serves all texts: expand(b, -1, -1, -1), then join along dim=2."
                          ) from None  # fmt: skip
        if error.kind == "RuntimeError" and "same number of dimensions" in error.text:
            raise Failure("prefix-not-expanded", f"the prefix {(n, l, e)} has no batch axis: {error.text}",
                          "Repeat it for every text: prefix_key.expand(b, -1, -1, -1).") from None  # fmt: skip
        if error.kind == "RuntimeError" and "must match" in error.text and "dimension 2" in error.text:
            raise Failure("mask-axes", f"the mask does not line up with the scores {(b, n, s, l + s)}: {error.text}",
                          "Its places belong to the last axis: mask[:, None, None, :] is (b, 1, 1, l + s)."
                          ) from None  # fmt: skip
        if error.kind == "RuntimeError" and re_sizes(error.text, s, l + s):
            raise Failure("mask-not-extended", f"there are {l + s} keys and a mask for {s}: {error.text}",
                          "The mask grows with the keys: torch.cat((mask.new_ones(b, l), mask), dim=1)."
                          ) from None  # fmt: skip
        raise
    expect_tensor(seen["output"], "the output")
    if seen["output"].isnan().any():
        raise Failure("all-masked", "the output holds NaN: for some token every place has the score -inf",
                      "masked_fill hides the places where it is given True: give it ~mask[:, None, None, :]."
                      )  # fmt: skip
    o = outputs(c)
    what = f"for {b} texts of {s} places, {n} heads and a prefix of {l} the output"
    hint = "Join keys, values and mask; scores = query @ keys.mT / sqrt(e); softmax(dim=-1) @ values."
    expect_close(
        seen["output"], o["right"], what=what, id="wrong-output", hint=hint, mistakes=output_mistakes(o), tolerance=1e-4
    )


def re_sizes(text: str, one: int, other: int) -> bool:
    """Whether an error of PyTorch complains about these two sizes."""
    numbers = {word.strip("(),.") for word in text.replace("[", " ").replace("]", " ").split()}
    return {str(one), str(other)} <= numbers


@prefix_attention.check(after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """The gradients of every text reach the prefix, keys and values, and the queries."""
    c = attention_case(draw)
    G = draw.normal(*c["query"].shape)
    seen = subject.probe(attend, **c, upstream=G)["gradients"]
    names = {"prefix_key": "the prefix's keys", "prefix_value": "the prefix's values", "query": "the queries",
             "key": "the text's keys", "value": "the text's values"}  # fmt: skip
    lost = [names[name] for name in names if seen.get(name) is None or not seen[name].any()]
    if lost:
        raise Failure("gradient-lost", f"no gradient reaches {' and '.join(lost)}",
                      "Use the tensors themselves: no detach, no .data, no torch.tensor(...).")  # fmt: skip
    live = {name: c[name].double().requires_grad_(True) for name in INPUTS[:5]}
    keys, values = (
        torch.cat((live[f"prefix_{side}"][None].repeat(len(G), 1, 1, 1), live[side]), dim=2)
        for side in ("key", "value")
    )
    scores = torch.einsum("bnse,bnte->bnst", live["query"], keys) / math.sqrt(keys.shape[-1])
    real = torch.cat((torch.ones(len(G), c["prefix_key"].shape[1]).bool(), c["mask"]), dim=1)[:, None, None, :]
    shares = scores.exp() * real
    (torch.einsum("bnst,bnte->bnse", shares / shares.sum(-1, keepdim=True), values) * G.double()).sum().backward()
    for name, said in names.items():
        hint = "Compute the output from the given tensors with differentiable operations."
        expect_close(seen[name], live[name].grad, what=f"the gradient of {said}", id="wrong-gradient", hint=hint,
                     tolerance=1e-4)  # fmt: skip
