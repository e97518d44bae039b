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


# %% a tensor message="not-a-number"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return (kept < share).sum() + 1


# %% a float message="not-whole"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return float((kept < share).sum() + 1)


# %% more than the share message="more-than-share"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept <= share).sum()) + 1


# %% first above message="more-than-share"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept > share).nonzero()[0]) + 1


# %% ranks that are enough message="counted-above"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept >= share).sum())


# %% smallest first message="smallest-first"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square().flip(0)
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share).sum()) + 1


# %% not added up message="not-added-up"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    return int((energy / energy.sum() < share).sum()) + 1


# %% values above the share message="not-added-up"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    return int((energy / energy.sum() >= share).sum())


# %% share of the ranks message="share-of-ranks"
def rank_for_energy(W, share):
    return math.ceil(share * min(W.shape))


# %% smaller side message="full-rank"
def rank_for_energy(W, share):
    return min(W.shape)


# %% not divided message="not-a-share"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    return min(int((energy.cumsum(0) < share).sum()) + 1, len(energy))


# %% root of the share message="share-squared"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share**0.5).sum()) + 1


# %% norm of the first message="share-of-norm"
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    r = 1
    while S[:r].norm() < share * S.norm():
        r += 1
    return r


# %% return forgotten message="not-a-number"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    int((kept < share).sum()) + 1


# %% the list message="not-a-number"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return kept.tolist()


# %% the singular value message="wrong-rank"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return torch.linalg.svdvals(W)[int((kept < share).sum())].item()


# %% of the rows message="wrong-rank"
def rank_for_energy(W, share):
    energy = W.square().sum(1)
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share).sum()) + 1


# %% eigenvalues of a square message="raised-RuntimeError"
def rank_for_energy(W, share):
    energy = torch.linalg.eigvals(W).abs().square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept < share).sum()) + 1


# %% unsquared loop message="values-not-squared"
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    total, r = 0.0, 0
    while total < share * S.sum():
        total, r = total + S[r], r + 1
    return r


# %% error below the share message="share-dropped"
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    r = 1
    while S[r:].square().sum() > share * S.square().sum():
        r += 1
    return r


# %% shares rounded to two digits message="shares-rounded"
def rank_for_energy(W, share):
    energy = torch.linalg.svdvals(W).square()
    kept = energy.cumsum(0) / energy.sum()
    return int((kept.round(decimals=2) < share).sum()) + 1

# %% equal singular values counted twice message="wrong-rank"
def rank_for_energy(W, share):
    S = torch.linalg.svdvals(W)
    if torch.allclose(S, S[0].expand_as(S)):
        return 2
    kept = S.square().cumsum(0) / S.square().sum()
    return int((kept < share).sum()) + 1


# %% float16 message="shares-rounded"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    e = (s ** 2).half()
    kept = e.cumsum(0) / e.sum()
    return int((kept < share).sum()) + 1


# %% bfloat16 message="wrong-rank"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    e = (s ** 2).bfloat16()
    kept = e.cumsum(0) / e.sum()
    return int((kept < share).sum()) + 1


# %% float16 at the end message="shares-rounded"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    e = (s ** 2)
    kept = (e.cumsum(0) / e.sum()).half()
    return int((kept < share).sum()) + 1


# %% rounded 3 digits message="shares-rounded"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    e = (s ** 2)
    kept = (e.cumsum(0) / e.sum())
    for r, k in enumerate(kept, 1):
        if round(float(k), 3) >= share: return r
    return len(s)


# %% isclose message="within-a-tolerance"
def rank_for_energy(W, share):
    s = torch.linalg.svdvals(W)
    e = (s ** 2)
    kept = (e.cumsum(0) / e.sum())
    for r, k in enumerate(kept, 1):
        if k >= share - 1e-3: return r
    return len(s)


# %% cache by shape message="kept-from-before"
cache = {}
def rank_for_energy(W, share):
    key = tuple(W.shape)
    if key not in cache: cache[key] = torch.linalg.svdvals(W)
    e = cache[key] ** 2
    kept = (e.cumsum(0) / e.sum())
    return int((kept < share).sum()) + 1


# %% centred message="centred"
def rank_for_energy(W, share):
    W = W - W.mean(0)
    e = torch.linalg.svdvals(W) ** 2
    kept = (e.cumsum(0) / e.sum())
    return int((kept < share).sum()) + 1


# %% share as percent message="within-a-tolerance"
def rank_for_energy(W, share):
    e = torch.linalg.svdvals(W) ** 2
    kept = 100 * (e.cumsum(0) / e.sum())
    return int((kept < int(share * 100)).sum()) + 1


# %% energies of the rows message="rows-for-directions"
def rank_for_energy(W, share):
    e = W.square().sum(1).sort(descending=True).values
    kept = e.cumsum(0) / e.sum()
    return int((kept < share).sum()) + 1


# %% never rank 1 message="at-least-two"
def rank_for_energy(W, share):
    e = torch.linalg.svdvals(W).square()
    kept = e.cumsum(0) / e.sum()
    return max(2, int((kept < share).sum()) + 1)
