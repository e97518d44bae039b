# %% with diagonal matrices, as the paper writes it
def pissa_start(W0, rank):
    U, S, V = torch.svd(W0.T)  # (i, m), (m,), (o, m): the paper's weight is (in, out)
    root = torch.diag(S[:rank]) ** 0.5
    A, B = U[:, :rank] @ root, root @ V[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% the residual from the other terms
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    return U[:, rank:] * S[rank:] @ Vh[rank:], Vh[:rank].T * root, (U[:, :rank] * root).T


# %% in float64
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0.double(), full_matrices=False)
    root = S[:rank] ** 0.5
    A, B = (Vh[:rank].T * root).float(), (U[:, :rank] * root).T.float()
    return W0 - B.T @ A.T, A, B


# %% full matrices, cut afterwards
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0)
    A = Vh[:rank, :].mT * torch.sqrt(S[:rank])
    B = torch.sqrt(S[:rank]).unsqueeze(-1) * U[:, :rank].mT
    return W0 - (A @ B).mT, A, B


# %% with NumPy
def pissa_start(W0, rank):
    import numpy as np

    U, S, Vh = np.linalg.svd(W0.numpy(), full_matrices=False)
    A = torch.from_numpy(Vh[:rank].T * np.sqrt(S[:rank]))
    B = torch.from_numpy(np.sqrt(S[:rank])[:, None] * U[:, :rank].T)
    return W0 - (A @ B).T, A, B


# %% signs of its own
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    signs = torch.sign(Vh[:rank].sum(1))
    A = Vh[:rank].T * (signs * S[:rank].sqrt())
    B = (signs * S[:rank].sqrt())[:, None] * U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% eigenvectors, one after the other
def pissa_start(W0, rank):
    values, vectors = torch.linalg.eigh(W0.double().T @ W0.double())  # ascending
    A, B = [], []
    for k in range(1, rank + 1):
        v = vectors[:, -k]
        s = values[-k].sqrt()
        A.append(v * s.sqrt())
        B.append(W0.double() @ v / s.sqrt())
    A, B = torch.stack(A, dim=1).float(), torch.stack(B).float()
    return W0 - (A @ B).T, A, B
