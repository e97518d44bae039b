"""From text to token ids: the tokenizer and the vocabulary of torchtext, or the same two calls written here.

torchtext's last release, 0.18.0, is compiled against torch 2.3 and does not load beside torch 2.4 or newer
(pytorch/text, issue 2272). This module is the only one that knows: it takes torchtext's functions when they load and
its own otherwise. A test in the torchtext environment shows that both give the same token ids on all of IMDb.

Letters: b batch, s sequence.
"""

import importlib.util
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

from lora_utils.data.assets import cache_dir
from lora_utils.data.progress_bar import progress

PAD, UNK = "<pad>", "<unk>"  # ids 0 and 1 of the course's vocabulary
PAD_ID = 0
COURSE_TYPES = 25_000  # entries of the course's vocabulary, the two specials included

Tokenizer = Callable[[str], list[str]]

# torchtext's "basic_english", after lower-casing: what is replaced by what. The order matters: the quotation mark
# goes before the tag is looked for, and the semicolon after. A final split at white space drops the extra spaces.
BASIC_ENGLISH = (
    ("'", " '  "),
    ('"', ""),
    (".", " . "),
    ("<br />", " "),
    (",", " , "),
    ("(", " ( "),
    (")", " ) "),
    ("!", " ! "),
    ("?", " ? "),
    (";", " "),
    (":", " "),
)


def basic_english(text: str) -> list[str]:
    """Lower-cased words and punctuation marks, equal to torchtext 0.18's "basic_english".

    Plain replacement serves where torchtext uses regular expressions, since each of its patterns is a fixed string;
    it takes half the time.
    """
    text = text.lower()
    for old, new in BASIC_ENGLISH:
        text = text.replace(old, new)
    return text.split()


