# %% LoRA's usual start message="path-is-zero"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    return Q, torch.randn(W.shape[1], rank) / rank**0.5, torch.zeros(rank, W.shape[0])


# %% the path approximates W message="path-of-w"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the sign turned message="path-subtracts"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(Q - W, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% Q in floats message="not-quantised"
def start_near(W, rank):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
    return W - (A @ B).T, A, B


# %% W kept as it is message="not-quantised"
def start_near(W, rank):
    return W, torch.zeros(W.shape[1], rank), torch.zeros(rank, W.shape[0])


# %% the path added to Q as well message="not-quantised"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    A, B = Vh[:rank].T * S[:rank], U[:, :rank].T
    return Q + (A @ B).T, A, B


# %% singular values forgotten message="values-forgotten"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank].T, U[:, :rank].T


# %% singular values in both factors message="values-squared"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], S[:rank, None] * U[:, :rank].T


# %% roots in one factor only message="values-rooted"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank].sqrt(), U[:, :rank].T


# %% the smallest terms message="smallest-terms"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[-rank:].T * S[-rank:], U[:, -rank:].T


# %% PEFT's layout message="wrong-shape"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh[:rank], U[:, :rank] * S[:rank]


# %% A and B exchanged message="wrong-shape"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, U[:, :rank] * S[:rank], Vh[:rank]


# %% all ranks message="wrong-shape"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Q, Vh.T * S, U.T


# %% one rank too few message="far-from-w"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    S = S.clone()
    S[max(rank - 1, 1) :] = 0
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% trained for a few steps message="far-from-w"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    A = (torch.randn(W.shape[1], rank) / rank**0.5).requires_grad_()
    B = torch.zeros(rank, W.shape[0], requires_grad=True)
    optimizer = torch.optim.Adam([A, B], lr=0.001)
    for _ in range(10):
        optimizer.zero_grad()
        (W - Q - (A @ B).T).square().sum().backward()
        optimizer.step()
    return Q, A.detach(), B.detach()


# %% W overwritten message="changes-a-tensor"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    W -= Q
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return Q, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the stored form instead of the weight message="wrong-shape"
def start_near(W, rank):
    four = quantize_4bit(W)
    U, S, Vh = torch.linalg.svd(W - dequantize_4bit(four), full_matrices=False)
    return four.packed, Vh[:rank].T * S[:rank], U[:, :rank].T


# %% the factors come first message="results-swapped"
def start_near(W, rank):
    Q = dequantize_4bit(quantize_4bit(W))
    U, S, Vh = torch.linalg.svd(W - Q, full_matrices=False)
    return Vh[:rank].T * S[:rank], U[:, :rank].T, Q
