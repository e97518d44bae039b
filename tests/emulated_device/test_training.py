"""What trains and measures models, and the language model's own: on the device as on the CPU."""

import copy

import pytest
import torch
from torch import nn

from emulated_device import DEVICE
from lora_utils import training as t
from lora_utils.data.batches import Examples
from lora_utils.experiments import label_scores
from lora_utils.methods import inject_lora, inject_qlora
from lora_utils.models import (
    Decoder,
    MiniLM,
    SentenceClassifier,
    TextClassifier,
    UpperBlocks,
    below,
    generate_ids,
)

pytestmark = [pytest.mark.device, pytest.mark.usefixtures("no_float64")]


@pytest.fixture
def language():
    """A tiny decoder whose answers vary."""
    torch.manual_seed(2)
    model = Decoder(vocabulary=31, width=24, blocks=2, heads=6, kv_heads=2, inner=40)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model


@pytest.fixture
def sentences():
    """A tiny encoder with a head, and texts for it."""
    torch.manual_seed(3)
    model = SentenceClassifier(MiniLM(vocabulary=23, width=12, blocks=3, heads=3, inner=20, positions=9), 3)
    ids = torch.randint(1, 23, (10, 6)) * (torch.arange(6) < 2 + torch.arange(10)[:, None] % 5)
    return model, Examples(ids, torch.arange(10) % 3)


@pytest.fixture
def words():
    """The small classifier, and texts for it."""
    torch.manual_seed(4)
    model = TextClassifier(3, vectors=torch.randn(19, 5))
    return model, Examples(torch.randint(0, 19, (12, 4)), torch.arange(12) % 3)


def there(model):
    return copy.deepcopy(model).to(DEVICE)


def test_generation_writes_the_same_text(language):
    for change in (lambda model: None, lambda model: inject_qlora(model, "*", 2, 1.0)):
        change(language)
        assert generate_ids(there(language), [4, 9, 3], 8, stops=(30,)) == generate_ids(language, [4, 9, 3], 8, (30,))


def test_the_loss_on_answers_and_its_gradient_are_the_same(language):
    batch = t.instruction_batch([([3, 4, 5], [6, 7]), ([8], [9])], pad=0)
    moved = there(language)
    for model, own in ((language, batch), (moved, batch.to(DEVICE))):
        t.answer_loss(model, own).backward()
    for ours, theirs in zip(language.parameters(), moved.parameters(), strict=True):
        torch.testing.assert_close(theirs.grad.cpu(), ours.grad)
    with pytest.raises(RuntimeError, match="same device"):
        t.answer_loss(moved, batch)


class Letters:
    """A tokenizer of letters."""

    def encode(self, text):
        return type("Encoding", (), {"ids": [ord(letter) % 31 for letter in text]})


@pytest.mark.parametrize("labels", [["a", "b"], ["ab", "c", "abd"]])
def test_labels_are_scored_the_same(language, labels):
    prompts = ["one text", "one tale", "o"]
    want = label_scores(language, Letters(), prompts, labels, batch_size=2)
    torch.testing.assert_close(label_scores(there(language), Letters(), prompts, labels, batch_size=2), want)


def test_upper_blocks_train_on_what_the_lower_ones_made(sentences):
    model, data = sentences
    moved = there(model)
    here, made = below(model, data, 2), below(moved, data, 2)
    torch.testing.assert_close(made.inputs, here.inputs)
    assert t.accuracy(UpperBlocks(moved, 2), made) == t.accuracy(UpperBlocks(model, 2), here)
    loss = [t.train(UpperBlocks(m, 2), d, epochs=1, lr=1e-2).loss for m, d in ((model, here), (moved, made))]
    assert loss[1] == pytest.approx(loss[0], rel=1e-4)


def test_forgetting_and_neighbors_are_measured(sentences):
    model, data = sentences
    moved, vectors = there(model), t.head_inputs(model, model.head, data)
    made = t.head_inputs(moved, moved.head, data)
    torch.testing.assert_close(made.cpu(), vectors)
    labels = data.labels.to(DEVICE)
    assert t.nearest_neighbor_accuracy(made, labels) == t.nearest_neighbor_accuracy(vectors, data.labels)
    assert t.forgetting(moved, there(model), data, head="head") == 0


def test_the_ledger_of_a_step_is_the_same_on_every_device(words):
    model, data = words
    t.freeze(model)
    inject_lora(model, "fc*", 2, 1.0)
    moved = there(model)
    here = t.training_memory(model, data.inputs, data.labels)
    assert t.training_memory(moved, data.inputs.to(DEVICE), data.labels.to(DEVICE)) == here


def test_training_with_dropout_leaves_the_generators_as_they_were(words):
    model, data = words
    moved = nn.Sequential(there(model), nn.Dropout(0.5))
    before = torch.get_rng_state()
    first = t.train(copy.deepcopy(moved), data, epochs=1, lr=1e-3, batch_size=5).loss
    assert t.train(moved, data, epochs=1, lr=1e-3, batch_size=5).loss == first
    assert torch.equal(torch.get_rng_state(), before)
