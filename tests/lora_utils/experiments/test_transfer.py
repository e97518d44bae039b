"""The common start of the comparisons: what is frozen, what is new, and that cached means change nothing."""

import torch
from torch import nn

from lora_utils.data.batches import Examples
from lora_utils.experiments.transfer import mean_vectors, transfer_classifier
from lora_utils.models.weights import newsgroups_weights
from lora_utils.training.parameters import trainable_names


def model(seed: int = 0):
    return transfer_classifier(3, seed=seed, vectors=torch.randn(9, 50, generator=torch.Generator().manual_seed(1)))


def test_only_the_new_head_is_trainable_and_fc1_is_the_shipped_one():
    made = model()
    assert trainable_names(made) == ["fc2.weight", "fc2.bias"]
    assert made.fc2.weight.shape == (3, 128)
    assert torch.equal(made.fc1.weight, newsgroups_weights()["fc1.weight"])


def test_the_seed_decides_the_head_and_nothing_outside():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    one, two, other = model(0), model(0), model(1)
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one.fc2.weight, two.fc2.weight)
    assert not torch.equal(one.fc2.weight, other.fc2.weight)


def test_the_top_layers_on_mean_vectors_give_the_model_s_scores():
    made = model()
    ids = torch.tensor([[1, 2, 0, 0], [3, 4, 5, 8], [0, 0, 0, 0]])  # the last row is padding only
    data = mean_vectors(made, Examples(ids, torch.tensor([0, 1, 2])))
    assert torch.equal(data.labels, torch.tensor([0, 1, 2]))
    by_hand = torch.stack([made.embedding.weight[row[row != 0]].sum(0) / max(1, int((row != 0).sum())) for row in ids])
    torch.testing.assert_close(data.inputs, by_hand)
    top = nn.Sequential(made.fc1, nn.ReLU(), made.fc2)
    torch.testing.assert_close(top(data.inputs), made(ids))
