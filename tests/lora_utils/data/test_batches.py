"""Examples, batches and encoded corpora, on a corpus of six texts."""

import pytest
import torch

from lora_utils.data import batches as data
from lora_utils.data.batches import Examples, examples, load
from lora_utils.data.corpora import Corpus, Split
from lora_utils.data.text import Vocab, encode, pad_batch

TINY = Corpus(
    "imdb",
    ("negative", "positive"),
    train=Split(["good film", "a very bad film", ""], [1, 0, 1]),
    valid=Split(["bad"], [0]),
    test=Split(["good", "good good bad"], [1, 0]),
)


@pytest.fixture
def vocab(monkeypatch, cache):
    made = Vocab(["<pad>", "<unk>", "good", "film", "bad"])
    made.set_default_index(1)
    monkeypatch.setattr(data, "course_vocab", lambda: made)
    monkeypatch.setitem(data.CORPORA, "imdb", lambda: TINY)
    return made


@pytest.mark.parametrize("max_len", [1, 2, 3, 9])
def test_load_equals_encode_and_pad(vocab, max_len):
    corpus = load("imdb", max_len)
    for part in ("train", "valid", "test"):
        split, made = getattr(TINY, part), getattr(corpus, part)
        assert torch.equal(made.inputs, pad_batch(encode(split.texts, vocab, max_len)))
        assert made.labels.tolist() == split.labels
        assert (made.inputs.dtype, made.labels.dtype) == (torch.int32, torch.int64)
    assert (corpus.name, corpus.classes) == ("imdb", ("negative", "positive"))


def test_load_reads_the_texts_once(vocab, monkeypatch):
    first = load("imdb", 3)
    monkeypatch.setitem(data.CORPORA, "imdb", None)  # calling it again would fail
    assert torch.equal(load("imdb", 3).train.inputs, first.train.inputs)
    assert load("imdb", 4).train.inputs.shape == (3, 4)  # whole texts are cached, any length can be cut


def test_load_checks_its_arguments(vocab):
    with pytest.raises(ValueError, match="There is no corpus 'imbd'. Choose one of imdb, "):
        load("imbd")
    with pytest.raises(ValueError, match="max_len"):
        load("imdb", 0)


def test_texts_of_your_own(vocab):
    made = examples(["bad good", "x"], [0, 1])
    assert made.inputs.tolist() == [[4, 2], [1, 0]]
    assert made.labels.tolist() == [0, 1]


def test_batches_hold_every_example_once_and_in_step():
    made = Examples(torch.arange(22).reshape(11, 2), torch.arange(11))
    plain = list(made.batches(4))
    assert [len(labels) for _, labels in plain] == [4, 4, 3]
    assert torch.equal(torch.cat([inputs for inputs, _ in plain]), made.inputs)
    torch.manual_seed(0)
    first = [labels.tolist() for _, labels in made.batches(4, shuffle=True)]
    again = [labels.tolist() for _, labels in made.batches(4, shuffle=True)]
    assert sorted(label for batch in first for label in batch) == list(range(11))
    assert first != again  # a new order in each epoch
    torch.manual_seed(0)
    assert [labels.tolist() for _, labels in made.batches(4, shuffle=True)] == first
    for inputs, labels in made.batches(4, shuffle=True):
        assert torch.equal(inputs[:, 0], 2 * labels)


def test_first_is_a_prefix():
    made = Examples(torch.arange(6).reshape(3, 2), torch.arange(3))
    assert made.first(2).inputs.tolist() == [[0, 1], [2, 3]]
    assert len(made.first(9)) == 3


def test_examples_are_checked():
    with pytest.raises(ValueError, match="got 3 inputs and 2 labels"):
        Examples(torch.zeros(3, 1), torch.zeros(2))
    with pytest.raises(ValueError, match="batch_size"):
        next(Examples(torch.zeros(3, 1), torch.zeros(3)).batches(0))


def test_word_pieces_keep_their_last_token_when_a_text_is_cut(vocab, monkeypatch):
    monkeypatch.setitem(
        data.ENCODERS,
        "minilm",
        data._Encoder(lambda texts: [[101, *map(len, t.split()), 102] for t in texts], "m", 102),
    )
    cut = load("imdb", 4, tokens="minilm").train.inputs
    assert cut.tolist() == [[101, 4, 4, 102], [101, 1, 4, 102], [101, 102, 0, 0]]
    assert load("imdb", 9, tokens="minilm").train.inputs[1].tolist() == [101, 1, 4, 3, 4, 102]
    with pytest.raises(ValueError, match="tokens must be one of words, minilm, got 'bytes'"):
        load("imdb", 9, tokens="bytes")
