"""PEFT's start against its own layer; the sweep's bookkeeping with runs that cost nothing; the shipped runs."""

import math

import pytest
import torch

from lora_utils.experiments import lora_versus_full_minilm, lora_versus_full_smollm2
from lora_utils.experiments.lora_versus_full import (
    SEEDS,
    Comparison,
    Place,
    Run,
    at_best_rate,
    place_named,
    run_command,
    shipped_places,
    train_only,
)
from lora_utils.experiments.rate_sweep import LADDER
from lora_utils.experiments.run_records import read_table
from lora_utils.methods.lora import LoRALayer

FULL, LORA = Place((), 0, (3e-5, 1e-4, 3e-4)), Place(("*up",), 4, (3e-4, 1e-3, 3e-3))


def blocks():
    block = torch.nn.ModuleDict({"up": torch.nn.Linear(50, 70), "down": torch.nn.Linear(70, 50)})
    return torch.nn.ModuleDict({"blocks": torch.nn.ModuleList([block]), "head": torch.nn.Linear(50, 3)})


def test_a_place_trains_what_it_names_and_starts_as_pefts_lora():
    model = blocks().requires_grad_(False)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert train_only(model, model.blocks, LORA, seed=1) is model
    assert torch.equal(torch.get_rng_state(), before), "the seed is the start's own"
    (path,) = (module for module in model.modules() if isinstance(module, LoRALayer))
    assert {name for name, p in model.named_parameters() if p.requires_grad} == {
        name for name, p in model.named_parameters() if p is path.A or p is path.B
    }
    A, peer = path.A.detach(), torch.nn.Linear(50, 64).weight.detach()  # PEFT's lora_A is an nn.Linear
    assert A.shape == (50, 4)
    assert A.std().item() == pytest.approx(peer.std().item(), rel=0.1)
    assert A.abs().max().item() == pytest.approx(peer.abs().max().item(), rel=0.05)
    assert path.alpha == 32 / 4
    assert not path.B.any()
    full = blocks().requires_grad_(False)
    train_only(full, full.blocks, FULL, seed=1)
    assert {name for name, p in full.named_parameters() if p.requires_grad} == {
        f"blocks.0.{layer}.{kind}" for layer in ("up", "down") for kind in ("weight", "bias")
    }


def test_an_unknown_place_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no place 'mlp'.*full; LoRA"):
        place_named({"full": FULL, "LoRA": LORA}, "mlp")


def test_the_rate_of_least_validation_loss_gets_all_seeds_and_runs_are_kept(tmp_path):
    made = []

    def fake(place, batch, lr, seed):
        made.append((place, batch, lr, seed))
        far = abs(math.log10(lr) + 3)  # best at 1e-3; the test part prefers the smallest rate
        return Run(place, batch, lr, seed, far, lr, 0.5, 10, 1.0)

    places = {"full": FULL, "all, rank 8": LORA, "MLP": LORA}
    asked = Comparison("fake", places, {"full": (8, 32), "all, rank 8": (8, 32), "MLP": (32,)}, fake, {"train": 7})
    run_command(asked, "says", ["--folder", str(tmp_path / "runs")])
    tried = {one: [lr for place, batch, lr, _ in made if (place, batch) == one] for one in {one[:2] for one in made}}
    assert set(tried) == {("full", 8), ("full", 32), ("all, rank 8", 8), ("all, rank 8", 32), ("MLP", 32)}
    for (place, _), rates in tried.items():
        full = [3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-3, 1e-3]
        assert rates == (full if place == "full" else [3e-4, 1e-3, 3e-3, 1e-3, 1e-3])
    made.clear()
    run_command(asked, "says", ["--folder", str(tmp_path / "runs")])
    assert made == []
    run_command(asked, "says", ["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    text = (tmp_path / "all.json").read_text(encoding="utf-8")
    assert '"command": "python -m lora_utils.experiments.lora_versus_full_fake", "budget": {"train": 7}' in text


def test_the_shipped_file_of_a_model_is_read_in_order(tmp_path, monkeypatch):
    runs = shipped_places("minilm")
    order = list(lora_versus_full_minilm.PLACES)
    assert runs == sorted(runs, key=lambda run: (order.index(run.place), run.batch, run.lr, run.seed))
    with pytest.raises(ValueError, match="no runs of 'gpt2'. Choose one of minilm, smollm2"):
        shipped_places("gpt2")


def test_runs_that_are_not_there_are_refused_with_those_that_are():
    runs = [Run("full", 8, 1e-4, 0, 0.5, 0.5, 0.9, 1, 1.0), Run("MLP", 8, 1e-3, 0, 0.5, 0.5, 0.9, 1, 1.0)]
    with pytest.raises(
        ValueError, match=r"'full' in batches of 32 with seed 0. There are 'full' in batches of 8; 'MLP' in"
    ):
        at_best_rate(runs, "full", 32)
    with pytest.raises(ValueError, match=r"'full' in batches of 8 with seed 0. There are none"):
        at_best_rate([Run("full", 8, 1e-4, 1, 0.5, 0.5, 0.9, 1, 1.0)], "full", 8)


def test_two_models_may_share_a_folder(tmp_path):
    """Each trains its own runs and ships its own, though both have a place of the same name and batch."""
    for model in ("one", "other"):
        made = []

        def fake(place, batch, lr, seed, made=made, model=model):
            made.append(lr)
            return Run(place, batch, lr, seed, 1 / lr, 0.5, 0.5, len(model), 1.0)

        asked = Comparison(model, {"full": FULL}, {"full": (8,)}, fake, {})
        run_command(asked, "says", ["--folder", str(tmp_path / "runs")])
        assert len(made) == 7
    run_command(asked, "says", ["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    assert {run.trainable for run in read_table(tmp_path / "all.json", Run)} == {len("other")}


@pytest.mark.parametrize("module", [lora_versus_full_minilm, lora_versus_full_smollm2])
def test_the_shipped_runs_are_whole(module):
    runs = shipped_places(module.ASKED.model)
    assert {run.place for run in runs} == set(module.PLACES)
    assert len({(run.place, run.batch, run.lr, run.seed) for run in runs}) == len(runs)
    assert all(run.lr in LADDER for run in runs)
    for place, batches in module.BATCHES.items():
        for batch in batches:
            assert [run.seed for run in at_best_rate(runs, place, batch)] == list(SEEDS)
