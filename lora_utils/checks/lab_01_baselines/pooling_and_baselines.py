"""Checks of lab 01 on numbers made of tokens: the mean over real tokens, counted words, the majority.

Letters: b texts of a batch, s tokens, d width, n texts, v words. The judge goes through the texts one by one.
"""

from __future__ import annotations

import torch

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.subject import StudentRaised, Subject

mean_pooling = Exercise("mean-pooling", lifted=("changes-a-tensor",))
honest_baselines = Exercise("honest-baselines")


# ---------------------------------------------------------------------------------------------------- mean-pooling
def pooled(function, *, vectors, mask) -> dict:
    """Probe: what the function returns, and what has become of the vectors it was given."""
    return {"value": function(vectors, mask), "given": vectors}


def pool_case(draw: Draw, lengths: tuple[int, ...] | None = None) -> dict:
    """Vectors that are not zero under the padding either, and a boolean mask; b, s and d pairwise different."""
    d = draw.integer(8, 12)
    lengths = lengths or (draw.integer(2, 3), 6, 1, draw.integer(4, 5))
    mask = torch.tensor([[place < length for place in range(max(lengths))] for length in lengths])  # (b, s)
    return {"vectors": draw.normal(*mask.shape, d) + 0.5, "mask": mask}


@mean_pooling.check
def averages(subject: Subject, draw: Draw) -> None:
    """Row i is the mean of the vectors of the real tokens of text i."""
    judge_pool(subject, pool_case(draw))


@mean_pooling.check(after=("averages",))
def survives_emptiness(subject: Subject, draw: Draw) -> None:
    """A text without real tokens gives zeros, not NaN."""
    judge_pool(subject, pool_case(draw, (3, 0, 5, 4)))


@mean_pooling.check(after=("averages",))
def leaves_the_vectors(subject: Subject, draw: Draw) -> None:
    """The vectors it was given are the same afterwards."""
    case = pool_case(draw)
    if not torch.equal(subject.probe(pooled, **case)["given"], case["vectors"]):
        raise Failure("changed-in-place", "the function changed the vectors that it was given",
                      "vectors * mask[:, :, None] makes a new tensor; vectors[~mask] = 0 and *= write into the "
                      "caller's.")  # fmt: skip


