"""Checkpointed blocks: gradients of the plain ones, fewer tensors kept, names unchanged."""

import copy

import pytest
import torch
from torch import nn

from lora_utils.methods.checkpointing import checkpoint_blocks, forget_checkpoints
from lora_utils.methods.inject import inject_lora
from lora_utils.methods.prefix_tuning import DecoderPrefix
from lora_utils.models.decoder import Decoder
from lora_utils.training.measured_memory import training_memory


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    model = Decoder(vocabulary=19, width=12, blocks=3, heads=3, kv_heads=1, inner=20).requires_grad_(False)
    inject_lora(model, "*", rank=2, alpha=1.0)
    for name, parameter in model.named_parameters():
        if name.endswith(".B"):
            nn.init.normal_(parameter)
    return model


IDS = torch.randint(0, 19, (2, 7), generator=torch.Generator().manual_seed(1))


def gradients(model):
    model.zero_grad()
    model(IDS).square().mean().backward()
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


def test_gradients_are_the_same_though_nothing_before_the_blocks_is_trained(decoder):
    plain = gradients(decoder)
    assert checkpoint_blocks(decoder.blocks) == 3
    again = gradients(decoder)
    assert plain.keys() == again.keys()
    assert all(torch.equal(again[name], plain[name]) for name in plain)


def test_fewer_bytes_wait_for_the_backward_pass(decoder):
    def loss(scores, labels):
        return scores.square().mean()

    before = training_memory(decoder, IDS, IDS, loss_fn=loss)
    checkpoint_blocks(decoder.blocks)
    after = training_memory(decoder, IDS, IDS, loss_fn=loss)
    assert after.activations < 0.3 * before.activations
    assert (after.weights, after.gradients) == (before.weights, before.gradients)


def test_each_block_runs_twice_and_the_last_one_first_the_second_time(decoder):
    calls = []
    for number, block in enumerate(decoder.blocks):
        block.attention_norm.register_forward_pre_hook(lambda *_, number=number: calls.append(number))
    checkpoint_blocks(decoder.blocks)
    loss = decoder(IDS).square().mean()
    assert calls == [0, 1, 2]
    loss.backward()
    assert calls == [0, 1, 2, 2, 1, 0]


def test_names_stay_and_it_can_be_undone(decoder):
    before = list(decoder.state_dict())
    checkpoint_blocks(decoder.blocks)
    assert list(decoder.state_dict()) == before
    with pytest.raises(ValueError, match="forward of its own already"):
        checkpoint_blocks(decoder.blocks)
    assert forget_checkpoints(decoder.blocks) == 3
    assert forget_checkpoints(decoder.blocks) == 0
    assert all("forward" not in vars(block) for block in decoder.blocks)


def test_a_copy_runs_its_own_blocks(decoder):
    checkpoint_blocks(decoder.blocks)
    other = copy.deepcopy(decoder)
    before = decoder(IDS)
    with torch.no_grad():
        for parameter in other.blocks.parameters():
            parameter.zero_()
    assert torch.equal(decoder(IDS), before)
    assert not torch.equal(other(IDS), before)


def test_without_gradients_caches_work_as_before(decoder):
    from lora_utils.models.generation import generate_ids

    expected = generate_ids(decoder, [1, 2, 3], 6)
    checkpoint_blocks(decoder.blocks)
    assert generate_ids(decoder, [1, 2, 3], 6) == expected


def test_a_prefix_gets_the_gradients_that_it_gets_without(decoder):
    prefix = DecoderPrefix(decoder, 4)

    def steps():
        loss = 0
        for _ in range(2):  # fresh caches every time, as in training
            loss = loss + decoder(IDS, caches=prefix.caches(2)).square().mean()
        return torch.autograd.grad(loss, [prefix.prefix, *(p for p in decoder.parameters() if p.requires_grad)])

    plain = steps()
    checkpoint_blocks(decoder.blocks)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(steps(), plain, strict=True))


def test_a_cache_is_extended_once(decoder):
    checkpoint_blocks(decoder.blocks)
    caches = decoder.caches()
    decoder(IDS, caches=caches).sum().backward()
    assert [cache.length for cache in caches] == [IDS.shape[1]] * 3


def test_a_block_that_all_layers_share_is_changed_once_and_changed_back():
    block = nn.Linear(3, 3)
    blocks = nn.ModuleList([block, block, block])
    assert checkpoint_blocks(blocks) == 1
    assert forget_checkpoints(blocks) == 1
    assert "forward" not in vars(block)
