"""Places against counts by hand and PEFT's start; the sweep's bookkeeping with runs that cost nothing."""

import math

import pytest
import torch

from lora_utils.experiments import lora_versus_full
from lora_utils.experiments.lora_versus_full import (
    BATCHES,
    COMPARED,
    PLACES,
    Run,
    at_best_rate,
    main,
    prepared,
    shipped_places,
)
from lora_utils.experiments.rate_sweep import LADDER
from lora_utils.methods.lora import LoRALayer

BLOCKS, D, INNER = 6, 384, 1536


@pytest.mark.assets("minilm")
@pytest.mark.parametrize("name", PLACES)
def test_a_place_trains_what_it_says_and_starts_as_pefts_lora(name):
    model, rank = prepared(name, 6, seed=1), PLACES[name].rank
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
    paths = [module for module in model.modules() if isinstance(module, LoRALayer)]
    assert bool(paths) is (name != "full")
    for path in paths:
        A, peer = path.A.detach(), torch.nn.Linear(len(path.A), 64).weight.detach()  # PEFT's lora_A is an nn.Linear
        assert A.std().item() == pytest.approx(peer.std().item(), rel=0.1)
        assert A.abs().max().item() == pytest.approx(peer.abs().max().item(), rel=0.02)
        assert path.alpha == 32 / rank
        assert not path.B.any()
    again = prepared(name, 6, seed=1)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters(), strict=True))


def test_an_unknown_place_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no place 'mlp'.*full, all, rank 8"):
        prepared("mlp", 6, 0)


def test_the_rate_of_least_validation_loss_gets_all_seeds_and_runs_are_kept(tmp_path, monkeypatch):
    made = []

    def fake(place, batch, lr, seed):
        made.append((place, batch, lr, seed))
        far = abs(math.log10(lr) + 3)  # best at 1e-3; the test part prefers the smallest rate
        return Run(place, batch, lr, seed, far, lr, 0.5, 10, 1.0)

    monkeypatch.setattr(lora_versus_full, "run_once", fake)
    main(["--folder", str(tmp_path / "runs")])
    tried = {one: [lr for place, batch, lr, _ in made if (place, batch) == one] for one in {one[:2] for one in made}}
    assert set(tried) == {(name, 32) for name in PLACES} | {(name, size) for name in COMPARED for size in (8, 128)}
    for (place, _), rates in tried.items():
        full = [3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-3, 1e-3]
        assert rates == (full if place == "full" else [3e-4, 1e-3, 3e-3, 1e-3, 1e-3])
    made.clear()
    main(["--folder", str(tmp_path / "runs")])
    assert made == []
    main(["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    shipped = shipped_places(tmp_path / "all.json")
    assert [(run.place, run.batch) for run in shipped][:14:7] == [("full", 8), ("full", 32)]
    assert [(run.batch, run.lr, run.seed) for run in at_best_rate(shipped, "full", 128)] == [
        (128, 1e-3, s) for s in (0, 1, 2)
    ]
    assert {run.batch for run in at_best_rate(shipped, "full")} == {32}


def test_a_run_that_diverges_is_told_as_one(monkeypatch):
    nothing = type("Data", (), {"classes": [0], "train": Few()})()
    monkeypatch.setattr(lora_versus_full, "load", lambda *_, **__: nothing)
    model = type("Model", (), {"encoder": torch.nn.Linear(1, 1)})()
    monkeypatch.setattr(lora_versus_full, "prepared", lambda *_: model)

    def diverges(*_, **__):
        raise ValueError("The loss became nan.")

    monkeypatch.setattr(lora_versus_full, "train", diverges)
    run = lora_versus_full.run_once("full", 32, 0.1, 0)
    assert (run.valid_loss, run.test, run.trainable) == (math.inf, 0.0, 2)


class Few:
    """Examples of which nothing is asked."""

    def first(self, count):
        return self


def test_the_shipped_runs_are_whole():
    runs = shipped_places()
    assert {run.place for run in runs} == set(PLACES)
    assert len({(run.place, run.batch, run.lr, run.seed) for run in runs}) == len(runs)
    assert all(run.lr in LADDER for run in runs)
    for name in PLACES:
        for batch in BATCHES if name in COMPARED else (32,):
            assert [run.seed for run in at_best_rate(runs, name, batch)] == [0, 1, 2]
