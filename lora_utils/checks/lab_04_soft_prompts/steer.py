"""Checks of lab 04: a prefix made by construction, that takes a given share of the attention and says a given thing.

Letters: b batch, n heads, s sequence, l length of the prefix, e width of a head.
query and key (b, n, s, e); mask bool (b, s); target (n, e); prefix_key and prefix_value (n, l, e).
"""

from __future__ import annotations

import math

import torch

from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import ask
from lora_utils.checks.framework.subject import Subject

steer = Exercise("steer")

INPUTS = ("query", "key", "mask", "share", "target")
LONGEST = 8  # places of the prefix
OFF = 0.02  # of a head's share
FAR = 0.01  # of what the prefix says, in lengths of the target's largest number


def steer_case(
    draw: Draw, share: float, *, lengths: tuple[int, ...] = (5, 3, 2), n: int = 3, e: int = 6, left: bool = False
) -> dict:
    """Draw queries with a common part in each head, as real ones have, keys, a mask and what the prefix shall say."""
    b, s = len(lengths), max(lengths)
    common = draw.normal(n, e)
    common = 3 * common / common.norm(dim=1, keepdim=True)  # (n, e)
    mask = torch.arange(s) < torch.tensor(lengths)[:, None]  # (b, s)
    mask = mask.flip(1) if left else mask
    query = common[:, None] + draw.normal(b, n, s, e, scale=0.5)
    query = torch.where(mask[:, None, :, None], query, 0.3 * common[:, None])  # what stands under padding is no measure
    return {"query": query, "key": draw.normal(b, n, s, e), "mask": mask, "share": share, "target": draw.normal(n, e)}


def told(c: dict) -> str:
    """The sizes of a case, for a message."""
    b, n, s, e = c["query"].shape
    return f"{b} texts of {s} places, {n} heads of width {e} and share={c['share']}"


