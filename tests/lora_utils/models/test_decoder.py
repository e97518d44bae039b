"""The decoder against Hugging Face's LlamaForCausalLM, and against what causal and cached mean."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import inject_lora
from lora_utils.models.decoder import Cache, Decoder, RMSNorm, rotary_angles, rotate

SIZES = {"vocabulary": 29, "width": 24, "blocks": 2, "heads": 6, "kv_heads": 2, "inner": 40}  # heads of 4
needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers comes with peft: current environment only"
)


@pytest.fixture
def tiny():
    torch.manual_seed(7)
    model = Decoder(**SIZES, rope_base=50.0, epsilon=1e-3)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model


@pytest.fixture
def ids():
    return torch.randint(29, (3, 7), generator=torch.Generator().manual_seed(8))


def halves(weight, head_width):
    """Rows in Hugging Face's order: of each head first the first of every pair, then the second of every pair."""
    rows = []
    for start in range(0, len(weight), head_width):
        rows += [*range(start, start + head_width, 2), *range(start + 1, start + head_width, 2)]
    return weight[rows]


def as_llama(model):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=29,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        intermediate_size=40,
        rms_norm_eps=1e-3,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 50.0},
    )
    theirs = LlamaForCausalLM(config).eval()
    layers = {
        "self_attn.q_proj": "attention.query",
        "self_attn.k_proj": "attention.key",
        "self_attn.v_proj": "attention.value",
        "self_attn.o_proj": "attention.output",
        "mlp.gate_proj": "feed_forward.gate",
        "mlp.up_proj": "feed_forward.up",
        "mlp.down_proj": "feed_forward.down",
        "input_layernorm": "attention_norm",
        "post_attention_layernorm": "feed_forward_norm",
    }
    state = {"model.embed_tokens.weight": model.embedding.weight, "model.norm.weight": model.norm.weight}
    state["lm_head.weight"] = model.embedding.weight
    for block in range(2):
        for name, ours in layers.items():
            weight = model.get_submodule(f"blocks.{block}.{ours}").weight
            permuted = ours in ("attention.query", "attention.key")
            state[f"model.layers.{block}.{name}.weight"] = halves(weight, 4) if permuted else weight
    theirs.load_state_dict({name: weight.detach() for name, weight in state.items()})
    return theirs


@needs_transformers
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside its imports
def test_logits_and_gradients_equal_transformers(tiny, ids):
    theirs = as_llama(tiny)
    mask = torch.arange(7) < torch.tensor([[7], [5], [2]])
    ours, want = tiny(ids, mask), theirs(ids, attention_mask=mask.long()).logits
    torch.testing.assert_close(ours[mask], want[mask], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(tiny(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)
    nn.functional.cross_entropy(ours[mask], ids[mask]).backward()
    nn.functional.cross_entropy(want[mask], ids[mask]).backward()
    for ours, want in (
        (tiny.embedding.weight.grad, theirs.model.embed_tokens.weight.grad),
        (tiny.blocks[0].feed_forward.gate.weight.grad, theirs.model.layers[0].mlp.gate_proj.weight.grad),
        (halves(tiny.blocks[1].attention.key.weight.grad, 4), theirs.model.layers[1].self_attn.k_proj.weight.grad),
    ):
        torch.testing.assert_close(ours, want, atol=1e-5, rtol=1e-3)


def test_rms_norm_equals_the_formula():
    norm, x = RMSNorm(5, epsilon=0.1), torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    nn.init.normal_(norm.weight)
    for i in range(2):
        for j in range(3):
            root = (sum(float(value) ** 2 for value in x[i, j]) / 5 + 0.1) ** 0.5
            torch.testing.assert_close(norm(x)[i, j], norm.weight * x[i, j] / root)
    assert norm.bfloat16()(x.bfloat16()).dtype == torch.bfloat16


def test_rotation_is_multiplication_by_a_complex_number():
    x = torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(2))
    positions = torch.tensor([0, 1, 4, 5, 9])
    frequencies = torch.tensor([100.0 ** (-2 * i / 6) for i in range(3)])
    turn = torch.polar(torch.ones(5, 3), torch.outer(positions.float(), frequencies))
    want = torch.view_as_real(torch.view_as_complex(x.reshape(2, 3, 5, 3, 2)) * turn).reshape(x.shape)
    torch.testing.assert_close(rotate(x, rotary_angles(positions, 6, 100.0)), want)


def test_rotated_products_depend_on_the_distance_only():
    query, key = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(3))

    def product(i, j):
        left, right = (rotate(x, rotary_angles(torch.tensor([at]), 8, 30.0)) for x, at in ((query, i), (key, j)))
        return float((left * right).sum())

    assert product(5, 2) == pytest.approx(product(14, 11), rel=1e-4)
    assert product(5, 2) != pytest.approx(product(5, 3), rel=1e-2)


