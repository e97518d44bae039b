"""The run of lab 08 on a tiny decoder that learns two words, its bookkeeping, and the sign test by counting."""

import itertools
import json

import gguf_file
import pytest
import torch

from lora_utils import qlora_reviews
from lora_utils.corpora import Corpus, Split
from lora_utils.prompting import label_scores, prompt_of
from lora_utils.qlora_reviews import (
    FLOATS,
    FOUR_BITS,
    LABELS,
    TRAINED,
    Run,
    adapted,
    batch_of,
    best_runs,
    collect,
    fit,
    judge,
    main,
    paired,
    shipped,
    short,
    sign_test,
    sweep,
    write_results,
    written_as_asked,
)
from lora_utils.smollm2 import read_decoder
from lora_utils.smollm2_tokens import read_tokenizer

ROWS = [("hello", 1), ("he", 0), ("hello hello", 1), ("he he", 0), ("hell", 0), ("hello he", 1)]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    gguf_file.write(path)
    return path


@pytest.fixture
def tiny(small, monkeypatch):
    """A decoder of two blocks in place of the published one, labels of one letter, a corpus of six sentences."""
    split = Split(*map(list, zip(*ROWS, strict=True)))
    monkeypatch.setattr(qlora_reviews, "load_smollm2", lambda: read_decoder(small))
    monkeypatch.setattr(qlora_reviews, "smollm2_tokenizer", lambda: read_tokenizer(small))
    monkeypatch.setattr(qlora_reviews, "rotten_tomatoes", lambda: Corpus("tiny", ("n", "p"), split, split, split))
    monkeypatch.setattr(qlora_reviews, "LABELS", ["n", "p"])
    for name, value in (("TRAIN", 6), ("BATCH", 2), ("VALID", 4), ("ASKED", 3)):
        monkeypatch.setattr(qlora_reviews, name, value)
    qlora_reviews._sentences.cache_clear()
    yield read_tokenizer(small)
    qlora_reviews._sentences.cache_clear()


def test_short_sentences_keep_their_order_and_labels(small):
    split = Split(["hello", "zzz", "he he", "zz"], [1, 0, 0, 1])
    tokenizer = read_tokenizer(small)
    assert short(split, tokenizer, 2) == [("hello", 1), ("zz", 1)]
    assert short(split, tokenizer, 3) == [("hello", 1), ("zzz", 0), ("he he", 0), ("zz", 1)]
    assert short(split, tokenizer, 3, 2) == [("hello", 1), ("zzz", 0)]


def test_a_batch_is_prompt_label_and_end(tiny):
    batch = batch_of([("hello", 1), ("he he", 0)], tiny)
    prompt, end = tiny.encode(prompt_of("hello")).ids, tiny.token_to_id("<|im_end|>")
    letters = [tiny.encode(label).ids[0] for label in "pn"]
    real = batch.ids[0][batch.mask[0]].tolist()
    assert real == [*prompt, letters[0], end]
    assert [row[row >= 0].tolist() for row in batch.labels] == [[letter, end] for letter in letters]


def test_a_seed_makes_the_same_model_again_and_only_the_paths_train(tiny):
    one, same, other = adapted(1), adapted(1), adapted(2)
    names = [name for name, p in one.named_parameters() if p.requires_grad]
    assert all(name.endswith((".lora.A", ".lora.B")) for name in names)
    assert len(names) == 2 * 2 * 7, "both factors, two blocks, seven layers"
    start = one.get_parameter(names[0])
    assert torch.equal(start, same.get_parameter(names[0]))
    assert not torch.equal(start, other.get_parameter(names[0]))
    assert adapted(1, dtype=torch.bfloat16).embedding.weight.dtype == torch.bfloat16


def test_the_rate_rises_over_four_steps_and_falls_to_zero(tiny, monkeypatch):
    seen = []

    class Noted(torch.optim.SGD):
        def step(self):
            seen.append(self.param_groups[0]["lr"])

    monkeypatch.setattr(qlora_reviews, "paged_adamw_8bit_or_adamw", lambda p, lr: (Noted(p, lr=lr), "noted"))
    fitted = fit(adapted(0), tiny, ROWS * 3, lr=0.8, batch_size=2)
    assert fitted.sentence == "noted"
    assert seen == pytest.approx([0.8 * min(1, (k + 1) / 4) * (9 - k) / 9 for k in range(9)])
    assert len(fitted.losses) == 9


def test_training_reads_every_sentence_once_in_an_order_of_its_seed(tiny, monkeypatch):
    read, real = [], batch_of
    monkeypatch.setattr(qlora_reviews, "batch_of", lambda rows, tokenizer: read.extend(rows) or real(rows, tokenizer))
    orders = []
    for seed in (0, 0, 1):
        read.clear()
        fit(adapted(0), tiny, ROWS, lr=1e-9, batch_size=3, seed=seed)
        orders.append(list(read))
    assert sorted(orders[0]) == sorted(ROWS)
    assert orders[0] == orders[1] != orders[2]
    with pytest.raises(ValueError, match="one batch of 7 sentences, got 6"):
        fit(adapted(0), tiny, ROWS, lr=1e-3, batch_size=7)


def test_a_tiny_decoder_learns_the_labels_and_the_format(tiny):
    model = adapted(0)
    before = judge(model, tiny, ROWS), written_as_asked(model, tiny, ROWS)
    losses = fit(model, tiny, ROWS * 60, lr=0.01, batch_size=6).losses
    assert losses[-1] < losses[0] / 4
    assert (judge(model, tiny, ROWS), written_as_asked(model, tiny, ROWS)) == ("111111", 6) != before