def scores(c: dict, prefix_key: torch.Tensor, scale: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores of the prefix (b, n, s, l) and of the text (b, n, s, s), in float64."""
    q, k = c["query"].double(), c["key"].double()
    root = math.sqrt(q.shape[-1]) if scale else 1.0
    return torch.einsum("bnse,nle->bnsl", q, prefix_key.double()) / root, torch.einsum("bnse,bnte->bnst", q, k) / root


def share_of(c: dict, prefix_key, *, scale: bool = True, all_keys: bool = False, all_queries: bool = False):
    """The mean share of the attention that the prefix takes in each head, (n,), as defined or measured otherwise."""
    first, text = scores(c, prefix_key, scale)
    if not all_keys:
        text = text.masked_fill(~c["mask"][:, None, None], -math.inf)
    taken = torch.sigmoid(first.logsumexp(-1) - text.logsumexp(-1))  # (b, n, s)
    counted = torch.ones_like(taken) if all_queries else c["mask"][:, None].expand_as(taken).double()
    return (taken * counted).sum((0, 2)) / counted.sum((0, 2))


def says(c: dict, prefix_key: torch.Tensor, prefix_value: torch.Tensor) -> torch.Tensor:
    """What each real query gets of the prefix, the text left aside, (tokens, n, e)."""
    first, _ = scores(c, prefix_key)
    mixed = torch.einsum("bnsl,nle->bsne", first.softmax(-1), prefix_value.double())
    return mixed[c["mask"]]


# ---------------------------------------------------------------------------------------------------------- judges
def prefixes(subject: Subject, cases: list[dict]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ask for a prefix for each case, and expect two tensors of one shape (n, l, e)."""
    seen = ask(subject, cases, told, arguments=lambda c: [c[name] for name in INPUTS])
    for c, pair in zip(cases, seen["values"], strict=True):
        _, n, _, e = c["query"].shape
        if type(pair) is not list or len(pair) != 2 or not all(isinstance(part, torch.Tensor) for part in pair):
            raise Failure("not-a-pair", "steer must return two tensors, prefix_key and prefix_value",
                          "return prefix_key, prefix_value")  # fmt: skip
        shapes = [tuple(part.shape) for part in pair]
        if shapes[0] != shapes[1] or pair[0].dim() != 3 or (shapes[0][0], shapes[0][2]) != (n, e):
            raise Failure("wrong-shape", f"for {told(c)} both must be (n, l, e) = ({n}, l, {e}), got {shapes}",
                          "Each head has a prefix of its own, and all texts share it: no batch axis.")  # fmt: skip
        if not 1 <= shapes[0][1] <= LONGEST:
            raise Failure("wrong-length", f"the prefix has {shapes[0][1]} places, 1 to {LONGEST} are asked for",
                          "One place can be enough: what makes its score larger or smaller?")  # fmt: skip
        if not all(torch.isfinite(part).all() for part in pair):
            raise Failure("not-finite", f"for {told(c)} the prefix holds NaN or infinity",
                          "Look for a division by zero, or a search that runs away.")  # fmt: skip
    return seen["values"]


def cases_of(draw: Draw, shares: tuple[float, ...]) -> list[dict]:
    """One case a share, of other sizes each."""
    sizes = (((5, 3, 2), 3, 6), ((4, 4), 2, 5), ((2, 6, 1, 3), 4, 8), ((7,), 3, 4), ((3, 5), 5, 9))
    return [steer_case(draw, share, lengths=sizes[k % 5][0], n=sizes[k % 5][1], e=sizes[k % 5][2], left=k % 2 == 1)
            for k, share in enumerate(shares)]  # fmt: skip


@steer.check
def returns_a_prefix(subject: Subject, draw: Draw) -> None:
    """It returns prefix_key and prefix_value, (n, l, e) each, of 1 to 8 places."""
    prefixes(subject, cases_of(draw, (0.3, 0.6)))


@steer.check(weight=2, after=("returns-a-prefix",))
def takes_its_share(subject: Subject, draw: Draw) -> None:
    """In every head, the real tokens give the prefix the asked share of their attention on average, within 0.02."""
    judge_share(subject, cases_of(draw, (0.3, 0.6, 0.1, 0.5, 0.8)))


def judge_share(subject: Subject, cases: list[dict]) -> None:
    """Measure the share in each head; hidden checks use it with other cases."""
    otherwise = (
        ("unscaled", {"scale": False}, "it is right for scores that are not divided by sqrt(e)",
         "Attention divides all scores by the root of a head's width, those of the prefix too."),
        ("padding-read", {"all_keys": True}, "it is right where padding is looked at",
         "The text's share is what its real keys get: padding gets nothing."),
        ("padding-counted", {"all_queries": True}, "it is right where the tokens under padding count in the mean",
         "Take the mean over the real tokens alone."),
        ("padding-counted", {"all_queries": True, "all_keys": True}, "it is right where padding is a text like any "
         "other", "Padding is neither looked at nor counted in the mean."),
    )  # fmt: skip
    pairs = prefixes(subject, cases)
    found = [share_of(c, pair[0]) for c, pair in zip(cases, pairs, strict=True)]

    def fits(measured: list[torch.Tensor]) -> bool:
        return all((one - c["share"]).abs().max() <= OFF for one, c in zip(measured, cases, strict=True))

    if fits(found):
        return
    k = next(k for k, c in enumerate(cases) if not (found[k] - c["share"]).abs().max() <= OFF)
    came = ", ".join(f"{one:.2f}" for one in found[k].tolist())
    text = f"for {told(cases[k])} the heads give the prefix {came} of their attention"
    for id, how, why, hint in otherwise:
        if fits([share_of(c, pair[0], **how) for c, pair in zip(cases, pairs, strict=True)]):
            raise Failure(id, f"{text}: {why}", hint)
    for id, other, why, hint in (
        ("each-place-its-share", lambda c, pair: (c, pair[0][:, :1]), "one place of it alone takes the share, and all "
         "its places together more", "The share is that of the whole prefix: its places add up."),
        ("keys-and-values-exchanged", lambda c, pair: (c, pair[1]), "it is right with the values as keys",
         "return prefix_key, prefix_value"),
        ("first-text-only", lambda c, pair: ({name: one[:1] if name in ("query", "key", "mask") else one
                                              for name, one in c.items()}, pair[0]),
         "it is right for the first text alone", "The mean goes over the real tokens of all texts."),
    ):  # fmt: skip
        if fits([share_of(*other(c, pair)) for c, pair in zip(cases, pairs, strict=True)]):
            raise Failure(id, f"{text}: {why}", hint)
    if not any(pair[0].any() for pair in pairs):
        raise Failure("keys-are-zero", f"{text}: its keys are zero, and the share comes out as it may",
                      "A key in the direction of the queries of its head takes more the longer it is.")  # fmt: skip
    if fits([one.mean() for one in found]):
        raise Failure("heads-together", f"{text}: right on average over the heads, and not in each",
                      "Each head has queries of its own, and needs a key of its own size.")  # fmt: skip
    if fits([1 - one for one in found]):
        raise Failure("text-share", f"{text}: that is the share that the text was to keep", "share is the prefix's.")
    raise Failure("wrong-share", text, "Measure it as the text above does: the prefix's part of one softmax over all "
                  "places, its mean over real tokens, in each head.")  # fmt: skip


@steer.check(after=("returns-a-prefix",))
def says_the_target(subject: Subject, draw: Draw) -> None:
    """What a token gets of the prefix is its share times the target of the head, whatever the text is."""
    cases = cases_of(draw, (0.4, 0.7, 0.2))
    for c, (keys, values) in zip(cases, prefixes(subject, cases), strict=True):
        target = c["target"].double()
        gap = float((says(c, keys, values) - target).abs().max() / target.abs().max())
        if gap <= FAR:
            continue
        text = f"for {told(c)} what the prefix says is off by {gap:.0%} of the target's largest number"
        for by, how in ((c["share"], "times the share"), (1 / c["share"], "over the share"), (1 / keys.shape[1],
                        "over the length of the prefix")):  # fmt: skip
            if by != 1 and float((says(c, keys, values) - by * target).abs().max() / target.abs().max()) <= FAR:
                raise Failure("target-scaled", f"{text}: it says the target {how}", "The softmax itself multiplies "
                              "values by their share, and the shares within the prefix add up to its share."
                              )  # fmt: skip
        if float((says(c, keys, values) - target[:1]).abs().max() / target.abs().max()) <= FAR:
            raise Failure("first-target-for-all", f"{text}: every head says the target of the first",
                          "target (n, e) has a row for each head.")  # fmt: skip
        raise Failure("target-missed", text, "With which values does a mean over the prefix's places give the target, "
                      "whatever the weights of the mean are?")  # fmt: skip
