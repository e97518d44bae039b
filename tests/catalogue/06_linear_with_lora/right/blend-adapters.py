# %% side by side, the scale in A
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1.0


# %% side by side, the scale in B, a negative alpha for the whole
def blend(adapters, weights):
    As, Bs = [], []
    for (A, B, alpha), w in zip(adapters, weights):
        As.append(A)
        Bs.append(-w * alpha * B)
    return torch.hstack(As), torch.vstack(Bs), -1


# %% the sum decomposed
def blend(adapters, weights):
    total = sum(w * alpha * (A.double() @ B.double()) for (A, B, alpha), w in zip(adapters, weights))
    rank = min(sum(B.shape[0] for _, B, _ in adapters), *total.shape)
    U, S, Vh = torch.linalg.svd(total, full_matrices=False)
    return (U[:, :rank] * S[:rank]).float(), Vh[:rank].float(), 1.0


# %% roots of the scale in both, the sign in one
def blend(adapters, weights):
    As, Bs = [], []
    for (A, B, alpha), w in zip(adapters, weights):
        scale = w * alpha
        As.append(abs(scale) ** 0.5 * A)
        Bs.append((abs(scale) ** 0.5 if scale >= 0 else -(abs(scale) ** 0.5)) * B)
    return torch.cat(As, 1), torch.cat(Bs, 0), 1.0


# %% written into empty factors
def blend(adapters, weights):
    rank = sum(A.shape[1] for A, _, _ in adapters)
    A = torch.zeros(adapters[0][0].shape[0], rank)
    B = torch.zeros(rank, adapters[0][1].shape[1])
    at = 0
    for (a, b, alpha), w in zip(adapters, weights):
        r = a.shape[1]
        A[:, at : at + r] = a
        B[at : at + r] = alpha * w / 2 * b
        at += r
    return A, B, 2.0


# %% an orthonormal basis of all columns
def blend(adapters, weights):
    Q, _ = torch.linalg.qr(torch.cat([A for A, _, _ in adapters], dim=1).double())
    B = sum(w * alpha * (Q.T @ A.double()) @ B.double() for (A, B, alpha), w in zip(adapters, weights))
    return Q.float(), B.float(), 1.0


# %% weights of zero left out where another is there
def blend(adapters, weights):
    kept = [(A, B, alpha * w) for (A, B, alpha), w in zip(adapters, weights) if w] or [(*adapters[0][:2], 0.0)]
    return torch.cat([s * A for A, _, s in kept], 1), torch.cat([B for _, B, _ in kept]), torch.tensor(1.0)
