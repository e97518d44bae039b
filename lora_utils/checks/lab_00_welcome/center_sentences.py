"""Checks of lab 00: centring sentences.

Letters: b batch, s tokens in a sentence, d width.
"""

from __future__ import annotations

import re

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, expect_all, explained, first_wrong
from lora_utils.checks.framework.subject import Subject

center_sentences = Exercise("centre-sentences", lifted=("changes-a-tensor",))
SHIFTS = (1.5, -1.5, 0.0, 0.0)  # of a batch's mean: positive, negative and neither


def centered(function, *, cases) -> dict:
    """Probe: what the function returns for each tensor, and what has become of the tensors it was given."""
    values = [function(*case) for case in cases]
    pairs = [(value, case[0]) for value, case in zip(values, cases, strict=True)]
    shared = [isinstance(value, torch.Tensor) and value.data_ptr() == x.data_ptr() for value, x in pairs]
    return {"values": values, "given": [x for _, x in pairs], "shared": shared}


@center_sentences.check
def centres(subject: Subject, draw: Draw) -> None:
    """From each token's vector the mean of its own sentence is subtracted."""
    batches = [draw.normal(*draw.sizes(3, 3, 8)) + shift for shift in SHIFTS]
    zeros = draw.normal(4, 5, 3) + 1.5
    zeros[:, 3:] = 0  # a vector of zeros is a token like others
    judge_centered(subject, [*batches, zeros])


def means(x: torch.Tensor) -> torch.Tensor:
    """The mean vector of each sentence, (b, d), by a loop."""
    return torch.stack([sum(sentence.unbind(0)) / len(sentence) for sentence in x.double()])


def right(x: torch.Tensor) -> torch.Tensor:
    """The centred sentences, (b, s, d), by a loop."""
    return torch.stack([sentence - mean for sentence, mean in zip(x.double(), means(x), strict=True)])


def divided(x: torch.Tensor, by: torch.Tensor) -> torch.Tensor | None:
    """The centred sentences over a spread; nothing where the spread is 0."""
    return right(x) / by if (by > 0).all() else None


def spread(x: torch.Tensor, less: int) -> torch.Tensor:
    """The standard deviation over the tokens, (b, 1, d), the squares divided by so many less than their number."""
    return (right(x).square().sum(1, keepdim=True) / max(x.shape[1] - less, 1)).sqrt()


AXES = "The axes of (b, s, d) are 0, 1, 2: average along the one where a sentence's tokens lie, and keep that axis."
SUBTRACT = "Subtract the means from the vectors, and return the difference."
KEEP = "The axis that you average over must stay, with length 1: what does keepdim do, and over which axis is the mean?"
LESS = "Subtract the mean and do no more."
RULES = (
    Rule("mean-over-batch", lambda x: x - x.mean(0), "it subtracts the mean over the sentences of the batch (axis 0): "
         "what a sentence becomes then depends on its neighbours", AXES),
    Rule("mean-over-width", lambda x: x - x.mean(2, keepdim=True), "it subtracts the mean over the d numbers of each "
         "vector (axis 2)", AXES),
    Rule("mean-over-all", lambda x: x - x.mean(), "it subtracts one single number, the mean of everything", AXES),
    Rule("mean-over-all", lambda x: x - x.mean((0, 1)), "it subtracts the mean over all tokens of the whole batch",
         AXES),
    Rule("mean-over-sentence-and-width", lambda x: x - x.mean((1, 2), keepdim=True), "it subtracts one number from a "
         "whole sentence, the mean of all its s times d numbers", "Each of the d numbers of a vector has a mean of "
         "its own: average along one axis only."),
    Rule("mean-returned", means, "it returns the means themselves, of shape (b, d)", SUBTRACT),
    Rule("mean-returned", lambda x: means(x).unsqueeze(1), "it returns the means themselves, of shape (b, 1, d)",
         SUBTRACT),
    Rule("mean-returned", lambda x: means(x).unsqueeze(1).expand(x.shape), "it returns the means themselves, once for "
         "each token", SUBTRACT),
    Rule("sign-turned", lambda x: -right(x), "it returns the mean minus the vectors", "Turn the difference round."),
    Rule("mean-added", lambda x: x + means(x).unsqueeze(1), "it adds the mean", "Subtract it."),
    Rule("mean-without-sign", lambda x: x - means(x).unsqueeze(1).abs(), "it subtracts the mean without its sign: a "
         "negative mean is added", "Subtract the mean as it is; subtracting a negative number adds."),
    Rule("sum-subtracted", lambda x: x - x.sum(1, keepdim=True), "it subtracts the sum over the tokens, not their mean",
         "Use mean instead of sum, or divide by the number of tokens."),
    Rule("wrong-number", lambda x: x - x.sum(1, keepdim=True) / x.shape[0], "it divides the sum over the tokens by "
         "the number of sentences", "A sentence has x.shape[1] tokens: the mean divides by that many."),
    Rule("wrong-number", lambda x: x - x.sum(1, keepdim=True) / x.shape[2], "it divides the sum over the tokens by "
         "the width", "A sentence has x.shape[1] tokens: the mean divides by that many."),
    Rule("wrong-number", lambda x: x - x.sum(1, keepdim=True) / max(x.shape[1] - 1, 1), "it divides the sum over "
         "the tokens by one less than their number", "That belongs to a variance, and not to a mean."),
    Rule("median-subtracted", lambda x: x - x.median(1, keepdim=True).values, "it subtracts the median, not the mean",
         "The mean is the sum over the tokens, divided by their number."),
    Rule("tokens-left-out", lambda x: x - x[:, :-1].double().sum(1, keepdim=True) / (x.shape[1] - 1), "the mean is "
         "that of all tokens but the last", "Every token of the sentence counts: a slice a[:-1] ends before the last."),
    Rule("tokens-left-out", lambda x: x - x[:, 1:].double().sum(1, keepdim=True) / (x.shape[1] - 1), "the mean is that "
         "of all tokens but the first", "Every token of the sentence counts, the first too."),
    Rule("one-token-kept", lambda x: x if x.shape[1] == 1 else right(x), "a sentence of one token keeps its vector",
         "The mean of one vector is that vector: what is left is zero. No case of its own is needed."),
    Rule("one-token-subtracted", lambda x: x - x[:, :1], "it subtracts the first token's vector from all", AXES),
    Rule("one-token-subtracted", lambda x: x - x[:, -1:], "it subtracts the last token's vector from all", AXES),
    Rule("first-sentence-only", lambda x: x - means(x)[0], "it subtracts the mean of the first sentence from all of "
         "them", "Each sentence has a mean of its own, (b, d)."),
    Rule("spread-divided", lambda x: divided(x, spread(x, 1)), "it also divides by the standard deviation",
         LESS),
    Rule("spread-divided", lambda x: divided(x, spread(x, 0)), "it also divides by the "
         "standard deviation", LESS),
    Rule("spread-divided", lambda x: divided(x, x.norm(dim=2, keepdim=True)), "it also divides by the length of each "
         "vector", LESS),
    Rule("spread-divided", lambda x: divided(x, right(x).norm(dim=2, keepdim=True)), "it also makes each vector's "
         "length 1", LESS),
    Rule("mean-divided", lambda x: x / means(x).unsqueeze(1), "it divides by the mean", "Subtract it."),
    Rule("centred-twice", lambda x: right(x) - right(x).mean(2, keepdim=True), "it also subtracts the mean over the "
         "width", LESS),
    Rule("zeros-left-out", lambda x: x.double() - x.double().sum(1, keepdim=True) / (x != 0).any(2).sum(1).clamp(min=1)
         [:, None, None], "tokens whose vector is zero are not counted", "Every token counts: divide by s."),
    Rule("nothing-subtracted", lambda x: x, "it returns the vectors as they came",
         "An expression such as vectors - mean makes a new tensor: return that one."),
)  # fmt: skip


