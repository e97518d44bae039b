"""Checks of lab 01: the mean over real tokens.

Letters: b texts of a batch, s tokens, d width. The judge goes through the texts one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from lora_utils.checks.framework.compare import close, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import CaseRaised, Rule, ask, explained, first_wrong
from lora_utils.checks.framework.subject import Subject

mean_pooling = Exercise("mean-pooling", lifted=("changes-a-tensor",))
Tensor = torch.Tensor


def pooled(function, *, cases) -> dict:
    """Probe: what the function returns for each case, and what has become of the vectors it was given."""
    return {"values": [function(*case) for case in cases], "given": [case[0] for case in cases]}


def pool_case(draw: Draw, lengths: Sequence[int], d: int, shift: float = 0.5) -> tuple[Tensor, Tensor]:
    """Vectors that are not zero under the padding either, one of them zero though real, and a boolean mask."""
    mask = torch.tensor([[place < length for place in range(max(lengths))] for length in lengths])  # (b, s)
    vectors = draw.normal(*mask.shape, d) + shift
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    if lengths[longest] > 2:
        vectors[longest, 1] = 0.0  # a real token all the same
    return vectors, mask


def visible(draw: Draw) -> list[tuple]:
    """Batches whose b, s and d differ pairwise, the vectors' mean positive or negative."""
    lengths = [[draw.integer(2, 3), 6, 1, draw.integer(4, 5)], [5, 2, 3], [1, 7, 2, 4, 3]]
    return [pool_case(draw, one, draw.integer(8, 12), shift) for one in lengths for shift in (0.5, -0.5)]


# -------------------------------------------------------------------------------------------- right, and known mistakes
def rows(x: Tensor, mask: Tensor) -> list[Tensor]:
    """The real vectors of each text, (length, d)."""
    return [vectors[keep] for vectors, keep in zip(x.double(), mask.bool(), strict=True)]


def sums(x: Tensor, mask: Tensor) -> Tensor:
    """Their sums, (b, d)."""
    return torch.stack([row.sum(0) for row in rows(x, mask)])


def counts(x: Tensor, mask: Tensor) -> Tensor:
    """How many they are, (b, 1)."""
    return torch.tensor([[float(len(row))] for row in rows(x, mask)], dtype=torch.float64)


def right(x: Tensor, mask: Tensor) -> Tensor:
    """Their means, zeros for none."""
    zero = torch.zeros(x.shape[2], dtype=torch.float64)
    return torch.stack([sum(row.unbind(0)) / len(row) if len(row) else zero for row in rows(x, mask)])


def one_each(x: Tensor, mask: Tensor, place: int) -> Tensor:
    """The first (0) or the last (-1) real vector of each text."""
    zero = torch.zeros(x.shape[2], dtype=torch.float64)
    return torch.stack([row[place] if len(row) else zero for row in rows(x, mask)])


def padding(x: Tensor, mask: Tensor) -> Tensor:
    """The mean over the padding."""
    return right(x, ~mask.bool())


def not_zero(x: Tensor, mask: Tensor) -> Tensor:
    """The sums, divided by the number of real vectors that are not zero."""
    live = torch.tensor([[float(row.any(dim=1).sum())] for row in rows(x, mask)], dtype=torch.float64)
    return sums(x, mask) / live.clamp(min=1)


def masked(x: Tensor, mask: Tensor, other: float = 0.0) -> Tensor:
    """The vectors with another number under the padding."""
    return torch.where(mask.bool()[:, :, None], x.double(), torch.full((), other, dtype=torch.float64))


def picked(x: Tensor, mask: Tensor) -> Tensor:
    """The mean of the vectors at the places 0 and 1, which the numbers of the mask point to."""
    return torch.stack([vectors[keep.long()].mean(0) for vectors, keep in zip(x.double(), mask, strict=True)])


