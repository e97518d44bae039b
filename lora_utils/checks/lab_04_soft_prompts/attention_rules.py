"""What attention with a prefix is, and what it is with each well-known mistake in it.

Letters: b batch, n heads, s sequence, l length of the prefix, e width of a head. All in float64.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch

from lora_utils.checks.framework.many_cases import Rule

INPUTS = ("query", "key", "value", "prefix_key", "prefix_value", "mask")


def parts(c: dict) -> SimpleNamespace:
    """What attention is made of: products without scale (b, n, s, l + s), values (b, n, l + s, e), who is real."""
    q, k, v, pk, pv = (c[name].double() for name in INPUTS[:5])
    b, n, s, e = q.shape
    l = pk.shape[1]
    first, text = torch.einsum("bnse,nle->bnsl", q, pk), torch.einsum("bnse,bnte->bnst", q, k)
    return SimpleNamespace(
        b=b, n=n, s=s, e=e, l=l, root=math.sqrt(e), first=first, text=text, products=torch.cat((first, text), -1),
        v=v, pv=pv.expand(b, -1, -1, -1), values=torch.cat((pv.expand(b, -1, -1, -1), v), 2),
        mask=c["mask"][:, None, None, :], ones=torch.ones(b, 1, 1, l, dtype=torch.bool),
    )  # fmt: skip


def mix(scores: torch.Tensor, real: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The shares that each query gives to the real places, times the values; nothing where no place is real."""
    shares = (scores - scores.amax(-1, keepdim=True)).exp() * real
    return shares / shares.sum(-1, keepdim=True).clamp(min=1e-300) @ values


def real_of(p: SimpleNamespace) -> torch.Tensor:
    """Which of the l + s places may be looked at, (b, 1, 1, l + s)."""
    return torch.cat((p.ones, p.mask), -1)


def attention(c: dict) -> torch.Tensor:
    """The right output, (b, n, s, e)."""
    p = parts(c)
    return mix(p.products / p.root, real_of(p), p.values)


def scaled(by):
    """A rule: the products are divided by another number, by(parts)."""
    return lambda c: mix((p := parts(c)).products / by(p), real_of(p), p.values)


def with_scores(of):
    """A rule: other scores, of(parts), with the right mask and values."""
    return lambda c: mix(of(p := parts(c)), real_of(p), p.values)


def with_mask(of):
    """A rule: another mask, of(parts), with the right scores and values."""
    return lambda c: mix((p := parts(c)).products / p.root, of(p), p.values)


def shared(of):
    """A rule: the right scores with padding at -inf, and other shares made of them, of(parts, scores)."""

    def value(c: dict) -> torch.Tensor:
        p = parts(c)
        return of(p, (p.products / p.root).masked_fill(~real_of(p), -math.inf)) @ p.values

    return value


def changed(**of):
    """A rule: the right output of other inputs, each made of the case."""
    return lambda c: attention(c | {name: make(c) for name, make in of.items()})


def text_alone(c: dict) -> torch.Tensor:
    """Plain attention, without the prefix."""
    p = parts(c)
    return mix(p.text / p.root, p.mask, p.v)


def _prefix_alone(c: dict) -> torch.Tensor:
    p = parts(c)
    return mix(p.first / p.root, p.ones, p.pv)


def _values_behind(c: dict) -> torch.Tensor:
    p = parts(c)
    return mix(p.products / p.root, real_of(p), torch.cat((p.v, p.pv), 2))


def _keys_behind(c: dict) -> torch.Tensor:
    p = parts(c)
    return mix(torch.cat((p.text, p.first), -1) / p.root, real_of(p), torch.cat((p.v, p.pv), 2))


def _causal(p: SimpleNamespace) -> torch.Tensor:
    """Every text place looks at the prefix and at the real places up to its own."""
    return torch.cat((p.ones.expand(p.b, 1, p.s, p.l), p.mask & torch.ones(p.s, p.s).tril().bool()), -1)


