"""Labelled examples as tensors, and the batches that training and evaluation read.

Letters: n examples, b batch, s sequence.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from lora_utils.data.assets import cache_dir
from lora_utils.data.corpora import CLASSES, CORPORA, Corpus
from lora_utils.data.progress_bar import progress
from lora_utils.data.text import course_vocab, encode, pad_batch, write_whole
from lora_utils.integers import at_least


@dataclass(frozen=True)
class Examples:
    """Inputs and labels in step.

    Args:
        inputs: (n, ...), for texts padded token ids (n, s)
        labels: (n,), for classes int64

    Raises:
        ValueError: their first sizes differ
    """

    inputs: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.labels):
            raise ValueError(
                f"Each input needs one label, got {len(self.inputs)} inputs and {len(self.labels)} labels."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> "Examples":
        """The first `count` examples. The corpora are stored in random order, so this is a fair sample."""
        return Examples(self.inputs[:count], self.labels[:count])

    def batches(self, batch_size: int, shuffle: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
        """Pairs (inputs (b, ...), labels (b,)); the last batch may be smaller.

        Args:
            batch_size: at least 1
            shuffle: a new order from torch's global generator, which `seed_everything` sets
        """
        batch_size = at_least(1, "batch_size", batch_size)
        order = torch.randperm(len(self)) if shuffle else torch.arange(len(self))  # (n,)
        for chosen in order.split(batch_size):
            yield self.inputs[chosen], self.labels[chosen]


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus as token ids of the course's vocabulary.

    Args:
        name: of the corpus
        classes: class names
        train, valid, test: padded ids (n, s) and labels (n,)
    """

    name: str
    classes: tuple[str, ...]
    train: Examples
    valid: Examples
    test: Examples


def load(name: str, max_len: int = 256, tokens: str = "words") -> EncodedCorpus:
    """A corpus as token ids, from the cache after the first time, so that a lab starts at once.

    Args:
        name: "imdb", "rotten_tomatoes", "newsgroups" or "trec"
        max_len: at least 1; longer texts are cut. 256 words hold about 63 % of the IMDb reviews whole.
        tokens: "words" for the course's vocabulary (default), "minilm" for MiniLM's word pieces, between [CLS] and
            [SEP], which a text that is cut keeps

    Returns:
        ids int32 (n, max_len) padded with 0, labels int64 (n,)
    """
    from safetensors.torch import load as read
    from safetensors.torch import save

    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}. Choose one of {', '.join(CORPORA)}.")
    max_len = at_least(1, "max_len", max_len)
    if tokens not in ENCODERS:
        raise ValueError(f"tokens must be one of {', '.join(ENCODERS)}, got {tokens!r}.")
    path = cache_dir() / "text" / f"{name}-{ENCODERS[tokens].file}.safetensors"
    if path.is_file():
        stored = read(path.read_bytes())
    else:
        stored = _flatten(CORPORA[name](), ENCODERS[tokens].rows)
        write_whole(path, save(stored))
    last = ENCODERS[tokens].last
    parts = {part: _pad(stored, part, max_len, last) for part in ("train", "valid", "test")}
    return EncodedCorpus(name, CLASSES[name], **parts)


def examples(texts: list[str], labels: list[int], max_len: int = 256) -> Examples:
    """Texts of your own as token ids of the course's vocabulary.

    Args:
        texts: n strings
        labels: n class numbers
        max_len: longer texts are cut
    """
    ids = pad_batch(encode(texts, course_vocab(), max_len))  # (n, s)
    return Examples(ids, torch.tensor(labels))


def _words(texts: Iterable[str]) -> list[list[int]]:
    return encode(texts, course_vocab(), max_len=None)


def _pieces(texts: Iterable[str]) -> list[list[int]]:
    from lora_utils.data.minilm_tokens import minilm_tokenizer

    tokenizer = minilm_tokenizer()
    return [tokenizer.encode(text).ids for text in texts]


class _Encoder(NamedTuple):
    """How a corpus becomes numbers: the function, the name of its file in the cache, the token that ends every row."""

    rows: Callable[[Iterable[str]], list[list[int]]]
    file: str
    last: int | None


ENCODERS = {
    "words": _Encoder(_words, "ids-1", None),
    "minilm": _Encoder(_pieces, "minilm-1", 102),  # [SEP]
}


def _flatten(corpus: Corpus, rows_of: Callable[[Iterable[str]], list[list[int]]]) -> dict[str, Tensor]:
    """All ids of a part in one row, with the lengths of the texts: whole texts, no padding on disk."""
    stored = {}
    for part in ("train", "valid", "test"):
        split = getattr(corpus, part)
        rows = rows_of(progress(split.texts, f"Encoding {corpus.name}, {part}"))
        stored[f"{part}.ids"] = torch.tensor([number for row in rows for number in row], dtype=torch.int32)
        stored[f"{part}.lengths"] = torch.tensor([len(row) for row in rows])
        stored[f"{part}.labels"] = torch.tensor(split.labels)
    return stored


def _pad(stored: dict[str, Tensor], part: str, max_len: int, last: int | None) -> Examples:
    """Rows of at most `max_len` ids from the flat row, filled with 0; a row that is cut ends in `last`, if any."""
    flat, lengths = stored[f"{part}.ids"], stored[f"{part}.lengths"]
    starts = lengths.cumsum(0) - lengths  # (n,)
    place = torch.arange(min(max_len, int(lengths.max())))  # (s,)
    inside = place < lengths[:, None]  # (n, s)
    index = (starts[:, None] + place).clamp(max=len(flat) - 1)  # (n, s)
    ids = torch.where(inside, flat[index], 0)  # (n, s)
    if last is not None:
        ids[lengths > max_len, -1] = last
    return Examples(ids, stored[f"{part}.labels"])
