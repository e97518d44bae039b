"""Checks of lab 04: a prompt that starts from word vectors.

Letters: n given words, l length of the prompt, d width, v words of the vocabulary.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from lora_utils.checks.framework.compare import expect_tensor, learns
from lora_utils.checks.framework.draw import Draw
from lora_utils.checks.framework.exercise import Exercise
from lora_utils.checks.framework.failure import Failure
from lora_utils.checks.framework.many_cases import Rule, ask, expect_all, first_wrong
from lora_utils.checks.framework.probes import parameters_of
from lora_utils.checks.framework.subject import StudentRaised, Subject

start_from_words = Exercise("start-from-words", lifted=("changes-weights", "changes-what-trains"))


def start(function, *, cases: list, weight) -> dict:
    """Probe: each start, its history, the embedding after it, and what the start is when the embedding has moved.

    Then the function is called once more with the same objects.
    Whether memory is shared is seen on the embedding's side: a right start may be expanded, and nothing writes into it.
    """
    seen = {"values": [], "histories": [], "weights": [], "later": [], "inference": False, "again": []}
    for ids, length in cases:
        embedding = nn.Embedding.from_pretrained(weight.clone(), freeze=False)
        value = function(embedding, ids, length)
        is_tensor = isinstance(value, torch.Tensor)
        seen["values"].append(value.detach().clone() if is_tensor else value)
        seen["histories"].append(is_tensor and value.grad_fn is not None)
        seen["inference"] |= is_tensor and value.is_inference()
        seen["weights"].append(embedding.weight.detach().clone())
        with torch.no_grad():
            embedding.weight.add_(1)
        seen["later"].append(value.detach().clone() if is_tensor else value)
        seen["again"].append(function(embedding, ids, length))
    return seen | {"parameters": parameters_of(embedding)}


class Words(NamedTuple):
    """A case: word vectors (v, d), ids (n,) and the length of the prompt."""

    weight: torch.Tensor
    ids: torch.Tensor
    length: int

    def vectors(self) -> torch.Tensor:
        """The right start, (l, d), by a loop over places."""
        return torch.stack([self.weight[int(self.ids[i % len(self.ids)])] for i in range(self.length)])

    def rows(self, places) -> torch.Tensor:
        """The vectors of the words in these places of the list."""
        return self.weight[self.ids[places]]


def start_cases(draw: Draw, sizes: list[tuple[int, int]]) -> list[Words]:
    """Draw words for each (n, l): word 0 and the last word among them, in any order, and one word twice."""
    v, d = draw.sizes(2, low=8, high=14)
    weight, cases = draw.normal(v, d), []
    for n, length in sizes:
        ids = 1 + torch.tensor(draw.order(v - 1)[:n])
        if n > 2:
            first, second, third = draw.order(n)[:3]
            ids[first], ids[second] = 0, ids[third]
        cases.append(Words(weight, ids, length))
    return [*cases, Words(weight, torch.tensor([v - 1, 2, 3, 4])[: sizes[0][0]], sizes[0][1])]


@start_from_words.check
def same_length(subject: Subject, draw: Draw) -> None:
    """With as many words as places, it is their word vectors, in order."""
    judge_start(subject, start_cases(draw, [(n, n) for n in (4, 1, 2, 5, 3, 6, 7)]))


# In each of these cases another rule than the right one gives something else.
FEWER = [(4, 10), (3, 7), (2, 5), (3, 6), (5, 6), (4, 9), (2, 8)]
MORE = [(4, 3), (6, 2), (5, 4), (7, 3)]


@start_from_words.check(after=("same-length",))
def other_lengths(subject: Subject, draw: Draw) -> None:
    """Too few words start over from the first one; too many are cut at the end."""
    judge_start(subject, start_cases(draw, FEWER + MORE))


def _rules() -> tuple[Rule, ...]:
    """What well-known mistakes give, each with its message."""
    over = "Place i gets word i modulo n, for every i from 0 to l - 1."

    def filled(c: Words, row: torch.Tensor) -> torch.Tensor:
        more = max(0, c.length - len(c.ids))
        return torch.cat((c.weight[c.ids], row.expand(more, -1)))[: c.length]

    def times(c: Words) -> int:
        return -(-c.length // len(c.ids))

    def place(c: Words) -> torch.Tensor:
        return torch.arange(c.length)

    def cyclic(c: Words, ids: torch.Tensor) -> torch.Tensor:
        return c.weight[ids[place(c) % len(ids)]]

    def shape(c: Words) -> str:
        return f"the result must have {c.length} rows, one a place, and there is one a word"

    return (
        Rule("not-repeated", lambda c: c.weight[c.ids[: c.length]], shape, over),
        Rule("length-ignored", lambda c: c.weight[c.ids], shape, over),
        Rule("words-held", lambda c: c.weight[c.ids].repeat_interleave(times(c), 0)[: c.length],
             "each word is repeated before the next one comes", over),
        Rule("words-held", lambda c: c.rows(place(c) * len(c.ids) // c.length),
             "each word is held for several places, or left out, so that all are spread over the length", over),
        Rule("last-word-repeated", lambda c: filled(c, c.rows([-1])), "the rest is filled up with the last word", over),
        Rule("first-word-repeated", lambda c: filled(c, c.rows([0])), "the rest is filled up with the first word alone",
             over),
        Rule("filled-with-zeros", lambda c: filled(c, torch.zeros(1, c.weight.shape[1])),
             "the rest is filled up with zeros: a zero vector is no word and no random start either", over),
        Rule("filled-with-mean", lambda c: filled(c, c.weight[c.ids].mean(0, keepdim=True)),
             "the rest is filled up with the mean of the words", over),
        Rule("cut-at-front", lambda c: cyclic(c, c.ids[-c.length :]), "the first words are left out, not the last ones",
             "Where there are too many words, keep the first."),
        Rule("mean-of-words", lambda c: c.weight[c.ids].mean(0).expand(c.length, -1),
             "every place starts at the mean of the words", "Each place gets one word of its own."),
        Rule("rounded", lambda c: c.vectors().half().float(), "the vectors have been in 16 bits on the way, and are "
             "rounded", "Copy the rows as they are."),
        Rule("first-rows", lambda c: c.weight[: c.length],
             "these are the first rows of the embedding, whatever the words are", "Look up the given ids."),
        Rule("not-cut", lambda c: c.weight[c.ids.repeat(times(c))],
             lambda c: f"the list is repeated whole, {len(c.ids) * times(c)} rows, and not cut",
             "What is left of the last round goes."),
        Rule("rest-missing", lambda c: c.weight[c.ids.repeat(max(1, c.length // len(c.ids)))[: c.length]],
             lambda c: f"only whole rounds of the {len(c.ids)} words are there, and the rest is missing", over),
        Rule("one-word-on", lambda c: c.rows((place(c) + 1) % len(c.ids)), "the second word comes first", over),
        Rule("ends-with-the-last", lambda c: c.rows((place(c) - c.length) % len(c.ids)), "it is counted from the end: "
             "the last place gets the last word", over),
        Rule("reversed", lambda c: cyclic(c, c.ids.flip(0)), "the words come in reverse order", over),
        Rule("sorted", lambda c: cyclic(c, c.ids.sort().values), "the words come in the order of their numbers",
             "Keep the order in which they are given."),
        Rule("said-once", lambda c: cyclic(c, c.ids.unique()), "a word that is given twice is taken once, and the "
             "words are sorted", "Use ids as they are: no unique, no set."),
        Rule("said-once", lambda c: cyclic(c, torch.tensor(list(dict.fromkeys(c.ids.tolist())))),
             "a word that is given twice is taken once", "Use ids as they are."),
        Rule("word-zero-dropped", lambda c: cyclic(c, c.ids[c.ids != 0] if c.ids.any() else c.ids),
             "word number 0 is left out", "0 is a word like any other; nothing here is padding."),
        Rule("word-zero-cleared", lambda c: cyclic(c, c.ids) * (c.ids[place(c) % len(c.ids)] != 0)[:, None],
             "the vector of word number 0 is set to zero", "0 is a word like any other; nothing here is padding."),
        Rule("transposed", lambda c: cyclic(c, c.ids).T, "the result is transposed", "A row a place: (l, d)."),
        Rule("ids-returned", lambda c: c.ids[place(c) % len(c.ids)], "these are the numbers of the words, not their "
             "vectors", "Look them up in the embedding's weight."),
    )  # fmt: skip


def judge_start(subject: Subject, cases: list[Words]) -> None:
    """Compare with a loop over places; hidden checks use it with other lengths."""

    def told(c: Words) -> str:
        return f"{len(c.ids)} words {c.ids.tolist()} and length {c.length}"

    weight = cases[0].weight
    try:
        seen = ask(subject, cases, told, start, arguments=lambda c: [c.ids, c.length], weight=weight)
    except StudentRaised as error:
        if error.kind == "IndexError" and any(c.length > len(c.ids) and told(c) in error.text for c in cases):
            raise Failure("past-the-words", f"there are fewer words than places: {error.text}",
                          "Start over after the last word: which number does place 7 get of three words?"
                          ) from None  # fmt: skip
        raise
    for value in seen["values"]:
        expect_tensor(value, "the start")
    expect_all(seen["values"], cases, [c.vectors() for c in cases], told=told, what="the start", id="wrong-start",
               rules=_rules(),
               hint="Write down by hand which word each place gets, and compare with your rows.")  # fmt: skip
    for c, value, after, later in zip(cases, seen["values"], seen["weights"], seen["later"], strict=True):
        if not torch.equal(after, weight):
            raise Failure("embedding-changed", f"for {told(c)} the embedding holds other numbers than before",
                          "The embedding is the model's own: only read from it.")  # fmt: skip
        if not torch.equal(value, later):
            text = f"for {told(c)} it shares its memory with the embedding: training one would change the other"
            raise Failure("shares-memory", text, "Copy: clone(), or index with a tensor of ids, which copies.")
    moved = [c._replace(weight=weight + 1).vectors() for c in cases]
    if first_wrong(seen["again"], cases, moved) is not None:
        raise Failure("remembers", "called again with the same ids, when the embedding has other numbers, it does not "
                      "give the vectors of the words as they are by then", "Look the words up at each call, and keep "
                      "nothing from the calls before.")  # fmt: skip
    if seen["inference"]:
        raise Failure("inference-tensor", "it was made in torch.inference_mode(), and cannot be trained",
                      "Detach instead, or use torch.no_grad().")  # fmt: skip
    kinds = {str(value.dtype)[6:] for value in seen["values"]} - {str(weight.dtype)[6:]}
    if kinds:
        raise Failure("dtype-lost", f"for an embedding in {str(weight.dtype)[6:]} the start is in {kinds.pop()}",
                      "Indexing keeps the dtype: return what you look up as it is.")  # fmt: skip
    if any(not torch.equal(value, c.vectors()) for c, value in zip(cases, seen["values"], strict=True)):
        raise Failure("rounded", "the vectors are rounded: they are not, to the last digit, those of the words",
                      "Copy the rows as they are, without another dtype on the way.")  # fmt: skip
    if any(seen["histories"]):
        text = "it is still tied to the embedding by autograd (it has a grad_fn); an optimiser takes leaf tensors only"
        raise Failure("has-history", text, "Take plain numbers: detach what you look up, or what you look it up in.")
    if not all(learns(p) for p in seen["parameters"]):
        raise Failure("embedding-frozen", "after the call the embedding that could be trained before is frozen",
                      "Detach the copy; leave requires_grad of the embedding as it is.")  # fmt: skip