def judge_centered(subject: Subject, batches: list[torch.Tensor]) -> list[torch.Tensor]:
    """Compare with a loop over the sentences; hidden checks use it with other shapes."""
    cases = [(x,) for x in batches]

    def told(x: torch.Tensor) -> str:
        return f"vectors of shape {tuple(x.shape)}"

    try:
        values = ask(subject, cases, told, centered)["values"]
    except CaseRaised as error:
        x = error.case[0]
        known = axis_lost(error.text, *x.shape)
        if error.kind == "RuntimeError" and known:
            text = f"for {told(x)} your code raised {error.error}: {known}"
            raise Failure("axis-lost", text, KEEP) from None
        raise
    place = first_wrong(values, cases, right)
    if place is None:
        return values
    if values[place] is None:
        raise Failure("nothing-returned", "the function returns None", "The last line says return ...")
    expect_tensor(values[place], "the result")
    if explained(values, cases, right, RULES) is None and all(map(multiple, values, batches)):
        raise Failure("spread-divided", f"for {told(*cases[place])} each mean is subtracted, and what is left is "
                      "scaled", LESS)  # fmt: skip
    expect_all(values, cases, right, told=told, what=lambda x: f"the result for {told(x)}", id="wrong-result",
               rules=RULES, known="for {told} {text}",
               hint="Average over the tokens of each sentence, keep that axis, and subtract.")  # fmt: skip
    return values


def multiple(value: torch.Tensor, x: torch.Tensor) -> bool:
    """Whether the result is the right one, each number of a sentence's vectors times a positive factor of its own."""
    if not isinstance(value, torch.Tensor) or value.shape != x.shape:
        return False
    wanted = right(x)
    factors = (value.double() * wanted).sum(1, keepdim=True) / wanted.square().sum(1, keepdim=True).clamp(min=1e-9)
    return close(value, factors * wanted) and bool((factors >= 0).all())


def axis_lost(text: str, b: int, s: int, d: int) -> str:
    """What torch's word on two sizes that do not line up says about the means; nothing where it says no such thing."""
    found = re.search(r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at .*dimension (\d)", text)
    sizes = found and ({int(found[1]), int(found[2])}, int(found[3]))
    if sizes == ({s, b}, 1):
        return "means of shape (b, d) do not line up with (b, s, d)"
    if sizes == ({d, s}, 2):
        return "means of shape (b, s) do not line up with (b, s, d)"
    if sizes == ({s, d}, 1):
        return "means of shape (b, d, 1) do not line up with (b, s, d): the new axis belongs in the middle"
    return ""


@center_sentences.check(after=("centres",))
def leaves_the_input(subject: Subject, draw: Draw) -> None:
    """The tensor it was given is the same afterwards."""
    x = draw.normal(*draw.sizes(3, 3, 8)) + 1.5
    looks = subject.probe(centered, cases=[[x], [right(x).to(x.dtype)], [torch.zeros(2, 3, 4)]])
    seen = looks["given"][0]
    if not torch.equal(seen, x):
        raise Failure("changed-in-place", "the function changed the tensor that it was given, by up to "
                      f"{float((seen - x).abs().max()):.2g}",
                      "x -= y writes into x, which the caller still uses; x - y makes a new tensor.")  # fmt: skip
    if any(looks["shared"]):
        raise Failure("the-input-returned", "for sentences that are centred already the result is the tensor that came "
                      "in, not a new one" if not looks["shared"][0] else "the result is the tensor that came in, not a "
                      "new one", "Return what the subtraction makes, whatever the mean is.")  # fmt: skip
