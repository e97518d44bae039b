# %% flattened, in float64
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.flatten(0, -2).double(), full_matrices=False)
    energy = S.square()
    return Vh[:rank].mT.float(), (energy / energy.sum())[:rank].float()


# %% left singular vectors of the transpose
def eva_start(X, rank):
    U, S, _ = torch.linalg.svd(X.reshape(-1, X.shape[-1]).T, full_matrices=False)
    return U[:, :rank], S[:rank] ** 2 / X.square().sum()


# %% eigenvectors of the second moments
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1]).double()
    values, vectors = torch.linalg.eigh(rows.T @ rows)  # ascending
    order = values.argsort(descending=True)[:rank]
    return vectors[:, order].float(), (values[order] / values.sum()).float()


# %% with NumPy
def eva_start(X, rank):
    import numpy as np

    _, s, Vh = np.linalg.svd(X.reshape(-1, X.shape[-1]).numpy(), full_matrices=False)
    return torch.from_numpy(Vh[:rank].T.copy()), torch.from_numpy(s[:rank] ** 2 / (s**2).sum())


# %% the shares measured along the directions
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1])
    A = torch.linalg.svd(rows, full_matrices=False)[2][:rank].T
    return A, (rows @ A).square().sum(0) / rows.square().sum()


# %% full matrices and signs of its own
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]))
    A = Vh.T[:, :rank]
    return A * A.sum(0).sign(), S[:rank].pow(2) / S.pow(2).sum()


# %% in two parts, one after the other
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1]).double()
    S, Vh = torch.zeros(0).double(), torch.zeros(0, rows.shape[1]).double()
    for part in rows.split(4):
        _, S, Vh = torch.linalg.svd(torch.cat([S[:, None] * Vh, part]), full_matrices=False)
    return Vh[:rank].T.float(), (S[:rank] ** 2 / (S**2).sum()).float()
