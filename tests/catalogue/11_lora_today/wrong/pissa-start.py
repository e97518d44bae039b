# %% the base keeps W0 message="residual-is-w"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    return W0, Vh[:rank].T * root, root[:, None] * U[:, :rank].T


# %% LoRA's own start message="path-is-zero"
def pissa_start(W0, rank):
    return W0.clone(), torch.randn(W0.shape[1], rank) / rank**0.5, torch.zeros(rank, W0.shape[0])


# %% the weakest directions message="smallest-terms"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[-rank:].sqrt()
    A, B = Vh[-rank:].T * root, root[:, None] * U[:, -rank:].T
    return W0 - (A @ B).T, A, B


# %% singular values in both factors message="values-squared"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    A, B = Vh[:rank].T * S[:rank], S[:rank, None] * U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% no singular values message="values-missing"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    A, B = Vh[:rank].T, U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% the root in one factor only message="rooted-once"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    A, B = Vh[:rank].T * S[:rank].sqrt(), U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% all of S in A message="values-in-a"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% all of S in B message="values-in-b"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    A, B = Vh[:rank].T, S[:rank, None] * U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% PEFT's layout message="wrong-shape"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    lora_A, lora_B = root[:, None] * Vh[:rank], U[:, :rank] * root
    return W0 - lora_B @ lora_A, lora_A, lora_B


# %% the factors come first message="results-swapped"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    return A, B, W0 - (A @ B).T


# %% only the factors message="not-three"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    return Vh[:rank].T * root, root[:, None] * U[:, :rank].T


# %% the path added to the base message="path-added"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    return W0 + (A @ B).T, A, B


# %% W0 overwritten message="changes-a-tensor"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    W0 -= (A @ B).T
    return W0, A, B


# %% the sign turned message="signs-differ"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    return W0 - (A @ B).T, A, -B


# %% one direction too few message="rank-off"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    root[-1] = 0
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    return W0 - (A @ B).T, A, B


# %% a random path taken from the base message="wrong-path"
def pissa_start(W0, rank):
    A, B = torch.randn(W0.shape[1], rank), torch.randn(rank, W0.shape[0])
    return W0 - (A @ B).T, A, B


# %% the base is the path message="residual-is-path"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    return (A @ B).T, A, B


# %% the smallest of the kept first message="in-another-order"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = (Vh[:rank].T * root).flip(1), (root[:, None] * U[:, :rank].T).flip(0)
    return W0 - (A @ B).T, A, B


# %% nothing is returned message="not-three"
def pissa_start(W0, rank):
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    root = S[:rank].sqrt()
    A, B = Vh[:rank].T * root, root[:, None] * U[:, :rank].T
    residual = W0 - (A @ B).T
