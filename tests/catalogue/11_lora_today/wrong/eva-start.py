# %% the mean taken away message="centred"
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1])
    _, S, Vh = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    return Vh[:rank].T, S[:rank] ** 2 / (S**2).sum()


# %% the weakest directions message="weakest-directions"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[-rank:].T, S[:rank] ** 2 / (S**2).sum()


# %% not turned message="wrong-shape"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank], S[:rank] ** 2 / (S**2).sum()


# %% columns of Vh message="columns-of-vh"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=True)
    return Vh[:, :rank], S[:rank] ** 2 / (S**2).sum()


# %% left singular vectors message="wrong-shape"
def eva_start(X, rank):
    U, S, _ = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return U[:, :rank], S[:rank] ** 2 / (S**2).sum()


# %% directions times their values message="values-in-a"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T * S[:rank], S[:rank] ** 2 / (S**2).sum()


# %% directions times the roots of their values message="values-in-a"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T * S[:rank].sqrt(), S[:rank] ** 2 / (S**2).sum()


# %% the scale of LoRA's A message="scaled-by-rank"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T / rank**0.5, S[:rank] ** 2 / (S**2).sum()


# %% eigenvectors in ascending order message="in-another-order"
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1]).double()
    values, vectors = torch.linalg.eigh(rows.T @ rows)
    energy = values.flip(0)
    return vectors[:, -rank:].float(), (energy[:rank] / energy.sum()).float()


# %% values not squared message="values-not-squared"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T, S[:rank] / S.sum()


# %% shares of the kept message="of-the-kept"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T, S[:rank] ** 2 / (S[:rank] ** 2).sum()


# %% cumulative shares message="cumulative"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T, ((S**2).cumsum(0) / (S**2).sum())[:rank]


# %% energies instead of shares message="not-a-share"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T, S[:rank] ** 2


# %% A alone message="not-two"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T


# %% the first text only message="one-text-only"
def eva_start(X, rank):
    _, _, Vh = torch.linalg.svd(X.flatten(0, -3)[0] if X.dim() > 2 else X, full_matrices=False)
    _, S, _ = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    return Vh[:rank].T, S[:rank] ** 2 / (S**2).sum()


# %% rows brought to length 1 message="rows-normalised"
def eva_start(X, rank):
    rows = X.reshape(-1, X.shape[-1])
    _, S, Vh = torch.linalg.svd(rows / rows.norm(dim=1, keepdim=True), full_matrices=False)
    _, S, _ = torch.linalg.svd(rows, full_matrices=False)
    return Vh[:rank].T, S[:rank] ** 2 / (S**2).sum()


# %% inputs with three axes are not met message="raised-RuntimeError"
def eva_start(X, rank):
    _, S, Vh = torch.linalg.svd(X, full_matrices=False)
    energy = S**2
    return Vh[:rank].T.reshape(X.shape[-1], rank), energy[:rank] / energy.sum()


# %% random orthonormal columns message="other-directions"
def eva_start(X, rank):
    _, S, _ = torch.linalg.svd(X.reshape(-1, X.shape[-1]), full_matrices=False)
    A, _ = torch.linalg.qr(torch.randn(X.shape[-1], rank))
    return A, S[:rank] ** 2 / (S**2).sum()
