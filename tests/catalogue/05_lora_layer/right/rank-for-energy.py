# %% a loop over best approximations
def rank_for_energy(W, share):
    r = 1
    while best_approximation(W, r)[0].square().sum() < share * W.square().sum():
        r += 1
    return r


# %% searchsorted
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    return torch.searchsorted(energy.cumsum(0) / energy.sum(), share).item() + 1


# %% eigenvalues of the Gram matrix, float64
def rank_for_energy(W, share):
    energy = torch.linalg.eigvalsh(W.double().T @ W.double()).flip(0).clamp(min=0)
    kept = energy.cumsum(0) / energy.sum()
    return int(torch.nonzero(kept >= share)[0]) + 1


# %% from what is lost
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    lost = S.square().flip(0).cumsum(0).flip(0)  # by keeping 0, 1, 2, ...
    return int((lost > (1 - share) * S.square().sum()).sum())


# %% a for loop
def rank_for_energy(W, share):
    S, total = torch.linalg.svdvals(W), W.square().sum()
    kept = 0.0
    for r, s in enumerate(S, start=1):
        kept += s**2
        if kept >= share * total:
            return r
    return len(S)


# %% next
def rank_for_energy(W, share):
    energy = torch.linalg.svd(W).S ** 2
    cumulated = torch.cumsum(energy, dim=0)
    return next(i + 1 for i, c in enumerate(cumulated) if c >= share * cumulated[-1])


# %% argmax
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W) ** 2
    return 1 + (energy.cumsum(dim=0) >= share * energy.sum()).int().argmax().item()


# %% bisect
def rank_for_energy(W, share):
    import bisect

    energy = torch.linalg.svdvals(W.double()).square()
    return bisect.bisect_left((energy.cumsum(0) / energy.sum()).tolist(), share - 1e-12) + 1


# %% a comprehension
def rank_for_energy(W, share):
    S = torch.linalg.svd(W, full_matrices=False)[1].tolist()
    total = sum(s * s for s in S)
    return min(r for r in range(1, len(S) + 1) if sum(s * s for s in S[:r]) >= (share - 1e-7) * total)


# %% nonzero
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    kept = torch.cumsum(S.pow(2), 0) / S.pow(2).sum()
    return torch.nonzero(kept >= share)[0, 0].item() + 1
