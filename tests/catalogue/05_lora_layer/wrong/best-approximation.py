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
