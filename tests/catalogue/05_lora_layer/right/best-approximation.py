# %% diag and the theorem
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return U[:, :r] @ torch.diag(S[:r]) @ Vh[:r, :], S[r:].square().sum().sqrt()


# %% full matrices
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W)
    W_r = torch.einsum("dr,r,rk->dk", U[:, :r], S[:r], Vh[:r])
    return W_r, torch.linalg.norm(W - W_r).item()


# %% the older torch.svd
def best_approximation(W, r):
    U, S, V = torch.svd(W)
    W_r = U[:, :r] * S[:r] @ V[:, :r].T
    return [W_r, torch.dist(W, W_r).item()]


# %% float64 inside, projection on eigenvectors
def best_approximation(W, r):
    D = W.double()
    _, V = torch.linalg.eigh(D.T @ D)  # ascending
    top = V[:, V.shape[1] - r :]
    W_r = (D @ top @ top.T).to(W.dtype)
    return W_r, float((W - W_r).norm())


# %% small values set to zero, not in place
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    kept = torch.cat([S[:r], torch.zeros(len(S) - r)])
    W_r = (U * kept) @ Vh
    return W_r, math.sqrt(float(((W - W_r) ** 2).sum()))


# %% with NumPy
def best_approximation(W, r):
    import numpy

    U, S, Vh = numpy.linalg.svd(W.numpy(), full_matrices=False)
    W_r = (U[:, :r] * S[:r]) @ Vh[:r]
    return torch.from_numpy(W_r), float(numpy.linalg.norm(W.numpy() - W_r))


# %% a named tuple
from collections import namedtuple

Cut = namedtuple("Cut", ["W_r", "error"])


def best_approximation(W, r):
    U, S, V = torch.svd(W)
    W_r = U[:, :r] @ torch.diag(S[:r]) @ V[:, :r].T
    return Cut(W_r, torch.dist(W, W_r))
