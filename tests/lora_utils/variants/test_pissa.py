"""PiSSA against Hugging Face PEFT's own start and NumPy's decomposition."""

import numpy as np
import pytest
import torch
from torch import nn

from lora_utils.variants import best_factors, pissa_start


@pytest.mark.parametrize("shape", [(5, 9), (8, 3), (1, 4)])
def test_residual_and_path_are_the_weight_and_the_path_its_strongest_part(shape):
    W = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    r = max(1, min(shape) - 1)
    residual, A, B = pissa_start(W, r)
    assert (residual.shape, A.shape, B.shape) == (shape, (shape[1], r), (r, shape[0]))
    torch.testing.assert_close(residual + (A @ B).T, W)
    U, s, Vh = np.linalg.svd(W.double().numpy(), full_matrices=False)
    torch.testing.assert_close((A @ B).T.double(), torch.from_numpy(U[:, :r] * s[:r] @ Vh[:r]), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(A.T @ A, torch.from_numpy(np.diag(s[:r])).float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(B @ B.T, A.T @ A, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
def test_it_is_pefts_start():
    peft = pytest.importorskip("peft")
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(7, 5), nn.Linear(5, 4))
    residual, A, B = pissa_start(model[0].weight, 3)
    config = peft.LoraConfig(r=3, lora_alpha=3, target_modules=["0"], init_lora_weights="pissa")
    layer = peft.get_peft_model(model, config).base_model.model[0]
    torch.testing.assert_close(residual, layer.base_layer.weight)
    torch.testing.assert_close((A @ B).T, (layer.lora_B["default"].weight @ layer.lora_A["default"].weight))
    torch.testing.assert_close(A.norm(dim=0), layer.lora_A["default"].weight.norm(dim=1))


@pytest.mark.parametrize(("W", "rank", "said"), [(torch.ones(3), 1, "must be a matrix"),
    (torch.ones(3, 2), 3, "3 x 2 has 2 singular values"), (torch.ones(3, 2), 0, "at least 1")])  # fmt: skip
def test_what_has_no_such_start_is_refused(W, rank, said):
    with pytest.raises(ValueError, match=said):
        best_factors(W, rank)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_weight_in_16_bits_is_split_in_float32(dtype):
    W = torch.randn(5, 9, generator=torch.Generator().manual_seed(1)).to(dtype)
    for mine, of_floats in zip(pissa_start(W, 2), pissa_start(W.float(), 2), strict=True):
        assert mine.dtype == torch.float32
        assert torch.equal(mine, of_floats)
