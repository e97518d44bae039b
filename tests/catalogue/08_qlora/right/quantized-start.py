# %% the scale in B
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank].T.contiguous(), torch.diag(S[:rank]) @ U[:, :rank].T


# %% roots in both, of the transposed difference in float64
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd((W - Q).T.double(), full_matrices=False)
    root = S[:rank].sqrt()
    return Q, (U[:, :rank] * root).float(), (root[:, None] * Vh[:rank]).float()


# %% alternating, as LoftQ does
def start_near(W, rank):
    best = None
    path = torch.zeros_like(W)
    for _ in range(6):
        Q = dequantize_4bit(quantize_4bit(W - path))
        U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
        left = (W - Q - path).norm()
        if best is None or left < best[0]:
            best = left, Q, A, B
    return best[1:]


# %% alternating least squares
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    rest = (W - Q).double()  # (o, i)
    generator = torch.Generator().manual_seed(0)
    A = torch.randn(W.shape[1], rank, generator=generator, dtype=torch.float64)
    for _ in range(200):
        A, _ = torch.linalg.qr(rest.T @ (rest @ A))
    B = (rest @ A).T  # the least squares solution for orthonormal columns
    return Q, A.float(), B.float()


# %% eigenvectors of the smaller side
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    rest = (W - Q).double()
    if W.shape[0] <= W.shape[1]:
        vectors = torch.linalg.eigh(rest @ rest.T).eigenvectors[:, -rank:]  # (o, r)
        return Q, (rest.T @ vectors).float(), vectors.T.float()
    vectors = torch.linalg.eigh(rest.T @ rest).eigenvectors[:, -rank:]  # (i, r)
    return Q, vectors.float(), (rest @ vectors).T.float()


# %% torch's randomised decomposition with many rounds
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, V = torch.svd_lowrank((W - Q).double(), q=min(rank + 6, *W.shape), niter=20)
    return Q, (V[:, :rank] * S[:rank]).float(), U[:, :rank].T.float()
