# %% the factors added message="wrong-blend"
def blend(adapters, weights):
    rank = min(A.shape[1] for A, _, _ in adapters)
    A = sum(w * A[:, :rank] for (A, _, _), w in zip(adapters, weights))
    B = sum(w * B[:rank] for (_, B, _), w in zip(adapters, weights))
    return A, B, adapters[0][2]


# %% weights forgotten message="weights-ignored"
def blend(adapters, weights):
    A = torch.cat([alpha * A for A, _, alpha in adapters], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1.0


# %% alphas forgotten message="alphas-ignored"
def blend(adapters, weights):
    A = torch.cat([w * A for (A, _, _), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1.0


# %% weights in both factors message="weights-twice"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([w * B for (_, B, _), w in zip(adapters, weights)]), 1.0


# %% the scale in both factors message="scaled-twice"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([w * alpha * B for (_, B, alpha), w in zip(adapters, weights)]), 1.0


# %% a root of each weight message="not-finite"
def blend(adapters, weights):
    roots = [torch.tensor(float(w)).sqrt() for w in weights]
    A = torch.cat([s * alpha * A for (A, _, alpha), s in zip(adapters, roots)], dim=1)
    return A, torch.cat([s * B for (_, B, _), s in zip(adapters, roots)]), 1.0


# %% the first alpha for all message="one-alpha"
def blend(adapters, weights):
    A = torch.cat([w * A for (A, _, _), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), adapters[0][2]


# %% the mean alpha for all message="one-alpha"
def blend(adapters, weights):
    A = torch.cat([w * A for (A, _, _), w in zip(adapters, weights)], dim=1)
    alphas = [alpha for _, _, alpha in adapters]
    return A, torch.cat([B for _, B, _ in adapters]), sum(alphas) / len(alphas)


# %% weights made to add up to one message="weights-normed"
def blend(adapters, weights):
    total = sum(weights) or 1.0
    A = torch.cat([w / total * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1.0


# %% averaged message="averaged"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1 / len(adapters)


# %% a negative weight made positive message="sign-lost"
def blend(adapters, weights):
    A = torch.cat([abs(w) * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A, torch.cat([B for _, B, _ in adapters]), 1.0


# %% set below each other message="raised-RuntimeError"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=0)
    return A, torch.cat([B for _, B, _ in adapters], dim=1), 1.0


# %% the whole matrix for A message="rank-too-large"
def blend(adapters, weights):
    total = sum(w * alpha * A @ B for (A, B, alpha), w in zip(adapters, weights))
    return total, torch.eye(total.shape[1]), 1.0


# %% cut to the largest rank message="cut-to-the-largest-rank"
def blend(adapters, weights):
    total = sum(w * alpha * A @ B for (A, B, alpha), w in zip(adapters, weights))
    rank = max(A.shape[1] for A, _, _ in adapters)
    U, S, Vh = torch.linalg.svd(total, full_matrices=False)
    return U[:, :rank] * S[:rank], Vh[:rank], 1.0


# %% the update instead of an adapter message="not-an-adapter"
def blend(adapters, weights):
    return sum(w * alpha * A @ B for (A, B, alpha), w in zip(adapters, weights))


# %% only the last one message="last-alone"
def blend(adapters, weights):
    for (A, B, alpha), w in zip(adapters, weights):
        result = A, B, w * alpha
    return result


# %% factors scaled in place message="changes-a-tensor"
def blend(adapters, weights):
    for (A, _, alpha), w in zip(adapters, weights):
        A *= w * alpha
    return torch.cat([A for A, _, _ in adapters], 1), torch.cat([B for _, B, _ in adapters]), 1.0


# %% in half precision message="digits-lost"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    return A.half().float(), torch.cat([B for _, B, _ in adapters]).half().float(), 1.0


# %% return forgotten message="not-an-adapter"
def blend(adapters, weights):
    A = torch.cat([w * alpha * A for (A, _, alpha), w in zip(adapters, weights)], dim=1)
    B = torch.cat([B for _, B, _ in adapters])


# %% scaled factors and the first alpha message="alphas-twice"
def blend(adapters, weights):
    A = torch.cat([w * a * A for (A, _, a), w in zip(adapters, weights)], 1)
    B = torch.cat([B for _, B, _ in adapters])
    return A, B, adapters[0][2]


# %% scaled factors are added up message="factors-added"
def blend(adapters, weights):
    r = max(A.shape[1] for A, _, _ in adapters)
    F = nn.functional
    A = sum(w * a * F.pad(A, (0, r - A.shape[1])) for (A, _, a), w in zip(adapters, weights))
    B = sum(w * F.pad(B, (0, 0, 0, r - B.shape[0])) for (_, B, _), w in zip(adapters, weights))
    return A, B, 1.0
