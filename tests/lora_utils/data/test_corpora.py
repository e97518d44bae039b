"""Corpora: the rules on tiny files, and the promises about the real ones."""

import hashlib
from collections import Counter

import pytest

from lora_utils.data import corpora
from lora_utils.data.corpora import CLASSES, CORPORA, same_text, unique

HEADER = "Category\tText\nd\tstring\nclass\t\n"


@pytest.fixture
def files(monkeypatch, tmp_path):
    """Small files in place of the downloaded ones; a test writes them."""
    monkeypatch.setattr(corpora, "asset_path", lambda name, member=None: tmp_path / (member or name))
    return tmp_path


def texts_of(part):
    return list(zip(part.texts, part.labels, strict=True))


def test_same_text_ignores_case_and_white_space_only():
    assert same_text("  A\tgood\n FILM. ") == same_text("a good film.")
    assert same_text("a good film") != same_text("a good film.")


def test_unique_keeps_the_first_copy_and_drops_disputed_texts():
    rows = [("One", 0), ("two", 1), ("one ", 0), ("Two", 1), ("three", 0), ("THREE", 1), ("three", 0)]
    assert unique(rows) == [("One", 0), ("two", 1)]


def test_newsgroups_reads_four_headings_and_serves_the_test_part_first(files):
    rows = [f"comp.graphics\tc {n}" for n in range(10)] + [f"rec.autos\tr {n}" for n in range(9)]
    rows += [
        "sci.med\ts 0",
        "talk.politics.misc\tt 0",
        "alt.atheism\ta 0",
        "misc.forsale\tm 0",
        "soc.religion.christian\ts",
    ]
    rows += ["sci.med\tin both", "sci.med\tdisputed"]
    (files / "20newsgroups-train.tab").write_text(HEADER + "\n".join(rows) + "\n")
    (files / "20newsgroups-test.tab").write_text(
        HEADER + "\nsci.space\tIN  both\n\nrec.autos\tdisputed\nrec.autos\tlast\n"
    )
    corpus = corpora.newsgroups()
    assert corpus.classes == ("comp", "rec", "sci", "talk")
    assert sorted(texts_of(corpus.test)) == [("IN  both", 2), ("last", 1)]
    assert len(corpus.valid) == 2  # a tenth of the 23 training texts under the four headings
    kept = texts_of(corpus.train) + texts_of(corpus.valid)
    assert Counter(label for _, label in kept) == {0: 10, 1: 9, 2: 1, 3: 1}


def test_reviews_lose_their_tags_and_quoted_commas_survive(files):
    lines = ['"Fine,<br />really ""fine"".",1,imdb', "a sentence,0,rotten_tomatoes", '"two\nlines",0,imdb']
    (files / "reviews").write_text("text,label,source\n" + "\n".join(lines) + "\n")
    assert list(corpora._reviews("imdb")) == [('Fine, really "fine".', 1), ("two\nlines", 0)]
    assert list(corpora._reviews("rotten_tomatoes")) == [("a sentence", 0)]


def test_imdb_parts_are_stretches_of_the_stored_order(files):
    rows = [f"review {label} {n},{label},imdb" for label in (0, 1) for n in range(3757 + label)]
    (files / "reviews").write_text("text,label,source\n" + "\n".join(rows) + "\n")
    corpus = corpora.imdb()
    assert sorted(corpus.train.texts) == sorted(
        [f"review 0 {n}" for n in range(7)] + [f"review 1 {n}" for n in range(8)]
    )
    assert set(corpus.test.texts) == {f"review {k} {n}" for k in (0, 1) for n in range(1257 + k, 3757 + k)}
    assert len(corpus.valid) == 2500
    assert all(text.startswith(f"review {label} ") for text, label in texts_of(corpus.test))


def test_order_inside_a_part_is_that_of_the_hash(files):
    rows = [f"sentence {n},{n % 2},rotten_tomatoes" for n in range(2011)]
    (files / "reviews").write_text("text,label,source\n" + "\n".join(rows) + "\n")
    corpus = corpora.rotten_tomatoes()
    for part, size in ((corpus.test, 1000), (corpus.valid, 1000), (corpus.train, 11)):
        hashes = [hashlib.sha256(text.encode()).hexdigest() for text in part.texts]
        assert hashes == sorted(hashes)
        assert len(part) == size
    (files / "reviews").write_text("text,label,source\n" + "\n".join(reversed(rows)) + "\n")
    assert corpora.rotten_tomatoes() == corpus  # the order in the file does not matter


# name: part sizes, and the SHA-256 of all texts and labels in order, so that a changed split cannot go unnoticed
EXPECTED = {
    "imdb": (17402, 2500, 5000, "92fc6956159a5c9a"),
    "rotten_tomatoes": (6530, 1000, 1000, "a1253f432a158386"),
    "newsgroups": (8650, 960, 6415, "26f5b3ac75f973ba"),
    "trec": (3880, 500, 1000, "5462f44279483051"),
}


@pytest.mark.assets("reviews", "newsgroups", "trec")
@pytest.mark.parametrize("name", CORPORA)
def test_the_real_corpora(name):
    corpus = CORPORA[name]()
    parts = (corpus.train, corpus.valid, corpus.test)
    digest = hashlib.sha256(repr([(part.texts, part.labels) for part in parts]).encode()).hexdigest()[:16]
    assert (*map(len, parts), digest) == EXPECTED[name]
    assert (corpus.name, corpus.classes) == (name, CLASSES[name])
    keys = [same_text(text) for part in parts for text in part.texts]
    assert len(keys) == len(set(keys))
    assert not any("<br />" in text for part in parts for text in part.texts)
    for part in parts:
        assert set(part.labels) == set(range(len(corpus.classes)))
        share = part.labels[:500].count(0) / 500 - part.labels.count(0) / len(part)
        assert abs(share) < 0.08  # the first 500 are a fair sample
