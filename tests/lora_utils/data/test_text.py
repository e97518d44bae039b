"""Tokenizer, vocabulary and padding, against torchtext's documented examples and definitions written another way."""

import re
import sys

import pytest
import torch

from lora_utils.data import text
from lora_utils.data.text import (
    Vocab,
    basic_english,
    course_vocab,
    encode,
    own_build_vocab_from_iterator,
    own_get_tokenizer,
    pad_batch,
)

# The definition as an ordered list of regular expressions; the implementation uses plain replacement.
RULES = [
    (r"\'", " '  "),
    (r"\"", ""),
    (r"\.", " . "),
    (r"<br \/>", " "),
    (r"[,()!?]", r" \g<0> "),
    (r"[;:]", " "),
    (r"\s+", " "),
]


def by_rules(line: str) -> list[str]:
    line = line.lower()
    for pattern, replacement in RULES:
        line = re.sub(pattern, replacement, line)
    return line.split()


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        (
            "You can now install TorchText using pip!",
            ["you", "can", "now", "install", "torchtext", "using", "pip", "!"],
        ),
        ("Don't stop.", ["don", "'", "t", "stop", "."]),
        ('"Quoted," he said; 3.5/10: well-made?', ["quoted", ",", "he", "said", "3", ".", "5/10", "well-made", "?"]),
        ("one<br /><br />two <BR />three<br>four", ["one", "two", "three<br>four"]),
        ("(so)", ["(", "so", ")"]),
        (" \t\n", []),
        ("", []),
    ],
)
def test_basic_english_examples(line, tokens):
    assert basic_english(line) == tokens


def test_basic_english_equals_the_rules_on_random_text():
    """Pieces of tags and marks in any order, so that the order of the replacements matters."""
    generator = torch.Generator().manual_seed(0)
    pieces = [
        "<br",
        " />",
        "<br />",
        '"',
        "'",
        ".",
        ";",
        ":",
        ",",
        "(",
        ")",
        "!",
        "?",
        "A",
        "é",
        "İ",
        " ",
        "\x1c",
        "\u2003",
    ]
    for _ in range(3000):
        line = "".join(pieces[i] for i in torch.randint(len(pieces), (9,), generator=generator))
        assert basic_english(line) == by_rules(line), repr(line)


def test_only_the_course_tokenizer_is_offered():
    assert own_get_tokenizer("basic_english")("A b.") == ["a", "b", "."]
    with pytest.raises(ValueError, match="'spacy'"):
        own_get_tokenizer("spacy")


TOKENS = [["b", "a", "b", "c"], ["c", "d", "<pad>", "b"], []]  # b 3, c 2, then <pad>, a, d once each


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["b", "c", "<pad>", "a", "d"]),
        ({"min_freq": 2}, ["b", "c"]),
        ({"specials": ["<pad>", "<unk>"]}, ["<pad>", "<unk>", "b", "c", "a", "d"]),
        ({"specials": ["<unk>"], "special_first": False}, ["b", "c", "<pad>", "a", "d", "<unk>"]),
        ({"specials": ["<unk>"], "max_tokens": 4}, ["<unk>", "b", "c", "<pad>"]),
        ({"specials": ["<pad>"], "max_tokens": 4}, ["<pad>", "b", "c"]),  # "<pad>" used up the third place
    ],
    ids=str,
)
def test_vocabulary_order(options, expected):
    assert own_build_vocab_from_iterator(TOKENS, **options).get_itos() == expected


def test_no_room_beside_the_specials():
    with pytest.raises(ValueError, match="max_tokens must exceed"):
        own_build_vocab_from_iterator(TOKENS, specials=["<pad>", "<unk>"], max_tokens=2)


def test_vocab_looks_up_both_ways():
    vocab = Vocab(["<unk>", "x", "y"])
    assert vocab(["y", "x"]) == vocab.lookup_indices(["y", "x"]) == [2, 1]
    assert (vocab["y"], len(vocab), "x" in vocab, "z" in vocab) == (2, 3, True, False)
    assert vocab.get_stoi() == {"<unk>": 0, "x": 1, "y": 2}
    assert (vocab.lookup_token(1), vocab.lookup_tokens([2, 0])) == ("x", ["y", "<unk>"])
    assert vocab.get_default_index() is None
    for look_up in (lambda: vocab["z"], lambda: vocab(["x", "z"])):
        with pytest.raises(RuntimeError, match="'z' is not in the vocabulary"):
            look_up()
    vocab.set_default_index(0)
    assert (vocab["z"], vocab(["z", "y"])) == (0, [0, 2])
    with pytest.raises(RuntimeError, match="0 to 2, got 3"):
        vocab.lookup_token(3)
    with pytest.raises(RuntimeError, match="'x'"):
        Vocab(["x", "y", "x"])


def test_encode_cuts_and_pad_batch_fills():
    vocab = Vocab(["<pad>", "<unk>", "good", "film"])
    vocab.set_default_index(1)
    rows = encode(["Good good film!", "", "bad film"], vocab, max_len=3)
    assert rows == [[2, 2, 3], [], [1, 3]]
    assert encode(["Good good film!"], vocab, max_len=None) == [[2, 2, 3, 1]]
    batch = pad_batch(rows)
    assert batch.tolist() == [[2, 2, 3], [0, 0, 0], [1, 3, 0]]
    assert batch.dtype == torch.int32
    assert pad_batch([[], []]).tolist() == [[0], [0]]
    assert pad_batch([[5]], pad_id=9).shape == (1, 1)
    assert pad_batch([[5], [6, 7]], pad_id=9).tolist() == [[5, 9], [6, 7]]
    with pytest.raises(ValueError, match="max_len"):
        encode(["x"], vocab, max_len=0)
    with pytest.raises(ValueError, match="single text 'x y'"):
        encode("x y", vocab, max_len=3)


@pytest.mark.parametrize("error", ["OSError('undefined symbol')", "RuntimeError('operator exists')", "KeyError('x')"])
def test_torchtext_that_does_not_load_is_not_used(monkeypatch, tmp_path, error):
    (tmp_path / "torchtext").mkdir()
    (tmp_path / "torchtext" / "__init__.py").write_text(f"raise {error}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchtext", raising=False)
    assert text._load_torchtext() is None


def test_a_file_is_written_whole(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "file"
    text.write_whole(path, b"first")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(text.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        text.write_whole(path, b"second")
    assert path.read_bytes() == b"first"


@pytest.mark.assets("reviews", "newsgroups")
def test_the_course_vocabulary():
    vocab = course_vocab()
    assert len(vocab) == text.COURSE_TYPES
    assert vocab.lookup_tokens([0, 1, 2, 3, 4]) == ["<pad>", "<unk>", "the", ".", ","]
    assert vocab(["<pad>", "no-such-word", "film"])[:2] == [0, 1]
    assert vocab["film"] < 100
    assert vocab.get_itos() == course_vocab().get_itos()
