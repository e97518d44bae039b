"""The labelled texts of the course, cut once and for all into train, valid and test.

The rules, the same for every corpus:

* `<br />` tags become spaces.
* Two texts that differ only in case or white space are duplicates. One copy is kept, in the test part before the
  validation part before the training part. A text that occurs with two different labels is left out.
* Inside a part the order is that of the SHA-256 of the text: mixed classes, the same on every machine and with
  every version of Python and torch, so `texts[:2000]` is always the same fair sample.
"""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from lora_utils.data.assets import asset_path

Row = tuple[str, int]  # text, label

CLASSES = {
    "imdb": ("negative", "positive"),
    "rotten_tomatoes": ("negative", "positive"),
    "newsgroups": ("comp", "rec", "sci", "talk"),
    "trec": ("abbreviation", "description", "entity", "human", "location", "number"),
}


@dataclass(frozen=True)
class Split:
    """Texts and their labels, in step.

    Args:
        texts: n strings
        labels: n class numbers, from 0
    """

    texts: list[str]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Corpus:
    """A named set of labelled texts in three parts that share no text.

    Args:
        name: also the name of its cached token ids
        classes: class names; label k means `classes[k]`
        train, valid, test: the parts
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split


def imdb() -> Corpus:
    """IMDb film reviews, negative or positive: 17,402 train, 2,500 valid, 5,000 test, each balanced to within 1 %.

    The file holds the official training half, ordered by class and within a class by film, up to 30 reviews each.
    A random split would put reviews of one film on both sides and reward remembering its actors' names, so the parts
    are stretches of that order: of each class the last 2,500 reviews are test and the 1,250 before them valid.

    Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011.
    """
    train, valid, test = [], [], []
    for label in (0, 1):
        rows = unique(row for row in _reviews("imdb") if row[1] == label)
        train += rows[:-3750]
        valid += rows[-3750:-2500]
        test += rows[-2500:]
    return _corpus("imdb", train, valid, test)


def rotten_tomatoes() -> Corpus:
    """Sentences from Rotten Tomatoes, negative or positive: 6,530 train, 1,000 valid, 1,000 test.

    The file does not say which film a sentence is about; the parts are cut by the hash of the text.

    Source: Pang and Lee, "Seeing Stars", ACL 2005.
    """
    rows = sorted(unique(_reviews("rotten_tomatoes")), key=_hash)
    return _corpus("rotten_tomatoes", rows[2000:], rows[1000:2000], rows[:1000])


def newsgroups() -> Corpus:
    """20 Newsgroups under its four large headings comp, rec, sci and talk: 8,650 train, 960 valid, 6,415 test.

    Sixteen of the twenty groups. `alt.atheism`, `soc.religion.christian` and `misc.forsale` stand alone under
    headings of their own and are left out: the first two share their subject with `talk.religion.misc`, the third
    sells mostly computers, so either way they would blur the classes. Test is the usual test file (later dates);
    valid is a tenth of the training file, cut by the hash of the text. The texts are lower-cased, letters only.

    Source: Lang, "NewsWeeder", ICML 1995; the headings are also the classes of Dai et al., KDD 2007.
    """
    train = sorted(unique(_newsgroup_file("20newsgroups-train.tab")), key=_hash)
    test = _newsgroup_file("20newsgroups-test.tab")
    tenth = len(train) // 10
    return _corpus("newsgroups", train[tenth:], train[:tenth], test)


def trec() -> Corpus:
    """TREC questions, by what is asked for: 3,880 train, 500 valid, 1,000 test, six classes.

    The file holds most questions several times, and the usual training and test files mixed; one copy of each is kept
    and the parts are cut by the hash of the text. So results are not those of the usual test file of 500 questions.

    Source: Li and Roth, "Learning Question Classifiers", COLING 2002.
    """
    rows = sorted(unique(_questions()), key=_hash)
    return _corpus("trec", rows[1500:], rows[1000:1500], rows[:1000])


CORPORA = {"imdb": imdb, "rotten_tomatoes": rotten_tomatoes, "newsgroups": newsgroups, "trec": trec}


def same_text(text: str) -> str:
    """What two texts must share to count as duplicates: lower case, single spaces."""
    return " ".join(text.lower().split())


def unique(rows: Iterable[Row]) -> list[Row]:
    """The first row of each text, in order, without the texts that occur with two different labels."""
    rows = list(rows)
    first: dict[str, Row] = {}
    disputed = set()
    for text, label in rows:
        key = same_text(text)
        if first.setdefault(key, (text, label))[1] != label:
            disputed.add(key)
    return [row for key, row in first.items() if key not in disputed]


def _corpus(name: str, train: list[Row], valid: list[Row], test: list[Row]) -> Corpus:
    """Removes what duplicates or disputes a text of another part, then orders each part by hash."""
    kept = {same_text(text) for text, _ in unique([*test, *valid, *train])}
    parts = []
    for rows in (test, valid, train):  # the test part is served first and keeps its copy
        part = []
        for text, label in rows:
            key = same_text(text)
            if key in kept:
                kept.remove(key)
                part.append((text, label))
        part.sort(key=_hash)
        parts.append(Split([text for text, _ in part], [label for _, label in part]))
    test_part, valid_part, train_part = parts
    return Corpus(name, CLASSES[name], train_part, valid_part, test_part)


def _hash(row: Row) -> str:
    return hashlib.sha256(same_text(row[0]).encode()).hexdigest()


def _reviews(source: str) -> Iterable[Row]:
    with asset_path("reviews").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source"] == source:
                yield row["text"].replace("<br />", " "), int(row["label"])


def _newsgroup_file(member: str) -> list[Row]:
    """Lines "category TAB text"; blank lines and the three header lines are under none of the headings."""
    classes = CLASSES["newsgroups"]
    rows = []
    with asset_path("newsgroups", member).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            category, _, text = line.rstrip("\n").partition("\t")
            heading = category.split(".")[0]
            if heading in classes:
                rows.append((text, classes.index(heading)))
    return rows


def _questions() -> Iterable[Row]:
    """Lines "COARSE:fine question"; the six coarse names, in alphabetical order, are the classes."""
    names = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")
    with asset_path("trec").open(encoding="latin-1", newline="\n") as file:
        for line in file:
            label, _, question = line.rstrip("\n").partition(" ")
            yield question, names.index(label.split(":")[0])
