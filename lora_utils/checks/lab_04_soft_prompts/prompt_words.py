"""Checks of lab 04 about words: a prompt that starts from word vectors, and the words nearest to a prompt.

Letters: n given words, l length of the prompt, d width, v words of the vocabulary.
"""

from __future__ import annotations

import torch
from torch import nn

from lora_utils.checks.framework.compare import Mistake, expect_close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.probes import call
from lora_utils.checks.framework.subject import StudentRaised, Subject

start_from_words = Exercise("start-from-words", lifted=("changes-weights",))
nearest_words = Exercise("nearest-words")


# --------------------------------------------------------------------------------------------------- start-from-words
def start(function, *, weight, ids, length: int) -> dict:
    """Probe: the start, whether it has a history, and what the embedding is when something was written into it."""
    embedding = nn.Embedding.from_pretrained(weight.clone(), freeze=False)
    value = function(embedding, ids, length)
    if not isinstance(value, torch.Tensor):
        return {"value": None}
    seen = {"value": value.detach().clone(), "history": value.grad_fn is not None}
    with torch.no_grad():
        value.detach().add_(1)
    return seen | {"weight": embedding.weight}


@start_from_words.check
def same_length(subject: Subject, draw: Draw) -> None:
    """With as many words as places, it is their word vectors, in order."""
    v, d, l = draw.sizes(3, low=5, high=14)
    judge_start(subject, draw.normal(v, d), _words(draw, v, l), l)


@start_from_words.check
def other_lengths(subject: Subject, draw: Draw) -> None:
    """Too few words start over from the first one; too many are cut at the end."""
    v, d = draw.sizes(2, low=8, high=14)
    weight, words = draw.normal(v, d), _words(draw, v, 4)
    judge_start(subject, weight, words, 10)
    judge_start(subject, weight, words, 3)


def _words(draw: Draw, v: int, n: int) -> torch.Tensor:
    """Ids of n words that differ from their neighbours and are not simply the first rows, (n,)."""
    return (draw.integer(1, v - 1) + 3 * torch.arange(n)) % v if v % 3 else (v - 1 - torch.arange(n)) % v


