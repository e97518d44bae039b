"""A prefix: nothing changes without it, and with it every layer attends to l more places."""

import pytest
import torch
from torch import nn

from lora_utils import count_parameters, inject_lora, trainable_names
from lora_utils.methods.prefix_tuning import AttentionWithPrefix, DecoderPrefix, fold_prefix, inject_prefix
from lora_utils.models.decoder import Decoder
from lora_utils.models.minilm import MiniLM, SelfAttention
from lora_utils.models.sentence_classifier import SentenceClassifier

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
PLACES = ["blocks.0.attention", "blocks.1.attention"]


@pytest.fixture
def encoder():
    torch.manual_seed(3)
    return MiniLM(**SIZES)


@pytest.fixture
def batch():
    """Three texts of 7, 4 and 1 tokens."""
    ids = torch.randint(1, 23, (3, 7), generator=torch.Generator().manual_seed(5))
    return ids, torch.arange(7) < torch.tensor([[7], [4], [1]])


@pytest.fixture
def decoder():
    torch.manual_seed(7)
    model = Decoder(vocabulary=29, width=24, blocks=2, heads=6, kv_heads=2, inner=40, rope_base=50.0, epsilon=1e-3)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model.requires_grad_(False)


def test_length_zero_is_the_base_bit_for_bit(encoder, batch):
    want = encoder(*batch)
    assert inject_prefix(encoder, 0) == PLACES
    assert torch.equal(encoder(*batch), want)


def test_keys_that_nobody_looks_at_leave_the_base(encoder, batch):
    """Attention to a place whose score is far below all others is zero, whatever its value."""
    want = encoder(*batch)
    attention = encoder.blocks[0].attention
    with torch.no_grad():
        attention.query.weight.zero_()  # then every query is the bias, and a key against it is never looked at
        want = encoder(*batch)
        key = -1e4 * attention.query.bias
        layer = AttentionWithPrefix(attention, 2, init=torch.stack((key.expand(2, -1), torch.ones(2, 12))))
        encoder.blocks[0].attention = layer
        torch.testing.assert_close(encoder(*batch), want)


@torch.no_grad()
def test_attention_equals_a_loop_over_texts_and_heads():
    torch.manual_seed(4)
    base, x = SelfAttention(width=6, heads=2), torch.randn(3, 5, 6)
    layer = AttentionWithPrefix(base, 4)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 0, 1, 0, 0], [0, 0, 0, 1, 0]]).bool()
    want = torch.zeros(3, 5, 6)
    for text in range(3):
        real = [place for place in range(5) if mask[text, place]]
        q = base.query(x[text])
        k = torch.stack([*layer.prefix[0], *base.key(x[text])[real]])
        v = torch.stack([*layer.prefix[1], *base.value(x[text])[real]])
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            for place in range(5):
                scores = k[:, part] @ q[place, part] / 3**0.5
                want[text, place, part] = (scores.exp() / scores.exp().sum()) @ v[:, part]
    torch.testing.assert_close(layer(x, mask), base.output(want))


def test_a_prefix_of_words_equals_those_words_in_the_first_layer(encoder, batch):
    """In one layer, the keys and values of vectors are all that the vectors are to the others."""
    attention, x = encoder.blocks[0].attention, torch.randn(3, 7, 12)
    words = torch.randn(2, 12)
    longer = torch.cat((words.expand(3, -1, -1), x), dim=1)
    want = attention(longer, torch.cat((torch.ones(3, 2).bool(), batch[1]), dim=1))[:, 2:]
    init = torch.stack((attention.key(words), attention.value(words)))
    torch.testing.assert_close(AttentionWithPrefix(attention, 2, init=init)(x, batch[1]), want)


def test_a_start_from_words_is_what_the_frozen_model_computes_for_them(encoder):
    words = encoder.words(torch.tensor([8, 2, 5]))
    seen = {}
    for place in PLACES:
        encoder.get_submodule(place).key.register_forward_hook(
            lambda layer, inputs, output, place=place: seen.__setitem__(place, output[0])
        )
    encoder(torch.tensor([[8, 2, 5]]))
    want = dict(seen)
    inject_prefix(encoder, 3, init=words)
    for place in PLACES:
        torch.testing.assert_close(encoder.get_submodule(place).prefix[0], want[place])
        assert not encoder.get_submodule(place).attention._forward_pre_hooks  # nothing is left behind


def test_only_the_prefix_is_trained_and_padding_changes_nothing(encoder, batch):
    model = SentenceClassifier(encoder.requires_grad_(False), 5)
    inject_prefix(model, 4)
    assert trainable_names(model) == [f"encoder.{place}.prefix" for place in PLACES] + ["head.weight", "head.bias"]
    assert count_parameters(model).trainable == 2 * 2 * 4 * 12 + 12 * 5 + 5
    ids = batch[0] * batch[1]
    torch.testing.assert_close(model(ids)[1:2], model(ids[1:2, :4]))
    model(ids).square().sum().backward()
    for place in PLACES:
        assert (model.get_submodule(f"encoder.{place}").prefix.grad.abs().sum(dim=2) > 0).all()


def test_a_row_of_padding_only_stays_finite(encoder, batch):
    inject_prefix(encoder, 2)
    ids, mask = batch
    mask[2] = False
    encoder(ids, mask).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in encoder.parameters() if p.grad is not None)