def test_judging_is_a_digit_for_each_sentence(tiny):
    model = adapted(0)
    scores = label_scores(model, tiny, [prompt_of(text) for text, _ in ROWS], ["n", "p"])
    said = ["01"[int(scores[k].argmax()) == label] for k, (_, label) in enumerate(ROWS)]
    assert judge(model, tiny, ROWS) == "".join(said)
    turned = [(text, 1 - label) for text, label in ROWS]
    assert judge(model, tiny, turned) == "".join("10"[int(digit)] for digit in said)


def test_a_label_without_an_end_is_not_as_asked(tiny, monkeypatch):
    texts = itertools.cycle(["n", "p", "p and", "", "q", " n"])
    monkeypatch.setattr(qlora_reviews, "generate", lambda model, tokenizer, prompt, most: next(texts))
    assert written_as_asked(None, tiny, ROWS) == 2


def test_the_sign_test_counts_coins():
    def counted(better, worse):
        """Share of all rows of coins whose split is at least as uneven, by writing down every row."""
        n = better + worse
        uneven = abs(better - worse)
        return sum(abs(2 * sum(coins) - n) >= uneven for coins in itertools.product((0, 1), repeat=n)) / 2**n

    for better, worse in itertools.product(range(6), repeat=2):
        assert sign_test(better, worse) == pytest.approx(counted(better, worse)), (better, worse)
    assert sign_test(9, 3) == pytest.approx(598 / 4096)
    assert sign_test(90, 30) < 1e-7


def run(name, right, lr=0.0, seed=0, valid=0.5):
    return Run(name, lr, seed, valid, right, 0, 0.0)


def test_only_sentences_that_differ_count():
    assert paired(run(FOUR_BITS, "0011000"), run(TRAINED, "0101111")) == (4, 1, sign_test(4, 1))
    assert run(FLOATS, "0111").accuracy == 0.75
    with pytest.raises(ValueError, match="zip"):
        paired(run(FOUR_BITS, "00"), run(TRAINED, "000"))


@pytest.fixture
def runs(monkeypatch):
    """Replaces training: validation accuracy by rate is set by the test, and every run made is noted."""
    made, valid_of = [], {}

    def fake(name, lr=0.0, seed=0):
        made.append((name, lr, seed))
        right = f"{int(lr * 1e4):08b}"  # the held-out part prefers other rates than validation
        return Run(name, lr, seed, valid_of.get(lr, 0.1), right, seed, 1.0)

    monkeypatch.setattr(qlora_reviews, "run_once", fake)
    return made, valid_of


def test_the_best_rate_on_validation_gets_all_seeds(runs, tmp_path):
    made, valid_of = runs
    valid_of.update({1e-4: 0.7, 3e-4: 0.8, 1e-3: 0.6})
    found = sweep(tmp_path)
    want = [(FLOATS, 0, 0), (FOUR_BITS, 0, 0), *((TRAINED, lr, 0) for lr in (1e-4, 3e-4, 1e-3))]
    want += [(TRAINED, 3e-4, 1), (TRAINED, 3e-4, 2)]
    assert [(one.model, one.lr, one.seed) for one in found] == made == want
    assert [(one.lr, one.seed) for one in best_runs(found)] == [(3e-4, 0), (3e-4, 1), (3e-4, 2)]
    made.clear()
    (tmp_path / "trained-0.0003-1.json").unlink()
    assert sweep(tmp_path) == found
    assert made == [(TRAINED, 3e-4, 1)], "finished runs are not repeated"


def test_results_survive_the_file_in_order(runs, tmp_path):
    main(["--folder", str(tmp_path / "runs"), "--rates", "0.003", "--seeds", "4", "2"])
    main(["--folder", str(tmp_path / "runs"), "--ship", str(tmp_path / "all.json")])
    back = shipped(tmp_path / "all.json")
    assert back == collect(tmp_path / "runs")
    assert [(one.model, one.seed) for one in back] == [(FLOATS, 0), (FOUR_BITS, 0), (TRAINED, 2), (TRAINED, 4)]
    made = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["made"]
    assert made["command"] == "python -m lora_utils.qlora_reviews"
    write_results([], tmp_path / "none.json")
    assert shipped(tmp_path / "none.json") == []


def test_a_real_run_under_a_tiny_budget(tiny):
    for name in (FLOATS, FOUR_BITS, TRAINED):
        one = qlora_reviews.run_once(name, 1e-3 if name == TRAINED else 0.0)
        assert (one.model, len(one.right)) == (name, 6)
        assert 0 <= one.as_asked <= 3
        assert round(one.valid * 4) == one.valid * 4
        assert name == TRAINED or one.seconds == 0


@pytest.mark.assets("smollm2", "reviews")
def test_the_shipped_runs_are_whole_and_judge_the_present_sentences():
    runs = shipped()
    _, train_rows, _, test_rows = qlora_reviews._sentences()
    assert len(train_rows) == qlora_reviews.TRAIN
    assert {len(one.right) for one in runs} == {len(test_rows)}
    assert [one.model for one in runs][:2] == [FLOATS, FOUR_BITS]
    assert [one.seed for one in best_runs(runs)] == [0, 1, 2]
    assert LABELS == [" negative", " positive"]
