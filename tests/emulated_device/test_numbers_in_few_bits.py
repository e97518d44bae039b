"""Quantization on the device gives the CPU's codes and numbers, bit for bit, and a layer that is stored there stays."""

import copy
from dataclasses import fields

import pytest
import torch
from torch import nn

from lora_utils import quantization as q

pytestmark = [pytest.mark.device, pytest.mark.usefixtures("no_float64")]


@pytest.fixture
def weight():
    """Numbers that fill no block, in a matrix of unequal sizes."""
    return torch.randn(13, 7, generator=torch.Generator().manual_seed(1))


def same(here, there) -> bool:
    """Whether two results are equal; tensors, also those inside of dataclasses, must lie on the device."""
    if isinstance(here, torch.Tensor):
        return there.device.type == "emulated" and torch.equal(here, there.cpu())
    if hasattr(here, "__dataclass_fields__") and not isinstance(here, q.Codebook):
        return all(same(getattr(here, f.name), getattr(there, f.name)) for f in fields(here))
    return here == there


def round_trip(x):
    return q.dequantize_4bit(q.quantize_4bit(x, block=5))


@pytest.mark.parametrize(
    "function",
    [
        q.absmax_quantize,
        lambda x: q.dequantize(q.absmax_quantize(x, 4, block=5)),
        lambda x: q.zero_point_quantize(x, 3, block=5),
        lambda x: q.dequantize(q.zero_point_quantize(x)),
        lambda x: q.from_blocks(q.to_blocks(x, 4), x.shape),
        *(lambda x, book=book: q.quantize_4bit(x, book, 5) for book in (q.NF4, q.FP4, q.INT4)),
        round_trip,
        lambda x: q.dequantize_4bit(q.quantize_4bit(x.half())),
        lambda x: q.quantize_scales(q.quantize_4bit(x, block=5).absmax, 4),
        lambda x: q.dequantize_scales(q.quantize_scales(x.flatten().abs(), 16)),
        lambda x: q.dequantize_twice(f := q.quantize_4bit(x, block=5), q.quantize_scales(f.absmax)),
        lambda x: q.with_scales(f := q.quantize_4bit(x, block=5), q.quantize_scales(f.absmax)),
        lambda x: q.storage_bytes(f := q.quantize_4bit(x, block=5), q.quantize_scales(f.absmax)),
        lambda x: q.nearest_codes(x / x.abs().max(), q.FP4),
        lambda x: q.unpack(q.pack(q.nearest_codes(x / x.abs().max())), x.numel()),
        lambda x: q.relative_error(x, round_trip(x)),
        lambda x: q.gptq_quantize(x, x.abs(), block=7),
        lambda x: q.dequantize(q.awq_quantize(x, x.abs(), block=7)[0]),
        lambda x: q.output_error(x, round_trip(x), x.abs()),
        *(lambda x, quantize=f: quantize(x).packed for f in (q.mxfp4_quantize, q.nvfp4_quantize)),
        *(lambda x, quantize=f: q.block_scales(quantize(x)) for f in (q.mxfp4_quantize, q.nvfp4_quantize)),
        *(lambda x, quantize=f: q.dequantize_microscaled(quantize(x)) for f in (q.mxfp4_quantize, q.nvfp4_quantize)),
    ],
)
def test_a_function_gives_what_it_gives_on_the_cpu(weight, function):
    assert same(function(weight), function(weight.to("emulated")))


@pytest.mark.parametrize("book", [q.NF4, q.FP4])
@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_stored_layer_computes_the_same_and_keeps_its_scales(weight, book, double, dtype):
    linear = nn.Linear(7, 13)
    linear.weight.data.copy_(weight)
    here = q.QuantizedLinear(linear, book, 5, double)
    moved = copy.deepcopy(here).to("emulated", dtype)
    made = q.QuantizedLinear(copy.deepcopy(linear).to("emulated"), book, 5, double).to(dtype)
    assert torch.equal(made.dequantize().cpu(), here.dequantize())
    for there in (moved, made):
        assert {t.device.type for t in (*there.parameters(), *there.buffers())} == {"emulated"}
        x = torch.arange(-7.0, 7.0).reshape(2, 7).to("emulated", dtype).requires_grad_(True)
        there(x).sum().backward()
        assert x.grad.device.type == "emulated"
        ours = x.detach().cpu().requires_grad_(True)
        here(ours).sum().backward()
        torch.testing.assert_close(x.grad.cpu(), ours.grad)
        assert there.to_linear().weight.device.type == "emulated"
        assert there.stored_bytes() <= here.stored_bytes()
        fresh = q.QuantizedLinear(nn.Linear(7, 13), book, 5, double)
        fresh.load_state_dict(there.state_dict())
        assert torch.equal(fresh.dequantize(), here.dequantize())


def test_a_models_weights_are_replaced_and_come_back(weight):
    model = nn.Sequential(nn.Linear(7, 13), nn.ReLU(), nn.Linear(13, 2)).to("emulated")
    before = {name: w.clone() for name, w in q.linear_weights(model).items()}
    with q.weights_replaced(model, round_trip):
        assert all(not torch.equal(w, before[name]) for name, w in q.linear_weights(model).items())
    assert all(torch.equal(w, before[name]) for name, w in q.linear_weights(model).items())


def test_the_8_bit_optimizer_is_not_called_paged_on_another_device_than_cuda():
    weight = nn.Parameter(torch.ones(64, 80, device="emulated"))
    optimizer, sentence = q.paged_adamw_8bit_or_adamw([weight], 0.1)
    assert "not paged" in sentence
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    assert weight.max().item() == pytest.approx(0.9, abs=1e-2)


def test_where_bitsandbytes_is_missing_the_plain_optimizer_comes_with_a_sentence(monkeypatch):
    def missing():
        raise ImportError("bitsandbytes does not load")

    monkeypatch.setattr("lora_utils.quantization.optimizers.load_bitsandbytes", missing)
    weight = nn.Parameter(torch.ones(3, 4, device="emulated"))
    optimizer, sentence = q.paged_adamw_8bit_or_adamw([weight], 0.1)
    assert type(optimizer) is torch.optim.AdamW
    assert sentence.startswith("torch.optim.AdamW, states in 32 bits")
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    assert weight.sum().item() == pytest.approx(12 * 0.9, abs=1e-5)
    assert q.state_bytes(optimizer) == 2 * 12 * 4 + 4
