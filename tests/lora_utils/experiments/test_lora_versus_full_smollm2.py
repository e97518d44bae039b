"""The places against counts by hand, scores against binary cross entropy, and a run on a tiny decoder."""

import math
from dataclasses import replace

import gguf_file
import pytest
import torch

from lora_utils.data.smollm2_tokens import read_tokenizer
from lora_utils.experiments import lora_versus_full_smollm2, review_task
from lora_utils.experiments.lora_versus_full_smollm2 import PLACES, prepared, run_once, scored
from lora_utils.models.smollm2 import read_decoder

BLOCKS, D, NARROW, INNER = 30, 576, 192, 1536
ROWS = [("hello", 1), ("he", 0), ("hello hello", 1), ("he he", 0), ("hell", 0), ("hello he", 1)]


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A decoder of two blocks in place of the published one, labels of one letter and few sentences."""
    gguf_file.write(tmp_path / "small.gguf")
    monkeypatch.setattr(lora_versus_full_smollm2, "load_smollm2", lambda: read_decoder(tmp_path / "small.gguf"))
    monkeypatch.setattr(review_task, "LABELS", ["n", "p"])
    tokenizer = read_tokenizer(tmp_path / "small.gguf")
    monkeypatch.setattr(lora_versus_full_smollm2, "_sentences", lambda: (tokenizer, ROWS * 40, ROWS[:4], ROWS[1:]))
    return tokenizer


@pytest.mark.assets("smollm2")
@pytest.mark.parametrize("place", PLACES)
def test_a_place_trains_as_many_numbers_as_it_says(place):
    model = prepared(place, seed=1)
    attention, mlp = 2 * (D + D) + 2 * (D + NARROW), 3 * (D + INNER)  # a block and rank
    want = {
        "full": BLOCKS * (2 * D * D + 2 * D * NARROW + 3 * D * INNER + 2 * D),
        "all, rank 8": BLOCKS * 8 * (attention + mlp),
        "all, rank 1": BLOCKS * (attention + mlp),
        "MLP, rank 8": BLOCKS * 8 * mlp,
        "attention, rank 13": BLOCKS * 13 * attention,
    }
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == want[place]
    assert 0.98 < want["attention, rank 13"] / want["MLP, rank 8"] < 1
    assert not model.embedding.weight.requires_grad


@pytest.mark.parametrize("place", ["full", "all, rank 8"])
def test_a_place_learns_and_keeps_what_it_does_not_train(tiny, place):
    run = run_once(place, batch=6, lr=0.01, seed=2)
    assert (run.place, run.batch, run.lr, run.seed) == (place, 6, 0.01, 2)
    assert run.valid_loss < math.log(2) / 4
    assert run.test == 1.0
    assert replace(run_once(place, 6, 0.01, 2), seconds=0) == replace(run, seconds=0)


def test_the_loss_is_that_of_the_two_labels(tiny):
    model = prepared("full", 0)
    odds = torch.tensor(review_task.log_odds(model, tiny, ROWS))
    labels = torch.tensor([float(label) for _, label in ROWS])
    loss, accuracy = scored(model, tiny, ROWS)
    assert loss == pytest.approx(torch.nn.functional.binary_cross_entropy_with_logits(odds, labels).item())
    assert accuracy == pytest.approx(((odds > 0) == labels.bool()).float().mean().item())


def test_a_model_without_numbers_has_an_infinite_loss(tiny):
    model = prepared("full", 0)
    with torch.no_grad():
        model.blocks[0].attention.query.weight.fill_(math.nan)
    assert scored(model, tiny, ROWS) == (math.inf, 0.0)
