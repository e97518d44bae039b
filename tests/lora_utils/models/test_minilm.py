"""MiniLM against Hugging Face's BertModel, on tiny random weights and on the published ones."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import count_parameters, inject_lora
from lora_utils.models.minilm import MiniLM, SelfAttention, from_bert, load_minilm, mean_pool

SIZES = {"vocabulary": 23, "width": 12, "blocks": 2, "heads": 3, "inner": 20, "positions": 9, "segments": 2}
needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers comes with peft: current environment only"
)
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside its imports


@pytest.fixture
def tiny():
    torch.manual_seed(3)
    return MiniLM(**SIZES)


@pytest.fixture
def batch():
    """Three texts of 7, 4 and 1 tokens, padded with a token that is no zero vector."""
    ids = torch.randint(1, 23, (3, 7), generator=torch.Generator().manual_seed(5))
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    return ids, mask


def theirs(**sizes):
    from transformers import BertConfig, BertModel

    config = BertConfig(hidden_act="gelu", layer_norm_eps=1e-12, pad_token_id=0, **sizes)
    return BertModel(config).eval()


@needs_transformers
@quiet
def test_hidden_vectors_and_gradients_equal_transformers(batch):
    ids, mask = batch
    torch.manual_seed(1)
    oracle = theirs(
        vocab_size=23,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=9,
    )
    for parameter in oracle.parameters():  # biases and norms start at 0 and 1, which would hide a mix-up
        nn.init.normal_(parameter, std=0.3)
    model = MiniLM(**SIZES)
    model.load_state_dict(from_bert(oracle.state_dict()))
    ours, want = model(ids, mask), oracle(ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours[mask], want[mask])
    probe = torch.randn(ours[mask].shape, generator=torch.Generator().manual_seed(2))
    (ours[mask] * probe).sum().backward()
    (want[mask] * probe).sum().backward()
    torch.testing.assert_close(
        model.blocks[1].attention.value.weight.grad, oracle.encoder.layer[1].attention.self.value.weight.grad
    )
    torch.testing.assert_close(
        model.blocks[0].attention.query.weight.grad, oracle.encoder.layer[0].attention.self.query.weight.grad
    )


@torch.no_grad()
def test_attention_equals_a_loop_over_texts_and_heads():
    torch.manual_seed(4)
    attention, x = SelfAttention(width=6, heads=2), torch.randn(3, 5, 6)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 0, 1, 0, 0], [0, 0, 0, 1, 0]]).bool()
    want = torch.zeros(3, 5, 6)
    for text in range(3):
        q, k, v = (layer(x[text]) for layer in (attention.query, attention.key, attention.value))
        real = [place for place in range(5) if mask[text, place]]
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            for place in range(5):
                scores = torch.tensor([float(q[place, part] @ k[j, part]) / 3**0.5 for j in real])
                share = scores.exp() / scores.exp().sum()
                want[text, place, part] = sum(s * v[j, part] for s, j in zip(share, real, strict=True))
    torch.testing.assert_close(attention(x, mask), attention.output(want))


def test_padding_changes_no_real_token(tiny, batch):
    ids, mask = batch
    whole = tiny(ids, mask)
    for row, length in enumerate((7, 4, 1)):
        torch.testing.assert_close(whole[row, :length], tiny(ids[row : row + 1, :length])[0])
    torch.testing.assert_close(tiny(ids, mask.long()), whole)


def test_a_row_of_padding_only_is_finite_and_its_mean_is_zero(tiny, batch):
    ids, mask = batch
    mask[2] = False
    pooled = mean_pool(tiny(ids, mask), mask)
    pooled.sum().backward()
    assert torch.equal(pooled[2], torch.zeros(12))
    assert all(torch.isfinite(p.grad).all() for p in tiny.parameters())


def test_mean_pool_is_the_mean_of_the_real_tokens():
    hidden = torch.randn(3, 7, 12, generator=torch.Generator().manual_seed(6))
    mask = torch.arange(7) < torch.tensor([[7], [4], [1]])
    want = torch.stack([hidden[0].mean(0), hidden[1, :4].mean(0), hidden[2, 0]])
    torch.testing.assert_close(mean_pool(hidden, mask), want)
    torch.testing.assert_close(mean_pool(hidden, mask.int()), want)


def test_word_vectors_may_be_given_instead_of_ids(tiny, batch):
    ids, mask = batch
    torch.testing.assert_close(tiny.hidden(tiny.words(ids), mask), tiny(ids, mask))


def test_lora_goes_into_the_layers_by_name(tiny, batch):
    before = tiny(*batch)
    assert inject_lora(tiny, ["*.query", "*.value"], rank=2, alpha=0.5) == [
        f"blocks.{block}.attention.{layer}" for block in range(2) for layer in ("query", "value")
    ]
    assert torch.equal(tiny(*batch), before)


def test_bfloat16_by_autocast_stays_close(tiny, batch):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = tiny(*batch)
    torch.testing.assert_close(rough.float()[batch[1]], tiny(*batch)[batch[1]], atol=0.1, rtol=0)


def test_nothing_is_made_on_another_device(tiny, batch):
    """The meta device refuses tensors of the CPU as a GPU does, on every machine."""
    tiny.to("meta")
    ids, mask = (side.to("meta") for side in batch)
    assert tiny(ids).device.type == "meta"
    assert mean_pool(tiny(ids, mask), mask).shape == (3, 12)


def test_arguments_are_checked(tiny):
    with pytest.raises(ValueError, match="multiple of heads, got the width 12 and 5 heads"):
        MiniLM(**SIZES | {"heads": 5})
    with pytest.raises(ValueError, match="at most 9 tokens here, got 10"):
        tiny(torch.ones(1, 10, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"\(batch, sequence\), got the shape \(4,\)"):
        tiny(torch.ones(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"mask must be \(1, 4\).*got \(1, 3\)"):
        tiny(torch.ones(1, 4, dtype=torch.int64), torch.ones(1, 3))


@pytest.fixture(scope="module")
def published():
    return load_minilm()


@pytest.mark.assets("minilm")
def test_the_published_encoder_has_the_published_sizes(published):
    assert count_parameters(published) == (22_565_376, 22_565_376)
    assert {p.dtype for p in published.parameters()} == {torch.float32}


@pytest.mark.assets("minilm")
@needs_transformers
@quiet
def test_the_published_weights_give_the_hidden_vectors_of_transformers(published):
    from safetensors.torch import load_file

    from lora_utils.data.assets import asset_path
    from lora_utils.data.minilm_tokens import encode_texts, minilm_tokenizer

    state = load_file(asset_path("minilm", "model.safetensors"))
    state.pop("embeddings.position_ids")
    sizes = {"vocab_size": 30522, "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12}
    oracle = theirs(**sizes, intermediate_size=1536, max_position_embeddings=512)
    oracle.load_state_dict(state)
    texts = ["A cat sits on the mat.", "The film is a waste of two hours, whatever the critics say.", "No!"]
    ids, mask = encode_texts(minilm_tokenizer(), texts)
    with torch.no_grad():
        ours, want = published(ids, mask), oracle(ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours[mask], want[mask], atol=1e-5, rtol=0)


@pytest.mark.assets("minilm")
def test_texts_of_one_topic_are_nearer_than_texts_of_two(published):
    from lora_utils.data.minilm_tokens import encode_texts, minilm_tokenizer

    texts = ["A cat sits on the mat.", "A kitten lies on a rug.", "Share prices fell sharply on Monday."]
    ids, mask = encode_texts(minilm_tokenizer(), texts)
    with torch.no_grad():
        one, other, far = nn.functional.normalize(mean_pool(published(ids, mask), mask))
    assert one @ other > 0.5
    assert one @ far < 0.2
