# %% list position message="index-not-rank"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share).sum())


# %% argmax of the first that is enough message="index-not-rank"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    return (energy.cumsum(0) >= share * energy.sum()).int().argmax().item()


# %% not squared message="values-not-squared"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    return int((s.cumsum(0) / s.sum() < share).sum()) + 1


# %% share of the norm message="share-of-norm"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0).sqrt() / W.norm()
    return int((kept < share).sum()) + 1


# %% share that may be lost message="share-dropped"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < 1 - share).sum()) + 1


# %% one too many message="one-too-many"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share).sum()) + 2


# %% energy instead of rank message="energy-returned"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return kept[kept >= share][0].item()


# %% numerical rank message="full-rank"
def rank_for_energy(W, share):
    return int(torch.linalg.matrix_rank(W))