COUNT = "Divide by the number of real tokens of each text, a count of shape (b, 1)."
AXES = "Add over the tokens, axis 1 of (b, s, d)."
TAKE_MEAN = "Here it is the mean of all real tokens."
FIRST = "The padding must add nothing: it is the mask's 0 that a vector is to be multiplied by before the sum."
RULES = (
    Rule("padding-averaged", lambda x, m: x.mean(1), "the padding is averaged too: the same text gives another vector "
         "in a batch with a longer one", "Only real tokens count, in the sum and in the number that it is divided by."),
    Rule("divided-by-s", lambda x, m: sums(x, m) / x.shape[1], "the sum over the real tokens is divided by s, the "
         "places of a row, whatever the text's length", COUNT),
    Rule("padding-added", lambda x, m: x.sum(1) / counts(x, m).clamp(min=1), "the division counts real tokens, but the "
         "sum includes the padding", FIRST),
    Rule("divided-twice", lambda x, m: sums(x, m) / x.shape[1] / counts(x, m).clamp(min=1), "it divides twice, by s "
         "and by the number of real tokens", "A mean divides by itself: add instead, then divide once."),
    Rule("mean-clamped", lambda x, m: right(x, m).clamp(min=1), "the mean itself is raised to at least 1",
         "The count is what must not be 0: clamp it before you divide."),
    Rule("mean-clamped", lambda x, m: right(x, m).clamp(min=0), "negative means have become 0",
         "The count is what must not be 0: clamp it alone."),
    Rule("sign-lost", lambda x, m: right(x, m).abs(), "the sign of negative means is lost", TAKE_MEAN),
    Rule("zeros-not-counted", not_zero, "real tokens whose vector is zero are not counted",
         "What is real the mask alone says: count its ones, not the vectors."),
    Rule("mask-of-numbers", picked, "the mask's numbers 0 and 1 are taken for places: it averages the vectors at the "
         "places 0 and 1", "Turn the mask into truth values before you index with it: mask.bool()."),
    Rule("not-divided", sums, "it is the sum: long texts get long vectors", COUNT),
    Rule("not-divided", lambda x, m: x.sum(1), "it is the sum of everything, padding included", COUNT),
    Rule("mask-inverted", padding, "it averages the padding", "The mask is True for real tokens."),
    Rule("counts-of-batch", lambda x, m: sums(x, m) / counts(x, m).sum(), "it divides by the number of real tokens in "
         "the whole batch", COUNT),
    Rule("counts-averaged", lambda x, m: sums(x, m) / counts(x, m).mean(), "every text is divided by the same number, "
         "the mean of the counts", COUNT),
    Rule("counts-averaged", lambda x, m: sums(x, m) / counts(x, m).max(), "every text is divided by the same number, "
         "the largest count", COUNT),
    Rule("divided-by-b", lambda x, m: sums(x, m) / x.shape[0], "the sums are divided by the number of texts", COUNT),
    Rule("divided-by-d", lambda x, m: sums(x, m) / x.shape[2], "the sums are divided by the width", COUNT),
    Rule("one-added", lambda x, m: sums(x, m) / (counts(x, m) + 1), "it divides by the count plus 1: the mean of one "
         "token is half of it", "The count must be at least 1; a count that is, stays as it is."),
    Rule("at-least-two", lambda x, m: sums(x, m) / counts(x, m).clamp(min=2),
         "it divides by 2 where there is one token",
         "The count must be at least 1; a count that is, stays as it is."),
    Rule("one-less", lambda x, m: sums(x, m) / (counts(x, m) - 1).clamp(min=1), "it divides by the count minus 1",
         "A mean divides by the number of tokens."),
    Rule("root-divided", lambda x, m: sums(x, m) / counts(x, m).clamp(min=1).sqrt(), "it divides by the root of the "
         "count", COUNT),
    Rule("padding-at-the-end", lambda x, m: torch.stack([vectors[: int(k)].sum(0) / max(float(k), 1.0)
         for vectors, k in zip(x.double(), counts(x, m)[:, 0], strict=True)]), "it averages as many vectors from the "
         "left as the text has tokens, wherever they stand", "Padding may stand anywhere: the mask says which places "
         "are real, not only how many."),
    Rule("first-token", lambda x, m: one_each(x, m, 0), "it takes the first token's vector", TAKE_MEAN),
    Rule("first-token", lambda x, m: x[:, 0], "it takes the vector at place 0", TAKE_MEAN),
    Rule("last-token", lambda x, m: one_each(x, m, -1), "it takes the last real token's vector", TAKE_MEAN),
    Rule("last-token", lambda x, m: x[:, -1], "it takes the vector at the last place", TAKE_MEAN),
    Rule("largest", lambda x, m: masked(x, m, -torch.inf).amax(1), "it takes the largest value of each coordinate (max "
         "pooling)", TAKE_MEAN),
    Rule("largest", lambda x, m: masked(x, m).amax(1), "it takes the largest value of each coordinate (max pooling)",
         TAKE_MEAN),
    Rule("batch-averaged", lambda x, m: sums(x, m).sum(0) / counts(x, m).sum(), "it averages all texts", AXES),
    Rule("wrong-axis", lambda x, m: masked(x, m).sum(2), "it adds over the d numbers of a vector", AXES),
    Rule("wrong-axis", lambda x, m: masked(x, m).mean(2), "it averages over the d numbers of a vector", AXES),
    Rule("not-pooled", masked, "it returns masked vectors, (b, s, d)", AXES),
    Rule("axis-kept", lambda x, m: right(x, m)[:, None], "the result has an axis too many, (b, 1, d)",
         "The sum over the tokens takes their axis away: (b, d)."),
    Rule("rounded", lambda x, m: right(x, m).floor(), "the means are rounded down", "// rounds down; / divides."),
    Rule("unit-length", lambda x, m: torch.nn.functional.normalize(right(x, m), dim=1), "the means are scaled to "
         "length 1", "Return the means as they are."),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- checks
@mean_pooling.check
def averages(subject: Subject, draw: Draw) -> None:
    """Row i is the mean of the vectors of the real tokens of text i."""
    judge_pool(subject, visible(draw))


@mean_pooling.check(after=("averages",))
def survives_emptiness(subject: Subject, draw: Draw) -> None:
    """A text without real tokens gives zeros, not NaN."""
    judge_pool(subject, [pool_case(draw, one, 8, -0.5) for one in ((3, 0, 5, 4), (0, 2, 6), (4, 0, 0))])


@mean_pooling.check(after=("averages",))
def leaves_the_vectors(subject: Subject, draw: Draw) -> None:
    """The vectors it was given are the same afterwards."""
    case = visible(draw)[0]
    if not torch.equal(subject.probe(pooled, cases=[list(case)])["given"][0], case[0]):
        raise Failure(
            "changed-in-place",
            "the function changed the vectors that it was given",
            "A product makes a new tensor; an assignment to places, and *=, write into the caller's.",
        )


def judge_pool(subject: Subject, cases: Sequence[tuple], kind: str = "") -> None:
    """Compare with a loop over texts; hidden checks use it with masks of numbers and padding on the left."""

    def told(x: Tensor, mask: Tensor) -> str:
        return f"vectors of shape {tuple(x.shape)}{kind}"

    try:
        values = ask(subject, cases, told, pooled)["values"]
    except CaseRaised as error:
        raise known_error(error, told(*error.case)) from None
    place = first_wrong(values, cases, right)
    if place is None:
        return
    value, case = values[place], cases[place]
    expect_tensor(value, "the result")
    empty = (counts(*case) == 0).squeeze(1)
    if value.shape == right(*case).shape and torch.isnan(value[empty]).any() and not torch.isnan(value[~empty]).any():
        raise Failure("empty-is-nan", "a text without real tokens gives NaN: 0 divided by 0, and one NaN makes "
                      "the loss of the whole batch NaN", "Divide by the count, but at least by 1.")  # fmt: skip
    if value.shape == right(*case).shape and empty.any() and close(value[~empty], right(*case)[~empty]):
        raise Failure("empty-not-zero", "a text without real tokens must give zeros; all other texts are right",
                      "Divide a sum over no tokens, 0, by at least 1; leave the mask as it is.")  # fmt: skip
    rule = explained(values, cases, right, RULES)
    if rule:
        raise Failure(rule.id, f"for {told(*case)}: {rule.text}", rule.hint)
    factor = factor_of(value, right(*case))
    if factor is not None:
        raise Failure("wrong-divisor",
                      f"for {told(*case)}: the mean of text 0 comes out {factor:.4g} times as large as "
                      "it is", COUNT)  # fmt: skip
    expect_close(value, right(*case), what=f"the means for {told(*case)}", id="wrong-mean", hint="Add the vectors of "
                 "each text's real tokens, and divide by their number.")  # fmt: skip


def factor_of(value: Tensor, wanted: Tensor) -> float | None:
    """By which factor the first row is too large, where each row is its mean times some number; else nothing."""
    if value.shape != wanted.shape or wanted.shape[1] < 3 or not torch.isfinite(value).all():
        return None
    factors = (value.double() * wanted).sum(1, keepdim=True) / wanted.square().sum(1, keepdim=True).clamp(min=1e-9)
    first = float(factors[0])
    return first if close(value, factors * wanted) and abs(first - 1) > 1e-4 else None


def known_error(error: CaseRaised, told: str) -> Exception:
    """What torch's words say about the shapes or the mask, else the error as it is."""
    x, mask = error.case
    b, s, d = x.shape
    text = f"for {told} your code raised {error.error}"
    found = re.search(r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\) at .*dimension (\d)", error.text)
    sizes = found and ({int(found[1]), int(found[2])}, int(found[3]))
    apart = "The sums are (b, d): what shape must the counts have to line up with them? See keepdim."
    if sizes == ({d, s}, 2):
        return Failure(
            "axis-missing",
            text,
            "Which shape must the mask have to line up with (b, s, d)? Print "
            "the one it has: (b, s, 1) does, with the new axis at the end.",
        )
    if sizes == ({d, b}, 1):
        return Failure("count-axis-missing", text, apart)
    if sizes == ({s, b}, 1):
        return Failure("count-axis-missing", text, "Add over the tokens before you divide. " + apart)
    if error.kind == "RuntimeError" and "mean(): could not infer output dtype" in error.text:
        return Failure("mean-of-truth", text + ": torch takes no mean of truth values or whole numbers",
                       "Turn the mask into numbers of floating point first, or add and divide.")  # fmt: skip
    numbers = error.kind == "IndexError" or "only supports boolean" in error.text or "bitwise_not" in error.text
    if numbers and mask.dtype != torch.bool:
        return Failure("mask-of-numbers", f"for a mask of numbers your code raised {error.error}",
                       "Tokenisers give masks of 0 and 1: turn the mask into truth values first.")  # fmt: skip
    return error
