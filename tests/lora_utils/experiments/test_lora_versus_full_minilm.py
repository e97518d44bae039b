"""The places against counts by hand, and a run that diverges."""

import math

import pytest
import torch

from lora_utils.experiments import lora_versus_full_minilm
from lora_utils.experiments.lora_versus_full_minilm import PLACES, prepared
from lora_utils.training.training_loop import Diverged, train

BLOCKS, D, INNER = 6, 384, 1536


@pytest.mark.assets("minilm")
@pytest.mark.parametrize("name", PLACES)
def test_a_place_trains_as_many_numbers_as_it_says(name):
    model = prepared(name, 6, seed=1)
    attention, mlp = 4 * 2 * D, 2 * (D + INNER)  # a block and rank
    want = {
        "full": BLOCKS * (4 * (D * D + D) + 2 * D * INNER + D + INNER + 4 * D),
        "all, rank 8": BLOCKS * 8 * (attention + mlp),
        "all, rank 1": BLOCKS * (attention + mlp),
        "MLP, rank 8": BLOCKS * 8 * mlp,
        "attention, rank 10": BLOCKS * 10 * attention,
    }
    assert sum(p.numel() for p in model.encoder.parameters() if p.requires_grad) == want[name]
    assert want["MLP, rank 8"] == want["attention, rank 10"]
    assert all(p.requires_grad for p in model.head.parameters())
    again = prepared(name, 6, seed=1)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters(), strict=True))


def test_a_run_that_diverges_is_told_as_one(monkeypatch):
    nothing = type("Data", (), {"classes": [0], "train": Few()})()
    monkeypatch.setattr(lora_versus_full_minilm, "load", lambda *_, **__: nothing)
    model = torch.nn.ModuleDict({"encoder": torch.nn.Linear(1, 1)})
    monkeypatch.setattr(lora_versus_full_minilm, "prepared", lambda *_: model)

    def diverges(*_, **__):
        raise Diverged("The loss became nan.")

    monkeypatch.setattr(lora_versus_full_minilm, "train", diverges)
    run = lora_versus_full_minilm.run_once("full", 32, 0.1, 0)
    assert (run.valid_loss, run.test, run.trainable) == (math.inf, 0.0, 2)
    monkeypatch.setattr(lora_versus_full_minilm, "train", train)
    with pytest.raises(ValueError, match="batch_size must be"):  # a mistake is no run
        lora_versus_full_minilm.run_once("full", 0, 0.1, 0)


class Few:
    """Examples of which nothing is asked."""

    def first(self, count):
        return self

    def __len__(self):
        return 1