def test_folding_changes_no_output(encoder, batch):
    inject_prefix(encoder, 4, reparameterized=True)
    want = encoder(*batch)
    want.sum().backward()
    assert encoder.blocks[1].attention.encoder.up.weight.grad.any()
    assert fold_prefix(encoder) == 2
    torch.testing.assert_close(encoder(*batch), want)
    assert encoder.blocks[1].attention.prefix.shape == (2, 4, 12)
    assert not [name for name in encoder.state_dict() if "encoder" in name]
    assert fold_prefix(encoder) == 2
    torch.testing.assert_close(encoder(*batch), want)


def test_the_seed_decides_the_start_and_leaves_the_generator(batch):
    starts = []
    for seed in (1, 1, 2):
        torch.manual_seed(9)
        model, before = MiniLM(**SIZES), torch.get_rng_state()
        inject_prefix(model, 3, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
        starts.append(model.blocks[1].attention.prefix)
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_lora_still_finds_the_layers(encoder):
    inject_prefix(encoder, 2)
    assert inject_lora(encoder, "*.query", rank=2, alpha=1.0) == [f"{place}.attention.query" for place in PLACES]


def test_a_prefix_of_tokens_equals_the_whole_text(decoder):
    ids = torch.randint(29, (3, 7), generator=torch.Generator().manual_seed(8))
    ids[:, :4] = ids[0, :4]
    prefix = DecoderPrefix(decoder, 4, init=ids[0, :4])
    torch.testing.assert_close(decoder(ids[:, 4:], caches=prefix.caches(3)), decoder(ids)[:, 4:], atol=1e-4, rtol=1e-4)
    mask = torch.arange(7) < torch.tensor([[7], [6], [5]])
    masked = decoder(ids[:, 4:], mask, prefix.caches(3))
    torch.testing.assert_close(masked, decoder(ids, mask)[:, 4:], atol=1e-4, rtol=1e-4)


def test_a_decoders_prefix_is_trained_by_every_text_and_used_again(decoder):
    prefix = DecoderPrefix(decoder, 3, seed=2)
    ids = torch.randint(29, (3, 5), generator=torch.Generator().manual_seed(8))
    one, two = (decoder(ids, caches=prefix.caches(3)) for _ in range(2))
    assert torch.equal(one, two)
    assert prefix.prefix.shape == (2, 2, 2, 3, 4)
    one.square().sum().backward()
    assert (prefix.prefix.grad != 0).all()
    assert torch.equal(prefix.prefix, DecoderPrefix(decoder, 3, seed=2).prefix)


def test_nothing_is_made_on_another_device(encoder, decoder, batch):
    """The meta device refuses tensors of the CPU as a GPU does, on every machine."""
    encoder.to("meta")
    inject_prefix(encoder, 2)
    ids, mask = (side.to("meta") for side in batch)
    assert encoder(ids, mask).shape == (3, 7, 12)
    caches = DecoderPrefix(decoder.to("meta"), 2).caches(3)
    assert decoder(ids, torch.ones(3, 9, device="meta"), caches).shape == (3, 7, 29)


def test_arguments_are_checked(encoder, decoder):
    with pytest.raises(ValueError, match="holds no SelfAttention"):
        inject_prefix(nn.Linear(2, 3), 4)
    with pytest.raises(ValueError, match=r"init must be \(length, width\) with length 2, got \(3, 12\)"):
        inject_prefix(encoder, 2, init=torch.zeros(3, 12))
    with pytest.raises(ValueError, match="init needs a MiniLM inside the model"):
        inject_prefix(nn.Sequential(SelfAttention(6, 2)), 2, init=torch.zeros(2, 6))
    with pytest.raises(ValueError, match="init is the start of a plain prefix"):
        inject_prefix(encoder, 2, init=torch.zeros(2, 12), reparameterized=True)
    with pytest.raises(ValueError, match=r"init must be \(2, length, width\) = \(2, 3, 12\), got \(3, 12\)"):
        AttentionWithPrefix(SelfAttention(12, 3), 3, init=torch.zeros(3, 12))
    inject_prefix(encoder, 2)
    with pytest.raises(ValueError, match="has a prefix already"):
        inject_prefix(encoder, 2)
    with pytest.raises(ValueError, match="length must be an integer of at least 1, got 0"):
        DecoderPrefix(decoder, 0)
    with pytest.raises(ValueError, match=r"init must be 3 token ids, got the shape \(2,\)"):
        DecoderPrefix(decoder, 3, init=torch.tensor([1, 2]))


@pytest.mark.parametrize("length", [-1, 2.5, "2"])
def test_a_length_that_is_none_is_refused(encoder, length):
    for reparameterized in (False, True):
        with pytest.raises(ValueError, match=f"length must be an integer of at least 0, got {length!r}"):
            inject_prefix(encoder, length, reparameterized=reparameterized)
    with pytest.raises(ValueError, match="length must be an integer"):
        DecoderPrefix(Decoder(vocabulary=9, width=8, blocks=1, heads=2, kv_heads=1, inner=8), length)


def test_words_start_a_prefix_in_a_model_of_16_bits(encoder):
    encoder.bfloat16()
    inject_prefix(encoder, 2, init=encoder.words.weight[:2].float())
    assert encoder.blocks[0].attention.prefix.dtype == torch.float32
    assert encoder(torch.tensor([[4, 7]])).dtype == torch.bfloat16


@pytest.mark.parametrize("init", [None, torch.tensor([1, 2])], ids=["drawn", "words"])
def test_a_prefix_that_was_made_under_inference_mode_trains(decoder, init):
    with torch.inference_mode():
        prefix = DecoderPrefix(decoder, 2, init=init)
    decoder(torch.tensor([[3, 4]]), caches=prefix.caches(1)).sum().backward()
    torch.optim.AdamW(prefix.parameters(), lr=0.1).step()
    assert prefix.prefix.grad.any()