class Vocab:
    """Tokens and their numbers, with the methods of torchtext's `Vocab` that the course uses.

    `vocab(tokens)` gives the numbers of a list of tokens. Unknown tokens get the default index, which has to be set.

    Args:
        tokens: in the order of their numbers, each once

    Raises:
        RuntimeError: a token occurs twice; an unknown token is looked up and there is no default index
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = list(tokens)
        self._numbers = {token: number for number, token in enumerate(self._tokens)}
        self._default: int | None = None
        if len(self._numbers) < len(self._tokens):
            twice = [token for token, count in Counter(self._tokens).items() if count > 1]
            raise RuntimeError(f"Each token may occur once in a vocabulary, these occur more often: {twice[:5]}.")

    def __call__(self, tokens: list[str]) -> list[int]:
        """The number of each token."""
        numbers, default = self._numbers, self._default
        if default is None:
            return [self[token] for token in tokens]
        return [numbers.get(token, default) for token in tokens]

    def lookup_indices(self, tokens: list[str]) -> list[int]:
        """The number of each token."""
        return self(tokens)

    def __getitem__(self, token: str) -> int:
        number = self._numbers.get(token, self._default)
        if number is None:
            raise RuntimeError(f"{token!r} is not in the vocabulary. Set a default index with set_default_index.")
        return number

    def __contains__(self, token: str) -> bool:
        return token in self._numbers

    def __len__(self) -> int:
        return len(self._tokens)

    def set_default_index(self, index: int | None) -> None:
        """Sets the number of every token that is not in the vocabulary; None makes looking one up an error."""
        self._default = index

    def get_default_index(self) -> int | None:
        """The number of tokens that are not in the vocabulary."""
        return self._default

    def lookup_token(self, index: int) -> str:
        """The token with this number."""
        return self.lookup_tokens([index])[0]

    def lookup_tokens(self, indices: list[int]) -> list[str]:
        """The tokens with these numbers."""
        for index in indices:
            if not 0 <= index < len(self):
                raise RuntimeError(f"The vocabulary has the numbers 0 to {len(self) - 1}, got {index}.")
        return [self._tokens[index] for index in indices]

    def get_itos(self) -> list[str]:
        """All tokens in the order of their numbers."""
        return list(self._tokens)

    def get_stoi(self) -> dict[str, int]:
        """The number of each token."""
        return dict(self._numbers)


def own_get_tokenizer(tokenizer: str) -> Tokenizer:
    """What `get_tokenizer` is where torchtext does not load.

    Raises:
        ValueError: any name but "basic_english"
    """
    if tokenizer != "basic_english":
        raise ValueError(f"The course uses the tokenizer 'basic_english', got {tokenizer!r}.")
    return basic_english


def own_build_vocab_from_iterator(
    iterator: Iterable[Iterable[str]],
    min_freq: int = 1,
    specials: list[str] | None = None,
    special_first: bool = True,
    max_tokens: int | None = None,
) -> Vocab:
    """What `build_vocab_from_iterator` is where torchtext does not load: frequent tokens get low numbers.

    Args:
        iterator: gives one text's tokens at a time
        min_freq: tokens that occur less often are left out
        specials: tokens such as "<pad>", numbered in this order, whether or not they occur
        special_first: specials before all other tokens, or after them
        max_tokens: at most this many entries with the specials. As in torchtext, a special that is itself among the
            most frequent tokens uses up one of their places.

    Raises:
        ValueError: max_tokens leaves no room beside the specials
    """
    specials = list(specials or [])
    if max_tokens is not None and max_tokens <= len(specials):
        raise ValueError(f"max_tokens must exceed the number of specials, got {max_tokens} and {len(specials)}.")
    counts = Counter()
    for tokens in iterator:
        counts.update(tokens)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))  # ties: alphabetical
    if max_tokens is not None:
        ordered = ordered[: max_tokens - len(specials)]
    tokens = [token for token, count in ordered if count >= min_freq and token not in specials]
    return Vocab(specials + tokens if special_first else tokens + specials)


def _load_torchtext() -> tuple | None:
    try:
        if importlib.util.find_spec("torchtext") is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that torchtext is archived is said in the course, not in every cell
            import torchtext

            torchtext.disable_torchtext_deprecation_warning()
            from torchtext.data.utils import get_tokenizer
            from torchtext.vocab import build_vocab_from_iterator
    except Exception:  # its library was compiled against another torch: what that raises, nobody can foresee
        return None
    return get_tokenizer, build_vocab_from_iterator


_torchtext = _load_torchtext()
HAS_TORCHTEXT = _torchtext is not None
get_tokenizer, build_vocab_from_iterator = _torchtext or (own_get_tokenizer, own_build_vocab_from_iterator)


def course_vocab() -> Vocab:
    """The vocabulary of all labs: the 24,998 most frequent tokens of the IMDb and newsgroups training texts.

    "<pad>" is 0, "<unk>" is 1 and the default index. Built once, which reads both assets, and cached.
    """
    path = cache_dir() / "text" / f"vocab-{COURSE_TYPES}-1.txt"
    if path.is_file():
        vocab = _vocab_of(path.read_text(encoding="utf-8").split("\n"))
    else:
        from lora_utils.data.corpora import imdb, newsgroups

        texts = imdb().train.texts + newsgroups().train.texts
        tokenizer = get_tokenizer("basic_english")
        tokens = (tokenizer(text) for text in progress(texts, "Building the vocabulary"))
        vocab = build_vocab_from_iterator(tokens, specials=[PAD, UNK], max_tokens=COURSE_TYPES)
        write_whole(path, "\n".join(vocab.get_itos()).encode())
    vocab.set_default_index(vocab[UNK])
    return vocab


def _vocab_of(tokens: list[str]):
    """A vocabulary with exactly these tokens, of the same kind as `build_vocab_from_iterator` makes."""
    return build_vocab_from_iterator([], specials=tokens)


def encode(texts: Iterable[str], vocab: Vocab, max_len: int | None = 256) -> list[list[int]]:
    """Token ids of each text, cut after `max_len` tokens.

    Args:
        texts: any strings
        vocab: turns a list of tokens into a list of numbers
        max_len: at least 1; None keeps whole texts

    Returns:
        one list of ids per text; lengths differ, an empty text gives an empty list
    """
    if max_len is not None and max_len < 1:
        raise ValueError(f"max_len must be at least 1, got {max_len}.")
    if isinstance(texts, str):
        raise ValueError(f"encode expects a list of texts, got the single text {texts[:30]!r}. Put it in a list.")
    tokenizer = get_tokenizer("basic_english")
    return [vocab(tokenizer(text)[:max_len]) for text in texts]


def pad_batch(rows: list[list[int]], pad_id: int = PAD_ID) -> Tensor:
    """One tensor (b, s) from b lists of ids; short rows are filled with `pad_id` at the end.

    Returns:
        int32, which `nn.Embedding` accepts and which takes half the memory of int64; s is the longest row, at least 1
    """
    longest = max((len(row) for row in rows), default=0)
    batch = torch.full((len(rows), max(longest, 1)), pad_id, dtype=torch.int32)  # (b, s)
    for number, row in enumerate(rows):
        batch[number, : len(row)] = torch.tensor(row, dtype=torch.int32)
    return batch


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file of the cache so that another process sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)
