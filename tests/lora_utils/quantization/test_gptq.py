"""GPTQ against its definition: after each rounding, the weights that are left are a least-squares problem."""

import pytest
import torch

from lora_utils.quantization.absmax import absmax_quantize, dequantize
from lora_utils.quantization.calibration import output_error
from lora_utils.quantization.gptq import gptq_quantize


def case(o: int = 5, i: int = 12, n: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight, and inputs whose columns depend on each other."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(n, i, generator=generator) @ torch.randn(i, i, generator=generator)
    return torch.randn(o, i, generator=generator), mixed + 0.5


def by_least_squares(w: torch.Tensor, x: torch.Tensor, bits: int, block: int, damping: float) -> torch.Tensor:
    """Row by row in float64: round a weight, then solve for the best values of all that are not rounded yet.

    Damping pulls the solution towards the original weights: rows of sqrt(damping) times the identity below x.
    """
    w, x = w.double(), x.double()
    largest, i = 2 ** (bits - 1) - 1, w.shape[1]
    pull = (damping * x.square().sum(dim=0).mean()).sqrt() * torch.eye(i, dtype=torch.float64)
    below = torch.cat([x, pull])  # (n + i, i)
    back = torch.zeros_like(w)
    for row, original in enumerate(w):
        now = original.clone()
        for j in range(i):
            step = original[j // block * block :][:block].abs().max() / largest
            back[row, j] = step * (now[j] / step).round().clamp(-largest, largest)
            rest = below @ original - below[:, : j + 1] @ back[row, : j + 1]
            if j + 1 < i:
                now[j + 1 :] = torch.linalg.lstsq(below[:, j + 1 :], rest[:, None]).solution[:, 0]
    return back


@pytest.mark.parametrize(("bits", "block"), [(4, 4), (3, 12), (2, 3), (8, 6)])
@pytest.mark.parametrize("damping", [0.01, 0.3])
def test_it_is_the_least_squares_solution_after_each_rounding(bits, block, damping):
    w, x = case()
    got = dequantize(gptq_quantize(w, x, bits, block, damping))
    torch.testing.assert_close(got.double(), by_least_squares(w, x, bits, block, damping), rtol=1e-5, atol=1e-6)


def test_steps_and_form_are_those_of_rounding_to_nearest():
    w, x = case()
    got, nearest = gptq_quantize(w, x, 4, 6), absmax_quantize(w, 4, 6)
    assert torch.equal(got.scale, nearest.scale)
    assert (got.codes.dtype, got.codes.shape, got.shape, got.bits) == (torch.int8, (10, 6), w.shape, 4)
    assert (got.codes != nearest.codes).any()


def test_inputs_that_never_come_together_leave_rounding_to_nearest():
    w, _ = case()
    apart = torch.diag(torch.linspace(1, 3, 12))  # (12, 12)
    assert torch.equal(gptq_quantize(w, apart, 4, 6).codes, absmax_quantize(w, 4, 6).codes)


@pytest.mark.parametrize("seed", range(5))
def test_the_output_is_nearer_and_the_weight_further(seed):
    w, x = case(16, 24, 200, seed)
    nearest, got = dequantize(absmax_quantize(w, 4, 8)), dequantize(gptq_quantize(w, x, 4, 8))
    assert output_error(w, got, x) < output_error(w, nearest, x)
    assert (w - got).norm() > (w - nearest).norm()


def test_arguments_stay_as_they_are_and_half_precision_comes_back_in_its_type():
    w, x = case()
    before = w.clone(), x.clone()
    gptq_quantize(w, x, 3, 4)
    assert torch.equal(w, before[0])
    assert torch.equal(x, before[1])
    assert dequantize(gptq_quantize(w.bfloat16(), x.bfloat16(), 3, 4)).dtype == torch.bfloat16


def test_fewer_inputs_than_columns_and_a_column_that_is_never_given():
    w, x = case(n=3)
    x[:, 5] = 0
    assert torch.isfinite(dequantize(gptq_quantize(w, x, 4, 4))).all()


@pytest.mark.parametrize("damping", [0, -0.1, float("nan")])
def test_damping_that_is_not_above_zero_is_refused(damping):
    with pytest.raises(ValueError, match="damping must be above 0"):
        gptq_quantize(*case(), damping=damping, block=4)
