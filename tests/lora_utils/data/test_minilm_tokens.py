"""Texts to padded batches, with a small WordPiece tokeniser and with the published one."""

import pytest
import torch

from lora_utils.data.minilm_tokens import encode_texts, minilm_tokenizer

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "sit", "##s", "##ting", "!"]


@pytest.fixture
def small():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({p: n for n, p in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def test_a_batch_is_padded_on_the_right_to_its_longest_text(small):
    ids, mask = encode_texts(small, ["A cat sits!", "sitting", ""])
    assert ids.tolist() == [[2, 4, 5, 6, 7, 9, 3], [2, 6, 8, 3, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0]]
    assert mask.dtype == torch.bool
    assert mask.sum(dim=1).tolist() == [7, 4, 2]
    assert torch.equal(mask, ids != 0)


@pytest.mark.parametrize(("max_len", "kept"), [(7, [2, 4, 5, 6, 7, 9, 3]), (6, [2, 4, 5, 6, 7, 3]), (3, [2, 4, 3])])
def test_a_long_text_loses_its_end_but_keeps_the_last_mark(small, max_len, kept):
    assert encode_texts(small, ["A cat sits!"], max_len=max_len).ids.tolist() == [kept]


def test_arguments_are_checked(small):
    with pytest.raises(ValueError, match="single string 'cat'"):
        encode_texts(small, "cat")
    with pytest.raises(ValueError, match="at least one text"):
        encode_texts(small, [])
    for wrong in (2, 513):
        with pytest.raises(ValueError, match=f"from 3 to 512, got {wrong}"):
            encode_texts(small, ["cat"], max_len=wrong)


@pytest.mark.assets("minilm")
def test_the_published_tokenizer():
    tokenizer = minilm_tokenizer()
    pieces = ["[CLS]", "una", "##ffa", "##ble", "cats", ",", "42", "[SEP]"]
    assert tokenizer.encode("Unaffable CATS, 42").tokens == pieces
    ids, mask = encode_texts(tokenizer, ["A cat.", "word " * 600], max_len=128)
    assert ids.shape == (2, 128)  # not the 128 of the shipped file's fixed padding: the longest text is that long
    assert encode_texts(tokenizer, ["A cat."]).ids.tolist() == [[101, 1037, 4937, 1012, 102]]
    assert tokenizer.decode(ids[0][mask[0]].tolist()) == "a cat."
