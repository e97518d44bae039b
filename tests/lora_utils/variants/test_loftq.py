"""LoftQ against bitsandbytes and PEFT's decomposition, in turn as in algorithm 1: PEFT's own needs a GPU."""

import numpy as np
import pytest
import torch

from lora_utils.quantization import NF4, dequantize_4bit, quantize_4bit
from lora_utils.variants import loftq_start


def stored(W):
    return dequantize_4bit(quantize_4bit(W))


@pytest.mark.parametrize(("shape", "rank", "steps"), [((12, 20), 3, 1), ((20, 9), 2, 4), ((7, 64), 7, 2)])
def test_the_base_fits_four_bits_and_the_path_fits_the_base(shape, rank, steps):
    W = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    Q, A, B = loftq_start(W, rank, steps)
    torch.testing.assert_close(stored(Q), Q)
    U, s, Vh = np.linalg.svd((W - Q).double().numpy(), full_matrices=False)
    want = torch.from_numpy(U[:, :rank] * s[:rank] @ Vh[:rank])
    torch.testing.assert_close((A @ B).T.double(), want, rtol=1e-4, atol=1e-5)
    assert steps > 1 or torch.equal(Q, stored(W))
    if steps > 1:
        _, A0, B0 = loftq_start(W, rank, steps - 1)
        assert torch.equal(Q, stored(W - (A0 @ B0).T))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
@pytest.mark.parametrize("steps", [1, 3])
def test_it_is_what_bitsandbytes_and_peft_make_of_it(steps):
    four_bits = pytest.importorskip("bitsandbytes").functional
    decomposed = pytest.importorskip("peft.utils.loftq_utils")._low_rank_decomposition
    W = torch.randn(24, 64, generator=torch.Generator().manual_seed(4))
    rest = W
    for _ in range(steps):
        Q = four_bits.dequantize_4bit(*four_bits.quantize_4bit(rest, blocksize=64, quant_type="nf4"))
        parts = decomposed(W - Q, reduced_rank=5)
        rest = W - parts["L"] @ parts["R"]
    ours, A, B = loftq_start(W, 5, steps)
    torch.testing.assert_close(ours, Q)
    torch.testing.assert_close((A @ B).T, W - rest, rtol=1e-4, atol=1e-5)


def test_another_table_and_no_steps():
    W = torch.randn(6, 64, generator=torch.Generator().manual_seed(5))
    Q, _, _ = loftq_start(W, 2, 1, NF4, block=32)
    assert torch.equal(Q, dequantize_4bit(quantize_4bit(W, NF4, 32)))
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        loftq_start(W, 2, 0)


def test_a_weight_in_16_bits_is_taken_as_floats():
    W = torch.randn(16, 8, generator=torch.Generator().manual_seed(1)).bfloat16()
    for mine, of_floats in zip(loftq_start(W, 2), loftq_start(W.float(), 2), strict=True):
        assert torch.equal(mine, of_floats)
