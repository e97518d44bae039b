"""Lab 08's task on a tiny decoder that learns two words: the labels, the format, the schedule, the order."""

import itertools

import gguf_file
import pytest
import torch

from lora_utils.data.corpora import Split
from lora_utils.data.smollm2_tokens import read_tokenizer, smollm2_tokenizer
from lora_utils.experiments import review_task
from lora_utils.experiments.prompting import label_scores, prompt_of
from lora_utils.experiments.review_task import (
    LABELS,
    adapted,
    adapted_in_floats,
    batch_of,
    fit,
    judged,
    log_odds,
    short,
    written_as_asked,
)
from lora_utils.models.smollm2 import read_decoder

ROWS = [("hello", 1), ("he", 0), ("hello hello", 1), ("he he", 0), ("hell", 0), ("hello he", 1)]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    gguf_file.write(path)
    return path


@pytest.fixture
def tiny(small, monkeypatch):
    """A decoder of two blocks in place of the published one, and labels of one letter; gives the tokeniser."""
    monkeypatch.setattr(review_task, "load_smollm2", lambda: read_decoder(small))
    monkeypatch.setattr(review_task, "LABELS", ["n", "p"])
    return read_tokenizer(small)


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


def test_in_floats_the_same_paths_lie_beside_the_weights_as_loaded(tiny, small):
    lora, qlora, bare = adapted_in_floats(1), adapted(1), read_decoder(small)
    trained = {name: p for name, p in lora.named_parameters() if p.requires_grad}
    theirs = {name: p for name, p in qlora.named_parameters() if p.requires_grad}
    assert trained.keys() == theirs.keys()
    assert all(torch.equal(p, theirs[name]) for name, p in trained.items())
    assert log_odds(lora, tiny, ROWS) == log_odds(bare, tiny, ROWS), "untrained paths add exactly 0"
    for name, p in trained.items():
        torch.nn.init.normal_(p, std=0.3)
        if name.endswith(".B"):
            A = trained[name.removesuffix("B") + "A"]
            bare.get_submodule(name.removesuffix(".lora.B")).weight.data += (A @ p).detach().T  # alpha = 1
    assert log_odds(lora, tiny, ROWS) == pytest.approx(log_odds(bare, tiny, ROWS), abs=1e-4)


def test_the_rate_rises_over_four_steps_and_falls_to_zero(tiny, monkeypatch):
    seen = []

    class Noted(torch.optim.SGD):
        def step(self):
            seen.append(self.param_groups[0]["lr"])

    monkeypatch.setattr(review_task, "paged_adamw_8bit_or_adamw", lambda p, lr: (Noted(p, lr=lr), "noted"))
    model = adapted(0)
    fitted = fit(model, tiny, ROWS * 3, lr=0.8, batch_size=2)
    assert fitted.sentence == "noted"
    assert seen == pytest.approx([0.8 * min(1, (k + 1) / 4) * (9 - k) / 9 for k in range(9)])
    assert len(fitted.losses) == 9
    assert all(p.grad is None for p in model.parameters()), "no step leaves its gradient to the next"
    seen.clear()
    own = Noted([p for p in model.parameters() if p.requires_grad], lr=9.0)
    assert fit(model, tiny, ROWS, lr=0.8, batch_size=2, optimizer=own).optimizer is own
    assert seen == pytest.approx([0.8 / 4, 0.8 / 2 * 2 / 3, 0.8 * 3 / 4 / 3])


def test_training_reads_every_sentence_once_in_an_order_of_its_seed(tiny, monkeypatch):
    read, real = [], batch_of
    monkeypatch.setattr(review_task, "batch_of", lambda rows, tokenizer: read.extend(rows) or real(rows, tokenizer))
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
    before = judged(log_odds(model, tiny, ROWS), ROWS), written_as_asked(model, tiny, ROWS)
    losses = fit(model, tiny, ROWS * 60, lr=0.01, batch_size=6).losses
    assert losses[-1] < losses[0] / 4
    after = judged(log_odds(model, tiny, ROWS), ROWS), written_as_asked(model, tiny, ROWS)
    assert after == ("111111", 6) != before


def test_log_odds_are_the_difference_of_the_scores_and_above_zero_is_positive(tiny):
    model = adapted(0)
    scores = label_scores(model, tiny, [prompt_of(text) for text, _ in ROWS], ["n", "p"])
    odds = log_odds(model, tiny, ROWS)
    assert odds == pytest.approx([float(p - n) for n, p in scores])
    said = "".join("01"[int(scores[k].argmax()) == label] for k, (_, label) in enumerate(ROWS))
    assert judged(odds, ROWS) == said
    assert judged([-1.0, -1.0, 3.0, 3.0], [("", 1), ("", 0), ("", 1), ("", 0)]) == "0110"
    assert judged([-1.0, 1.0, 2.0, 3.0], [("", 1), ("", 1), ("", 1), ("", 0)], 1.5) == "0010"
    assert judged([0.0], [("", 0)]) == "1", "at zero it says negative"


def test_a_label_without_an_end_is_not_as_asked(tiny, monkeypatch):
    texts = itertools.cycle(["n", "p", "p and", "", "q", " n"])
    monkeypatch.setattr(review_task, "generate", lambda model, tokenizer, prompt, most: next(texts))
    assert written_as_asked(None, tiny, ROWS) == 2


@pytest.mark.assets("smollm2")
def test_the_labels_are_one_token_each():
    tokenizer = smollm2_tokenizer()
    assert [len(tokenizer.encode(label).ids) for label in LABELS] == [1, 1]
