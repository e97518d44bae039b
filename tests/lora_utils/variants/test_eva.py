"""EVA against the eigenvectors of X^T X in NumPy and PEFT's incremental decomposition."""

import numpy as np
import pytest
import torch

from lora_utils.variants import eva_start


def inputs(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(6)) * torch.linspace(3, 0.5, shape[-1]) + 0.7


@pytest.mark.parametrize(("shape", "rank"), [((40, 6), 2), ((5, 4, 7), 3), ((3, 9), 3)])
def test_the_directions_and_shares_are_those_of_the_second_moments(shape, rank):
    X = inputs(*shape)
    A, shares = eva_start(X, rank)
    rows = X.flatten(0, -2)
    assert (A.shape, shares.shape) == ((shape[-1], rank), (rank,))
    moments = rows.T.double().numpy() @ rows.double().numpy()  # (i, i)
    values, vectors = np.linalg.eigh(moments)  # ascending
    strongest, energies = (torch.from_numpy(part[..., ::-1][..., :rank].copy()) for part in (vectors, values))
    torch.testing.assert_close((strongest.T.float() @ A).abs(), torch.eye(rank), rtol=0, atol=1e-3)
    torch.testing.assert_close(shares.double(), energies / np.trace(moments), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(A.T @ A, torch.eye(rank), rtol=0, atol=1e-5)
    assert shares.sum() < 1 + 1e-5


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # raised inside peft's imports
def test_of_inputs_without_a_mean_it_is_pefts_start():
    pca = pytest.importorskip("peft.utils.incremental_pca")
    X = inputs(30, 5)
    X = torch.cat([X, -X])
    A, _ = eva_start(X, 2)
    theirs = pca.IncrementalPCA(n_components=2)
    theirs.partial_fit(X)
    torch.testing.assert_close((theirs.components_ @ A).abs(), torch.eye(2), rtol=0, atol=1e-4)


def test_inputs_without_such_directions_are_refused():
    with pytest.raises(ValueError, match="3 inputs of size 5 have 3 directions; got rank=4"):
        eva_start(inputs(3, 5), 4)
    with pytest.raises(ValueError, match="zero throughout"):
        eva_start(torch.zeros(3, 5), 1)


def test_inputs_in_16_bits_are_taken_as_floats():
    X = torch.randn(12, 5, generator=torch.Generator().manual_seed(1)).half()
    for mine, of_floats in zip(eva_start(X, 2), eva_start(X.float(), 2), strict=True):
        assert torch.equal(mine, of_floats)
