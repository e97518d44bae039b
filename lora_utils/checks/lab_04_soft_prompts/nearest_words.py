"""Checks of lab 04: the words nearest to a prompt.

Letters: l length of the prompt, d width, v words of the vocabulary.
"""

from __future__ import annotations

import re

import torch

from lora_utils.checks.framework.compare import close, expect_tensor
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all
from lora_utils.checks.framework.subject import StudentRaised, Subject

nearest_words = Exercise("nearest-words")


def nearest_case(draw: Draw, *, k: int, v: int = 12, l: int = 3, d: int = 6) -> dict:
    """Draw prompts and words of very different lengths, all cosines of a prompt at least 0.002 apart."""
    while True:
        embedding = draw.normal(v, d) * torch.linspace(0.3, 6, v)[torch.argsort(draw.normal(v))][:, None]
        vectors = draw.normal(l, d) * 2
        cosines = _cosines(vectors, embedding).sort(dim=1).values
        if float(cosines.diff(dim=1).min()) > 0.002:
            return {"vectors": vectors, "embedding": embedding, "k": k}


def _cosines(vectors: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    """The products over the roots of the squared lengths' products, (l, v)."""
    p, w = vectors.double(), embedding.double()
    return torch.einsum("ld,vd->lv", p, w) / torch.outer(p.square().sum(1), w.square().sum(1)).sqrt()


@nearest_words.check
def by_cosine(subject: Subject, draw: Draw) -> None:
    """For each vector it returns the ids of the k words with the largest cosine, the largest first."""
    sizes = ((4, 12, 3), (2, 15, 5), (5, 9, 4), (1, 12, 6), (3, 11, 2), (6, 13, 7))
    judge_nearest(subject, [nearest_case(draw, k=k, v=v, l=l) for k, v, l in sizes])
    judge_neighbours(subject, [neighbours_case(draw) for _ in range(4)])


def neighbours_case(draw: Draw) -> dict:
    """Draw words in pairs whose cosines with each prompt differ by less than 16 bits can tell, but more than 32 do."""
    while True:
        vectors, words = draw.normal(2, 6), draw.normal(7, 6)
        embedding = torch.cat((words, words + draw.normal(7, 6, scale=2e-4)))[torch.tensor(draw.order(14))]
        gaps = _cosines(vectors, embedding).sort(dim=1).values.diff(dim=1)
        if float(gaps.min()) > 2e-5 and int((gaps < 3e-4).sum()) >= 8:
            return {"vectors": vectors, "embedding": embedding, "k": 14}


def judge_neighbours(subject: Subject, cases: list[dict]) -> None:
    """Compare the order of words that are very near to each other."""
    seen = ask(subject, cases, _told, arguments=lambda c: [c["vectors"], c["embedding"], c["k"]])
    for c, value in zip(cases, seen["values"], strict=True):
        expect_tensor(value, "the result")
        if not close(value, _right(c), 1e-6):
            raise Failure("rounded-cosines", "of two words whose cosines differ by a few hundred-thousandths, the "
                          "farther one comes first", "The exact cosines decide: round nothing, no half(), add nothing."
                          )  # fmt: skip


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes give, each with its message."""
    both = "What is missing is one norm a word: without it, long words win or lose for their length alone."

    def top(scores):
        """A rule: the k words with the largest score(vectors, embedding)."""
        return lambda c: (
            scores(c["vectors"].double(), c["embedding"].double()).sort(dim=1, descending=True).indices[:, : c["k"]]
        )

    def rank(c: dict) -> torch.Tensor:
        return _cosines(c["vectors"], c["embedding"]).sort(dim=1, descending=True)

    def centred(x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(1, keepdim=True)

    return (
        Rule("dot-product", top(lambda p, w: p @ w.T), "the words are ranked by the plain product, which favours "
             "long vectors", both),
        Rule("by-distance", top(lambda p, w: -torch.cdist(p, w)), "the words are ranked by distance, not by cosine",
             "Two vectors of one direction have cosine 1, however far apart they end."),
        Rule("farthest", top(lambda p, w: -_cosines(p, w)), "these are the words with the smallest cosine",
             "topk gives the largest by default; sort and argsort begin with the smallest."),
        Rule("by-absolute-value", top(lambda p, w: _cosines(p, w).abs()), "opposite directions count as near",
             "Let the cosine keep its sign: -1 is as far as it goes."),
        Rule("columns-normalised", top(lambda p, w: (p / p.norm(dim=0)) @ (w / w.norm(dim=0)).T),
             "the columns were normalised instead of the rows", "A word is a row: the norm is taken along dim=1."),
        Rule("columns-normalised", top(lambda p, w: p @ (w / w.norm(dim=0)).T),
             "the columns of the words were normalised, not the rows", "A word is a row: the norm is along dim=1."),
        Rule("columns-normalised", top(lambda p, w: (p / p.norm(dim=0)) @ (w / w.norm(dim=1, keepdim=True)).T),
             "the columns of the prompt were normalised, not the rows", "A prompt vector is a row too: dim=1."),
        Rule("norm-squared", top(lambda p, w: p @ w.T / w.square().sum(1)), "the product is divided by the square of "
             "the word's norm", "The norm is the root of the sum of squares; divide by it once."),
        Rule("other-norm", top(lambda p, w: p @ w.T / w.abs().sum(1)), "the words are divided by the sum of their "
             "absolute entries", "The norm is the root of the sum of the squares."),
        Rule("other-norm", top(lambda p, w: p @ w.T / w.abs().amax(1)), "the words are divided by their largest entry",
             "The norm is the root of the sum of the squares."),
        Rule("centred", top(lambda p, w: _cosines(centred(p), centred(w))), "each vector's mean was taken off first: "
             "that is a correlation", "The cosine is of the vectors as they are."),
        Rule("centred", top(lambda p, w: _cosines(p - w.mean(0), w - w.mean(0))), "the mean word was taken off first",
             "The cosine is of the vectors as they are."),
        Rule("one-word-repeated", lambda c: rank(c).indices[:, :1].expand(-1, c["k"]), "the nearest word stands k "
             "times", "argmax gives one word: topk gives the k nearest."),
        Rule("all-words", lambda c: rank(c).indices, "all words are returned, in order", "Take the first k of them."),
        Rule("centred", top(lambda p, w: _cosines(p, w - w.mean(0))), "the mean word was taken off the words first",
             "The cosine is of the vectors as they are."),
        *(Rule("number-added", top(lambda p, w, eps=eps: p @ w.T / (w.norm(dim=1) + eps)), f"{eps:g} is added to the "
               "norm of each word, which favours long ones", "Divide by the norm as it is.")
          for eps in (1.0, 0.1, 1e-2)),
        Rule("first-skipped", lambda c: rank(c).indices[:, 1 : c["k"] + 1], "the nearest word is left out",
             "That is for neighbours of a word among words; a prompt vector is no word itself."),
        Rule("one-too-many-words", lambda c: rank(c).indices[:, : c["k"] + 1], "there are k + 1 words a vector",
             "Take k of them."),
        Rule("numbers-from-one", lambda c: rank(c).indices[:, : c["k"]] + 1, "every number is one too large",
             "The ids of words count from 0."),
        Rule("cosines-returned", lambda c: rank(c).values[:, : c["k"]], "these are the cosines, not the ids of the "
             "words", "topk returns values and indices: take the indices."),
        Rule("nearest-last", lambda c: rank(c).indices[:, : c["k"]].flip(1), "the nearest word comes last",
             "Largest cosine first, as topk gives it."),
        Rule("transposed", lambda c: rank(c).indices[:, : c["k"]].T, "the result has a row a rank instead of a row a "
             "vector", "The result is (l, k)."),
        Rule("flattened", lambda c: rank(c).indices[:, : c["k"]].flatten(), "the result has one axis",
             "There is a row for each of the vectors: (l, k)."),
        Rule("one-row-for-all", lambda c: top(lambda p, w: _cosines(p.mean(0, keepdim=True), w))(c),
             "there is one row for the mean of the vectors", "Each of the l vectors gets its own row."),
    )  # fmt: skip


def _told(c: dict) -> str:
    """The sizes of a case, for a message."""
    return f"{len(c['vectors'])} vectors, {len(c['embedding'])} words and k={c['k']}"


def _right(c: dict) -> torch.Tensor:
    """The right ids, (l, k)."""
    return _cosines(c["vectors"], c["embedding"]).sort(dim=1, descending=True).indices[:, : c["k"]]


def judge_nearest(subject: Subject, cases: list[dict]) -> None:
    """Compare the ids with sorted lists of cosines; hidden checks use it with other cases."""
    told, right = _told, _right
    try:
        values = ask(subject, cases, told, arguments=lambda c: [c["vectors"], c["embedding"], c["k"]])["values"]
    except StudentRaised as error:
        _known_error(error, cases)
        raise
    for value in values:
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, torch.Tensor) for part in value):
            raise Failure("no-tensor", "the result must be a tensor of ids, got two tensors, as topk and sort return",
                          "The first of the two holds the cosines, the second the ids.")  # fmt: skip
        expect_tensor(value, "the result")
    if not all(close(value, right(c), 1e-6) for value, c in zip(values, cases, strict=True)):
        same = [v.shape == right(c).shape and torch.equal(v.double().sort(1).values, right(c).double().sort(1).values)
                for v, c in zip(values, cases, strict=True)]  # fmt: skip
        known = next(r for r in _rules() if r.id == "nearest-last")
        if all(same) and not all(close(v, known.gives(c), 1e-6) for v, c in zip(values, cases, strict=True)):
            raise Failure("order-differs", "these are the k nearest words, but not in the order of their cosines",
                          "The largest cosine comes first.")  # fmt: skip
    expect_all(values, cases, right, told=told, what="the result", id="wrong-words", rules=_rules(), tolerance=1e-6,
               hint="Print all cosines of one vector, (v,), and see by hand which words come first.")  # fmt: skip
    if any(value.is_floating_point() or value.dtype == torch.bool for value in values):
        raise Failure("ids-dtype", f"the ids are {values[0].dtype}", "Ids are whole numbers, as topk returns them.")


def _known_error(error: StudentRaised, cases: list[dict]) -> None:
    """Raise a Failure for an error of PyTorch whose cause its text gives away."""
    if "index k out of range" in error.text:
        raise Failure("topk-axis", f"along the axis that topk looks there are fewer than k numbers: {error.text}",
                      "It shall choose among the v words of one vector: which axis is theirs?") from None  # fmt: skip
    sizes = re.search(r"\((\d+)x(\d+) and (\d+)x(\d+)\)", error.text)
    if "cannot be multiplied" in error.text and sizes:
        a, b, c, d = map(int, sizes.groups())
        if any((a, c) == (len(o["vectors"]), len(o["embedding"])) and b == d for o in cases):
            raise Failure("not-transposed", f"vectors (l, d) meet words (v, d): {error.text}",
                          "Each row of one meets each row of the other: one of the two is to be transposed."
                          ) from None  # fmt: skip
