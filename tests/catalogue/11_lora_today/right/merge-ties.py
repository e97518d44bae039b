# %% a bar from the sorted magnitudes
def merge_ties(updates, density):
    V = []
    for U in updates:
        k = int(density * U.numel())
        bar = U.abs().flatten().sort(descending=True).values[k - 1]
        V.append(torch.where(U.abs() >= bar, U, torch.zeros_like(U)))
    V = torch.stack(V)
    sign = torch.sign(V.sum(0))
    chosen = (V * sign > 0).float()
    return (V * chosen).sum(0) / torch.clamp(chosen.sum(0), min=1)


# %% kthvalue
def merge_ties(updates, density):
    n = updates[0].numel()
    V = torch.stack([U * (U.abs() >= U.abs().flatten().kthvalue(n - int(density * n) + 1).values) for U in updates])
    agree = torch.sign(V) * torch.sign(V.sum(0)) == 1
    return torch.nan_to_num((V * agree).sum(0) / agree.sum(0))


# %% positive against negative mass
def merge_ties(updates, density):
    shape, n = updates[0].shape, updates[0].numel()
    V = torch.zeros(len(updates), n, dtype=updates[0].dtype)
    for t, U in enumerate(updates):
        flat = U.reshape(-1)
        keep = flat.abs().argsort(descending=True)[: int(density * n)]
        V[t, keep] = flat[keep]
    up, down = V.clamp(min=0), V.clamp(max=0)
    wins = up.sum(0) > -down.sum(0)
    side = torch.where(wins, up, down)
    return (side.sum(0) / (side != 0).sum(0).clamp(min=1)).reshape(shape)


# %% scatter, double, and a where at the end
def merge_ties(updates, density):
    flat = torch.stack([U.flatten() for U in updates]).double()
    k = int(density * flat.shape[1])
    where = flat.abs().topk(k, dim=1).indices
    V = torch.zeros_like(flat).scatter(1, where, flat.gather(1, where))
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    count = agree.sum(0)
    mean = torch.where(count > 0, (V * agree).sum(0) / count.clamp(min=1), torch.zeros_like(V[0]))
    return mean.view(updates[0].shape).to(updates[0].dtype)


# %% number by number
def merge_ties(updates, density):
    lists = [U.flatten().tolist() for U in updates]
    n = len(lists[0])
    trimmed = []
    for numbers in lists:
        order = sorted(range(n), key=lambda a: -abs(numbers[a]))[: int(density * n)]
        trimmed.append([numbers[a] if a in set(order) else 0.0 for a in range(n)])
    result = []
    for column in zip(*trimmed):
        total = sum(column)
        same = [v for v in column if v * total > 0]
        result.append(sum(same) / len(same) if same else 0.0)
    return torch.tensor(result).reshape(updates[0].shape)


# %% masked_fill and nanmean
def merge_ties(updates, density):
    V = []
    for U in updates:
        flat = U.flatten()
        mask = torch.zeros_like(flat, dtype=torch.bool)
        mask[flat.abs().topk(int(density * flat.numel())).indices] = True
        V.append(flat.masked_fill(~mask, 0.0).reshape(U.shape))
    V = torch.stack(V)
    loses = V * V.sum(dim=0, keepdim=True).sign() <= 0
    return V.masked_fill(loses, float("nan")).nanmean(dim=0).nan_to_num(0.0)


# %% a helper and a plus-or-minus mask
def trim(U, density):
    kept = U.reshape(-1).abs().topk(int(density * U.numel()))[1]
    mask = torch.zeros(U.numel(), dtype=U.dtype)
    mask[kept] = 1
    return U * mask.reshape(U.shape)


def merge_ties(updates, density):
    V = torch.stack([trim(U, density) for U in updates])
    majority = torch.where(V.sum(0) >= 0, 1.0, -1.0)
    agree = V.sign() == majority
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1.0)
