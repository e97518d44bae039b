"""The sweep's bookkeeping with runs that cost nothing, and real methods on the real model where it is there."""

import pytest
import torch

from lora_utils import count_parameters
from lora_utils.data.batches import Examples
from lora_utils.experiments import method_comparison
from lora_utils.experiments.comparison_methods import METHODS, build, head_of
from lora_utils.experiments.method_comparison import (
    Run,
    by_length,
    collect,
    main,
    shipped_comparison,
    sweep,
    write_results,
)
from lora_utils.experiments.rate_sweep import LADDER


@pytest.fixture
def runs(monkeypatch):
    """Replaces training: accuracy by rate is set by the test, and every run made is noted."""
    made, valid_of = [], {}

    def fake(corpus, method, lr, seed):
        made.append((method, lr, seed))
        # The test part prefers the largest rate: a choice that looks at it is seen at once.
        return Run(corpus, method, lr, seed, valid_of.get(lr, 0.1), lr, 0.0, 10, 100, 1, 2, 3, 4, 5.0)

    monkeypatch.setattr(method_comparison, "run_once", fake)
    return made, valid_of


def test_the_best_rate_on_validation_gets_all_seeds(runs, tmp_path):
    made, valid_of = runs
    valid_of.update({1e-3: 0.5, 3e-3: 0.9, 1e-2: 0.8})
    found = sweep("trec", "LoRA", tmp_path)
    assert [(run.lr, run.seed) for run in found] == [(1e-3, 0), (1e-2, 0), (3e-3, 0), (3e-3, 1), (3e-3, 2)]
    assert len(made) == 5, "the run with seed 0 is made once"


def test_the_sweep_goes_on_at_an_edge_and_stops_after_two_steps(runs, tmp_path):
    _, valid_of = runs
    valid_of.update({1e-2: 0.5, 3e-2: 0.6, 1e-1: 0.7, 3e-1: 0.8})
    assert [run.lr for run in sweep("trec", "LoRA", tmp_path)][-1] == 1e-1
    valid_of.clear()
    valid_of.update({1e-2: 0.05, 3e-4: 0.05})
    found = sweep("trec", "DoRA", tmp_path)
    assert {run.lr for run in found} == {3e-4, 1e-3, 3e-3, 1e-2}, "equal everywhere: the smallest, and one step on"


def test_finished_runs_are_not_repeated(runs, tmp_path):
    made, valid_of = runs
    valid_of[3e-3] = 0.9
    first = sweep("trec", "LoRA", tmp_path)
    made.clear()
    (tmp_path / "trec-LoRA-0.003-1.json").unlink()
    assert sweep("trec", "LoRA", tmp_path) == first
    assert made == [("LoRA", 3e-3, 1)]


def test_results_survive_the_file_in_order(runs, tmp_path):
    _, valid_of = runs
    valid_of[3e-3] = 0.9
    main(["--folder", str(tmp_path / "runs"), "--methods", "QLoRA", "LoRA"])
    main(["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    back = shipped_comparison(tmp_path / "all.json")
    assert back == collect(tmp_path / "runs")
    assert [run.method for run in back] == ["LoRA"] * 5 + ["QLoRA"] * 5
    assert back[0].memory == 10
    write_results([], tmp_path / "none.json")
    assert shipped_comparison(tmp_path / "none.json") == []


def test_rates_are_three_neighbors_on_the_ladder():
    for method in METHODS.values():
        start = LADDER.index(method.rates[0])
        assert method.rates == LADDER[start : start + 3], method.name


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no method 'lora'.*LoRA, rsLoRA"):
        build("lora", 2)


@pytest.mark.assets("minilm")
@pytest.mark.parametrize("name", METHODS)
def test_a_method_trains_its_part_and_the_head_and_repeats(name):
    ids = torch.tensor([[101, 2054, 2003, 102], [101, 2129, 102, 0]])
    outside = torch.get_rng_state()
    model = build(name, 6, seed=1)
    assert torch.equal(torch.get_rng_state(), outside)
    assert model(ids).shape == (2, 6)
    torch.rand(1)  # another state outside
    again = build(name, 6, seed=1)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters(), strict=True))
    assert torch.equal(again(ids), model(ids))
    assert all(parameter.requires_grad for parameter in head_of(model).parameters())
    trainable = count_parameters(model).trainable
    head, d, blocks = 6 * 384 + 6, 384, 6
    want = {"last layer": head, "full": 22_565_376 + head, "LoRA": head + blocks * 2 * 8 * 2 * d}
    want |= {"rsLoRA": head + blocks * 2 * 32 * 2 * d, "DoRA": want["LoRA"] + blocks * 2 * d, "QLoRA": want["LoRA"]}
    assert trainable == want.get(name, trainable)
    assert name == "full" or trainable < 0.02 * 22_565_376


@pytest.mark.assets("minilm", "trec", "newsgroups")
def test_a_real_run_under_a_tiny_budget(monkeypatch):
    for name, value in (("TRAIN", 8), ("EPOCHS", 1), ("BATCH", 4), ("PROBE", 12)):
        monkeypatch.setattr(method_comparison, name, value)
    real = method_comparison.load

    def few(corpus, *args, **kwargs):
        data = real(corpus, *args, **kwargs)
        return type(data)(data.name, data.classes, data.train, data.valid.first(20), data.test.first(30))

    monkeypatch.setattr(method_comparison, "load", few)
    method_comparison.probe.cache_clear()
    run = method_comparison.run_once("trec", "last layer", 1e-2, 0)
    method_comparison.probe.cache_clear()
    assert run.trainable == 6 * 384 + 6
    assert run.forgetting == 0, "a frozen encoder forgets nothing"
    assert run.optimizer == 2 * 4 * run.trainable + 2 * 4
    assert 0 <= run.test <= 1
    assert round(run.test * 30, 6) == round(run.test * 30)


def test_the_shipped_runs_are_whole_and_of_the_present_methods():
    runs = shipped_comparison()
    assert {run.method for run in runs} == set(METHODS)
    assert len({(run.corpus, run.method, run.lr, run.seed) for run in runs}) == len(runs)
    for run in runs:
        assert run.lr in LADDER
        assert 0 < run.valid <= 1
        assert 0 < run.test <= 1
    lora = next(run for run in runs if run.method == "LoRA")
    assert lora.trainable < 0.02 * lora.total
    totals = {run.total for run in runs if run.corpus == "trec" and run.method in ("LoRA", "QLoRA")}
    assert totals == {22_641_414}, "four bits change how numbers are stored, not how many there are"


def test_texts_are_ordered_by_length_with_their_labels():
    ids = torch.tensor([[5, 6, 7], [8, 0, 0], [9, 9, 0], [4, 0, 0]])
    data = by_length(Examples(ids, torch.tensor([0, 1, 2, 3])))
    assert data.labels.tolist() == [1, 3, 2, 0]
    assert torch.equal(data.inputs, ids[[1, 3, 2, 0]])
