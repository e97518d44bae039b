"""Batches of prompts and answers, by hand, and the loss on the answers against log-probabilities taken one by one."""

import pytest
import torch

from lora_utils.models.decoder import Decoder
from lora_utils.training.instruction_tuning import IGNORE, InstructionBatch, answer_loss, instruction_batch

PAIRS = [([5, 6, 7], [8, 2]), ([9], [3, 4, 2])]  # 2 ends a turn


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return Decoder(vocabulary=11, width=12, blocks=2, heads=3, kv_heads=1, inner=20)


def test_a_batch_by_hand():
    batch = instruction_batch(PAIRS, pad=2)
    assert batch.ids.tolist() == [[5, 6, 7, 8, 2], [9, 3, 4, 2, 2]]
    assert batch.labels.tolist() == [[IGNORE] * 3 + [8, 2], [IGNORE, 3, 4, 2, IGNORE]]
    assert batch.mask.tolist() == [[True] * 5, [True] * 4 + [False]]
    assert (batch.ids.dtype, batch.labels.dtype, batch.mask.dtype) == (torch.int64, torch.int64, torch.bool)
    assert batch.to("cpu").ids.tolist() == batch.ids.tolist()


def test_long_prompts_lose_their_beginning():
    batch = instruction_batch(PAIRS, pad=0, max_len=4)
    assert batch.ids.tolist() == [[6, 7, 8, 2], [9, 3, 4, 2]]
    assert batch.labels.tolist() == [[IGNORE, IGNORE, 8, 2], [IGNORE, 3, 4, 2]]


def test_the_loss_is_the_mean_of_the_answers_tokens_alone(decoder):
    with torch.no_grad():
        logp = []
        for prompt, answer in PAIRS:  # one text at a time, one token at a time, no padding
            for k, token in enumerate(answer):
                logp.append(decoder(torch.tensor([prompt + answer[:k]]))[0, -1].log_softmax(-1)[token])
    expected = -torch.stack(logp).mean()
    torch.testing.assert_close(answer_loss(decoder, instruction_batch(PAIRS, pad=0)), expected)
    torch.testing.assert_close(answer_loss(decoder, instruction_batch(PAIRS, pad=2)), expected)


def test_the_loss_trains_every_block(decoder):
    answer_loss(decoder, instruction_batch(PAIRS, pad=0)).backward()
    assert all(p.grad.any() for p in decoder.blocks.parameters())


@pytest.mark.parametrize(
    ("pairs", "kwargs", "message"),
    [
        ([], {}, "at least one pair, got none"),
        ([([], [1])], {}, "at least one token each, got 0 and 1"),
        ([([1], [])], {}, "at least one token each, got 1 and 0"),
        ([([1], [2, 3])], {"max_len": 2}, "answer of 2 tokens leaves no room for its prompt in max_len=2"),
    ],
)
def test_what_makes_no_batch_is_refused(pairs, kwargs, message):
    with pytest.raises(ValueError, match=message):
        instruction_batch(pairs, pad=0, **kwargs)


def test_a_batch_without_labels_has_no_loss(decoder):
    ids = torch.tensor([[1, 2]])
    with pytest.raises(ValueError, match="No token of the batch has a label"):
        answer_loss(decoder, InstructionBatch(ids, ids > 0, torch.full((1, 2), IGNORE)))
