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


# %% loops
def first_gradients(x, A, B, alpha, G):
    dA, dB = torch.zeros_like(A), torch.zeros_like(B)
    for i in range(len(x)):
        for j in range(B.shape[1]):
            dA += alpha * G[i, j] * torch.outer(x[i], B[:, j])
            dB[:, j] += alpha * G[i, j] * (x[i] @ A)
    return dA, dB


# %% F.linear
def first_gradients(x, A, B, alpha, G):
    F = nn.functional
    h = F.linear(x, A.T)
    dh = F.linear(alpha * G, B)
    return F.linear(x.T, dh.T), F.linear(h.T, alpha * G.T)


# %% transpose and mm
def first_gradients(x, A, B, alpha, G):
    xT = torch.transpose(x, 0, 1)
    M = torch.mm(xT, G) * alpha
    return torch.mm(M, B.t()), torch.mm(A.t(), M)


# %% keyword style
def first_gradients(x, A, B, alpha, G):
    grads = dict(dA=x.mT.matmul(G).matmul(B.mT).mul(alpha), dB=A.mT.matmul(x.mT).matmul(G).mul(alpha))
    return tuple(grads.values())


# %% batched outer products
def first_gradients(x, A, B, alpha, G):
    dA = torch.einsum("ni,nr->ir", x, torch.einsum("no,ro->nr", G, B))
    dB = (x @ A)[:, :, None].mul(G[:, None, :]).sum(0)
    return dA * alpha, dB * alpha


# %% a namedtuple
def first_gradients(x, A, B, alpha, G):
    from collections import namedtuple

    Both = namedtuple("Both", "dA dB")
    return Both(x.T @ (alpha * G @ B.T), (x @ A).T @ (alpha * G))
