"""The scales of 4-bit blocks in 8 bits, against bitsandbytes, searches in float64 and counts by hand."""

import pytest
import torch

from lora_utils.quantization.codebooks import DYNAMIC8
from lora_utils.quantization.double_quantization import (
    bits_per_weight,
    dequantize_scales,
    dequantize_twice,
    quantize_scales,
    storage_bytes,
    with_scales,
)
from lora_utils.quantization.nf4 import dequantize_4bit, quantize_4bit

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(scope="module")
def bnb():
    """bitsandbytes' functions; imported here because it takes seconds and writes a notice to stderr."""
    import bitsandbytes.functional

    return bitsandbytes.functional


def weights(*shape, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.02


def by_search(scales: torch.Tensor, group: int) -> torch.Tensor:
    """Quantise and dequantise in float64, comparing each scale with all 256 entries."""
    flat, table, parts = scales.double(), DYNAMIC8.table().double(), []
    for part in (flat - flat.mean()).split(group):
        largest = part.abs().max()
        parts.append(largest * table[((part / largest).unsqueeze(1) - table).abs().argmin(dim=1)])
    return torch.cat(parts) + flat.mean()


def test_the_stored_state_equals_bitsandbytes(bnb):
    w = weights(512, 640)  # 5,120 scales, 20 groups
    ours = quantize_4bit(w)
    double = quantize_scales(ours.absmax)
    packed, state = bnb.quantize_4bit(w, quant_type="nf4", compress_statistics=True)
    assert torch.equal(ours.packed, packed.squeeze(1))
    assert torch.equal(double.mean, state.offset)
    assert torch.equal(double.absmax, state.state2.absmax)
    assert torch.equal(DYNAMIC8.table()[1:], state.state2.code[1:])  # 0.49's CPU kernel writes -1 over the first entry
    assert double.group == state.state2.blocksize
    differ = double.codes != state.absmax
    # 0.50's CPU kernel takes the second nearest entry for a few scales that lie almost halfway between two.
    assert differ.sum() < 0.005 * len(differ)
    assert ((double.codes.int() - state.absmax.int()).abs() <= 1).all()
    exact = (ours.absmax - double.mean) / double.absmax.repeat_interleave(256)
    mine, theirs = ((DYNAMIC8.table()[c.int()] - exact).abs() for c in (double.codes, state.absmax))
    assert (mine <= theirs + 1e-7).all()
    unlike = (differ | (double.codes == 0)).repeat_interleave(64).reshape(w.shape)
    assert unlike.float().mean() < 0.01
    assert torch.equal(dequantize_twice(ours, double)[~unlike], bnb.dequantize_4bit(packed, state)[~unlike])


@pytest.mark.parametrize(("count", "group"), [(1, 256), (2, 256), (255, 256), (257, 256), (600, 256), (30, 7)])
def test_scales_come_back_as_their_nearest_entries(count, group):
    scales = weights(count).abs() + 0.03
    double = quantize_scales(scales, group)
    assert double.codes.shape == (count,)
    assert double.codes.dtype == torch.uint8
    assert double.absmax.shape == (-(-count // group),)
    assert double.mean.shape == ()
    back = dequantize_scales(double)
    expected = by_search(scales, group) if count > 1 else scales.double()
    torch.testing.assert_close(back.double(), expected, rtol=1e-5, atol=1e-7)


def test_subtracting_the_mean_pays():
    scales = quantize_4bit(weights(512, 64)).absmax
    centered = (dequantize_scales(quantize_scales(scales)) - scales).square().mean().sqrt()
    groups = scales.reshape(-1, 256)
    largest = groups.amax(dim=1, keepdim=True)
    codes = ((groups / largest).unsqueeze(-1) - DYNAMIC8.table()).abs().argmin(dim=-1)
    not_centered = (largest * DYNAMIC8.table()[codes] - groups).square().mean().sqrt()
    assert not_centered > 1.8 * centered


def test_the_error_of_the_weights_grows_by_less_than_a_hundredth():
    w = weights(1024, 256)
    ours = quantize_4bit(w)
    once = (dequantize_4bit(ours) - w).square().mean().sqrt()
    twice = (dequantize_twice(ours, quantize_scales(ours.absmax)) - w).square().mean().sqrt()
    assert once != twice
    assert twice < 1.01 * once


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("value", [0.0, 0.25])
def test_equal_scales_come_back_exactly(device, value):
    scales = torch.full((300,), value, device=device)
    back = dequantize_scales(quantize_scales(scales))
    assert torch.equal(back, scales)


def test_with_scales_changes_the_scales_and_nothing_else():
    ours = quantize_4bit(weights(9, 50))
    double = quantize_scales(ours.absmax)
    got = with_scales(ours, double)
    assert torch.equal(got.absmax, dequantize_scales(double))
    assert torch.equal(dequantize_4bit(got, torch.float16), dequantize_twice(ours, double, torch.float16))
    assert got.packed is ours.packed


@pytest.mark.parametrize(
    ("block", "group", "expected"),
    [(64, None, 4.5), (64, 256, 4.126953125), (32, None, 5.0), (32, 16, 4.3125), (128, 64, 4.06640625)],
)
def test_bits_per_weight(block, group, expected):
    assert bits_per_weight(4, block, group) == expected


def test_the_saving_of_qlora_is_0_373_bits():
    assert bits_per_weight() - bits_per_weight(group=256) == pytest.approx(0.373, abs=5e-4)


def test_storage_is_counted_byte_by_byte():
    ours = quantize_4bit(weights(7, 4681))  # 32,767 numbers: 16,384 bytes of codes, 512 scales, 2 groups
    assert storage_bytes(ours) == 16_384 + 4 * 512
    assert storage_bytes(ours, quantize_scales(ours.absmax)) == 16_384 + 512 + 4 * 2 + 4


def test_storage_of_a_large_weight_is_bits_per_weight():
    w = weights(1024, 512)
    ours = quantize_4bit(w)
    assert 8 * storage_bytes(ours) / w.numel() == bits_per_weight()
    with_mean = 8 * storage_bytes(ours, quantize_scales(ours.absmax)) / w.numel()
    assert with_mean == bits_per_weight(group=256) + 32 / w.numel()


def test_scales_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"scales must have one axis, got shape \(2, 3\)"):
        quantize_scales(torch.ones(2, 3))


def test_scales_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="needs finite numbers"):
        quantize_scales(torch.tensor([1.0, float("nan")]))


@pytest.mark.parametrize("group", [None, 0, 1.5])
def test_a_group_that_is_no_positive_integer_is_refused(group):
    with pytest.raises(ValueError, match=f"must be an integer of at least 1.*got {group!r}"):
        quantize_scales(torch.ones(3), group)
