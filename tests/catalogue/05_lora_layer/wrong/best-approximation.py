# %% smallest kept message="smallest-kept"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, -r:] * S[-r:] @ Vh[-r:]
    return W_r, (W - W_r).norm().item()


# %% the rest returned message="largest-dropped"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, r:] * S[r:] @ Vh[r:]
    return W_r, W_r.norm().item()


# %% one singular value too few message="one-too-few"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, : r - 1] * S[: r - 1] @ Vh[: r - 1]
    return W_r, (W - W_r).norm().item()


# %% one singular value too many message="one-too-many"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    S = torch.where(torch.arange(len(S)) <= r, S, 0.0)
    W_r = U * S @ Vh
    return W_r, (W - W_r).norm().item()


# %% singular values left out message="values-forgotten"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% singular values squared message="values-squared"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] @ torch.diag(S[:r] ** 2) @ Vh[:r]
    return W_r, S[r:].square().sum().sqrt().item()


# %% Vh taken for V message="v-transposed"
# torch.svd returned V, torch.linalg.svd returns it transposed: the usual slip when old code is moved over.
def best_approximation(W, r):
    U, S, V = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] @ torch.diag(S[:r]) @ V[:, :r].T
    return W_r, (W - W_r).norm().item()


# %% transposed message="transposed"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W.T, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W.T - W_r).norm().item()


# %% first columns kept message="columns-kept"
def best_approximation(W, r):
    W_r = W.clone()
    W_r[:, r:] = 0
    return W_r, (W - W_r).norm().item()


# %% first rows kept message="rows-kept"
def best_approximation(W, r):
    W_r = torch.zeros_like(W)
    W_r[:r] = W[:r]
    return W_r, (W - W_r).norm().item()


# %% nothing dropped message="nothing-dropped"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return U * S @ Vh, S[r:].square().sum().sqrt().item()


# %% squared error message="error-squared"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).square().sum().item()


# %% dropped values added up message="error-nuclear"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return U[:, :r] * S[:r] @ Vh[:r], S[r:].sum().item()


# %% spectral norm message="error-spectral"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, torch.linalg.norm(W - W_r, ord=2).item()


# %% relative error message="error-relative"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, ((W - W_r).norm() / W.norm()).item()


# %% mean of the squares message="error-averaged"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, nn.functional.mse_loss(W_r, W).item()


# %% norm of what is kept message="error-of-kept"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, W_r.norm().item()


# %% only the matrix message="not-a-pair"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return U[:, :r] * S[:r] @ Vh[:r]


# %% square matrices only message="raised-RuntimeError"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W)
    S[r:] = 0
    W_r = U @ torch.diag(S) @ Vh
    return W_r, (W - W_r).norm().item()


# %% term number r alone message="one-term"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = S[r - 1] * torch.outer(U[:, r - 1], Vh[r - 1])
    return W_r, (W - W_r).norm().item()


# %% from the second on message="first-skipped"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, 1 : r + 1] * S[1 : r + 1] @ Vh[1 : r + 1]
    return W_r, (W - W_r).norm().item()


# %% r terms dropped message="smallest-dropped"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    m = len(S)
    W_r = U[:, : m - r] * S[: m - r] @ Vh[: m - r]
    return W_r, (W - W_r).norm().item()


# %% roots of the values message="values-rooted"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r].sqrt() @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% rows scaled by mistake message="values-divided"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = (U[:, :r] / S[:r]) @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% projection alone message="projected-only"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] @ U[:, :r].T
    return W_r, S[r:].norm().item()


# %% a block message="block-kept"
def best_approximation(W, r):
    W_r = torch.zeros_like(W)
    W_r[:r, :r] = W[:r, :r]
    return W_r, (W - W_r).norm().item()


# %% largest entries message="wrong-approximation"
def best_approximation(W, r):
    W_r = W * (W.abs() >= W.abs().flatten().sort(descending=True).values[r])
    return W_r, (W - W_r).norm().item()


# %% centred first message="centred"
def best_approximation(W, r):
    mean = W.mean(0)
    U, S, Vh = torch.linalg.svd(W - mean, full_matrices=False)
    W_r = mean + U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% the factors message="no-tensor"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    return (U[:, :r] * S[:r], Vh[:r]), S[r:].norm().item()


# %% error first message="pair-swapped"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return (W - W_r).norm().item(), W_r


# %% three results message="not-a-pair"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item(), r


# %% return forgotten message="not-a-pair"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]



# %% the difference as error message="error-is-a-matrix"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, W - W_r


# %% last kept value message="error-last"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, S[r - 1].item()


# %% difference of norms message="difference-of-norms"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W.norm() - W_r.norm()).item()


# %% norm of W message="error-of-whole"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, W.norm().item()


# %% share that is kept message="share-kept"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (S[:r].square().sum() / S.square().sum()).item()


# %% share that is lost message="error-relative"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (S[r:].square().sum() / S.square().sum()).item()


# %% mean absolute error message="error-absolute"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).abs().mean().item()


# %% sum of absolute errors message="error-absolute"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).abs().sum().item()


# %% largest entry message="error-largest"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).abs().max().item()


# %% root of the mean message="error-averaged"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).square().mean().sqrt().item()


# %% one dropped value too few message="error-from-next"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, S[r + 1 :].square().sum().sqrt().item()


# %% one kept value too many message="error-from-before"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, S[r - 1 :].square().sum().sqrt().item()


# %% next value message="error-spectral"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, S[r].item()


# %% rounded message="wrong-error"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, round((W - W_r).norm().item())


# %% rank one at least message="zero-ignored"
def best_approximation(W, r):
    r = max(r, 1)
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% tall only message="wrong-approximation-not-finite"
def best_approximation(W, r):
    values, V = torch.linalg.eigh(W.T @ W)
    V = V.flip(1)[:, :r]
    U = W @ V / values.flip(0)[:r].clamp(min=0).sqrt()
    W_r = U * values.flip(0)[:r].sqrt() @ V.T
    return W_r, values.flip(0)[r:].clamp(min=0).sum().sqrt().item()


# %% half message="digits-lost"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W.half().float(), full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% rounded error message="digits-lost"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W, full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, round((W - W_r).norm().item(), 3)


# %% abs message="absolute-values"
def best_approximation(W, r):
    U, S, Vh = torch.linalg.svd(W.abs(), full_matrices=False)
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% pca lowrank message="centred"
def best_approximation(W, r):
    U, S, V = torch.pca_lowrank(W, q=min(W.shape))
    W_r = U[:, :r] * S[:r] @ V[:, :r].T
    return W_r, (W - W_r).norm().item()


# %% cache by shape message="kept-from-before"
_svd = {}
def best_approximation(W, r):
    k = W.shape
    if k not in _svd: _svd[k] = torch.linalg.svd(W, full_matrices=False)
    U, S, Vh = _svd[k]
    W_r = U[:, :r] * S[:r] @ Vh[:r]
    return W_r, (W - W_r).norm().item()


# %% always same U message="another-decomposition"
def best_approximation(W, r):
    Q, R = torch.linalg.qr(W)
    W_r = Q[:, :r] @ R[:r]
    return W_r, (W - W_r).norm().item()
