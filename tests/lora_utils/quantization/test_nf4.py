"""Four-bit storage against bitsandbytes, and against nearest entries searched one by one in float64."""

import pytest
import torch

from lora_utils.quantization import nf4
from lora_utils.quantization.codebooks import DYNAMIC8, FP4, INT4, NF4, Codebook
from lora_utils.quantization.nf4 import dequantize_4bit, nearest_codes, pack, quantize_4bit, unpack

HALF = [torch.float16, torch.bfloat16]
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
TABLES = pytest.mark.parametrize("codebook", [NF4, FP4, INT4], ids=lambda c: c.name)


@pytest.fixture(scope="module")
def bnb():
    """bitsandbytes' functions; imported here because it takes seconds and writes a notice to stderr."""
    import bitsandbytes.functional

    return bitsandbytes.functional


def weights(*shape, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.02


def by_search(w: torch.Tensor, codebook: Codebook, block: int) -> torch.Tensor:
    """Quantise and dequantise in float64, comparing each weight with every entry."""
    flat = w.double().reshape(-1)
    table = codebook.table().double()
    parts = []
    for part in flat.split(block):
        c = part.abs().max()
        parts.append(c * table[((part / c).unsqueeze(1) - table).abs().argmin(dim=1)] if c > 0 else part)
    return torch.cat(parts).reshape(w.shape)


def assert_codes_agree(ours, theirs, w, block, codebook, near):
    """Codes are equal but for weights within `near` of a midpoint; FP4's minus zero counts as zero."""
    if codebook is FP4:
        theirs = torch.where(theirs == 8, 0, theirs)
    differ = (ours != theirs).nonzero().squeeze(1)
    flat = w.float().reshape(-1)
    c = torch.stack([part.abs().max() for part in flat.split(block)]).repeat_interleave(block)[: len(flat)]
    to_midpoint = ((flat / c)[differ].unsqueeze(1) - codebook.boundaries()).abs().amin(dim=1)
    assert (to_midpoint <= near).all()
    assert len(differ) < 0.01 * len(flat)


@pytest.mark.parametrize(("codebook", "name"), [(NF4, "nf4"), (FP4, "fp4")], ids=["NF4", "FP4"])
@pytest.mark.parametrize("shape", [(64,), (48, 128), (3, 5, 34), (1000,)], ids=str)
@pytest.mark.parametrize("block", [64, 128])
def test_codes_scales_and_values_equal_bitsandbytes(bnb, codebook, name, shape, block):
    w = weights(*shape)
    ours = quantize_4bit(w, codebook, block)
    # Flat, because bitsandbytes' CPU kernel takes wrong scales where a row does not end at the end of a block.
    packed, state = bnb.quantize_4bit(w.reshape(-1), quant_type=name, blocksize=block)
    assert torch.equal(ours.absmax, state.absmax)
    assert packed.numel() == ours.packed.numel()
    codes, their_codes = unpack(ours.packed, w.numel()), unpack(packed.squeeze(1), w.numel())
    # 0.49 quantises FP4 with a table rounded to fewer digits.
    assert_codes_agree(codes, their_codes, w, block, codebook, near=2e-5 if codebook is FP4 else 1e-6)
    same = (codes == their_codes) | (their_codes == 8)
    values = bnb.dequantize_4bit(packed, state).reshape(-1)
    assert torch.equal(dequantize_4bit(ours).reshape(-1)[same], values[same])


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_half_precision_equals_bitsandbytes(bnb, dtype):
    w = weights(48, 128).to(dtype)
    ours = quantize_4bit(w)
    packed, state = bnb.quantize_4bit(w, quant_type="nf4", blocksize=64)
    assert torch.equal(ours.absmax, state.absmax.float())
    # 0.49 scales in half precision, so a weight near a midpoint may fall on its other side.
    assert_codes_agree(unpack(ours.packed, w.numel()), unpack(packed.squeeze(1), w.numel()), w, 64, NF4, near=2**-7)
    same = unpack(ours.packed, w.numel()) == unpack(packed.squeeze(1), w.numel())
    values = bnb.dequantize_4bit(packed, state)
    assert values.dtype == dequantize_4bit(ours).dtype == dtype
    assert torch.equal(dequantize_4bit(ours).reshape(-1)[same], values.reshape(-1)[same])


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_half_precision_is_computed_in_float32(dtype):
    w = weights(200, 64).to(dtype)
    got = quantize_4bit(w)
    assert got.absmax.dtype == torch.float32
    assert torch.equal(got.packed, quantize_4bit(w.float()).packed)


def test_bitsandbytes_reads_what_is_packed_here(bnb):
    w = weights(48, 128)
    ours = quantize_4bit(w)
    _, state = bnb.quantize_4bit(torch.zeros_like(w), quant_type="nf4", blocksize=64)
    state.absmax = ours.absmax
    assert torch.equal(bnb.dequantize_4bit(ours.packed.unsqueeze(1), state), dequantize_4bit(ours))


@TABLES
@pytest.mark.parametrize("shape", [(), (1,), (2,), (63,), (64,), (65,), (7, 9), (3, 64), (2, 3, 5)], ids=str)
@pytest.mark.parametrize("block", [1, 7, 64])
def test_any_shape_comes_back_as_its_nearest_entries(codebook, shape, block):
    w = weights(*shape)
    got = quantize_4bit(w, codebook, block)
    assert got.packed.shape == ((w.numel() + 1) // 2,)
    assert got.packed.dtype == torch.uint8
    assert got.absmax.shape == (-(-w.numel() // block),)
    back = dequantize_4bit(got)
    assert back.shape == w.shape
    torch.testing.assert_close(back.double(), by_search(w, codebook, block), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("numel", "block"), [(2**18 + 5, 64), (2**18 * 2 + 77, 7), (2**18 * 3 + 1, 2**18 + 1)])
def test_tensors_longer_than_what_is_worked_on_at_once(numel, block):
    w = weights(numel)
    got = dequantize_4bit(quantize_4bit(w, NF4, block))
    torch.testing.assert_close(got.double(), by_search(w, NF4, block), rtol=1e-5, atol=1e-9)


@TABLES
@pytest.mark.parametrize("dtype", [*HALF, torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("numel", "block"), [(1000, 64), (1023, 64), (333, 7), (35, 35), (3 * 35, 35), (129, 1)])
def test_parts_of_any_type_are_each_code_looked_up_times_its_scale_bit_for_bit(
    monkeypatch, codebook, dtype, numel, block
):
    monkeypatch.setattr(nf4, "_AT_ONCE", 150)  # so that these are several parts
    got = quantize_4bit(weights(numel), codebook, block)
    codes = unpack(got.packed, numel).long()
    expected = codebook.table()[codes] * got.absmax.repeat_interleave(block)[:numel]
    assert torch.equal(dequantize_4bit(got, dtype), expected.to(dtype))


def test_what_comes_back_may_be_written_to():
    got = quantize_4bit(weights(5, 26))
    first = dequantize_4bit(got)
    dequantize_4bit(got).zero_()
    assert torch.equal(dequantize_4bit(got), first)


@TABLES
@pytest.mark.parametrize("dtype", [*HALF, torch.float32], ids=str)
@pytest.mark.parametrize("device", DEVICES)
def test_zeros_come_back_exactly_and_blocks_of_zeros_are_no_division_by_zero(codebook, dtype, device):
    w = weights(5, 64).to(device, dtype)
    w[1] = 0
    w[2, ::3] = 0
    back = dequantize_4bit(quantize_4bit(w, codebook))
    assert back.dtype == dtype
    assert back.isfinite().all()
    assert (back[w == 0] == 0).all()
    assert (back[2] != 0).sum() > 20


def test_magnitudes_too_small_for_a_reciprocal_stay_finite():
    w = torch.tensor([1e-40, -3e-41, 0.0, 5e-39])
    back = dequantize_4bit(quantize_4bit(w))
    assert back.isfinite().all()
    assert (back.abs() <= 5e-39).all()
    assert back[2] == 0
    assert back[3] > 0


def test_a_block_of_zeros_is_stored_as_the_code_of_zero():
    assert unpack(quantize_4bit(torch.zeros(3)).packed, 3).tolist() == [7, 7, 7]


@pytest.mark.parametrize("device", DEVICES)
def test_the_largest_magnitude_of_each_block_is_kept(device):
    w = weights(6, 64).to(device)
    back = dequantize_4bit(quantize_4bit(w))
    largest = w.abs().argmax(dim=1, keepdim=True)
    positive = w.gather(1, largest) > 0
    assert positive.any()
    assert not positive.all()
    assert torch.equal(back.gather(1, largest), w.gather(1, largest))


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_and_layout_do_not_change_the_codes(device):
    w = weights(48, 80)
    got = quantize_4bit(w.to(device).T.contiguous().T)  # the same numbers, lying column after column
    assert torch.equal(got.packed.cpu(), quantize_4bit(w).packed)
    assert got.packed.device.type == device


# What root mean square error, in standard deviations, normal weights suffer in blocks of 64. By numerical integration
# no table comes out far from these; the bands tell the tables apart and allow for sampling.
@pytest.mark.parametrize(
    ("codebook", "low", "high"), [(NF4, 0.088, 0.096), (FP4, 0.116, 0.128), (INT4, 0.102, 0.113)], ids=lambda p: str(p)
)
def test_error_on_normal_weights(codebook, low, high):
    w = weights(4096, 64)
    rmse = (dequantize_4bit(quantize_4bit(w, codebook)) - w).square().mean().sqrt()
    assert low < (rmse / w.std()).item() < high


def test_a_type_can_be_asked_for():
    w = weights(3, 8)
    got = dequantize_4bit(quantize_4bit(w), torch.bfloat16)
    assert torch.equal(got, dequantize_4bit(quantize_4bit(w)).to(torch.bfloat16))


def test_a_number_halfway_between_two_entries_gets_the_lower():
    midpoints = NF4.boundaries()
    assert nearest_codes(midpoints).tolist() == list(range(15))
    assert nearest_codes(midpoints.nextafter(torch.ones(()))).tolist() == list(range(1, 16))


@pytest.mark.parametrize("codebook", [NF4, FP4, INT4, DYNAMIC8], ids=lambda c: c.name)
def test_nearest_codes_equal_a_search_over_all_entries(codebook):
    scaled = torch.rand(7, 300, generator=torch.Generator().manual_seed(1)) * 2 - 1
    distance = (scaled.double().unsqueeze(-1) - codebook.table().double()).abs()  # (7, 300, levels)
    got = nearest_codes(scaled, codebook)
    assert got.dtype == torch.uint8
    mine = distance.gather(-1, got.long().unsqueeze(-1)).squeeze(-1)
    assert (mine <= distance.amin(dim=-1) + 1e-8).all()


def test_the_earlier_code_goes_into_the_high_half_of_the_byte():
    assert pack(torch.tensor([1, 2, 15, 0, 9], dtype=torch.uint8)).tolist() == [0x12, 0xF0, 0x90]
    assert unpack(torch.tensor([0x12, 0xF0, 0x90], dtype=torch.uint8), 5).tolist() == [1, 2, 15, 0, 9]


@pytest.mark.parametrize("shape", [(1,), (2,), (3, 5), (4, 6)], ids=str)
def test_unpack_undoes_pack(shape):
    codes = torch.randint(0, 16, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(unpack(pack(codes), codes.numel()), codes.reshape(-1))


def test_numbers_that_are_not_finite_are_refused():
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="needs finite numbers, got infinity or NaN"):
            quantize_4bit(torch.tensor([1.0, bad]))


def test_a_table_of_another_size_is_refused():
    with pytest.raises(ValueError, match="4 bits need a table of 16 numbers, DYNAMIC8 has 256"):
        quantize_4bit(torch.ones(4), DYNAMIC8)


@pytest.mark.parametrize("block", [None, 0, 2.5])
def test_a_block_that_is_no_positive_integer_is_refused(block):
    with pytest.raises(ValueError, match=f"block must be an integer of at least 1.*got {block!r}"):
        quantize_4bit(torch.ones(4), NF4, block)


def test_scales_that_ask_for_a_gradient_are_taken_as_they_are():
    stored = quantize_4bit(torch.randn(3, 70, generator=torch.Generator().manual_seed(0)))
    plain = dequantize_4bit(stored)
    stored.absmax.requires_grad_()
    again = dequantize_4bit(stored)
    assert torch.equal(again, plain)
    assert not again.requires_grad


def test_a_weight_without_numbers_is_refused():
    with pytest.raises(ValueError, match="a tensor on the meta device, which has none; load the model first"):
        quantize_4bit(torch.empty(3, 4, device="meta"))
