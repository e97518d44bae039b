"""Checks of lab 04: attention in which every token may also look at l trained keys and values.

Letters: b batch, n heads, s sequence, l length of the prefix, e width of a head.
query, key, value (b, n, s, e); prefix_key, prefix_value (n, l, e); mask bool (b, s).
"""

from __future__ import annotations

import math
import re

import torch

from lora_utils.checks.framework.compare import close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, ask, expect_all
from lora_utils.checks.framework.subject import StudentRaised, Subject
from lora_utils.checks.lab_04_soft_prompts.attention_rules import INPUTS, attention, rules

prefix_attention = Exercise("prefix-attention")


def attend(function, *, cases: list) -> dict:
    """Probe: the output for each case, and once more for the first."""
    return {"values": [function(*case) for case in cases], "again": function(*cases[0])}


def attend_back(function, *, inputs: list, upstream) -> dict:
    """Probe: the gradients of the five tensors, by name."""
    live = dict(zip(INPUTS[:5], [t.requires_grad_(True) for t in inputs[:5]], strict=True))
    out = function(*inputs)
    if not isinstance(out, torch.Tensor) or not out.requires_grad:
        return {"gradients": {}}
    grads = torch.autograd.grad(out, list(live.values()), upstream, allow_unused=True)
    return {"gradients": dict(zip(live, grads, strict=True))}


def attention_case(
    draw: Draw, *, l: int = 4, lengths: tuple[int, ...] = (5, 3, 2), n: int = 2, e: int = 7, left: bool = False
) -> dict:
    """Draw everything; the sizes b 3, n 2, s 5, l 4, e 7, and padding in all texts but the first, on one side."""
    b, s = len(lengths), max(lengths)
    c = {name: draw.normal(b, n, s, e) for name in INPUTS[:3]}
    c |= {name: draw.normal(n, l, e) for name in INPUTS[3:5]}
    mask = torch.arange(s) < torch.tensor(lengths)[:, None]
    return c | {"mask": mask.flip(1) if left else mask}


@prefix_attention.check(weight=3)
def output(subject: Subject, draw: Draw) -> None:
    """One softmax over prefix and text: softmax(q [pk; k]^T / sqrt(e)) [pv; v], without padding."""
    cases = [
        attention_case(draw),
        attention_case(draw, left=True),
        attention_case(draw, l=2, lengths=(3, 1, 4, 4), n=5, e=6),
        attention_case(draw, l=7, lengths=(2, 4, 1), n=6, e=3),
        attention_case(draw, l=3, lengths=(4, 2, 3), n=6, e=1),  # sqrt(e) is 1, and many another scale is not
        attention_case(draw, l=6, lengths=(1, 1, 1), n=2, e=4),
        attention_case(draw, l=1, lengths=(6, 3, 4), n=2, e=9),
    ]
    judge_attention(subject, cases)
    low = attention_case(draw, e=4)
    low["query"] = torch.full_like(low["query"], 16.0)
    low |= {name: torch.full_like(low[name], -64.0) for name in ("key", "prefix_key")}  # every score is -2,048
    seen = ask(subject, [low], told, attend, arguments=lambda c: [c[name] for name in INPUTS])["values"][0]
    if not seen.isnan().any() and not close(seen, attention(low), 1e-2):  # exp by hand makes 0 / 0 of such scores
        raise Failure("hidden-by-too-little", "where the scores of real places are -2,048, padding is looked at",
                      "Hide with -inf, not with a number that scores can fall below.")  # fmt: skip


def told(c: dict) -> str:
    """The sizes of a case, for a message."""
    b, n, s, e = c["query"].shape
    return f"{b} texts of {s} places, {n} heads of width {e} and a prefix of {c['prefix_key'].shape[1]}"


def judge_attention(subject: Subject, cases: list[dict]) -> None:
    """Compare the outputs with softmaxes by hand; hidden checks use it with other cases."""
    try:
        seen = ask(subject, cases, told, attend, arguments=lambda c: [c[name] for name in INPUTS])
    except StudentRaised as error:
        known_error(error, error.case if isinstance(error, CaseRaised) else cases[0])
        raise
    for value in seen["values"]:
        expect_tensor(value, "the output")
    if not close(seen["values"][0].nan_to_num(), seen["again"].nan_to_num()):
        raise Failure("random-output", "two calls with the same inputs give different outputs",
                      "Nothing in attention is random here: no dropout.")  # fmt: skip
    for c, value in zip(cases, seen["values"], strict=True):
        if value.isnan().any():
            raise Failure("all-masked", f"for {told(c)} the output holds NaN, as a softmax does over scores that are "
                          "all -inf", "masked_fill hides the places where it is given True. Which are these in your "
                          "code? And does the softmax run along the l + s places? The prefix is left to every query, "
                          "also to that of a place of padding.")  # fmt: skip
    expect_all(seen["values"], cases, attention, told=told, what="the output", id="wrong-output", rules=rules(),
               hint="Take one query by itself: its l + s scores, their softmax by hand, the mean of the values.",
               tolerance=1e-4)  # fmt: skip


def known_error(error: StudentRaised, c: dict) -> None:
    """Raise a Failure for an error of PyTorch whose cause its text gives away; all sizes of a case differ."""
    b, n, s, e = c["query"].shape
    l = c["prefix_key"].shape[1]
    if error.kind != "RuntimeError":
        return
    if "same number of dimensions" in error.text:
        raise Failure("prefix-not-expanded", f"tensors of different numbers of axes are joined: {error.text}",
                      f"The prefix {(n, l, e)} has no batch axis, the keys have: repeat it for every text."
                      ) from None  # fmt: skip
    joined = re.search(r"except in dimension (\d+)\. Expected size (\d+) but got size (\d+)", error.text)
    if joined:
        axis, *sizes = map(int, joined.groups())
        if set(sizes) == {1, b} and axis in (1, 2):
            raise Failure("prefix-not-expanded", f"one meets {b} texts where tensors are joined: {error.text}",
                          "Prefix and ones serve all texts: repeat them b times along the batch axis, then join."
                          ) from None  # fmt: skip
        raise Failure("wrong-axis", f"tensors are joined along axis {axis} and differ in another: {error.text}",
                      "The places are axis 2 of the keys and values and axis 1 of the mask.") from None  # fmt: skip
    numbers = {int(number) for number in re.findall(r"\d+", error.text)}
    if "Expected size for first two dimensions of batch2" in error.text:
        if {s, l + s} <= numbers:
            raise Failure("values-not-extended", f"weights for one number of places meet values for another: "
                          f"{error.text}", "The values grow with the keys: the prefix's first, then the text's."
                          ) from None  # fmt: skip
    elif "dimension 3" in error.text and {s, l + s} <= numbers:
        raise Failure("mask-not-extended", f"scores and mask are for {s} places and for {l + s}: {error.text}",
                      "Keys, values and mask all grow to l + s places; every text may look at the first l."
                      ) from None  # fmt: skip
    elif re.search(r"non-singleton dimension [012]", error.text):
        raise Failure("mask-axes", f"the mask does not line up with the scores {(b, n, s, l + s)}: {error.text}",
                      "Its texts belong to the first axis, its places to the last, with axes of size 1 between."
                      ) from None  # fmt: skip


@prefix_attention.check(after=("output",))
def gradients(subject: Subject, draw: Draw) -> None:
    """The gradients of every text reach the prefix, keys and values, and the queries."""
    c = attention_case(draw)
    G = draw.normal(*c["query"].shape)
    seen = subject.probe(attend_back, inputs=[c[name] for name in INPUTS], upstream=G)["gradients"]
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