def judge_pool(subject: Subject, case: dict) -> None:
    """Compare with a loop over texts; hidden checks use it with masks of numbers and padding on the left."""
    x, real = case["vectors"].double(), case["mask"].bool()
    (b, s, d), shape = x.shape, "x".join(map(str, x.shape))
    apart = "The sums are (b, d); the counts must be (b, 1) to line up with them: mask.sum(dim=1, keepdim=True)."
    third = "The mask lacks an axis: mask[:, :, None] has the shape (b, s, 1), which lines up with (b, s, d)."
    try:
        value = subject.probe(pooled, **case)["value"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "must match the size" in error.text:
            told = f"for vectors of shape {shape} your code raised {error}"
            if "dimension 2" in error.text:  # of (b, s, d), against a mask without its third axis
                raise Failure("axis-missing", told, third) from None
            early = "Add over the tokens before you divide. " if f"tensor a ({s})" in error.text else ""
            raise Failure("count-axis-missing", told, early + apart) from None
        if error.kind == "RuntimeError" and "mean(): could not infer output dtype" in error.text:
            raise Failure("mean-of-truth", "your code takes the mean of truth values, which torch refuses",
                          "Turn the mask into numbers first: mask.float(); or use sum().") from None  # fmt: skip
        told = error.kind == "IndexError" or "only supports boolean" in error.text or "bitwise_not" in error.text
        if told and case["mask"].dtype != torch.bool:
            raise Failure("mask-of-numbers", f"for a mask of numbers your code raised {error}",
                          "Tokenisers give masks of 0 and 1: start with mask = mask.bool().") from None  # fmt: skip
        raise
    expect_tensor(value, "the result")
    rows = [vectors[keep] for vectors, keep in zip(x, real, strict=True)]  # (length, d) each
    sums = torch.stack([row.sum(0) for row in rows])  # (b, d)
    counts = torch.tensor([[float(len(row))] for row in rows], dtype=torch.float64)  # (b, 1)
    right = torch.stack([sum(row.unbind(0)) / len(row) if len(row) else torch.zeros(d).double() for row in rows])
    if torch.isnan(value).any() and value.shape == right.shape:
        empty = (counts == 0).squeeze(1)
        if empty.any() and not torch.isnan(value[~empty]).any():
            raise Failure("empty-is-nan", "a text without real tokens gives NaN: 0 divided by 0, and one NaN makes "
                          "the loss of the whole batch NaN", "Divide by the count, but at least by 1: "
                          "count.clamp(min=1).")  # fmt: skip
    first, last = torch.zeros(b, d).double(), torch.zeros(b, d).double()
    for i, row in enumerate(rows):
        if len(row):
            first[i], last[i] = row[0], row[-1]
    padding = torch.stack([vectors[~keep].sum(0) for vectors, keep in zip(x, real, strict=True)])
    picked = torch.stack([vectors[keep.long()].mean(0) for vectors, keep in zip(x, real, strict=True)])
    peak = torch.where(real[:, :, None], x, torch.full_like(x, -torch.inf)).amax(1)
    count = "Divide by the number of real tokens of each text: mask.sum(dim=1, keepdim=True), shape (b, 1)."
    axes = "Add over the tokens, axis 1 of (b, s, d)."
    mistakes = (
        Mistake("padding-averaged", x.mean(1), "the padding is averaged too: the same text gives another vector in a "
                "batch with a longer one", "Multiply by the mask before you add, and divide by the number of ones."),
        Mistake("divided-by-s", sums / s, "the sum over the real tokens is divided by s, padding included", count),
        Mistake("padding-added", x.sum(1) / counts.clamp(min=1), "the division counts real tokens, but the sum "
                "includes the padding", "Multiply by the mask first: (vectors * mask[:, :, None]).sum(dim=1)."),
        Mistake("divided-twice", sums / s / counts.clamp(min=1), "it divides twice, by s and by the number of real "
                "tokens", "Add with sum(dim=1), not mean(dim=1), then divide once."),
        Mistake("mean-clamped", right.clamp(min=1), "the mean itself is raised to at least 1",
                "The count is what must not be 0: clamp it before you divide."),
        Mistake("mask-of-numbers", picked, "the mask's numbers 0 and 1 are taken for places: it averages the vectors "
                "at the places 0 and 1", "Turn it into truth values before you index with it: mask.bool()."),
        Mistake("not-divided", sums, "it is the sum: long texts get long vectors", count),
        Mistake("not-divided", x.sum(1), "it is the sum of everything, padding included", count),
        Mistake("mask-inverted", padding / (s - counts).clamp(min=1), "it averages the padding",
                "The mask is True for real tokens."),
        Mistake("counts-of-batch", sums / counts.sum(), "it divides by the number of real tokens in the whole batch",
                count),
        Mistake("counts-averaged", sums / counts.mean(), "every text is divided by the same number", count),
        Mistake("one-added", sums / (counts + 1), "it divides by the count plus 1: the mean of one token is half of it",
                "To avoid 0 / 0, use count.clamp(min=1), which leaves other counts alone."),
        Mistake("root-divided", sums / counts.clamp(min=1).sqrt(), "it divides by the root of the count", count),
        Mistake("first-token", first, "it takes the first token's vector", "Here it is the mean of all real tokens."),
        Mistake("last-token", last, "it takes the last real token's vector", "Here it is the mean of all real tokens."),
        Mistake("largest", peak, "it takes the largest value of each coordinate (max pooling)", "Take the mean."),
        Mistake("largest", torch.where(real[:, :, None], x, torch.zeros_like(x)).amax(1),
                "it takes the largest value of each coordinate (max pooling)", "Take the mean."),
        Mistake("batch-averaged", (x * real[:, :, None]).sum((0, 1)) / counts.sum(), "it averages all texts", axes),
        Mistake("wrong-axis", (x * real[:, :, None]).sum(2), "it adds over the d numbers of a vector", axes),
        Mistake("not-pooled", x * real[:, :, None], "it returns masked vectors, (b, s, d)", axes),
    )  # fmt: skip
    hint = "(vectors * mask[:, :, None]).sum(dim=1), divided by the number of real tokens of each text."
    expect_close(value, right, what=f"the means for vectors of shape {shape}", id="wrong-mean", hint=hint,
                 mistakes=mistakes)  # fmt: skip


# ------------------------------------------------------------------------------------------------ honest-baselines
def baseline_call(counts, majority, *, which: str, args: list) -> dict:
    """Probe: call one of the two functions."""
    return {"value": {"counts": counts, "majority": majority}[which](*args)}


def counts_case(draw: Draw, n: int = 4) -> tuple[torch.Tensor, int]:
    """Padded ids (n, s) with repeated words, and v; the last words never occur."""
    s, v = draw.integer(6, 8), draw.integer(12, 15)
    ids = draw.integers(1, 7, n, s)
    for row in range(n):
        ids[row, s - row % 4 :] = 0
    ids[0, :3] = ids[0, 0]  # one word three times
    return ids, v


@honest_baselines.check
def counts(subject: Subject, draw: Draw) -> None:
    """count_words(ids, words) is (n, words): how often each word stands in each text, padding not counted."""
    judge_counts(subject, *counts_case(draw))


def judge_counts(subject: Subject, ids: torch.Tensor, v: int) -> None:
    """Compare with counting word by word; hidden checks use it with other batches."""
    try:
        value = subject.probe(baseline_call, which="counts", args=[ids, v])["value"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "stack expects each tensor to be equal size" in error.text:
            raise Failure("columns-missing", f"your code raised {error}: columns of words that do not occur are "
                          "missing", "Give every row `words` columns: minlength=words.") from None  # fmt: skip
        raise
    expect_tensor(value, "count_words(ids, words)")
    all_of_it = torch.tensor([[row.count(word) for word in range(v)] for row in ids.tolist()]).double()  # (n, v)
    right = all_of_it.clone()
    right[:, 0] = 0
    width, used = right.sum(1, keepdim=True).clamp(min=1), int(ids.max()) + 1
    zero = "Number 0 is padding, not a word: set that column to zero, or skip it."
    mistakes = (
        Mistake("padding-counted", all_of_it, "the padding is counted as a word", zero),
        Mistake("presence-only", right.clamp(max=1), "it says whether a word occurs, not how often",
                "Add one for every occurrence."),
        Mistake("presence-only", all_of_it.clamp(max=1), "it says whether a word occurs, padding included",
                "Add one for every occurrence. " + zero),
        Mistake("shares", right / width, "it returns shares of the text's length", "Return the counts themselves."),
        Mistake("corpus-counted", right.sum(0), "it adds up all texts", "Each text has a row of its own, (n, words)."),
        Mistake("corpus-counted", all_of_it.sum(0), "it adds up all texts", "Each text has a row of its own."),
        Mistake("transposed", right.T, "rows and columns are exchanged", "Texts are rows, words are columns."),
        Mistake("columns-missing", right[:, :used], "columns of words that do not occur are missing",
                "There are `words` columns in every batch: bincount has minlength=words."),
        Mistake("columns-missing", all_of_it[:, :used], "columns of words that do not occur are missing",
                "There are `words` columns in every batch: bincount has minlength=words. " + zero),
        Mistake("row-zeroed", all_of_it * (torch.arange(len(ids)) > 0)[:, None], "the first text is set to zero "
                "instead of the padding's column", "counts[0] is a row, counts[:, 0] the column."),
        Mistake("padding-column-gone", right[:, 1:], "the column of the padding is missing",
                "Column k belongs to word k: keep column 0, with zeros."),
    )  # fmt: skip
    hint = "torch.bincount(row, minlength=words) counts one text; then column 0 is set to zero."
    expect_close(value, right, what=f"the counts of {tuple(ids.shape)} ids", id="wrong-counts", hint=hint,
                 mistakes=mistakes)  # fmt: skip


@honest_baselines.check
def majority(subject: Subject, draw: Draw) -> None:
    """majority_accuracy: the share of test labels that equal the most frequent training label."""
    k = draw.integer(0, 3)
    train = torch.tensor([0] * 8 + [1] * 7 + [2] * (9 + k) + [3] * 2 + [4])  # 2 is not the largest, mean or median
    test = torch.tensor([0] * 6 + [1] * 5 + [2] * 4 + [3] * (9 + k) + [4] * 2)
    trains = "Find the most frequent label in the training labels, then count it in the test labels."
    try:
        value = subject.probe(baseline_call, which="majority", args=[train, test])["value"]
    except StudentRaised as error:
        if error.kind == "RuntimeError" and "mean(): could not infer output dtype" in error.text:
            raise Failure("mean-of-truth", "your code takes the mean of truth values, which torch refuses",
                          "Turn them into numbers first: (test_labels == label).float().mean().") from None  # fmt: skip
        raise
    share = [float((test == label).double().mean()) for label in range(5)]
    mistakes = (
        Mistake("test-peeked", max(share), "it takes the most frequent label of the test labels",
                "A baseline may not look at the test labels either. " + trains),
        Mistake("training-share", float((train == 2).double().mean()), "it is the share in training", trains),
        Mistake("count-as-label", 0.0, "no test label equals the one it looks for",
                "argmax() of the counts is the label; max() is how often it occurs."),
        Mistake("label-returned", 2.0, "it returns the label", "Return its share of the test labels."),
        Mistake("count-returned", 4.0, "it returns a number of labels", "Divide by the number of test labels."),
        Mistake("fixed-label", share[0], "it always says label 0", trains),
        Mistake("fixed-label", share[1], "it always says label 1", trains),
        Mistake("largest-label", share[4], "it says label 4, the largest and the rarest in training", trains),
        Mistake("chance", 1 / 5, "it is the chance level of five equally frequent classes", trains),
        Mistake("percent", 100 * share[2], "it is in per cent", "Return a number from 0 to 1."),
    )  # fmt: skip
    expect_close(value, share[2], what="the accuracy", id="wrong-accuracy", hint=trains, mistakes=mistakes)
