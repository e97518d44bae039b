"""4-bit layers with a low-rank path: against autograd on the dequantised weight, and against peft over bitsandbytes."""

import copy
import importlib.util

import pytest
import torch
from torch import nn

from lora_utils.methods.inject import inject_lora
from lora_utils.methods.qlora import (
    QuantizedLinearWithLoRA,
    dequantized_weight,
    inject_qlora,
    is_linear4bit,
    merge_qlora,
    quantize_linears,
)
from lora_utils.quantization.codebooks import FP4, NF4
from lora_utils.quantization.double_quantization import dequantize_twice, quantize_scales
from lora_utils.quantization.nf4 import quantize_4bit
from lora_utils.quantization.quantized_linear import QuantizedLinear

IN, OUT, RANK = 35, 13, 3
needs_peft = pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="peft needs torch >= 2.6")


def wrapped(bias=True, alpha=1.7, seed=0, **kwargs):
    """A layer with random factors, and the linear layer it was made from."""
    torch.manual_seed(seed)
    linear = nn.Linear(IN, OUT, bias)
    layer = QuantizedLinearWithLoRA(QuantizedLinear(linear), RANK, alpha, **kwargs)
    with torch.no_grad():
        layer.lora.B.normal_()
    return layer, linear


def stored(linear):
    quantized = quantize_4bit(linear.weight)
    return dequantize_twice(quantized, quantize_scales(quantized.absmax))


