"""A gguf file read into the decoder: every tensor in its place, and the same logits as transformers' own reader."""

import importlib.util

import gguf_file
import numpy
import pytest
import torch

from lora_utils import count_parameters, inject_lora
from lora_utils.models.smollm2 import from_gguf_name, load_smollm2, read_decoder

needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers comes with peft: current environment only"
)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    return path, gguf_file.write(path)


def q4_1_row(values):
    """A row stored in 4 bits, block by block of 32: half-precision step and minimum, then the nearest of 16 levels."""
    out = []
    for block in values.reshape(-1, 32):
        low, high = float(block.min()), float(block.max())
        step = (high - low) / 15
        levels = numpy.clip(numpy.floor((block - low) / step + 0.5), 0, 15)
        out += (float(numpy.float16(low)) + float(numpy.float16(step)) * levels).tolist()
    return torch.tensor(out)


def test_every_tensor_of_the_file_is_in_its_place(small):
    path, tensors = small
    model = read_decoder(path)
    state = model.state_dict()
    assert {from_gguf_name(name) for name in tensors} == set(state)
    for name, values in tensors.items():  # 4 bits keep a number to half a step, about 0.06 here
        torch.testing.assert_close(state[from_gguf_name(name)], torch.from_numpy(values), atol=0.1, rtol=0.02)
    exact = tensors["blk.1.ffn_up.weight"]
    assert torch.equal(model.blocks[1].feed_forward.up.weight, torch.from_numpy(exact))
    row = tensors["blk.0.attn_k.weight"][5]
    torch.testing.assert_close(model.blocks[0].attention.key.weight[5].detach(), q4_1_row(row))
    assert all(p.dtype == torch.float32 and p.requires_grad for p in model.parameters())


def test_the_sizes_and_constants_are_those_of_the_file(small):
    model = read_decoder(small[0])
    assert model.embedding.weight.shape == (263, 64)
    assert (len(model.blocks), model.head_width, model.rope_base) == (2, 16, 70.0)
    assert model.blocks[0].attention.group == 2
    assert model.norm.epsilon == pytest.approx(1e-3)


@needs_transformers
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # inside its imports
def test_logits_equal_those_of_transformers_reader(small):
    from transformers import AutoModelForCausalLM

    path, _ = small
    theirs = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=torch.float32).eval()
    ids = torch.randint(263, (3, 7), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(read_decoder(path)(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_other_files_are_refused(tmp_path):
    gguf_file.write(tmp_path / "a.gguf", architecture="qwen2")
    with pytest.raises(ValueError, match="architecture 'llama', got 'qwen2'"):
        read_decoder(tmp_path / "a.gguf")
    gguf_file.write(tmp_path / "b.gguf", extra="output")
    with pytest.raises(ValueError, match=r"'output.weight' is no tensor of a llama decoder with tied embeddings"):
        read_decoder(tmp_path / "b.gguf")
    gguf_file.write(tmp_path / "c.gguf", leave_out=["heads"])
    with pytest.raises(ValueError, match=r"must state 'llama.attention.head_count'"):
        read_decoder(tmp_path / "c.gguf")


@pytest.mark.parametrize("name", ["blk.0.attn_q.bias", "blk.0.attn_z.weight", "output.weight", "rope_freqs"])
def test_an_unknown_tensor_is_refused(name):
    with pytest.raises(ValueError, match=f"{name!r} is no tensor"):
        from_gguf_name(name)


@pytest.mark.assets("smollm2")
def test_the_published_decoder_says_paris():
    from lora_utils.data.smollm2_tokens import chat, smollm2_tokenizer
    from lora_utils.models.generation import generate

    model, tokenizer = load_smollm2(), smollm2_tokenizer()
    assert count_parameters(model) == (134_515_008, 134_515_008)
    ids = torch.tensor([tokenizer.encode("The capital of France is").ids])  # (1, 5)
    with torch.no_grad():
        logits = model(ids)[0, -1]  # (v,)
    assert tokenizer.decode([int(logits.argmax())]) == " Paris"
    assert generate(model, tokenizer, "The capital of France is", max_new=1) == " Paris"
    assert "Paris" in generate(model, tokenizer, chat("What is the capital of France?"), max_new=12)
    assert len(inject_lora(model, ["*.query", "*.value"], rank=2, alpha=1.0)) == 60
    with torch.no_grad():
        assert torch.equal(model(ids)[0, -1], logits)
