"""The tables against bitsandbytes' own, and against quantiles from the statistics module."""

from statistics import NormalDist

import pytest
import torch

from lora_utils.quantization.codebooks import DYNAMIC8, FP4, INT4, NF4, Codebook, normal_float_levels


@pytest.fixture(scope="module")
def bnb():
    """bitsandbytes' functions; imported here because it takes seconds and writes a notice to stderr."""
    import bitsandbytes.functional

    return bitsandbytes.functional


@pytest.mark.parametrize(("codebook", "name"), [(NF4, "nf4"), (FP4, "fp4")], ids=["NF4", "FP4"])
def test_the_table_is_bitsandbytes_to_the_last_bit(bnb, codebook, name):
    assert torch.equal(codebook.table(), bnb.get_4bit_type(name, device="cpu"))


def test_the_8_bit_table_is_bitsandbytes_to_the_last_bit(bnb):
    assert torch.equal(DYNAMIC8.table(), bnb.create_dynamic_map())


def test_the_derivation_gives_the_written_nf4():
    torch.testing.assert_close(normal_float_levels(), NF4.table(), rtol=0, atol=1e-7)


def test_nf4_is_made_of_normal_quantiles_cut_on_each_side_of_zero():
    quantile = NormalDist().inv_cdf
    tail = (1 / 32 + 1 / 30) / 2
    top = quantile(1 - tail)
    above = [quantile(0.5 + (0.5 - tail) * i / 8) / top for i in range(1, 9)]
    below = [-quantile(0.5 + (0.5 - tail) * i / 7) / top for i in range(7, 0, -1)]
    torch.testing.assert_close(NF4.table(), torch.tensor([*below, 0.0, *above]), rtol=0, atol=1e-6)


def test_nf4_has_7_negative_entries_an_exact_zero_and_8_positive_ones_and_is_not_symmetric():
    table = NF4.table()
    assert ((table < 0).sum(), (table == 0).sum(), (table > 0).sum()) == (7, 1, 8)
    assert (table[0], table[7], table[15]) == (-1, 0, 1)
    assert (table.diff() > 0).all()
    assert (table[1:8] + table[8:15].flip(0)).abs().max() > 0.02


def test_the_quantiles_at_the_middle_of_16_equal_shares_are_not_nf4():
    naive = torch.tensor([NormalDist().inv_cdf((i + 0.5) / 16) for i in range(16)])
    naive /= naive.max()
    assert naive.abs().min() > 0.04  # no zero
    assert (naive - NF4.table()).abs().max() > 0.04


@pytest.mark.parametrize(("negative", "positive"), [(1, 2), (3, 4), (5, 2)])
def test_normal_float_levels_of_other_sizes(negative, positive):
    got = normal_float_levels(negative, positive, tail=0.1)
    top = NormalDist().inv_cdf(0.9)
    assert ((got < 0).sum(), (got == 0).sum(), (got > 0).sum()) == (negative, 1, positive)
    assert (got[0], got[-1]) == (-1, 1)
    first_above = NormalDist().inv_cdf(0.5 + 0.4 / positive) / top
    assert got[negative + 1].item() == pytest.approx(first_above, abs=1e-6)


def test_fp4_is_decoded_from_its_sign_exponent_and_mantissa_bits():
    def decode(code: int) -> float:
        sign, exponent, mantissa = -1 if code & 8 else 1, code >> 1 & 3, code & 1
        if exponent == 0:
            return sign * mantissa * 0.0625 / 12
        return sign * (1 + mantissa / 2) * {1: 8, 2: 4, 3: 2}[exponent] / 12

    torch.testing.assert_close(FP4.table(), torch.tensor([decode(code) for code in range(16)]), rtol=0, atol=1e-7)


def test_int4_is_evenly_spaced_with_zero_at_code_8():
    torch.testing.assert_close(INT4.table().diff(), torch.full((15,), 1 / 7))
    assert INT4.table()[8] == 0
    assert INT4.table()[15] == 1
    assert INT4.boundaries()[0] < -1.05  # every scaled weight lies above it, so code 0 is never chosen


@pytest.mark.parametrize("codebook", [NF4, FP4, INT4, DYNAMIC8], ids=lambda c: c.name)
def test_ascending_lists_every_value_once_with_a_code_that_stands_for_it(codebook):
    values, codes = codebook.ascending()
    assert (values.diff() > 0).all()
    assert torch.equal(codebook.table()[codes.int()], values)
    assert torch.equal(values, codebook.table().unique())
    edges = codebook.boundaries()
    assert len(edges) == len(values) - 1
    torch.testing.assert_close(edges - values[:-1], values[1:] - edges, rtol=0, atol=2e-7)


def test_of_plus_and_minus_zero_the_plus_is_used():
    _, codes = FP4.ascending()
    assert 0 in codes.tolist()
    assert 8 not in codes.tolist()


def test_the_dynamic_table_has_seven_decades_that_double():
    magnitudes = DYNAMIC8.table()[DYNAMIC8.table() < 0].neg()
    for decade in range(7):
        low, high = 10.0 ** (decade - 7), 10.0 ** (decade - 6)
        assert ((magnitudes > low) & (magnitudes < high)).sum() == 2**decade
    assert len(DYNAMIC8.values) == 256
    assert {0.0, 1.0} <= set(DYNAMIC8.values)


def test_a_table_made_in_inference_mode_serves_training_later():
    codebook = Codebook("for this test", (0.0, 0.5, 1.0))
    with torch.inference_mode():
        codebook.table()
    assert not codebook.table().is_inference()


@pytest.mark.parametrize("counts", [(0, 8), (7, 0)])
def test_a_table_without_entries_on_one_side_is_refused(counts):
    with pytest.raises(ValueError, match="entries on both sides of zero"):
        normal_float_levels(*counts)


@pytest.mark.parametrize("tail", [0.0, 0.5, -0.1])
def test_a_tail_that_is_no_share_of_one_side_is_refused(tail):
    with pytest.raises(ValueError, match="tail must be between 0 and 1/2"):
        normal_float_levels(tail=tail)
