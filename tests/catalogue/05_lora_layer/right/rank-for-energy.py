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