def test_a_later_token_never_changes_an_earlier_logit(tiny, ids):
    before = tiny(ids)
    for place in range(7):
        changed = ids.clone()
        changed[:, place] = (changed[:, place] + 1) % 29
        after = tiny(changed)
        assert torch.equal(after[:, :place], before[:, :place])
        assert not torch.equal(after[:, place:], before[:, place:])


def test_gradients_reach_earlier_tokens_only(tiny, ids):
    vectors = tiny.embedding(ids).detach().requires_grad_()
    tiny.hidden(vectors)[:, 3].sum().backward()
    seen = vectors.grad.abs().sum(dim=-1) > 0
    assert torch.equal(seen, torch.tensor([True] * 4 + [False] * 3).expand(3, 7))


def test_padding_on_either_side_changes_no_real_token(tiny, ids):
    alone = tiny(ids[:, :4])
    padding = torch.full((3, 2), 11)
    real, pad = torch.ones(3, 4), torch.zeros(3, 2)
    right = tiny(torch.cat((ids[:, :4], padding), 1), torch.cat((real, pad), 1))[:, :4]
    left = tiny(torch.cat((padding, ids[:, :4]), 1), torch.cat((pad, real), 1))
    torch.testing.assert_close(right, alone)
    torch.testing.assert_close(left[:, 2:], alone, atol=1e-4, rtol=1e-4)
    assert torch.isfinite(left).all()


@pytest.mark.parametrize("pieces", [[7], [3, 4], [1] * 7, [2, 1, 4]])
def test_a_cache_changes_no_logit(tiny, ids, pieces):
    caches = tiny.caches()
    mask = torch.arange(7) >= torch.tensor([[0], [2], [1]])
    parts, start = [], 0
    for piece in pieces:
        end = start + piece
        parts.append(tiny(ids[:, start:end], mask[:, :end], caches))
        start = end
    torch.testing.assert_close(torch.cat(parts, 1), tiny(ids, mask), atol=1e-4, rtol=1e-4)
    assert [cache.length for cache in caches] == [7, 7]


def test_a_prefix_of_keys_and_values_is_trained(tiny, ids):
    prefix = [nn.Parameter(torch.randn(2, 3, 2, 5, 4)) for _ in tiny.blocks]  # key and value, b 3, k 2, 5 tokens, e 4
    out = tiny(ids, caches=[Cache(*pair) for pair in prefix])
    assert not torch.allclose(out, tiny(ids))
    out.square().sum().backward()
    assert all((pair.grad != 0).all() for pair in prefix)


def test_embedding_and_output_are_one_matrix(tiny):
    assert [name for name, _ in tiny.named_parameters() if "embedding" in name or "logits" in name] == [
        "embedding.weight"
    ]
    torch.testing.assert_close(tiny.logits(torch.eye(24)), tiny.embedding.weight.T)


def test_lora_goes_into_the_layers_by_name(tiny, ids):
    before = tiny(ids)
    assert inject_lora(tiny, ["*.query", "*.down"], rank=2, alpha=0.5) == [
        f"blocks.{block}.{layer}" for block in range(2) for layer in ("attention.query", "feed_forward.down")
    ]
    assert torch.equal(tiny(ids), before)


def test_nothing_is_made_on_another_device(tiny, ids):
    """The meta device refuses tensors of the CPU as a GPU does, on every machine."""
    tiny.to("meta")
    ids, caches = ids.to("meta"), tiny.caches()
    assert tiny(ids, torch.ones(3, 7, device="meta"), caches).shape == (3, 7, 29)
    assert tiny(ids[:, :1], caches=caches).device.type == "meta"


def test_arguments_are_checked(tiny, ids):
    with pytest.raises(ValueError, match="multiple of 2 . heads, got the width 24 and 5 heads"):
        Decoder(**SIZES | {"heads": 5})
    with pytest.raises(ValueError, match="got 6 heads and 4 kv_heads"):
        Decoder(**SIZES | {"kv_heads": 4})
    with pytest.raises(ValueError, match=r"\(batch, sequence\), got the shape \(7,\)"):
        tiny(ids[0])
    with pytest.raises(ValueError, match=r"mask must be \(3, 7\), cache included, got \(3, 6\)"):
        tiny(ids, torch.ones(3, 6))
