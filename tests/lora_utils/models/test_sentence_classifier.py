"""The classifier on MiniLM: padding changes nothing, and the head is the only thing that is new."""

import pytest
import torch

from lora_utils import count_parameters, trainable_names
from lora_utils.models.minilm import MiniLM
from lora_utils.models.sentence_classifier import SentenceClassifier, load_sentence_classifier, trim

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}


@pytest.fixture
def tiny():
    torch.manual_seed(3)
    return SentenceClassifier(MiniLM(**SIZES), 5)


def test_scores_equal_a_loop_over_texts_without_padding(tiny):
    rows = [[4, 7, 2, 9], [3], [11, 5]]
    ids = torch.tensor([row + [0] * (8 - len(row)) for row in rows], dtype=torch.int32)
    alone = [tiny.head(tiny.encoder(torch.tensor([row]))[0].mean(dim=0)) for row in rows]
    torch.testing.assert_close(tiny(ids), torch.stack(alone))


def test_trim_keeps_the_longest_row_and_one_column_of_nothing():
    ids, mask = trim(torch.tensor([[5, 6, 0, 0], [7, 0, 0, 0]]))
    assert ids.tolist() == [[5, 6], [7, 0]]
    assert mask.tolist() == [[True, True], [True, False]]
    assert trim(torch.zeros(3, 4, dtype=torch.int64))[0].shape == (3, 1)


def test_a_batch_without_rows_has_no_scores(tiny):
    assert tiny(torch.zeros(0, 4, dtype=torch.int64)).shape == (0, 5)


def test_the_seed_decides_the_head_and_leaves_the_generator(tiny):
    torch.manual_seed(9)
    before = torch.get_rng_state()
    same, other = SentenceClassifier(tiny.encoder, 5), SentenceClassifier(tiny.encoder, 5, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(same.head.weight, tiny.head.weight)
    assert not torch.equal(other.head.weight, tiny.head.weight)
    with pytest.raises(ValueError, match="num_classes must be an integer of at least 1, got 0"):
        SentenceClassifier(tiny.encoder, 0)


@pytest.mark.assets("minilm")
def test_the_pretrained_encoder_is_frozen():
    model = load_sentence_classifier(6)
    assert trainable_names(model) == ["head.weight", "head.bias"]
    assert count_parameters(model) == (384 * 6 + 6, 22_565_376 + 384 * 6 + 6)
