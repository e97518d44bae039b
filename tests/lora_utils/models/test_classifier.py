"""TextClassifier against the same formula written with loops over the real tokens."""

import pytest
import torch
from torch import nn

from lora_utils.models.classifier import TextClassifier

WORDS, WIDTH, CLASSES = 11, 5, 3


@pytest.fixture
def table():
    made = torch.randn(WORDS, WIDTH, generator=torch.Generator().manual_seed(1))
    made[0] = 100.0  # padding must not count, whatever its vector is
    return made


def by_hand(model, rows):
    scores = []
    for row in rows:
        real = [model.embedding.weight[i] for i in row if i != 0]
        mean = torch.stack(real).mean(dim=0) if real else torch.zeros(WIDTH)
        hidden = torch.clamp(model.fc1.weight @ mean + model.fc1.bias, min=0)
        scores.append(model.fc2.weight @ hidden + model.fc2.bias)
    return torch.stack(scores)


def test_scores_equal_the_formula(table):
    model = TextClassifier(CLASSES, vectors=table)
    rows = [[4, 10, 2, 7], [3, 3, 0, 0], [0, 9, 0, 1], [0, 0, 0, 0]]
    for dtype in (torch.int32, torch.int64):
        torch.testing.assert_close(model(torch.tensor(rows, dtype=dtype)), by_hand(model, rows))


def test_more_padding_changes_nothing_and_a_row_of_padding_is_finite(table):
    model = TextClassifier(CLASSES, vectors=table)
    short, long = torch.tensor([[4, 2], [0, 0]]), torch.tensor([[4, 2, 0, 0, 0], [0, 0, 0, 0, 0]])
    torch.testing.assert_close(model(short), model(long))
    model(long).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    assert model.embedding.weight.grad[0].abs().sum() == 0  # padding is never trained


def test_layers_are_the_ones_the_course_names(table):
    model = TextClassifier(num_classes=4, freeze=False, vectors=table)
    assert [name for name, _ in model.named_children()] == ["embedding", "fc1", "fc2"]
    assert (model.fc1.in_features, model.fc1.out_features) == (WIDTH, 128)
    assert (model.fc2.in_features, model.fc2.out_features) == (128, 4)
    assert isinstance(model.fc1, nn.Linear)


@pytest.mark.parametrize("freeze", [False, True])
def test_freeze_concerns_the_word_vectors_only(table, freeze):
    model = TextClassifier(CLASSES, freeze=freeze, vectors=table)
    assert model.embedding.weight.requires_grad is not freeze
    assert all(p.requires_grad for name, p in model.named_parameters() if name.startswith("fc"))


def test_the_given_vectors_are_copied(table):
    model = TextClassifier(CLASSES, vectors=table)
    before = table.clone()
    with torch.no_grad():
        model.embedding.weight.add_(1.0)
    assert torch.equal(table, before)


@pytest.mark.parametrize("kind", [torch.float16, torch.float64])
def test_vectors_of_another_type_take_the_type_of_the_layers(table, kind):
    scores = TextClassifier(CLASSES, vectors=table.to(kind))(torch.tensor([[1, 2, 0]]))
    assert scores.dtype == torch.float32


def test_arguments_are_checked(table):
    with pytest.raises(ValueError, match="num_classes must be an integer of at least 1, got 0"):
        TextClassifier(0, vectors=table)
    with pytest.raises(ValueError, match=r"matrix.*\(5,\)"):
        TextClassifier(2, vectors=table[0])


@pytest.mark.assets
def test_the_default_vectors_are_those_of_the_course():
    model = TextClassifier(num_classes=4)
    assert model.embedding.weight.shape == (25_000, 50)
    assert sum(p.numel() for p in (*model.fc1.parameters(), *model.fc2.parameters())) == 7044
