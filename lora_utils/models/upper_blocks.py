"""The lower blocks of a frozen encoder, computed once; the upper blocks, trained as often as one likes on the result.

No gradient goes below the lowest part that is trained, so what lies below gives the same vectors in every epoch and to
every method. With half of MiniLM's blocks below, training costs half.

Letters: n examples, b batch, s sequence, d width, c classes.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from lora_utils.data.batches import Examples
from lora_utils.data.progress_bar import progress
from lora_utils.models.minilm import MiniLM, mean_pool
from lora_utils.models.sentence_classifier import SentenceClassifier, trim


class UpperBlocks(nn.Module):
    """A sentence classifier from one block on: scores = head(mean over the real tokens of the blocks' output).

    It shares its blocks and its head with the classifier: what is trained here is trained there.

    Args:
        classifier: a SentenceClassifier
        start: the first block that belongs to it; with the number of blocks, none does and the head alone is left

    Shapes:
        x: (b, s, d) from `below`, where a row of zeros is padding; returns scores (b, c)

    Raises:
        ValueError: there is no such block

    Source: Rücklé et al., "AdapterDrop", EMNLP 2021, section 3 (adapters in the upper blocks alone). Explained in lab
    03_additive.
    """

    def __init__(self, classifier: SentenceClassifier, start: int) -> None:
        super().__init__()
        _check(start, classifier.encoder)
        self.blocks = classifier.encoder.blocks[start:]
        self.head = classifier.head

    def forward(self, x: Tensor) -> Tensor:
        """Scores before softmax, (b, c)."""
        mask = x.any(dim=-1)  # (b, s)
        longest = max(1, int(mask.any(dim=0).sum()))
        x, mask = x[:, :longest], mask[:, :longest]  # columns that are padding in every row cost nothing
        for block in self.blocks:
            x = block(x, mask)
        return self.head(mean_pool(x, mask))  # (b, d) -> (b, c)


@torch.no_grad()
def below(classifier: SentenceClassifier, data: Examples, stop: int, batch_size: int = 128) -> Examples:
    """What the blocks below `stop` make of the texts: the inputs that UpperBlocks(classifier, stop) takes.

    Args:
        classifier: a SentenceClassifier, on the device where it is to be computed; its lower part does not change
        data: ids (n, s), padded with 0
        stop: the first block that is left out
        batch_size: changes the speed, not the result (default 128)

    Returns:
        vectors (n, s, d) on the CPU, zeros where a token is padding, with the same labels

    Raises:
        ValueError: there is no such block
    """
    _check(stop, classifier.encoder)
    lower = copy.copy(classifier.encoder)  # shares every weight
    lower._modules = {**lower._modules, "blocks": classifier.encoder.blocks[:stop]}
    device = classifier.head.weight.device
    vectors = torch.zeros(*data.inputs.shape, classifier.encoder.words.embedding_dim)  # (n, s, d)
    batches = range(0, len(data), batch_size)
    for first in progress(batches, f"blocks below {stop}"):
        ids, mask = trim(data.inputs[first : first + batch_size].to(device))
        real = lower(ids, mask) * mask.unsqueeze(-1)  # (b, s', d)
        vectors[first : first + len(ids), : ids.shape[1]] = real.cpu()
    return Examples(vectors, data.labels)


def _check(block: int, encoder: MiniLM) -> None:
    count = len(encoder.blocks)
    if not 0 <= block <= count:
        raise ValueError(f"The encoder has {count} blocks, so the cut lies between 0 and {count}, got {block}.")
