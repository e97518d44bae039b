"""A linear layer in 4 bits against an ordinary one with the dequantised weight, and against bitsandbytes' layer."""

import pytest
import torch
from packaging.version import Version
from safetensors.torch import load_model, save_model
from torch import nn

from lora_utils.methods.lora import LoRALayer
from lora_utils.quantization.codebooks import FP4, INT4, NF4, Codebook
from lora_utils.quantization.double_quantization import dequantize_twice, quantize_scales
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit, unpack
from lora_utils.quantization.quantized_linear import QuantizedLinear

IN, OUT = 35, 13


def linear(bias: bool = True, dtype=torch.float32) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(IN, OUT, bias).to(dtype)


def stored_weight(layer: nn.Linear, codebook=NF4, block=64, double=True) -> torch.Tensor:
    quantized = quantize_4bit(layer.weight, codebook, block)
    return dequantize_twice(quantized, quantize_scales(quantized.absmax)) if double else dequantize_4bit(quantized)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize(("codebook", "block"), [(NF4, 64), (FP4, 32), (INT4, 7)], ids=["NF4", "FP4", "INT4"])
@pytest.mark.parametrize("batch", [(), (2,), (2, 4)], ids=str)
def test_forward_and_gradient_are_those_of_the_dequantized_weight(bias, double, codebook, block, batch):
    base = linear(bias)
    layer = QuantizedLinear(base, codebook, block, double)
    weight = stored_weight(base, codebook, block, double).double()
    x = torch.randn(*batch, IN, requires_grad=True)
    g = torch.randn(*batch, OUT)
    y = layer(x)
    y.backward(g)
    expected = torch.einsum("...i,oi->...o", x.detach().double(), weight) + (base.bias.double() if bias else 0)
    torch.testing.assert_close(y.double(), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(x.grad.double(), torch.einsum("...o,oi->...i", g.double(), weight), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
def test_its_gradient_is_the_slope_of_its_output(bias):
    x = torch.randn(2, 3, IN, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(QuantizedLinear(linear(bias)), x)


@pytest.mark.gpu
@pytest.mark.parametrize("double", [True, False])
def test_moved_to_a_gpu_it_computes_the_same(double):
    layer, x, g = QuantizedLinear(linear(), double=double), torch.randn(4, IN), torch.randn(4, OUT)
    results = []
    for device in ("cpu", "cuda"):
        given = x.to(device, copy=True).requires_grad_()
        y = layer.to(device)(given)
        y.backward(g.to(device))
        results.append((y.detach().cpu(), given.grad.cpu()))
    torch.testing.assert_close(results[1], results[0], rtol=1e-4, atol=1e-4)
    assert {t.device.type for t in layer.buffers()} == {"cuda"}


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # raised inside bitsandbytes
@pytest.mark.parametrize("double", [True, False])
def test_output_and_gradient_equal_bitsandbytes_layer(double):
    import bitsandbytes as bnb

    torch.manual_seed(0)
    base = nn.Linear(128, 24)  # rows end where blocks end, as bitsandbytes' CPU kernel needs
    theirs = bnb.nn.Linear4bit(128, 24, quant_type="nf4", compress_statistics=double, compute_dtype=torch.float32)
    theirs.load_state_dict(base.state_dict())
    theirs = theirs.to("cpu")  # which is when bitsandbytes quantises
    ours = QuantizedLinear(base, double=double)
    x = torch.randn(5, 128)
    grads = []
    for layer in (ours, theirs):
        given = x.clone().requires_grad_()
        y = layer(given)
        y.square().sum().backward()
        grads.append((y.detach(), given.grad))
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-4, atol=1e-4)


def test_nothing_in_it_is_trained_and_the_given_layer_is_left_alone():
    base = linear()
    before = {name: t.clone() for name, t in base.state_dict().items()}
    layer = QuantizedLinear(base)
    assert [name for name, p in layer.named_parameters() if p.requires_grad] == []
    assert all(p.requires_grad for p in base.parameters())
    assert all(torch.equal(t, before[name]) for name, t in base.state_dict().items())
    assert layer.bias is not base.bias


def test_a_low_rank_path_beside_it_learns_through_and_around_it():
    torch.manual_seed(1)
    first, second = QuantizedLinear(linear()), QuantizedLinear(nn.Linear(OUT, 6))
    path = LoRALayer(IN, OUT, rank=3, alpha=0.5)
    stored = {name: t.clone() for name, t in first.state_dict().items()}
    optimizer = torch.optim.Adam(path.parameters(), lr=0.05)
    x, target = torch.randn(40, IN), torch.randn(40, 6)
    losses = []
    for _ in range(30):
        loss = (second(first(x) + path(x)) - target).square().mean()  # the path's gradient comes through `second`
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    assert all(torch.equal(t, stored[name]) for name, t in first.state_dict().items())


def test_no_float_copy_of_the_weight_waits_for_the_backward_pass():
    layer = QuantizedLinear(linear())
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.shape) or t, lambda t: t):
        plain = nn.functional.linear(torch.randn(4, IN, requires_grad=True), layer.dequantize())
        with_plain, saved[:] = list(saved), []
        y = layer(torch.randn(4, IN, requires_grad=True))
    assert torch.Size((OUT, IN)) in [shape[-2:] for shape in with_plain] or torch.Size((IN, OUT)) in with_plain
    assert saved == []
    assert y.shape == plain.shape


