"""Greedy generation against the definition: score the whole text again for every token."""

import pytest
import torch
from torch import nn

from lora_utils.models.decoder import Decoder
from lora_utils.models.generation import generate, generate_ids


@pytest.fixture
def tiny():
    torch.manual_seed(2)
    model = Decoder(vocabulary=31, width=24, blocks=2, heads=6, kv_heads=2, inner=40)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model


def from_scratch(model, ids, steps):
    text = list(ids)
    for _ in range(steps):
        text.append(int(model(torch.tensor([text]))[0, -1].argmax()))
    return text[len(ids) :]


@pytest.mark.parametrize("prompt", [[4], [9, 9, 3, 17, 30]])
def test_tokens_equal_those_without_a_cache(tiny, prompt):
    want = from_scratch(tiny, prompt, 8)
    assert generate_ids(tiny, prompt, 8) == want
    assert generate_ids(tiny, prompt, 0) == []
    assert len(set(want)) > 1


def test_a_stop_token_ends_the_text_and_is_not_part_of_it(tiny):
    whole = from_scratch(tiny, [5, 6], 8)
    stop = whole[3]
    assert generate_ids(tiny, [5, 6], 8, stops=(stop, 30)) == whole[: whole.index(stop)]


def test_generate_decodes_the_new_tokens_only(tiny):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = [f"w{n}" for n in range(30)]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate([*words, "<|im_end|>"])}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    new = from_scratch(tiny, [7, 2, 11], 5)
    until = new.index(30) if 30 in new else 5
    assert generate(tiny, tokenizer, "w7 w2 w11", max_new=5) == " ".join(words[n] for n in new[:until])


def test_arguments_are_checked(tiny):
    with pytest.raises(ValueError, match="at least one token"):
        generate_ids(tiny, [], 3)
    with pytest.raises(ValueError, match="max_new must be an integer of at least 0, got -1"):
        generate_ids(tiny, [1], -1)
