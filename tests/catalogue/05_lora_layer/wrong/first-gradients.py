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


# %% alpha forgotten in dB message="alpha-forgotten"
def first_gradients(x, A, B, alpha, G):
    return alpha * x.T @ G @ B.T, (x @ A).T @ G


# %% alpha forgotten in dA message="alpha-forgotten"
def first_gradients(x, A, B, alpha, G):
    return x.T @ G @ B.T, alpha * (x @ A).T @ G


# %% divided by alpha message="alpha-inverted"
def first_gradients(x, A, B, alpha, G):
    return x.T @ G @ B.T / alpha, (x @ A).T @ G / alpha


# %% absolute alpha message="alpha-absolute"
def first_gradients(x, A, B, alpha, G):
    alpha = abs(alpha)
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB


# %% alpha or one message="alpha-zero-ignored"
def first_gradients(x, A, B, alpha, G):
    alpha = alpha or 1.0
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB


# %% a factor two message="doubled"
def first_gradients(x, A, B, alpha, G):
    return 2 * alpha * x.T @ G @ B.T, 2 * alpha * (x @ A).T @ G


# %% dB averaged message="averaged"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB / len(x)


# %% mean over all entries message="averaged"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA / G.numel(), dB / G.numel()


# %% only dB transposed message="gradient-transposed"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB.T


# %% after the step of B message="stepped-factor"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    B = B - dB
    return alpha * x.T @ G @ B.T, dB


# %% after the step of A message="stepped-factor"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    A = A - dA
    return dA, alpha * (x @ A).T @ G


# %% with y for G message="output-for-gradient"
def first_gradients(x, A, B, alpha, G):
    G = alpha * (x @ A @ B)
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB


# %% the factors back message="factor-itself"
def first_gradients(x, A, B, alpha, G):
    return A, B


# %% dB zero message="zero-gradient"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, torch.zeros_like(dB)


# %% dB without A message="gradient-of-product"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, alpha * x.T @ G


# %% return forgotten message="not-a-pair"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G



# %% three results message="not-a-pair"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA, dB, alpha * G @ (A @ B).T


# %% nothing for dA message="no-tensor"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return None, dB


# %% ReLU on the way message="wrong-gradient"
def first_gradients(x, A, B, alpha, G):
    h = torch.relu(x @ A)
    return alpha * x.T @ G @ B.T, alpha * h.T @ G


# %% gradient clipped message="clipped"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return dA.clamp(-1, 1), dB.clamp(-1, 1)


# %% first row only message="first-row-only"
def first_gradients(x, A, B, alpha, G):
    return alpha * torch.outer(x[0], G[0]) @ B.T, alpha * torch.outer(x[0] @ A, G[0])


# %% int alpha message="alpha-whole"
def first_gradients(x, A, B, alpha, G):
    alpha = round(alpha)
    return alpha * x.T @ G @ B.T, alpha * (x @ A).T @ G


# %% normalised gradients message="normalised"
def first_gradients(x, A, B, alpha, G):
    dA, dB = alpha * x.T @ G @ B.T, alpha * (x @ A).T @ G
    return dA / dA.norm(), dB / dB.norm()


# %% the factors after a step message="updated-factor"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ G
    return A - dA, B - dB


# %% ones for the upstream gradient of B message="upstream-ignored"
def first_gradients(x, A, B, alpha, G):
    dA = alpha * x.T @ G @ B.T
    dB = alpha * (x @ A).T @ torch.ones_like(G)
    return dA, dB