class Net(nn.Module):
    """Linear layers at two depths, an embedding, a norm and a head."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, IN)
        self.norm = nn.LayerNorm(IN)
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"up": nn.Linear(IN, OUT), "down": nn.Linear(OUT, IN)}) for _ in range(2)
        )
        self.head = nn.Linear(IN, 2)

    def forward(self, ids):
        x = self.norm(self.words(ids))
        for block in self.blocks:
            x = x + block["down"](block["up"](x).relu())
        return self.head(x)


@pytest.fixture
def net():
    torch.manual_seed(2)
    return Net()


IDS = torch.tensor([[1, 4, 10], [0, 3, 7]])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (4,), (2, 4)], ids=str)
def test_output_and_gradients_are_those_of_one_merged_matrix(bias, batch):
    layer, linear = wrapped(bias)
    A, B = (p.detach().double().requires_grad_() for p in (layer.lora.A, layer.lora.B))
    x, G = torch.randn(*batch, IN, requires_grad=True), torch.randn(*batch, OUT)
    x64 = x.detach().double().requires_grad_()
    W = stored(linear).double() + 1.7 * torch.einsum("ir,ro->oi", A, B)
    expected = torch.einsum("...i,oi->...o", x64, W) + (linear.bias.double() if bias else 0)
    y = layer(x)
    torch.testing.assert_close(y.double(), expected, rtol=1e-4, atol=1e-4)
    y.backward(G)
    for mine, theirs in zip(
        (x, layer.lora.A, layer.lora.B), torch.autograd.grad(expected, (x64, A, B), G.double()), strict=True
    ):
        torch.testing.assert_close(mine.grad.double(), theirs, rtol=1e-4, atol=1e-4)


def test_wrapping_changes_no_output_and_only_the_path_is_trained():
    torch.manual_seed(0)
    base = QuantizedLinear(nn.Linear(IN, OUT))
    base.bias.requires_grad_(True)
    x = torch.randn(4, IN)
    before = base(x)
    layer = QuantizedLinearWithLoRA(base, RANK, 2.0)
    assert torch.equal(layer(x), before)
    assert layer.base is base
    assert [name for name, p in layer.named_parameters() if p.requires_grad] == ["lora.A", "lora.B"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("of_x", [torch.float32, torch.bfloat16], ids=str)
def test_the_path_has_its_own_type_and_the_output_that_of_the_base(dtype, of_x):
    layer, _ = wrapped(dtype=dtype)
    x = torch.randn(3, IN, dtype=of_x, requires_grad=True)
    y = layer(x)
    y.float().sum().backward()
    assert layer.lora.A.dtype == layer.lora.B.dtype == layer.lora.A.grad.dtype == dtype
    assert y.dtype == x.grad.dtype == of_x


def test_under_autocast_the_gradients_of_a_float32_path_stay_float32():
    layer, _ = wrapped()
    x = torch.randn(3, IN)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16
    assert layer.lora.B.grad.dtype == torch.float32


@needs_peft
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("of_x", [torch.float32, torch.bfloat16], ids=str)
def test_output_and_gradients_equal_peft_over_bitsandbytes(of_x):
    import bitsandbytes as bnb
    from peft import LoraConfig, inject_adapter_in_model

    torch.manual_seed(0)
    i, o = 128, 24  # rows end where blocks end, as bitsandbytes' CPU kernel needs
    linear = nn.Linear(i, o, bias=False)
    theirs = nn.ModuleDict({"fc": bnb.nn.Linear4bit(i, o, bias=False, quant_type="nf4", compute_dtype=of_x)})
    theirs["fc"].load_state_dict(linear.state_dict())
    theirs = theirs.to("cpu")
    inject_adapter_in_model(LoraConfig(r=RANK, lora_alpha=RANK * 0.7, target_modules=["fc"]), theirs)
    ours = QuantizedLinearWithLoRA(QuantizedLinear(linear), RANK, 0.7)
    # Left alone, this call gives the path the type of the product; peft's get_peft_model makes it float32, as here.
    pair = theirs["fc"].lora_A["default"].float(), theirs["fc"].lora_B["default"].float()
    with torch.no_grad():
        ours.lora.B.normal_()
        pair[0].weight.copy_(ours.lora.A.T)
        pair[1].weight.copy_(ours.lora.B.T)
    x, G = torch.randn(5, i, dtype=of_x), torch.randn(5, o, dtype=of_x)
    results = []
    for layer, grads in ((ours, lambda: (ours.lora.A.grad, ours.lora.B.grad)),
                         (theirs["fc"], lambda: (pair[0].weight.grad.T, pair[1].weight.grad.T))):  # fmt: skip
        given = x.clone().requires_grad_()
        y = layer(given)
        y.backward(G)
        results.append((y.detach(), given.grad, *grads()))
    exact = {"rtol": 1e-4, "atol": 1e-4} if of_x == torch.float32 else {"rtol": 0.05, "atol": 0.2}
    assert [t.dtype for t in results[0]] == [t.dtype for t in results[1]]
    torch.testing.assert_close(results[0], results[1], **exact)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_it_wraps_bitsandbytes_layer():
    from lora_utils.quantization.linear4bit import to_linear4bit

    torch.manual_seed(0)
    linear = nn.Linear(128, 24)
    base = to_linear4bit(linear, double=False)
    assert is_linear4bit(base)
    assert not is_linear4bit(linear)
    layer = QuantizedLinearWithLoRA(base, RANK, 0.7)
    with torch.no_grad():
        layer.lora.B.normal_()
    x = torch.randn(3, 128)
    torch.testing.assert_close(layer(x), layer.merged()(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        dequantized_weight(base), QuantizedLinear(linear, double=False).dequantize(), rtol=0, atol=1e-6
    )


def test_merged_onto_the_dequantized_weight_the_layer_computes_the_same():
    layer, linear = wrapped()
    x = torch.randn(6, IN)
    merged = layer.merged()
    torch.testing.assert_close(merged(x), layer(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(merged.weight - stored(linear), 1.7 * (layer.lora.A @ layer.lora.B).T)
    assert not any(p.requires_grad for p in merged.parameters())
    assert layer.merged(torch.bfloat16).weight.dtype == torch.bfloat16


def test_quantizing_again_is_farther_off_than_sixteen_bits():
    layer, _ = wrapped(alpha=0.01)
    x = torch.randn(50, IN)
    again = layer.requantized()
    assert isinstance(again, QuantizedLinear)
    assert (again.block, again.double_quantization) == (layer.base.block, layer.base.double_quantization)
    off = [(other(x) - layer(x)).abs().max() for other in (layer.merged(), layer.merged(torch.bfloat16).float(), again)]
    assert off[0] < off[1] < off[2]


def test_what_is_not_stored_in_4_bits_is_refused():
    for layer in (nn.Linear(3, 2), wrapped()[0], nn.Embedding(3, 2)):
        with pytest.raises(TypeError, match=f"wraps a 4-bit layer, got {type(layer).__name__}"):
            QuantizedLinearWithLoRA(layer, 2, 1.0)


def test_quantize_linears_stores_what_matches_and_nothing_else(net):
    before = copy.deepcopy(net)
    names = quantize_linears(net, ["blocks.*.up", "head"], block=32, double=False)
    assert names == ["blocks.0.up", "blocks.1.up", "head"]
    for name, module in before.named_modules():
        now = net.get_submodule(name)
        if name in names:
            assert (type(now), now.block, now.double_quantization) == (QuantizedLinear, 32, False)
            quantized = quantize_4bit(module.weight, block=32)
            assert torch.equal(now.packed, quantized.packed)
        else:
            assert type(now) is type(module)
    assert net.words.weight.requires_grad


def test_inject_qlora_stores_all_and_adapts_what_matches(net):
    names = inject_qlora(net, "*.up", rank=2, alpha=0.5, skip="head")
    assert names == ["blocks.0.up", "blocks.1.up"]
    assert type(net.head) is nn.Linear
    for block in net.blocks:
        assert type(block["up"]) is QuantizedLinearWithLoRA
        assert type(block["down"]) is QuantizedLinear
    trained = {name for name, p in net.named_parameters() if p.requires_grad}
    factors = {f"blocks.{k}.up.lora.{f}" for k in (0, 1) for f in "AB"}
    assert trained == factors | {"words.weight", "norm.weight", "norm.bias", "head.weight", "head.bias"}


def test_inject_qlora_computes_what_the_stored_model_computes(net):
    other = copy.deepcopy(net)
    quantize_linears(other)
    inject_qlora(net)
    assert torch.equal(net(IDS), other(IDS))


def test_layers_that_are_stored_already_are_adapted_as_they_are(net):
    quantize_linears(net, "*.up")
    packed = net.blocks[0]["up"].packed
    names = inject_qlora(net, "blocks.0.*", rank=2)
    assert names == ["blocks.0.up", "blocks.0.down"]
    assert net.blocks[0]["up"].base.packed is packed
    assert type(net.blocks[1]["up"]) is type(net.head) is QuantizedLinear


def test_the_maker_of_4_bit_layers_can_be_chosen(net):
    made = []
    inject_qlora(net, "head", make=lambda linear: made.append(linear) or QuantizedLinear(linear, block=16))
    assert len(made) == 5
    assert net.head.base.block == 16


@pytest.mark.parametrize("change", [quantize_linears, inject_qlora])
@pytest.mark.parametrize("arguments", [{"names": ["head", "*.sideways"]}, {"skip": "*.sideways"}], ids=str)
def test_a_wrong_name_is_refused_before_anything_is_changed(net, change, arguments):
    with pytest.raises(ValueError, match=r"no linear layer is called '\*.sideways'; the model has blocks.0.up"):
        change(net, **arguments)
    assert not any(isinstance(m, QuantizedLinear) for m in net.modules())


@pytest.mark.parametrize("change", [quantize_linears, inject_qlora])
@pytest.mark.parametrize("first", [inject_lora, inject_qlora])
def test_a_layer_with_lora_is_not_stored_or_wrapped_again(net, change, first):
    first(net, "head", 2, 1.0)
    kinds = [type(m) for m in net.modules()]
    with pytest.raises(ValueError, match="'head' is wrapped already, in .*WithLoRA"):
        change(net, "head")
    assert [type(m) for m in net.modules()] == kinds


def test_the_layer_inside_a_wrapper_is_left_alone(net):
    inject_lora(net, "head", 2, 1.0)
    assert quantize_linears(net) == ["blocks.0.up", "blocks.0.down", "blocks.1.up", "blocks.1.down"]
    assert type(net.head.linear) is nn.Linear


def test_merge_qlora_keeps_the_outputs_unless_it_quantizes_again(net):
    inject_qlora(net, "*.down", rank=2)
    for block in net.blocks:
        nn.init.normal_(block["down"].lora.B, std=0.02)
    before, again = net(IDS), copy.deepcopy(net)
    assert merge_qlora(net) == ["blocks.0.down", "blocks.1.down"]
    torch.testing.assert_close(net(IDS), before, rtol=1e-4, atol=1e-4)
    merge_qlora(again, requantize=True)
    assert type(again.blocks[0]["down"]) is QuantizedLinear
    assert (again(IDS) - before).abs().max() > 100 * (net(IDS) - before).abs().max()


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # raised inside bitsandbytes
@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize(("kind", "codebook", "block"), [("fp4", FP4, 128), ("nf4", NF4, 256)], ids=["fp4", "nf4"])
def test_quantizing_again_keeps_bitsandbytes_table_blocks_and_scales(kind, codebook, block, double):
    import bitsandbytes as bnb

    torch.manual_seed(0)
    base = bnb.nn.Linear4bit(256, 24, quant_type=kind, compress_statistics=double, compute_dtype=torch.float32)
    weight = torch.randn(24, 256)
    base.weight = bnb.nn.Params4bit(
        weight, requires_grad=False, blocksize=block, compress_statistics=double, quant_type=kind
    )
    base = base.to("cpu")
    again = QuantizedLinearWithLoRA(base, RANK, 0.7).requantized()
    assert (again.codebook, again.block, again.double_quantization) == (codebook, block, double)
    ours = QuantizedLinearWithLoRA(QuantizedLinear(nn.Linear(256, 24), codebook, block, double), RANK, 0.7)
    assert (ours.requantized().codebook, ours.requantized().block) == (codebook, block)
