"""The bookkeeping of lab 08's runs, with models that cost nothing and with a tiny one, and what the course ships."""

import json

import gguf_file
import pytest

from lora_utils.data.corpora import Corpus, Split
from lora_utils.data.smollm2_tokens import read_tokenizer
from lora_utils.experiments import qlora_reviews, review_task
from lora_utils.experiments.qlora_reviews import (
    FITTED,
    FLOATS,
    FOUR_BITS,
    TRAINED,
    ZERO_SHOT,
    Run,
    best_runs,
    collect,
    main,
    paired,
    shipped_reviews,
    sweep,
    write_results,
)
from lora_utils.models.smollm2 import read_decoder
from lora_utils.training.significance import sign_test

ROWS = [("hello", 1), ("he", 0), ("hello hello", 1), ("he he", 0), ("hell", 0), ("hello he", 1)]


def run(model, right, way=ZERO_SHOT, lr=0.0, seed=0, valid=0.5):
    return Run(model, way, lr, seed, 0.0, valid, right, 0, 0.0)


def test_only_sentences_that_differ_count():
    assert paired(run(FOUR_BITS, "0011000"), run(FOUR_BITS, "0101111", TRAINED)) == (4, 1, sign_test(4, 1))
    assert run(FLOATS, "0111").accuracy == 0.75
    with pytest.raises(ValueError, match="zip"):
        paired(run(FOUR_BITS, "00"), run(FLOATS, "000"))


@pytest.fixture
def runs(monkeypatch):
    """Replaces training: validation accuracy by rate is set by the test, and every run made is noted."""
    made, valid_of = [], {}

    def fake(model, way, lr=0.0, seed=0):
        made.append((model, way, lr, seed))
        right = f"{int(lr * 1e4):08b}"  # the held-out part prefers other rates than validation
        return Run(model, way, lr, seed, 0.5, valid_of.get(lr, 0.1), right, seed, 1.0)

    monkeypatch.setattr(qlora_reviews, "run_once", fake)
    return made, valid_of


def test_the_best_rate_on_validation_gets_all_seeds(runs, tmp_path):
    made, valid_of = runs
    valid_of.update({1e-4: 0.7, 3e-4: 0.8, 1e-3: 0.6})
    found = sweep(tmp_path, (1e-4, 3e-4, 1e-3))
    want = [(model, way, 0, 0) for way in (ZERO_SHOT, FITTED) for model in (FLOATS, FOUR_BITS)]
    want += [(FOUR_BITS, TRAINED, lr, 0) for lr in (1e-4, 3e-4, 1e-3)]
    want += [(FOUR_BITS, TRAINED, 3e-4, 1), (FOUR_BITS, TRAINED, 3e-4, 2)]
    want += [(FLOATS, TRAINED, 3e-4, seed) for seed in (0, 1, 2)]
    assert [(one.model, one.way, one.lr, one.seed) for one in found] == made == want
    for model in (FLOATS, FOUR_BITS):
        best = best_runs(found, model)
        assert [(one.model, one.lr, one.seed) for one in best] == [(model, 3e-4, seed) for seed in (0, 1, 2)]
    one = run(FOUR_BITS, "1", TRAINED, 1e-3)
    others = run(FOUR_BITS, "1", valid=0.9), run(FLOATS, "1", TRAINED, 1e-4, valid=0.9)
    assert best_runs([*others, one]) == [one], "in 4 bits by default"
    made.clear()
    (tmp_path / "in_4_bits_trained_0.0003_1.json").unlink()
    assert sweep(tmp_path, (1e-4, 3e-4, 1e-3)) == found
    assert made == [(FOUR_BITS, TRAINED, 3e-4, 1)], "finished runs are not repeated"


