"""Supervised fine-tuning of a language model: prompts with answers as batches, and the loss on the answers alone.

Letters: b batch, s sequence, d width, v vocabulary, n answer tokens in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from lora_utils.models.decoder import Decoder

IGNORE = -100  # the label that torch.nn.functional.cross_entropy leaves out by default

Pair = tuple[Sequence[int], Sequence[int]]  # token ids of a prompt, token ids of its answer


@dataclass(frozen=True)
class InstructionBatch:
    """Prompts and answers, padded on the right.

    Args:
        ids: (b, s) int64
        mask: (b, s) bool, true where a token is real
        labels: (b, s) int64, the token itself where it belongs to an answer, -100 elsewhere; not shifted
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor

    def to(self, device: torch.device | str) -> InstructionBatch:
        """The same batch on another device."""
        return InstructionBatch(self.ids.to(device), self.mask.to(device), self.labels.to(device))


def instruction_batch(pairs: Sequence[Pair], pad: int, max_len: int | None = None) -> InstructionBatch:
    """Put each answer behind its prompt and label the answer's tokens.

    Labels follow from the place, never from the token: where the padding token is also the one that ends an answer,
    masking by token would unlearn to stop (huggingface/trl #1623, #976).

    Args:
        pairs: prompts and answers as token ids, the token that ends the turn included in the answer
        pad: token that fills up rows
        max_len: prompts are cut on the left until both fit (default: nothing is cut)

    Raises:
        ValueError: no pairs, an empty prompt or answer, or an answer that leaves no room for a prompt

    Explained in lab 08_qlora.
    """
    if not pairs:
        raise ValueError("A batch must hold at least one pair, got none.")
    rows = []
    for prompt, answer in pairs:
        if not len(prompt) or not len(answer):
            raise ValueError(f"Prompt and answer need at least one token each, got {len(prompt)} and {len(answer)}.")
        room = len(prompt) if max_len is None else max_len - len(answer)
        if room < 1:
            raise ValueError(f"An answer of {len(answer)} tokens leaves no room for its prompt in max_len={max_len}.")
        rows.append((list(prompt)[-room:], list(answer)))
    longest = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = torch.full((len(rows), longest), pad)  # (b, s)
    labels = torch.full((len(rows), longest), IGNORE)  # (b, s)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)  # (b, s)
    for row, (prompt, answer) in enumerate(rows):
        start, end = len(prompt), len(prompt) + len(answer)
        ids[row, :end] = torch.tensor(prompt + answer)
        labels[row, start:end] = torch.tensor(answer)
        mask[row, :end] = True
    return InstructionBatch(ids, mask, labels)


def answer_loss(model: Decoder, batch: InstructionBatch) -> Tensor:
    """The mean cross entropy of the answers' tokens, each predicted from the place before it.

    Only those places are turned into logits. For SmolLM2 a place has 49,152 of them, as many numbers as 85 of its
    hidden vectors: for the whole sequence they would be the largest tensor of the step.

    Args:
        model: with `embedding`, `hidden` and `logits`, as Decoder
        batch: on the model's device

    Raises:
        ValueError: no token of the batch has a label

    Explained in lab 08_qlora.
    """
    following = batch.labels[:, 1:]  # (b, s - 1): the label of place t is predicted at place t - 1
    wanted = following != IGNORE  # (b, s - 1)
    if not wanted.any():
        raise ValueError("No token of the batch has a label, so there is no loss: is every label -100?")
    hidden = model.hidden(model.embedding(batch.ids), batch.mask)  # (b, s, d)
    return F.cross_entropy(model.logits(hidden[:, :-1][wanted]).float(), following[wanted])  # (n, v), (n,) -> ()
