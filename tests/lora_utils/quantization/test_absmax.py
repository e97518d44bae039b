"""Integer quantisation against examples worked by hand, closed forms in float64 and torch's own fake quantisation."""

import pytest
import torch

from lora_utils.quantization.absmax import absmax_quantize, bits_per_parameter, dequantize, zero_point_quantize

QUANTIZE = {"absmax": absmax_quantize, "zero_point": zero_point_quantize}
both = pytest.mark.parametrize("quantize", QUANTIZE.values(), ids=QUANTIZE)


def test_absmax_worked_by_hand():
    got = absmax_quantize(torch.tensor([1.4, -0.61, 0.29, 0.0]), bits=4)  # a step of 1.4 / 7 = 0.2
    assert got.codes.tolist() == [[7, -3, 1, 0]]
    assert got.zero_point is None
    torch.testing.assert_close(dequantize(got), torch.tensor([1.4, -0.6, 0.2, 0.0]))


def test_zero_point_worked_by_hand():
    got = zero_point_quantize(torch.tensor([-0.5, 0.0, 0.24, 1.0]), bits=4)  # a step of 1.5 / 15 = 0.1
    assert got.codes.tolist() == [[0, 5, 7, 15]]
    assert got.zero_point.tolist() == [[5]]
    torch.testing.assert_close(dequantize(got), torch.tensor([-0.5, 0.0, 0.2, 1.0]))


@pytest.mark.parametrize(("low", "high"), [(0.3, 2.0), (-2.0, -0.3)], ids=["positive", "negative"])
def test_zero_point_spends_all_codes_on_the_side_that_has_numbers(low, high):
    x = torch.linspace(low, high, 500)
    symmetric = (dequantize(absmax_quantize(x, 6)) - x).abs().max()
    asymmetric = (dequantize(zero_point_quantize(x, 6)) - x).abs().max()
    assert 1.8 < symmetric / asymmetric < 2.3  # 63 steps over the range instead of 31


@pytest.mark.parametrize("bits", [2, 3, 4, 7, 8, 9, 16])
def test_absmax_equals_torchs_fake_quantization(bits):
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(bits))
    largest = 2 ** (bits - 1) - 1
    scale = (x.abs().max() / largest).item()
    expected = torch.fake_quantize_per_tensor_affine(x, scale, 0, -largest, largest)
    torch.testing.assert_close(dequantize(absmax_quantize(x, bits)), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 7, 8, 9, 16])
def test_zero_point_equals_torchs_fake_quantization(bits):
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(bits)) + 0.4
    scale = ((x.max() - x.min()) / (2**bits - 1)).item()
    zero = round(-x.min().item() / scale)
    expected = torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 2**bits - 1)
    torch.testing.assert_close(dequantize(zero_point_quantize(x, bits)), expected, rtol=0, atol=1e-6)


