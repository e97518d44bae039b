"""MXFP4 and NVFP4 against numbers decoded from their bits and searched one by one in float64."""

import math

import pytest
import torch

from lora_utils.quantization.microscaling import (
    E2M1,
    block_scales,
    dequantize_microscaled,
    mxfp4_quantize,
    nvfp4_quantize,
)
from lora_utils.quantization.nf4 import unpack

BOTH = pytest.mark.parametrize("quantize", [mxfp4_quantize, nvfp4_quantize])


def weights(*shape, seed: int = 0, size: float = 0.02) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * size


def decoded(code: int, exponent_bits: int, mantissa_bits: int) -> float:
    """The number of a small float's bits, without a sign: IEEE's rule, subnormals included, no infinities."""
    exponent, mantissa = code >> mantissa_bits, code & (2**mantissa_bits - 1)
    bias = 2 ** (exponent_bits - 1) - 1
    if exponent == 0:
        return math.ldexp(mantissa, 1 - bias - mantissa_bits)
    return math.ldexp(2**mantissa_bits + mantissa, exponent - bias - mantissa_bits)


ELEMENTS = [decoded(code, 2, 1) for code in range(8)]
E4M3 = [decoded(code, 4, 3) for code in range(127)]  # 127 is NaN


def nearest(value: float, table: list[float]) -> float:
    """The nearest of an ascending table; of two equally near the one with an even place, whose last bit is 0."""
    return min(table, key=lambda one: (abs(abs(value) - one), table.index(one) % 2)) * math.copysign(1, value)


def by_search(x: torch.Tensor, block: int, scale_of) -> torch.Tensor:
    """Each number divided by its block's scale, compared with every element, and multiplied again."""
    back = []
    for part in x.double().reshape(-1).split(block):
        scale = scale_of(part.abs().max().item())
        back += [scale * nearest(value / scale, ELEMENTS) if scale else 0.0 for value in part.tolist()]
    return torch.tensor(back, dtype=torch.float64).reshape(x.shape)


def mx_scale(largest: float) -> float:
    return 2.0 ** (math.floor(math.log2(largest)) - 2) if largest else 0.0


def nv_scale(x: torch.Tensor):
    tensor_scale = x.abs().max().item() / (6 * 448)
    return lambda largest: nearest(max(largest / 6 / tensor_scale, 2**-6), E4M3) * tensor_scale


def test_the_elements_are_those_of_the_bits():
    assert list(E2M1) == ELEMENTS == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert E4M3[-1] == 448


@pytest.mark.parametrize("shape", [(), (1,), (31,), (33,), (5, 7), (3, 64), (2, 3, 17)], ids=str)
def test_any_shape_comes_back_as_its_nearest_elements(shape):
    x = weights(*shape)
    mx, nv = mxfp4_quantize(x), nvfp4_quantize(x)
    assert mx.packed.shape == nv.packed.shape == ((x.numel() + 1) // 2,)
    assert (mx.scales.shape, nv.scales.shape) == ((-(-x.numel() // 32),), (-(-x.numel() // 16),))
    back = dequantize_microscaled(mx)
    assert torch.equal(back.double(), by_search(x, 32, mx_scale))  # powers of two: not a bit is lost
    torch.testing.assert_close(dequantize_microscaled(nv).double(), by_search(x, 16, nv_scale(x)), rtol=1e-6, atol=0)


def test_halfway_between_two_elements_the_even_code_is_taken():
    halves = torch.tensor([4.0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0])  # 4 makes the scale 1
    back = dequantize_microscaled(mxfp4_quantize(torch.cat([halves, -halves])))
    expected = torch.tensor([4.0, 0.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0])
    assert torch.equal(back, torch.cat([expected, -expected]))


def test_what_lies_above_the_largest_element_comes_back_as_it():
    x = torch.tensor([7.9, -1.0, 7.9 * 2**-90])
    assert dequantize_microscaled(mxfp4_quantize(x)).tolist() == [6.0, -1.0, 0.0]


@pytest.mark.parametrize("exponent", [-126, -125, -30, 0, 1, 60, 127])
@pytest.mark.parametrize("just", [1.0, 1 + 2**-20, 2 - 2**-20])
def test_the_scale_is_the_power_of_two_below_also_beside_one(exponent, just):
    largest = math.ldexp(just, exponent)
    got = mxfp4_quantize(torch.tensor([largest, 0.0]))
    assert got.scales.item() - 127 == max(exponent - 2, -127)
    assert block_scales(got).item() == 2.0 ** max(exponent - 2, -127)


def test_scales_of_nvfp4_are_e4m3_times_one_number_and_the_largest_is_448():
    x = weights(4, 48)
    got = nvfp4_quantize(x)
    assert got.scales.dtype == torch.float8_e4m3fn
    assert got.scales.float().max() == 448
    assert set(got.scales.float().tolist()) <= set(E4M3)
    assert torch.equal(block_scales(got), got.scales.float() * got.tensor_scale)


def test_a_block_far_below_the_largest_keeps_the_lowest_scale_and_may_come_back_as_zeros():
    x = torch.cat([weights(16), 1e-6 * weights(16, seed=1), 2e-5 * weights(16, seed=2)])
    got = nvfp4_quantize(x)
    assert got.scales.float()[1:].tolist() == [2**-6, 2**-6]
    back = dequantize_microscaled(got)
    torch.testing.assert_close(back.double(), by_search(x, 16, nv_scale(x)), rtol=1e-6, atol=0)
    assert (back[16:32] == 0).all()


@BOTH
def test_zeros_come_back_as_zeros_and_keep_no_block_from_the_others(quantize):
    x = weights(3, 32)
    x[1] = 0
    got = quantize(x)
    assert (dequantize_microscaled(got)[1] == 0).all()
    assert dequantize_microscaled(got)[[0, 2]].abs().sum(dim=1).min() > 0
    assert (dequantize_microscaled(quantize(torch.zeros(5))) == 0).all()


@BOTH
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_other_types_are_computed_in_float32_and_come_back_in_their_own(quantize, dtype):
    x = weights(7, 9, size=1.0).to(dtype)
    got = quantize(x)
    assert dequantize_microscaled(got).dtype == dtype
    assert torch.equal(got.packed, quantize(x.float()).packed)


def test_codes_9_to_15_are_the_negatives():
    x = torch.tensor([*E2M1[1:], *(-value for value in E2M1[1:])])
    codes = unpack(mxfp4_quantize(x).packed, len(x))
    assert codes.tolist() == [*range(1, 8), *range(9, 16)]


@BOTH
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.tensor([1.0, torch.inf]), ValueError, "finite numbers"),
        (torch.tensor([1.0, torch.nan]), ValueError, "finite numbers"),
        (torch.zeros(0), ValueError, "at least one number"),
        (torch.tensor([1, 2]), TypeError, "floating-point numbers"),
    ],
    ids=["infinity", "NaN", "empty", "integers"],
)
def test_what_cannot_be_stored_is_refused(quantize, x, error, message):
    with pytest.raises(error, match=message):
        quantize(x)
