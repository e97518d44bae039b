"""One base for many adapters: against PEFT's mixed batches, and against each adapter by itself."""

import importlib.util

import pytest
import torch
from torch import nn

from lora_utils import LinearWithLoRA, LoRALayer
from lora_utils.variants import BatchedLoRA

needs_peft = pytest.mark.skipif(
    importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6: current environment only"
)


def trained(count=3, in_dim=7, out_dim=5, rank=2):
    """A layer and paths that have left their start, each with its own alpha."""
    torch.manual_seed(0)
    paths = [LoRALayer(in_dim, out_dim, rank, alpha=0.5 + k) for k in range(count)]
    for path in paths:
        nn.init.normal_(path.B)
    return nn.Linear(in_dim, out_dim), paths


@needs_peft
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
@pytest.mark.parametrize("leading", [(), (4,), (2, 3)])
def test_a_mixed_batch_equals_pefts(leading):
    from peft import LoraConfig, get_peft_model

    linear, paths = trained()
    plain = nn.Sequential(nn.Linear(7, 5))
    plain[0].load_state_dict(linear.state_dict())
    model = None
    for k, path in enumerate(paths):
        config = LoraConfig(r=2, lora_alpha=path.alpha * 2, target_modules=["0"])
        if model is None:
            model = get_peft_model(plain, config, adapter_name="0")
        else:
            model.add_adapter(str(k), config)
        layer = model.base_model.model[0]
        with torch.no_grad():
            layer.lora_A[str(k)].weight.copy_(path.A.T)
            layer.lora_B[str(k)].weight.copy_(path.B.T)
    index, x = torch.tensor([2, -1, 0, 2, 1, -1]), torch.randn(6, *leading, 7)
    names = ["__base__" if k < 0 else str(k) for k in index.tolist()]
    torch.testing.assert_close(BatchedLoRA(linear, paths)(x, index), model.eval()(x, adapter_names=names))


def test_the_base_alone_is_bit_for_bit_the_layers_own_and_nothing_trains():
    linear, paths = trained()
    x = torch.randn(4, 7)
    layer = BatchedLoRA(linear, paths)
    assert torch.equal(layer(x, torch.full((4,), -1)), linear(x))
    assert layer.linear is linear
    assert not any(p.requires_grad for p in layer.parameters())
    assert layer(x[:0], torch.zeros(0, dtype=torch.long)).shape == (0, 5)


def test_it_moves_as_one():
    layer = BatchedLoRA(*trained()).double()
    assert layer(torch.randn(2, 7).double(), torch.tensor([0, 2])).dtype == torch.float64
    assert {"A", "B"} < set(layer.state_dict())


def test_what_cannot_be_served_is_refused():
    linear, paths = trained()
    with pytest.raises(TypeError, match="BatchedLoRA serves an nn.Linear"):
        BatchedLoRA(nn.Identity(), paths)
    with pytest.raises(ValueError, match="of one rank, from 7 to 5, got"):
        BatchedLoRA(linear, [*paths, LoRALayer(7, 5, 3, 1.0)])
    with pytest.raises(ValueError, match=r"of one rank, from 7 to 5, got \[\]"):
        BatchedLoRA(linear, [])
    with pytest.raises(ValueError, match="of one rank, from 7 to 5, got"):
        BatchedLoRA(linear, [LoRALayer(5, 7, 2, 1.0)])
    layer = BatchedLoRA(linear, paths)
    with pytest.raises(ValueError, match=r"from -1 to 2, got \[0, 3\]"):
        layer(torch.randn(2, 7), torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="one whole number for each of 2 rows"):
        layer(torch.randn(2, 7), torch.tensor([0]))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_an_index_may_be_of_any_type_of_whole_numbers(dtype):
    torch.manual_seed(1)
    paths = [LoRALayer(6, 5, 2, 1.0) for _ in range(2)]
    for path in paths:
        nn.init.normal_(path.B)
    layer, x, index = BatchedLoRA(nn.Linear(6, 5), paths), torch.randn(3, 6), torch.tensor([0, 1, 1])
    torch.testing.assert_close(layer(x, index.to(dtype)), layer(x, index))
    with pytest.raises(ValueError, match=r"got shape \(3,\) of torch.bool"):
        layer(x, index.bool())


def test_beside_a_layer_of_16_bits_a_row_gets_what_its_own_path_gives():
    torch.manual_seed(1)
    one = LinearWithLoRA(nn.Linear(64, 64).bfloat16(), 4, 2.0)
    nn.init.normal_(one.lora.B)
    x = torch.randn(3, 64).bfloat16()
    torch.testing.assert_close(
        BatchedLoRA(one.linear, [one.lora])(x, torch.zeros(3).long()), one(x), rtol=0.008, atol=0
    )
