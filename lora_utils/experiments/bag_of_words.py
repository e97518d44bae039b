"""Baselines that cost nothing or a second: the most frequent class, and a linear classifier over counted words.

Letters: n texts, b batch, s sequence, v words of the vocabulary, c classes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lora_utils.data.batches import Examples
from lora_utils.data.text import PAD_ID
from lora_utils.reals import above_zero


def majority_class(labels: Tensor) -> int:
    """The most frequent label, the smaller one of a tie: what to say when one has not read the text.

    Args:
        labels: (n,) class numbers, n at least 1

    Raises:
        ValueError: no labels
    """
    if len(labels) == 0:
        raise ValueError("majority_class needs at least one label, got none.")
    return int(torch.bincount(labels.long()).argmax())


def word_counts(ids: Tensor, words: int) -> Tensor:
    """How often each word stands in each text.

    Args:
        ids: integers (n, s) below `words`; 0 is padding and not counted
        words: v

    Returns:
        sparse float32 (n, v), coalesced
    """
    text, place = (ids != PAD_ID).nonzero(as_tuple=True)
    index = torch.stack((text, ids[text, place].long()))  # (2, number of real tokens)
    return torch.sparse_coo_tensor(index, torch.ones(len(text)), (len(ids), words), check_invariants=False).coalesce()


def inverse_document_frequency(counts: Tensor) -> Tensor:
    """A weight for each word: high for words that few texts hold.

        idf = 1 + log((1 + n) / (1 + number of texts that hold the word))

    Args:
        counts: sparse (n, v), from `word_counts`

    Returns:
        float32 (v,)

    Source: Sparck Jones, "A Statistical Interpretation of Term Specificity", 1972; the smoothed form is scikit-learn's.
    """
    n, words = counts.shape
    texts = torch.bincount(counts.indices()[1], minlength=words)  # (v,)
    return 1 + torch.log((1 + n) / (1 + texts))


class BagOfWords(nn.Module):
    """Logistic regression on word counts that are weighted and scaled to length 1; the order of the words is lost.

        x = counts * idf,  scores = (x / |x|) @ weight + bias

    Args:
        words: v, larger than any id
        classes: c

    Shapes:
        ids: integers (b, s), 0 is padding; a text without words gets the bias. Scores: float32 (b, c), before softmax

    Source: Joachims, "Text Categorization with Support Vector Machines", 1998, for the features. Lab 01 uses it.
    """

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(words, classes))
        self.bias = nn.Parameter(torch.zeros(classes))
        self.register_buffer("idf", torch.ones(words))

    def features(self, ids: Tensor) -> Tensor:
        """Weighted counts, each row of length 1; sparse (b, v)."""
        counts = word_counts(ids, len(self.idf))
        text, word = counts.indices()
        values = counts.values() * self.idf[word]
        square = torch.zeros(len(ids), device=ids.device).index_add_(0, text, values.square())  # (b,)
        return torch.sparse_coo_tensor(
            counts.indices(), values / square[text].sqrt(), counts.shape, check_invariants=False
        ).coalesce()

    def forward(self, ids: Tensor) -> Tensor:
        """Scores of a batch of padded token ids."""
        return torch.sparse.mm(self.features(ids), self.weight) + self.bias


def fit_bag_of_words(data: Examples, words: int, *, tf_idf: bool = True, strength: float = 1.0) -> BagOfWords:
    """The bag of words that fits these examples best.

        minimises  strength * sum of cross entropies + |weight|^2 / 2

    A convex problem: no learning rate, no seed, one answer, found by L-BFGS.

    Args:
        data: ids (n, s) and labels (n,)
        words: size of the vocabulary
        tf_idf: weight words by their inverse document frequency (default), or count them as they are
        strength: above 0, how far the weights may grow to fit the examples (default 1)

    Raises:
        ValueError: no examples, or a strength that is not positive
    """
    if len(data) == 0:
        raise ValueError("fit_bag_of_words needs at least one example, got none.")
    strength = above_zero("strength", strength)
    model = BagOfWords(words, int(data.labels.max()) + 1)
    if tf_idf:
        model.idf = inverse_document_frequency(word_counts(data.inputs, words))
    x = model.features(data.inputs)  # (n, v)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = torch.sparse.mm(x, model.weight) + model.bias  # (n, c)
        value = F.cross_entropy(scores, data.labels) + model.weight.square().sum() / (2 * strength * len(data))
        value.backward()
        return value

    optimizer.step(loss)
    model.zero_grad()
    return model
