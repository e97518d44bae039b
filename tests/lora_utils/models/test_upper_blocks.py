"""An encoder cut in two gives what the whole one gives, at every cut."""

import pytest
import torch

from lora_utils.data.batches import Examples
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier
from lora_utils.models.upper_blocks import UpperBlocks, below

SIZES = {"vocabulary": 23, "width": 12, "blocks": 3, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
TEXTS = Examples(torch.tensor([[4, 7, 2, 9, 0, 0], [3, 0, 0, 0, 0, 0], [11, 5, 8, 0, 0, 0]]), torch.tensor([1, 0, 2]))


@pytest.fixture
def tiny():
    torch.manual_seed(3)
    return SentenceClassifier(MiniLM(**SIZES), 5)


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("batch_size", [2, 5])
def test_lower_and_upper_part_make_the_whole(tiny, cut, batch_size):
    lower = below(tiny, TEXTS, cut, batch_size)
    assert lower.inputs.shape == (3, 6, 12)
    assert torch.equal(lower.labels, TEXTS.labels)
    assert not lower.inputs.requires_grad
    torch.testing.assert_close(UpperBlocks(tiny, cut)(lower.inputs), tiny(TEXTS.inputs))
    assert len(tiny.encoder.blocks) == 3


def test_padding_is_zero_and_every_real_vector_is_not(tiny):
    vectors = below(tiny, TEXTS, 1).inputs
    assert torch.equal(vectors.any(dim=-1), TEXTS.inputs != 0)


def test_a_batch_of_padding_alone_is_still_a_batch(tiny):
    assert UpperBlocks(tiny, 1)(torch.zeros(2, 4, 12)).shape == (2, 5)


def test_a_batch_without_rows_has_no_scores(tiny):
    assert UpperBlocks(tiny, 1)(torch.zeros(0, 4, 12)).shape == (0, 5)


def test_the_blocks_are_shared_and_gradients_reach_them(tiny):
    upper = UpperBlocks(tiny, 2)
    upper(below(tiny, TEXTS, 2).inputs).sum().backward()
    assert tiny.encoder.blocks[2].attention.query.weight.grad.any()
    assert tiny.encoder.blocks[1].attention.query.weight.grad is None
    assert upper.head is tiny.head


@pytest.mark.parametrize("cut", [-1, 4])
def test_a_cut_outside_the_encoder_is_refused(tiny, cut):
    for function in (lambda: UpperBlocks(tiny, cut), lambda: below(tiny, TEXTS, cut)):
        with pytest.raises(ValueError, match=f"3 blocks, so the cut lies between 0 and 3, got {cut}"):
            function()


def test_columns_of_padding_do_not_reach_the_blocks(tiny):
    seen = []
    tiny.encoder.blocks[1].register_forward_pre_hook(lambda block, inputs: seen.append(tuple(inputs[0].shape)))
    UpperBlocks(tiny, 1)(below(tiny, TEXTS, 1).inputs)
    assert seen == [(3, 4, 12)]