def judge_start(subject: Subject, weight: torch.Tensor, ids: torch.Tensor, length: int) -> None:
    """Compare with a loop over places; hidden checks use it with other lengths."""
    n = len(ids)
    try:
        seen = subject.probe(start, weight=weight, ids=ids, length=length)
    except StudentRaised as error:
        if error.kind == "IndexError" and "out of bounds" in error.text and length > n:
            raise Failure("past-the-words", f"there are {n} words for {length} places: {error.text}",
                          "Start over after the last word: ids[torch.arange(length) % n].") from None  # fmt: skip
        raise
    expect_tensor(seen["value"], "the start")
    right = torch.stack([weight[int(ids[place % n])] for place in range(length)])
    rows, more = weight[ids], max(0, length - n)
    what = f"for {n} words and length {length} the start"
    over = "Place i gets word i % n: ids[torch.arange(length) % n]."
    mistakes = (
        Mistake("not-repeated", rows, f"for length {length} it has {n} rows, one a word", over),
        Mistake("words-held", rows.repeat_interleave(-(-length // n), 0)[:length],
                f"{what} repeats each word before the next one comes", over),
        Mistake("last-word-repeated", torch.cat((rows, rows[-1:].expand(more, -1)))[:length],
                f"{what} is filled up with the last word", over),
        Mistake("filled-with-zeros", torch.cat((rows, torch.zeros(more, rows.shape[1])))[:length],
                f"{what} is filled up with zeros: a zero vector is no word and no random start either", over),
        Mistake("filled-with-mean", torch.cat((rows, rows.mean(0, keepdim=True).expand(more, -1)))[:length],
                f"{what} is filled up with the mean of the words", over),
        Mistake("cut-at-front", rows[-length:], f"{what} holds the last {length} words",
                "Cut at the end: keep the first."),
        Mistake("mean-of-words", rows.mean(0).expand(length, -1), "every place starts at the mean of the words",
                "Each place gets one word of its own."),
        Mistake("first-rows", weight[:length], "it returns the first rows of the embedding, whatever the words are",
                "Look up the given ids: embedding.weight[ids] or embedding(ids)."),
        Mistake("not-cut", right.new_tensor(weight[ids.repeat(-(-length // n))].tolist()),
                f"for length {length} it has {n * -(-length // n)} rows", "Cut it to length rows."),
    )  # fmt: skip
    expect_close(seen["value"], right, what=what, id="wrong-start", hint=over, mistakes=mistakes)
    if not torch.equal(seen["weight"], weight):
        text = "it shares its memory with the embedding: training the prompt would change the words themselves"
        raise Failure("shares-memory", text, "Copy: clone(), or index with a tensor of ids, which copies.")
    if seen["history"]:
        text = "it is still tied to the embedding by autograd (it has a grad_fn); an optimiser takes leaf tensors only"
        raise Failure(
            "has-history", text, "Take plain numbers: embedding.weight.detach()[...] or .detach() at the end."
        )


# ------------------------------------------------------------------------------------------------------ nearest-words
def nearest_case(draw: Draw, *, k: int, v: int = 12, l: int = 3, d: int = 6) -> dict:
    """Draw prompts and words of very different lengths, all cosines of a prompt at least 0.002 apart."""
    while True:
        embedding = draw.normal(v, d) * torch.linspace(0.3, 6, v)[torch.argsort(draw.normal(v))][:, None]
        vectors = draw.normal(l, d) * 2
        cosines = _cosines(vectors, embedding).sort(dim=1).values
        if float(cosines.diff(dim=1).min()) > 0.002:
            return {"vectors": vectors, "embedding": embedding, "k": k}


def _cosines(vectors: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    """One product at a time, (l, v)."""
    p, w = vectors.double(), embedding.double()
    return torch.tensor([[float(a @ b / (a @ a).sqrt() / (b @ b).sqrt()) for b in w] for a in p], dtype=torch.float64)


@nearest_words.check
def by_cosine(subject: Subject, draw: Draw) -> None:
    """For each vector it returns the ids of the k words with the largest cosine, the largest first."""
    judge_nearest(subject, nearest_case(draw, k=4))
    judge_nearest(subject, nearest_case(draw, k=1, l=5))


def judge_nearest(subject: Subject, c: dict) -> None:
    """Compare the ids with a sorted list of cosines; hidden checks use it with other cases."""
    vectors, embedding, k = c["vectors"], c["embedding"], c["k"]
    try:
        value = subject.probe(call, args=[vectors, embedding, k])["value"]
    except StudentRaised as error:
        if "index k out of range" in error.text:
            raise Failure("topk-axis", f"topk looks along the vectors, not along the words: {error.text}",
                          "The cosines are (l, v): topk(k, dim=1).") from None  # fmt: skip
        if "cannot be multiplied" in error.text:
            raise Failure("not-transposed", f"vectors (l, d) meet words (v, d): {error.text}",
                          "Transpose the words: (l, d) @ (d, v).") from None  # fmt: skip
        raise
    expect_tensor(value, "the result")
    cosines, p, w = _cosines(vectors, embedding), vectors.double(), embedding.double()

    def top(scores: torch.Tensor) -> torch.Tensor:
        return scores.sort(dim=1, descending=True).indices[:, :k]

    right = top(cosines)
    by_column = (p / p.norm(dim=0)) @ (w / w.norm(dim=0)).T
    both = "Divide every row by its own norm first: F.normalize(embedding, dim=1)."
    mistakes = (
        Mistake("dot-product", top(p @ w.T), "the words are ranked by the plain product, which favours long vectors",
                both),
        Mistake("by-distance", top(-torch.cdist(p, w)), "the words are ranked by distance, not by cosine", both),
        Mistake("farthest", top(-cosines), "these are the words farthest away", "topk gives the largest by default."),
        Mistake("by-absolute-value", top(cosines.abs()), "opposite directions count as near", "Do not take abs()."),
        Mistake("columns-normalised", top(by_column), "the columns were normalised instead of the rows", both),
        Mistake("columns-normalised", top(p @ (w / w.norm(dim=0)).T), "the columns were normalised, not the rows",
                both),
        Mistake("one-norm-for-all", top(p @ (w / w.norm()).T), "all words were divided by one common norm", both),
        Mistake("cosines-returned", cosines.sort(dim=1, descending=True).values[:, :k],
                "these are the cosines, not the ids of the words",
                "topk returns values and indices: take the indices."),
        Mistake("nearest-last", right.flip(1), "the nearest word comes last",
                "Largest cosine first, as topk gives it."),
        Mistake("transposed", right.T, f"the result is ({k}, {len(p)}): a row a rank instead of a row a vector",
                "Take topk along dim=1."),
    )  # fmt: skip
    hint = "Cosines of all pairs (l, v), then topk(k, dim=1).indices."
    what = f"for {len(p)} vectors, {len(w)} words and k={k} the result"
    expect_close(value, right, what=what, id="wrong-words", hint=hint, mistakes=mistakes, tolerance=1e-6)
