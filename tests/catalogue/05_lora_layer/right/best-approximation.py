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


# %% a loop of outer products
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = torch.zeros_like(W)
    for j in range(r):
        W_r += S[j] * torch.outer(U[:, j], Vh[j])
    return W_r, (W - W_r).norm().item()


# %% projection onto the first directions
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    P = U[:, :r] @ U[:, :r].mT
    W_r = P @ W
    return W_r, float(torch.linalg.matrix_norm(W - W_r))


# %% values masked
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    keep = (torch.arange(len(S)) < r).to(S)
    W_r = torch.einsum("dm,m,mk->dk", U, S * keep, Vh)
    return W_r, math.sqrt(((W - W_r) ** 2).sum().item())


# %% transposed and back
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W.T, full_matrices=False)
    W_r = (U[:, :r] @ torch.diag(S[:r]) @ Vh[:r]).T
    return (W_r, S[r:].norm().item())


# %% what is dropped taken off
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    rest = U[:, r:] @ torch.diag(S[r:]) @ Vh[r:, :]
    return W - rest, rest.norm(p="fro").item()


# %% float64 and hypot
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W.double(), full_matrices=False)
    W_r = torch.mm(U[:, :r], S[:r, None] * Vh[:r]).to(W.dtype)
    return W_r, math.hypot(*S[r:].tolist())