def test_results_survive_the_file_in_order(runs, tmp_path):
    main(["--folder", str(tmp_path / "runs"), "--rates", "0.003", "--seeds", "4", "2"])
    main(["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    back = shipped_reviews(tmp_path / "all.json")
    assert back == collect(tmp_path / "runs")
    both = [(FLOATS, 0), (FOUR_BITS, 0)]
    assert [(one.model, one.seed) for one in back[:4]] == both * 2, "zero-shot, then fitted"
    assert [(one.model, one.seed) for one in back[4:]] == [(FLOATS, 2), (FLOATS, 4), (FOUR_BITS, 2), (FOUR_BITS, 4)]
    made = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["made"]
    assert made["command"] == "python -m lora_utils.experiments.qlora_reviews"
    write_results([], tmp_path / "none.json")
    assert shipped_reviews(tmp_path / "none.json") == []


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A decoder of two blocks in place of the published one, labels of one letter, a corpus of six sentences."""
    path = tmp_path / "small.gguf"
    gguf_file.write(path)
    split = Split(*map(list, zip(*ROWS, strict=True)))
    monkeypatch.setattr(review_task, "load_smollm2", lambda: read_decoder(path))
    monkeypatch.setattr(review_task, "smollm2_tokenizer", lambda: read_tokenizer(path))
    monkeypatch.setattr(review_task, "rotten_tomatoes", lambda: Corpus("tiny", ("n", "p"), split, split, split))
    monkeypatch.setattr(review_task, "LABELS", ["n", "p"])
    for name, value in (("TRAIN", 6), ("BATCH", 2), ("VALID", 4), ("ASKED", 3)):
        monkeypatch.setattr(qlora_reviews, name, value)
    review_task.sentences.cache_clear()
    yield
    review_task.sentences.cache_clear()


@pytest.mark.parametrize("model", [FLOATS, FOUR_BITS])
def test_real_runs_under_a_tiny_budget(tiny, model):
    runs = {way: qlora_reviews.run_once(model, way, 0.05 if way == TRAINED else 0.0) for way in qlora_reviews.WAYS}
    for way, one in runs.items():
        assert (one.model, one.way, len(one.right)) == (model, way, 6)
        assert 0 <= one.as_asked <= 3
        assert round(one.valid * 4) == one.valid * 4
        assert way == TRAINED or one.seconds == 0
        assert way == FITTED or one.threshold == 0
    assert runs[TRAINED].right != runs[ZERO_SHOT].right


def test_a_threshold_is_fitted_on_the_sentences_that_training_reads(monkeypatch):
    train, other = [("hello", 1), ("he", 0)], [("hell", 0), ("he he", 1), ("he hell", 0)]
    monkeypatch.setattr(qlora_reviews, "_sentences", lambda: (None, train, other, other))
    monkeypatch.setattr(qlora_reviews, "adapted_in_floats", lambda seed: None)
    odds = {"hello": 3.0, "he": 2.0, "hell": 2.2, "he he": 2.6, "he hell": -1.0}  # middles 2.5 and 2.4
    monkeypatch.setattr(qlora_reviews, "log_odds", lambda _, __, rows: [odds[text] for text, _ in rows])
    monkeypatch.setattr(qlora_reviews, "written_as_asked", lambda *_: 0)
    one = qlora_reviews.run_once(FLOATS, FITTED)
    assert (one.threshold, one.valid, one.right) == (2.5, 1.0, "111")
    assert qlora_reviews.run_once(FLOATS, ZERO_SHOT).right == "011"


@pytest.mark.assets("smollm2", "reviews")
def test_the_shipped_runs_are_whole_and_judge_the_present_sentences():
    runs = shipped_reviews()
    _, train_rows, _, test_rows = qlora_reviews._sentences()
    assert len(train_rows) == qlora_reviews.TRAIN
    assert {len(one.right) for one in runs} == {len(test_rows)}
    untrained = [(one.model, one.way) for one in runs if one.way != TRAINED]
    assert untrained == [(model, way) for way in (ZERO_SHOT, FITTED) for model in (FLOATS, FOUR_BITS)]
    for model in (FLOATS, FOUR_BITS):
        assert [one.seed for one in best_runs(runs, model)] == [0, 1, 2]
    assert len({one.lr for one in runs if one.way == TRAINED}) == 1, "the same rate in floats and in 4 bits"
