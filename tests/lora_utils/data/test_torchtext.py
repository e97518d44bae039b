"""In the torchtext environment only: torchtext and the course's own calls give the same token ids on all of IMDb."""

import importlib
import subprocess
import sys

import pytest

from lora_utils.data import text
from lora_utils.data.corpora import imdb

pytestmark = [
    pytest.mark.torchtext,
    pytest.mark.skipif(not text.HAS_TORCHTEXT, reason="torchtext does not load here: see the torchtext environment"),
]
# The seven packages of the full card.
SEVEN = ["jupyterlab", "torch", "bitsandbytes", "nbgrader", "matplotlib", "nbval", "torchtext"]


def test_the_seven_packages_import_in_one_process():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import " + ", ".join(SEVEN)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_torchtext_is_what_is_used():
    assert text.get_tokenizer is importlib.import_module("torchtext.data.utils").get_tokenizer
    assert type(text.build_vocab_from_iterator([["a"]])) is importlib.import_module("torchtext.vocab").Vocab


@pytest.mark.assets("reviews")
def test_equal_token_ids_on_all_of_imdb():
    corpus = imdb()
    theirs, ours = text.get_tokenizer("basic_english"), text.own_get_tokenizer("basic_english")
    texts = corpus.train.texts + corpus.valid.texts + corpus.test.texts
    tokens = [theirs(line) for line in texts]
    assert all(ours(line) == expected for line, expected in zip(texts, tokens, strict=True))
    training = tokens[: len(corpus.train)]
    for options in (
        {"specials": ["<pad>", "<unk>"], "max_tokens": 25_000},
        {"specials": ["<unk>", "the"], "min_freq": 5, "special_first": False},
        {"specials": ["the", "<unk>"], "max_tokens": 300},
    ):
        their_vocab = text.build_vocab_from_iterator(training, **options)
        our_vocab = text.own_build_vocab_from_iterator(training, **options)
        assert our_vocab.get_itos() == their_vocab.get_itos()
        for vocab in (their_vocab, our_vocab):
            vocab.set_default_index(vocab["<unk>"])
        assert all(our_vocab(line) == their_vocab(line) for line in tokens)


@pytest.mark.assets("reviews", "newsgroups")
def test_the_cached_vocabulary_behaves_like_its_own_copy():
    theirs = text.course_vocab()
    ours = text.Vocab(theirs.get_itos())
    ours.set_default_index(1)
    words = ["film", "<pad>", "<unk>", "no-such-word", "."]
    assert theirs(words) == ours(words)
    assert len(theirs) == len(ours) == text.COURSE_TYPES
