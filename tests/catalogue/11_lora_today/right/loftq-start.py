# %% roots in both, of the transposed difference
def loftq_start(W0, rank, steps):
    A, B = torch.zeros(W0.shape[1], rank), torch.zeros(rank, W0.shape[0])
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - (A @ B).T))
        U, S, Vh = torch.linalg.svd((W0 - Q).T, full_matrices=False)
        root = S[:rank].sqrt()
        A, B = U[:, :rank] * root, root[:, None] * Vh[:rank]
    return Q, A, B


# %% recursive
def loftq_start(W0, rank, steps):
    before = 0
    if steps > 1:
        _, A, B = loftq_start(W0, rank, steps - 1)
        before = (A @ B).T
    Q = dequantize_4bit(quantize_4bit(W0 - before))
    U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
    return Q, Vh[:rank].T, S[:rank, None] * U[:, :rank].T


# %% decomposed in float64
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd((W0 - Q).double(), full_matrices=False)
        A, B = (Vh[:rank].T * S[:rank]).float(), U[:, :rank].T.float()
        path = (A @ B).T
    return Q, A, B


# %% the first round on its own
def loftq_start(W0, rank, steps):
    def fitted(Q):
        U, S, Vh = torch.linalg.svd(W0 - Q)
        return (torch.diag(S[:rank]) @ Vh[:rank]).T, U[:, :rank].T

    Q = dequantize_4bit(quantize_4bit(W0))
    A, B = fitted(Q)
    for _ in range(1, steps):
        Q = dequantize_4bit(quantize_4bit(W0 - B.T @ A.T))
        A, B = fitted(Q)
    return Q, A, B


# %% PEFT's loop, turned at the end
def loftq_start(W0, rank, steps):
    rest = W0.clone()
    for i in range(steps):
        Q = dequantize_4bit(quantize_4bit(rest))
        rest = W0 - Q
        U, S, Vh = torch.linalg.svd(rest, full_matrices=False)
        L = U @ torch.sqrt(torch.diag(S)[:, :rank])
        R = torch.sqrt(torch.diag(S)[:rank, :]) @ Vh
        if i + 1 < steps:
            rest = W0 - L @ R
    return Q, R.T, L.T


# %% eigenvectors of the smaller side
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        rest = (W0 - Q).double()
        vectors = torch.linalg.eigh(rest.T @ rest).eigenvectors[:, -rank:]  # (i, r)
        A, B = vectors.float(), (rest @ vectors).T.float()
        path = (A @ B).T
    return Q, A, B
