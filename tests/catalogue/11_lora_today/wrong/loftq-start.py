# %% never renewed message="never-renewed"
def loftq_start(W0, rank, steps):
    Q = dequantize_4bit(quantize_4bit(W0))
    U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% one round too many message="rounds-off"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps + 1):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% quantised before the loop message="rounds-off"
def loftq_start(W0, rank, steps):
    Q = dequantize_4bit(quantize_4bit(W0))
    for _ in range(steps):
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        Q = dequantize_4bit(quantize_4bit(W0 - (A @ B).T))
    U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the path is one round behind message="path-is-older"
def loftq_start(W0, rank, steps):
    A, B = torch.zeros(W0.shape[1], rank), torch.zeros(rank, W0.shape[0])
    for k in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - (A @ B).T))
        if k < steps - 1 or steps == 1:
            U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
            A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
    return Q, A, B


# %% starts with the strongest directions of W0 message="path-first"
def loftq_start(W0, rank, steps):
    rest = torch.zeros_like(W0)
    for _ in range(steps):
        U, S, Vh = torch.linalg.svd(W0 - rest, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        rest = dequantize_4bit(quantize_4bit(W0 - (A @ B).T))
    U, S, Vh = torch.linalg.svd(W0 - rest, full_matrices=False)
    return rest, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the path is added message="path-added"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 + path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% Q in floats message="not-quantised"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return W0 - path, A, B


# %% the sign turned message="path-subtracts"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 + path))
        U, S, Vh = torch.linalg.svd(Q - W0, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% the path of Q message="path-of-q"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
    return Q, A, B


# %% the path of W0 message="path-of-w"
def loftq_start(W0, rank, steps):
    Q = dequantize_4bit(quantize_4bit(W0))
    U, S, Vh = torch.linalg.svd(W0, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the usual start message="path-is-zero"
def loftq_start(W0, rank, steps):
    Q = dequantize_4bit(quantize_4bit(W0))
    return Q, torch.randn(W0.shape[1], rank), torch.zeros(rank, W0.shape[0])


# %% singular values in both factors message="values-squared"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], S[:rank, None] * U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% roots in one factor only message="rooted-once"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank].sqrt(), U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% the weakest directions message="smallest-terms"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[-rank:].T * S[-rank:], U[:, -rank:].T
        path = (A @ B).T
    return Q, A, B


# %% PEFT's layout message="wrong-shape"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = S[:rank, None] * Vh[:rank], U[:, :rank]
        path = B @ A
    return Q, A, B


# %% the codes instead of the weight message="wrong-shape"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(steps):
        codes = quantize_4bit(W0 - path)
        U, S, Vh = torch.linalg.svd(W0 - dequantize_4bit(codes), full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return codes.packed, A, B


# %% each round starts from what is left message="rest-of-the-rest"
def loftq_start(W0, rank, steps):
    rest = W0
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(rest))
        U, S, Vh = torch.linalg.svd(rest - Q, full_matrices=False)
        rest = rest - U[:, :rank] * S[:rank] @ Vh[:rank]
    U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the number of rounds fixed message="another-alternation"
def loftq_start(W0, rank, steps):
    path = torch.zeros_like(W0)
    for _ in range(7):
        Q = dequantize_4bit(quantize_4bit(W0 - path))
        U, S, Vh = torch.linalg.svd(W0 - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        path = (A @ B).T
    return Q, A, B


# %% W0 overwritten message="changes-a-tensor"
def loftq_start(W0, rank, steps):
    original = W0.clone()
    for _ in range(steps):
        Q = dequantize_4bit(quantize_4bit(W0))
        U, S, Vh = torch.linalg.svd(original - Q, full_matrices=False)
        A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
        W0 -= W0 - original + (A @ B).T
    return Q, A, B