def rules() -> tuple[Rule, ...]:
    """What well-known mistakes give, each with its message."""
    scale = "The scale is the root of e, the width of one head: the size of the last axis of query."
    masks = "The mask grows with the keys, at the same end as they do."
    one = "The l + s scores of a query stand in one row, and one softmax shares its attention among them all."
    hide = "A hidden place has the score -inf before the softmax: only exp(-inf) is 0."
    same = "Keys, values and mask are joined in the same order."
    return (
        Rule("prefix-ignored", text_alone, "the output is that of the text alone: the prefix has no influence", one),
        Rule("text-ignored", _prefix_alone, "the output is that of the prefix alone: no token sees another", one),
        Rule("two-softmaxes", lambda c: text_alone(c) + _prefix_alone(c),
             "prefix and text have a softmax each, and the results are added", one),
        Rule("two-softmaxes", lambda c: (text_alone(c) + _prefix_alone(c)) / 2,
             "prefix and text have a softmax each, and the results are averaged", one),
        Rule("scale-missing", scaled(lambda p: 1), "the products are not divided by sqrt(e)", scale),
        Rule("wrong-scale", scaled(lambda p: p.e), "the products are divided by e, not by its root", scale),
        Rule("wrong-scale", scaled(lambda p: math.sqrt(p.n * p.e)),
             "the products are divided by the root of the whole width n * e", scale),
        Rule("wrong-scale", scaled(lambda p: math.sqrt(p.l + p.s)),
             "the products are divided by the root of the number of places", scale),
        Rule("wrong-scale", scaled(lambda p: math.sqrt(p.s)), "the products are divided by the root of s", scale),
        Rule("wrong-scale", scaled(lambda p: math.sqrt(p.n)), "the products are divided by the root of n", scale),
        Rule("wrong-scale", scaled(lambda p: 1 / p.root), "the products are multiplied by sqrt(e)", scale),
        Rule("wrong-scale", scaled(lambda p: math.sqrt(p.root)), "the products are divided by the root of sqrt(e)",
             scale),
        Rule("scaled-in-part", with_scores(lambda p: torch.cat((p.first, p.text / p.root), -1)),
             "the scores of the prefix are not divided by sqrt(e)", "All l + s products of a query have one scale."),
        Rule("scaled-in-part", with_scores(lambda p: torch.cat((p.first / p.root, p.text), -1)),
             "the scores of the text are not divided by sqrt(e)", "All l + s products of a query have one scale."),
        Rule("scaled-after", lambda c: scaled(lambda p: 1)(c) / parts(c).root,
             "the division by sqrt(e) comes after the softmax", "Divide the products, before the softmax."),
        Rule("padding-read", with_mask(lambda p: torch.ones_like(real_of(p))), "padding is looked at", hide),
        Rule("mask-times-scores", with_scores_of_zero, "padding gets the score 0, which is no small score", hide),
        Rule("mask-added", lambda c: mix((p := parts(c)).products / p.root + real_of(p).double(),
                                         torch.ones_like(real_of(p)), p.values),
             "the mask is added as a number: 1 more for a real place hides no padding", hide),
        Rule("mask-inverted", with_mask(lambda p: torch.cat((p.ones, ~p.mask), -1)),
             "the text's real places are hidden and its padding is looked at", "The mask is True where a token is "
             "real, and masked_fill hides where it is given True."),
        Rule("mask-behind", with_mask(lambda p: torch.cat((p.mask, p.ones), -1)),
             "the mask's ones for the prefix stand behind those of the text", masks),
        Rule("order-differs", _values_behind, "the prefix stands before the keys but behind the values", same),
        Rule("order-differs", _keys_behind, "the prefix stands behind the text, but its ones stand in front", same),
        Rule("causal", with_mask(_causal), "a place sees only the text before it", "This is an encoder: every place "
             "may look at every real place, earlier or later."),
        Rule("causal", with_mask(lambda p: torch.ones(p.s, p.l + p.s).tril().bool().expand(p.b, 1, -1, -1)),
             "place t sees the first t of the l + s places alone, padding or not", "This is an encoder: every place "
             "may look at the prefix and at every real place."),
        Rule("masked-after-softmax", shared(lambda p, scores: (p.products / p.root).softmax(-1) * real_of(p)),
             "padding is removed after the softmax, with its share of the attention: the shares left do not add up "
             "to 1", hide),
        Rule("softmax-over-queries", shared(lambda p, scores: scores.softmax(-2).nan_to_num() * real_of(p)),
             "the shares of one place, over all queries, add up to 1", "The softmax runs over the places that one "
             "query looks at: its l + s shares add up to 1. Which axis of your scores is that?"),
        Rule("softmax-over-queries", lambda c: (parts(c).products / parts(c).root).softmax(-2) @ parts(c).values,
             "the shares of one place, over all queries, add up to 1, and padding is read", "The softmax runs over the "
             "places that one query looks at: its l + s shares add up to 1. Which axis of your scores is that?"),
        Rule("softmax-over-heads", shared(lambda p, scores: scores.softmax(1).nan_to_num()),
             "the shares of the heads add up to 1", "Heads know nothing of each other: the softmax runs over places."),
        Rule("softmax-missing", shared(lambda p, scores: scores.masked_fill(scores == -math.inf, 0)),
             "the scores are used without a softmax", one),
        Rule("softmax-missing", shared(lambda p, scores: scores.sigmoid()),
             "each score goes through a sigmoid by itself", one),
        Rule("softmax-twice", shared(lambda p, scores: scores.softmax(-1).softmax(-1)), "there are two softmaxes, one "
             "upon the other", one),
        Rule("keys-and-values-swapped", changed(prefix_key=lambda c: c["prefix_value"],
                                                prefix_value=lambda c: c["prefix_key"]),
             "prefix keys are used as values and values as keys", "The order of the arguments is prefix_key, "
             "prefix_value."),
        Rule("keys-used-twice", changed(prefix_value=lambda c: c["prefix_key"]),
             "the prefix's keys stand in front of the values too", "In front of value stands prefix_value."),
        Rule("values-used-twice", changed(prefix_key=lambda c: c["prefix_value"]),
             "the prefix's values stand in front of the keys too", "In front of key stands prefix_key."),
        Rule("prefix-values-missing", changed(prefix_value=lambda c: 0 * c["prefix_value"]),
             "the prefix takes its share of the attention, but its values are zero or left out",
             "prefix_value stands in front of value as prefix_key in front of key."),
        Rule("prefix-keys-missing", changed(prefix_key=lambda c: 0 * c["prefix_key"]),
             "the prefix's keys are zero: every query looks at it alike", "In front of key stands prefix_key."),
        Rule("one-head-for-all", changed(prefix_key=lambda c: c["prefix_key"][:1].expand_as(c["prefix_key"]),
                                         prefix_value=lambda c: c["prefix_value"][:1].expand_as(c["prefix_value"])),
             "all heads look at the prefix of the first", "Each head has a prefix of its own: axis 0 of prefix_key."),
        *(Rule("one-head-for-all", changed(**{name: lambda c, name=name: c[name][:1].expand_as(c[name])}),
               f"all heads take the {name} of the first", "Each head has a prefix of its own: axis 0 of prefix_key.")
          for name in ("prefix_key", "prefix_value")),
        Rule("padding-sees-nothing", lambda c: torch.where(c["mask"][:, None, :, None], attention(c),
                                                           parts(c).values.mean(2, keepdim=True)),
             "places of padding take the mean of all values, as a softmax over scores that are all alike gives it",
             "The mask hides places from being looked at, in the rows of scores. What a place of padding sees itself "
             "follows the same rule as everywhere."),
        Rule("first-text-for-all", lambda c: attention({name: t if "prefix" in name else t[:1].expand_as(t)
                                                        for name, t in c.items()}),
             "all texts get the result of the first", "Only the prefix is the same for all texts."),
        Rule("padding-emptied", lambda c: attention(c) * c["mask"][:, None, :, None],
             "the output is zero at places of padding", "The mask hides places from being looked at. What a place of "
             "padding sees itself follows the same rule as everywhere, and nobody uses it."),
        Rule("prefix-places-too", lambda c: torch.cat((_prefix_seen(c), attention(c)), 2),
             "there are l rows more than the text has places", "The prefix is looked at and looks at nothing: the "
             "output has the s places of the text."),
        Rule("heads-behind", lambda c: attention(c).transpose(1, 2), "the places stand before the heads",
             "Heads are joined later: return (b, n, s, e)."),
        Rule("heads-joined", lambda c: attention(c).transpose(1, 2).flatten(2), "the heads are joined already",
             "The output layer comes later: return (b, n, s, e)."),
    )  # fmt: skip


def with_scores_of_zero(c: dict) -> torch.Tensor:
    """A rule: padding has the score 0."""
    p = parts(c)
    return mix(p.products / p.root * real_of(p), torch.ones_like(real_of(p)), p.values)


def _prefix_seen(c: dict) -> torch.Tensor:
    """What the prefix's keys would see, were they queries, (b, n, l, e)."""
    b = len(c["query"])
    query = c["prefix_key"].expand(b, -1, -1, -1)
    first = torch.einsum("bnse,nle->bnsl", query.double(), c["prefix_key"].double())
    text = torch.einsum("bnse,bnte->bnst", query.double(), c["key"].double())
    p = parts(c)
    return mix(torch.cat((first, text), -1) / p.root, real_of(p), p.values)
