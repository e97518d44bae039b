"""Counts and weights by hand on three short texts; the fitted classifier where its gradient must vanish."""

import math
from collections import Counter

import pytest
import torch
import torch.nn.functional as F

from lora_utils.data.batches import Examples
from lora_utils.experiments.bag_of_words import (
    BagOfWords,
    fit_bag_of_words,
    inverse_document_frequency,
    majority_class,
    word_counts,
)
from lora_utils.training.evaluate import accuracy

IDS = torch.tensor([[3, 5, 3, 0], [5, 0, 0, 0], [2, 5, 4, 6]], dtype=torch.int32)  # a 0 is padding


def test_the_majority_is_the_most_frequent_label():
    assert majority_class(torch.tensor([2, 0, 2, 1])) == 2
    assert majority_class(torch.tensor([1, 0])) == 0
    with pytest.raises(ValueError, match="at least one label"):
        majority_class(torch.tensor([]))


def test_words_are_counted_and_padding_is_not():
    counts = word_counts(IDS, 8).to_dense()
    for row, ids in zip(counts, IDS.tolist(), strict=True):
        seen = Counter(ids)
        assert row.tolist() == [0] + [float(seen[word]) for word in range(1, 8)]


def test_rare_words_weigh_more():
    idf = inverse_document_frequency(word_counts(IDS, 8))
    texts = [0, 0, 1, 1, 1, 3, 1, 0]
    assert idf.tolist() == pytest.approx([1 + math.log(4 / (1 + held)) for held in texts])


def test_features_have_length_one_and_a_text_of_padding_gets_the_bias():
    model = BagOfWords(8, 3)
    torch.nn.init.normal_(model.bias)
    model.idf = torch.arange(1.0, 9.0)
    row = torch.tensor([0, 0, 0, 2 * 4.0, 0, 6.0, 0, 0])
    torch.testing.assert_close(model.features(IDS).to_dense()[0], row / row.norm())
    torch.testing.assert_close(model(torch.zeros(2, 4, dtype=torch.int32)), model.bias.expand(2, 3))


@pytest.mark.parametrize("tf_idf", [True, False])
def test_the_fitted_model_is_where_the_gradient_vanishes(tf_idf):
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, 11, (40, 6), generator=generator)
    labels = torch.randint(0, 3, (40,), generator=generator)
    model = fit_bag_of_words(Examples(ids, labels), 11, tf_idf=tf_idf, strength=2.0)
    assert torch.equal(model.idf, torch.ones(11)) is not tf_idf
    weight, bias = model.weight.detach().requires_grad_(), model.bias.detach().requires_grad_()
    scores = model.features(ids).to_dense() @ weight + bias
    (2.0 * F.cross_entropy(scores, labels, reduction="sum") + weight.square().sum() / 2).backward()
    assert weight.grad.abs().max() < 2e-2
    assert bias.grad.abs().max() < 2e-2
    assert model.weight.grad is None
    torch.testing.assert_close(model(ids), scores)


def test_it_learns_which_word_decides():
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(3, 30, (200, 5), generator=generator)
    labels = torch.arange(200) % 2
    ids[:, 2] = 1 + labels  # word 1 or 2
    data = Examples(ids, labels)
    assert accuracy(fit_bag_of_words(data.first(100), 30), data) == 1.0


def test_arguments_are_checked():
    data = Examples(IDS, torch.tensor([0, 1, 0]))
    with pytest.raises(ValueError, match="at least one example"):
        fit_bag_of_words(data.first(0), 8)
    with pytest.raises(ValueError, match="strength must be above 0, got 0"):
        fit_bag_of_words(data, 8, strength=0)
