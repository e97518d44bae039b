"""Word vectors: a tiny table in the form of the asset, and the promises about the real one."""

import numpy
import pyarrow
import pytest
import torch
from pyarrow import parquet

from lora_utils.data import vectors
from lora_utils.data.vectors import course_vectors, glove

TABLE = numpy.arange(150, dtype="float32").reshape(3, 50) + 1


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    numpy.save(tmp_path / "glove_6B_50d_emb.npy", TABLE)
    parquet.write_table(pyarrow.table({"index": ["the", ",", "film"]}), tmp_path / "glove_6B_index.parquet")
    monkeypatch.setattr(vectors, "asset_path", lambda _, member: tmp_path / member)


def test_rows_follow_the_words_and_unknown_words_get_zeros(tiny):
    found = glove(["film", "<pad>", "the", "film"])
    assert found.dtype == torch.float32
    expected = numpy.stack([TABLE[2], numpy.zeros(50), TABLE[0], TABLE[2]])
    assert numpy.array_equal(found.numpy(), expected)
    assert glove(["<pad>"]).tolist() == [[0.0] * 50]
    assert glove([]).shape == (0, 50)
    with pytest.raises(ValueError, match="single word 'film'"):
        glove("film")


def test_course_vectors_are_computed_once(tiny, cache, monkeypatch):
    class Words:
        def get_itos(self):
            return ["<pad>", "film"]

    monkeypatch.setattr(vectors, "course_vocab", Words)
    first = course_vectors()
    monkeypatch.setattr(vectors, "glove", None)  # a second computation would fail
    assert torch.equal(course_vectors(), first)
    assert numpy.array_equal(first[1].numpy(), TABLE[2])


@pytest.mark.assets("glove")
def test_the_real_vectors():
    king, man, woman, queen, film = glove(["king", "man", "woman", "queen", "film"])
    close = torch.cosine_similarity(king - man + woman, torch.stack([queen, film]))
    assert close[0] > 0.8 > 0.5 > close[1]
    assert round(float(glove(["the"])[0, 0]), 3) == 0.418  # the first number of the published file


@pytest.mark.assets
def test_the_course_vectors():
    table = course_vectors()
    assert table.shape == (25_000, 50)
    assert table[0].abs().sum() == 0  # padding
    assert (table.abs().sum(dim=1) == 0).float().mean() < 0.05  # words without a vector