@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64], ids=str)
def test_casting_the_layer_keeps_codes_and_scales(double, dtype):
    layer = QuantizedLinear(linear(), double=double)
    weight, constants = layer.dequantize(), {name: t.clone() for name, t in layer.named_buffers()}
    assert layer.to(dtype) is layer
    assert layer.bias.dtype == dtype
    for name, t in layer.named_buffers():
        assert t.dtype == constants[name].dtype
        assert torch.equal(t, constants[name])
    assert torch.equal(layer.dequantize(), weight)
    assert layer(torch.randn(2, IN, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_the_weight_is_computed_in_the_type_of_x(dtype):
    base = linear(bias=False)
    x = torch.randn(3, IN, dtype=dtype, requires_grad=True)
    y = QuantizedLinear(base)(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == dtype
    assert torch.equal(y, x @ stored_weight(base).to(dtype).T)


def test_under_autocast_the_gradient_has_the_type_of_x():
    layer, x = QuantizedLinear(linear()), torch.randn(3, IN, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(x.grad, layer.dequantize().sum(0).expand(3, IN), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("double", [True, False])
def test_a_state_dict_restores_the_layer_bit_for_bit(double):
    layer = QuantizedLinear(linear(), double=double)
    other = QuantizedLinear(nn.Linear(IN, OUT), double=double)
    x = torch.randn(3, IN)
    assert not torch.equal(other(x), layer(x))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_to_linear_holds_the_dequantized_weight(bias, dtype):
    base = linear(bias, dtype)
    got = QuantizedLinear(base).to_linear()
    assert torch.equal(got.weight, stored_weight(base))
    assert got.weight.dtype == dtype
    assert not any(p.requires_grad for p in got.parameters())
    assert (got.bias is None) == (base.bias is None)
    if bias:
        assert torch.equal(got.bias, base.bias)


def test_stored_bytes_are_counted_by_hand():
    base = nn.Linear(256, 128)  # 32,768 weights: 16,384 bytes of codes, 512 scales, 2 groups, 128 bias numbers
    assert QuantizedLinear(base).stored_bytes() == 16_384 + 512 + 2 * 4 + 4 + 128 * 4
    assert QuantizedLinear(base, double=False).stored_bytes() == 16_384 + 512 * 4 + 128 * 4


def test_printing_it_shows_sizes_and_storage():
    text = repr(QuantizedLinear(linear(), block=32, double=False))
    assert text == ("QuantizedLinear(in_features=35, out_features=13, bias=True, codebook=NF4, block=32, double=False)")


def test_what_is_no_linear_layer_is_refused():
    with pytest.raises(TypeError, match="stores an nn.Linear with floats, got QuantizedLinear, .* quantized already"):
        QuantizedLinear(QuantizedLinear(linear()))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"codebook": FP4}, "has codes of NF4, block=64, double=True"),
        ({"codebook": Codebook("mine", tuple(range(16)))}, r"reads codes of \(0, 1, 2, ...\), block=64"),
        ({"block": 32}, "has codes of NF4, block=64, double=True"),
        ({"double": False}, "has codes of NF4, block=64, double=True"),
    ],
    ids=["table", "a table without a name", "block", "double"],
)
@pytest.mark.parametrize("strict", [True, False])
def test_codes_of_another_kind_are_refused_and_change_nothing(other, what, strict):
    saved = nn.Sequential(QuantizedLinear(linear())).state_dict()
    torch.manual_seed(1)
    layer = nn.Sequential(QuantizedLinear(nn.Linear(IN, OUT), **other))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    with pytest.raises(RuntimeError, match=what):
        layer.load_state_dict(saved, strict=strict)
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_codes_that_do_not_say_what_they_mean_are_refused():
    layer = QuantizedLinear(linear())
    state = {name: value for name, value in layer.state_dict().items() if "extra" not in name}
    with pytest.raises(
        RuntimeError, match="reads codes of NF4, block=64, double=True, and the state does not say which"
    ):
        layer.load_state_dict(state, strict=False)
    assert layer.load_state_dict({}, strict=False).missing_keys


def test_a_state_dict_goes_through_safetensors(tmp_path):
    from safetensors.torch import load_file, save_file

    layer, other = QuantizedLinear(linear()), QuantizedLinear(nn.Linear(IN, OUT))
    save_file(layer.state_dict(), tmp_path / "a.safetensors")
    other.load_state_dict(load_file(tmp_path / "a.safetensors"))
    assert torch.equal(other.dequantize(), layer.dequantize())


def test_no_setting_takes_the_place_of_a_method():
    layer = QuantizedLinear(linear())
    assert layer.double().bias.dtype == torch.float64
    assert not [name for name in vars(layer) if hasattr(nn.Module, name) and name != "training"]


@pytest.mark.skipif(Version(torch.__version__) < Version("2.6"), reason="torch.export follows it from torch 2.6 on")
def test_exporting_a_layer_leaves_no_tensor_without_numbers_behind():
    codebook = Codebook("read nowhere else", tuple(k / 15 for k in range(-15, 17, 2)))
    layer, x = QuantizedLinear(linear(), codebook, double=False), torch.randn(3, IN)
    with torch.no_grad():
        exported = torch.export.export(layer, (x,))  # before anything else reads the table
    scales = layer.absmax.repeat_interleave(64)[: IN * OUT]
    codes = unpack(layer.packed, IN * OUT).int()
    wanted = nn.functional.linear(x, (torch.tensor(codebook.values)[codes] * scales).view(OUT, IN), layer.bias)
    torch.testing.assert_close(layer(x), wanted)
    torch.testing.assert_close(exported.module()(x), wanted)


def test_memory_and_files_hold_its_numbers_and_nothing_more(tmp_path):
    layer, other = QuantizedLinear(linear()), QuantizedLinear(nn.Linear(IN, OUT))
    for buffer in layer.buffers():
        assert buffer.untyped_storage().nbytes() == buffer.nbytes
    save_model(layer, str(tmp_path / "layer.safetensors"))
    load_model(other, str(tmp_path / "layer.safetensors"))
    assert torch.equal(other.dequantize(), layer.dequantize())
