"""MiniLM with a classification head: the pretrained model that labs 03, 04 and 09 adapt by every method.

Letters: b batch, s sequence, d width (384), c classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from lora_utils.data.text import PAD_ID
from lora_utils.devices import seeded
from lora_utils.integers import at_least
from lora_utils.models.minilm import MiniLM, load_minilm, mean_pool


class SentenceClassifier(nn.Module):
    """Scores the classes of a text from the mean of its tokens' vectors.

        scores = head(mean over the real tokens of encoder(ids))

    Args:
        encoder: a MiniLM
        num_classes: c, at least 1
        seed: of the head's random start (default 0); the generator outside is left as it was

    Shapes:
        ids: integers (b, s), padded on the right with 0, from `load(..., tokens="minilm")`; returns scores (b, c).
        Columns that are padding in every row are cut off first, so short batches cost little.

    Raises:
        ValueError: num_classes below 1

    Source: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019, section 3 (mean pooling). Lab 03 adapts it.
    """

    def __init__(self, encoder: MiniLM, num_classes: int, seed: int = 0) -> None:
        super().__init__()
        num_classes = at_least(1, "num_classes", num_classes)
        self.encoder = encoder
        with seeded(seed):
            self.head = nn.Linear(encoder.words.embedding_dim, num_classes)

    def forward(self, ids: Tensor) -> Tensor:
        """Scores before softmax, (b, c)."""
        ids, mask = trim(ids)
        return self.head(mean_pool(self.encoder(ids, mask), mask))  # (b, s, d) -> (b, d) -> (b, c)


def trim(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Cut off the columns that are padding in every row; returns ids (b, s') and the mask of real tokens, bool (b, s').

    At least one column stays, so that a batch of empty texts is still a batch.
    """
    mask = ids != PAD_ID  # (b, s)
    longest = max(1, int(mask.any(dim=0).sum()))
    return ids[:, :longest], mask[:, :longest]


def load_sentence_classifier(num_classes: int, seed: int = 0) -> SentenceClassifier:
    """The pretrained MiniLM, frozen, under a new trainable head: the common start of every method in a comparison.

    Args:
        num_classes: c, at least 1
        seed: of the head (default 0)

    Raises:
        AssetError: the weights are not in the cache and could not be fetched

    Explained in lab 03_additive.
    """
    return SentenceClassifier(load_minilm().requires_grad_(False), num_classes, seed)
