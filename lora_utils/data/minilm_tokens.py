"""The tokeniser of MiniLM: words in lower case, cut into pieces that its vocabulary holds.

Letters: b texts, s the longest of them in tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lora_utils.data.assets import asset_path

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class TokenBatch(NamedTuple):
    """Texts as numbers: ids int64 (b, s), padded on the right with 0; mask bool (b, s), True where a token is real."""

    ids: Tensor
    mask: Tensor


def minilm_tokenizer() -> Tokenizer:
    """The tokeniser as its publisher ships it, without padding and truncation, which `encode_texts` does.

    `encode(text).ids` are the numbers and `encode(text).tokens` the pieces, with [CLS] first and [SEP] last.

    Raises:
        AssetError: it is not in the cache and could not be fetched

    Source: WordPiece, Devlin et al., "BERT", NAACL 2019, section 3.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(asset_path("minilm", "tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode_texts(tokenizer: Tokenizer, texts: list[str], max_len: int = 128) -> TokenBatch:
    """A batch for `MiniLM`, padded to its longest text.

    Args:
        tokenizer: from `minilm_tokenizer`
        texts: at least one
        max_len: longer texts lose their end but keep [SEP]; at least 3, at most 512; the published model was trained
            with 128

    Returns:
        TokenBatch(ids, mask)

    Raises:
        ValueError: a single string instead of a list, no texts, or max_len out of range

    Lab 03 explains it.
    """
    if isinstance(texts, str):
        raise ValueError(f"texts must be a list of strings, got the single string {texts!r}. Put it in a list.")
    if not texts:
        raise ValueError("texts must hold at least one text, got none.")
    if not 3 <= max_len <= 512:
        raise ValueError(f"max_len must be from 3 to 512, got {max_len}.")
    rows = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    rows = [row if len(row) <= max_len else [*row[: max_len - 1], row[-1]] for row in rows]
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)  # (b, s)
    mask = torch.zeros(ids.shape, dtype=torch.bool)  # (b, s)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = True
    return TokenBatch(ids, mask)