@both
@pytest.mark.parametrize("shape", [(), (5,), (3, 7), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("block", [None, 1, 4, 6, 100])
def test_shape_and_type_come_back_and_the_error_is_at_most_half_the_blocks_step(quantize, shape, block):
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    got = quantize(x, 5, block)
    back = dequantize(got)
    assert (back.shape, back.dtype) == (x.shape, x.dtype)
    flat, error = x.reshape(-1).tolist(), (back - x).abs().reshape(-1).tolist()
    k = block or len(flat)
    for start in range(0, len(flat), k):
        numbers = flat[start : start + k]
        if quantize is absmax_quantize:
            step = max(abs(v) for v in numbers) / 15
        else:
            step = (max(0, *numbers, 0) - min(0, *numbers, 0)) / 31
        assert got.scale[start // k].item() == pytest.approx(step)
        assert max(error[start : start + k]) <= step / 2 * (1 + 1e-9)


@both
def test_a_large_number_disturbs_its_own_block_and_no_other(quantize):
    x = torch.randn(40, generator=torch.Generator().manual_seed(0))
    spoilt = x.clone()
    spoilt[13] = 1000.0
    error, error_spoilt = ((dequantize(quantize(t, 4, 8)) - t).abs() for t in (x, spoilt))
    own = torch.zeros(40, dtype=torch.bool)
    own[8:16] = True
    assert torch.equal(error[~own], error_spoilt[~own])
    assert (error_spoilt[own] > error[own]).sum() >= 5
    whole = (dequantize(quantize(spoilt, 4)) - spoilt).abs()
    assert whole[~own].mean() > 5 * error_spoilt[~own].mean()


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_zeros_come_back_exactly(quantize, dtype):
    x = torch.tensor([0.0, 1.7, -0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 2.5, 2.25], dtype=dtype)  # the second block is all zero
    got = quantize(x, 4, 4)
    assert (got.scale > 0).all()  # 0 / 0 would be NaN, and which integer NaN becomes depends on the machine
    back = dequantize(got)
    assert (back[x == 0] == 0).all()
    assert back.dtype == dtype
    assert back.isfinite().all()


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_computed_in_float32(quantize, dtype):
    x = torch.randn(300, generator=torch.Generator().manual_seed(0)).to(dtype)
    assert torch.equal(quantize(x, 12, 50).codes, quantize(x.float(), 12, 50).codes)


@pytest.mark.parametrize(("bits", "dtype"), [(8, torch.int8), (9, torch.int16)])
def test_absmax_codes_use_the_smallest_type_and_leave_the_lowest_code_out(bits, dtype):
    codes = absmax_quantize(torch.tensor([-3.0, 1.0, 3.0]), bits).codes
    assert codes.dtype == dtype
    assert (codes.min().item(), codes.max().item()) == (-(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1)


@pytest.mark.parametrize(
    ("quantize", "shape", "block", "expected"),
    [
        (absmax_quantize, (16, 8), None, 5 + 32 / 128),
        (absmax_quantize, (16, 8), 64, 5 + 32 / 64),
        (absmax_quantize, (13, 10), 64, 5 + 3 * 32 / 130),  # two blocks and two numbers more
        (zero_point_quantize, (16, 8), 64, 5 + (32 + 5) / 64),
    ],
)
def test_bits_per_parameter_count_codes_and_constants(quantize, shape, block, expected):
    assert bits_per_parameter(quantize(torch.ones(shape), 5, block)) == pytest.approx(expected)


def test_bits_per_parameter_with_half_precision_constants():
    assert bits_per_parameter(absmax_quantize(torch.ones(64), 8, 32), constant_bits=16) == 8.5


@both
@pytest.mark.parametrize("bits", [0, 17, 4.0, True])
def test_a_number_of_bits_out_of_range_is_refused(quantize, bits):
    with pytest.raises(ValueError, match=f"bits must be an integer from . to 16, got {bits!r}"):
        quantize(torch.ones(3), bits)


def test_one_bit_is_too_few_for_a_symmetric_grid():
    with pytest.raises(ValueError, match="bits must be an integer from 2 to 16, got 1"):
        absmax_quantize(torch.ones(3), 1)


@both
@pytest.mark.parametrize("block", [0, -1, 2.0, True])
def test_a_block_that_is_no_positive_integer_is_refused(quantize, block):
    with pytest.raises(ValueError, match=f"block must be an integer of at least 1, .*got {block!r}"):
        quantize(torch.ones(3), 4, block)


@both
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(quantize, bad):
    with pytest.raises(ValueError, match="needs finite numbers, got infinity or NaN"):
        quantize(torch.tensor([1.0, bad, 2.0]), 4)


@both
def test_integers_and_empty_tensors_are_refused(quantize):
    with pytest.raises(TypeError, match="floating-point numbers, got a tensor of torch.int64"):
        quantize(torch.arange(3), 4)
    with pytest.raises(ValueError, match="at least one number"):
        quantize(torch.ones(0, 3), 4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("bits", [2, 3, 8, 16])
def test_the_largest_numbers_of_a_type_come_back_finite(bits, dtype):
    largest = torch.finfo(dtype).max
    x = torch.tensor([largest, -largest, largest / 3], dtype=dtype)
    for quantize in (absmax_quantize, zero_point_quantize):
        quantized = quantize(x, bits)
        off = (dequantize(quantized).double() - x.double()).abs()
        assert (off <= 0.501 * quantized.scale.double()).all(), quantize.__name__
