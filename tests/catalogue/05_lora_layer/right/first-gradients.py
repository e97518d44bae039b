# %% einsum
def first_gradients(x, A, B, alpha, G):
    dA = alpha * torch.einsum("ni,no,ro->ir", x, G, B)
    dB = alpha * torch.einsum("ni,ir,no->ro", x, A, G)
    return dA, dB


# %% step by step, as backpropagation goes
def first_gradients(x, A, B, alpha, G):
    h = x @ A
    G = alpha * G
    dB = h.T @ G
    dh = G @ B.T
    dA = x.T @ dh
    return dA, dB


# %% through the gradient of the product
def first_gradients(x, A, B, alpha, G):
    dM = alpha * torch.matmul(x.mT, G)
    return [dM @ B.mT, A.mT @ dM]


# %% float64 inside
def first_gradients(x, A, B, alpha, G):
    x, A, B, G = (t.double() for t in (x, A, B, G))
    dA, dB = alpha * (x.T @ G @ B.T), alpha * (A.T @ x.T @ G)
    return dA.float(), dB.float()


# %% a sum of outer products
def first_gradients(x, A, B, alpha, G):
    dA, dB = torch.zeros_like(A), torch.zeros_like(B)
    for row, g in zip(x, G):
        dA += alpha * torch.outer(row, B @ g)
        dB += alpha * torch.outer(row @ A, g)
    return dA, dB
