"""AWQ against its definition, a search over exponents in float64."""

import pytest
import torch

from lora_utils.quantization.absmax import absmax_quantize, dequantize
from lora_utils.quantization.awq import awq_quantize
from lora_utils.quantization.calibration import output_error


def case(o: int = 7, i: int = 12, n: int = 50, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A weight, and inputs of which a few columns are much larger than others."""
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.ones(i).index_fill(0, torch.tensor([2, 7]), 30.0)
    return torch.randn(o, i, generator=generator), torch.randn(n, i, generator=generator) * sizes


def by_search(w, x, bits: int, block: int, grid: int) -> tuple[torch.Tensor, float]:
    """The best weight and its exponent, every number rounded by itself in float64."""
    w, x, largest = w.double(), x.double(), 2 ** (bits - 1) - 1
    found = {}
    for exponent in [k / grid for k in range(grid)]:
        s = x.abs().mean(dim=0) ** exponent
        s = s / (s.max() * s.min()) ** 0.5
        parts = [[largest * v / max(map(abs, part)) for v in part] for part in (w * s).reshape(-1, block).tolist()]
        steps = (w * s).reshape(-1, block).abs().amax(dim=1, keepdim=True) / largest
        back = (torch.tensor([[round(v) for v in part] for part in parts]) * steps).reshape(w.shape) / s
        found[((x @ (w - back).T) ** 2).sum().item()] = back, exponent
    return found[min(found)]


@pytest.mark.parametrize(("bits", "block", "grid"), [(4, 4, 20), (3, 12, 7), (2, 6, 10), (8, 3, 1)])
def test_it_is_the_best_of_all_exponents(bits, block, grid):
    w, x = case()
    quantized, s = awq_quantize(w, x, bits, block, grid)
    back, exponent = by_search(w, x, bits, block, grid)
    torch.testing.assert_close((dequantize(quantized) / s).double(), back, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(s.max() * s.min(), torch.tensor(1.0))
    assert exponent > 0 or grid == 1


@pytest.mark.parametrize("seed", range(5))
def test_on_its_inputs_it_is_never_worse_than_rounding_to_nearest_and_here_better(seed):
    w, x = case(seed=seed)
    quantized, s = awq_quantize(w, x, 4, 4)
    nearest = dequantize(absmax_quantize(w, 4, 4))
    assert output_error(w, dequantize(quantized) / s, x) < output_error(w, nearest, x)
    even = torch.ones(3, 12)
    quantized, s = awq_quantize(w, even, 4, 4)
    torch.testing.assert_close(s, torch.ones(12))  # no column is larger than others
    assert torch.equal(quantized.codes, absmax_quantize(w, 4, 4).codes)


def test_a_column_that_is_never_given_does_no_harm():
    w, x = case()
    x[:, 4] = 0
    quantized, s = awq_quantize(w, x, 4, 4)
    assert torch.isfinite(dequantize(quantized) / s).all()
    assert (s > 0).all()


def test_a_grid_without_exponents_is_refused():
    with pytest.raises(ValueError, match="grid must be an integer of at least 1, got 0"):
        awq_quantize(*case(), block=4, grid=0)
