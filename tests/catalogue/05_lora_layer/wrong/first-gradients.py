# %% alpha forgotten message="alpha-forgotten"
def first_gradients(x, A, B, alpha, G):
    return x.T @ G @ B.T, (x @ A).T @ G


# %% alpha twice message="alpha-twice"
def first_gradients(x, A, B, alpha, G):
    G = alpha * G
    return alpha * x.T @ G @ B.T, alpha * (x @ A).T @ G


# %% alpha over rank message="alpha-over-rank"
def first_gradients(x, A, B, alpha, G):
    scale = alpha / A.shape[1]
    return scale * x.T @ G @ B.T, scale * (x @ A).T @ G


# %% transposed message="gradient-transposed"
def first_gradients(x, A, B, alpha, G):
    return alpha * B @ G.T @ x, alpha * G.T @ x @ A


# %% averaged over rows message="averaged"
def first_gradients(x, A, B, alpha, G):
    n = x.shape[0]
    return alpha * x.T @ G @ B.T / n, alpha * (x @ A).T @ G / n


# %% descent direction message="descent-step"
def first_gradients(x, A, B, alpha, G):
    return -alpha * x.T @ G @ B.T, -alpha * (x @ A).T @ G


# %% returned in the wrong order message="gradients-swapped"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dB, dA


# %% always as at the first step message="zero-gradient"
def first_gradients(x, A, B, alpha, G):
    return torch.zeros_like(A), alpha * (x @ A).T @ G


# %% gradient of the product message="gradient-of-product"
def first_gradients(x, A, B, alpha, G):
    d = alpha * x.T @ G
    return d, d


# %% autograd message="autograd-used"
def first_gradients(x, A, B, alpha, G):
    A, B = A.clone().requires_grad_(), B.clone().requires_grad_()
    return torch.autograd.grad(alpha * (x @ A @ B), (A, B), G)


# %% backward message="autograd-used"
def first_gradients(x, A, B, alpha, G):
    with torch.enable_grad():
        A, B = nn.Parameter(A), nn.Parameter(B)
        (alpha * (x @ A @ B)).backward(G)
    return A.grad, B.grad


# %% shapes that do not fit message="raised-RuntimeError"
def first_gradients(x, A, B, alpha, G):
    return alpha * x @ G @ B.T, alpha * (x @ A) @ G


# %% one matrix only message="not-a-pair"
def first_gradients(x, A, B, alpha, G):
    return alpha * x.T @ G @ B.T


# %% torch.func does it message="autograd-used"
def first_gradients(x, A, B, alpha, G):
    def loss(A, B):
        return (G * (alpha * (x @ A @ B))).sum()

    return torch.func.grad(loss, argnums=(0, 1))(A, B)


# %% autograd switched on again message="autograd-used"
def first_gradients(x, A, B, alpha, G):
    with torch.inference_mode(False), torch.enable_grad():
        x, A, B, G = x.clone(), A.clone().requires_grad_(), B.clone().requires_grad_(), G.clone()
        return torch.autograd.grad(alpha * (x @ A @ B), (A, B), G)
