# %% nothing trimmed message="not-trimmed"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(n).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% the smallest kept message="kept-the-smallest"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n), largest=False).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% by value message="trimmed-by-value"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% one bar for all message="trimmed-together"
def merge_ties(updates, density):
    V = torch.stack(updates)
    flat = V.flatten()
    where = flat.abs().topk(int(density * len(flat))).indices
    V = torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(V.shape)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% row by row message="trimmed-by-row"
def merge_ties(updates, density):
    V = torch.stack(updates)
    where = V.abs().topk(int(density * V.shape[-1]), dim=-1).indices
    V = torch.zeros_like(V).scatter(-1, where, V.gather(-1, where))
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% share that goes message="density-dropped"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int((1 - density) * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% so many dropped message="density-dropped"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(n - int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% no election message="no-election"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = V != 0
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% mean of the trimmed message="no-election"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    return V.mean(0)


# %% sum of the trimmed message="no-election"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    return V.sum(0)


# %% plain mean message="plain-mean"
def merge_ties(updates, density):
    return torch.stack(updates).mean(0)


# %% plain sum message="plain-mean"
def merge_ties(updates, density):
    return sum(updates)


# %% elected before trimming message="elected-before-trimming"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == sum(updates).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% one vote each message="one-vote-each"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sign().sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% one vote each, ties for plus message="one-vote-each"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == torch.where(V.sign().sum(0) >= 0, 1.0, -1.0)) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% the largest alone message="largest-alone"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    return V.gather(0, V.abs().argmax(0, keepdim=True))[0]


# %% the largest elects message="largest-elects"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.gather(0, V.abs().argmax(0, keepdim=True))[0].sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% losers merged message="wrong-side"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == -V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% over all updates message="divided-by-all"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).mean(0)


# %% over all that were kept message="divided-by-kept"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / (V != 0).sum(0).clamp(min=1)


# %% not averaged message="not-averaged"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0)


# %% untrimmed numbers merged message="trimmed-only-to-elect"
def merge_ties(updates, density):
    U = torch.stack(updates)
    V = []
    for one in updates:
        flat = one.flatten()
        where = flat.abs().topk(int(density * len(flat))).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(one.shape))
    sign = torch.stack(V).sum(0).sign()
    agree = U.sign() == sign
    return (U * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% the sign alone message="signs-merged"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return V.sum(0).sign()


# %% one more kept message="count-rounded"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(min(int(density * n) + 1, n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% count rounded message="count-rounded"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(max(1, round(density * n))).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% a quantile message="count-rounded"
def merge_ties(updates, density):
    V = torch.stack([U * (U.abs() >= torch.quantile(U.abs(), 1 - density)) for U in updates])
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% divided by nobody message="divided-by-nobody"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0)


# %% return forgotten message="no-tensor"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% a list message="no-tensor"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return [V * agree]


# %% the stack message="wrong-shape"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return V * agree / agree.sum(0).clamp(min=1)


# %% flattened message="wrong-shape"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return ((V * agree).sum(0) / agree.sum(0).clamp(min=1)).flatten()


# %% summed over the last axis message="wrong-shape"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(-1) / agree.sum(-1).clamp(min=1)


# %% trimmed in place message="changes-a-tensor"
def merge_ties(updates, density):
    for U in updates:
        bar = U.abs().flatten().topk(int(density * U.numel())).values[-1]
        U[U.abs() < bar] = 0
    V = torch.stack(updates)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% magnitudes lost message="wrong-merge"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where].abs()).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)


# %% median for mean message="wrong-merge"
def merge_ties(updates, density):
    n = updates[0].numel()
    V = []
    for U in updates:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).median(0).values


# %% kept by shape message="kept-from-before"
kept = {}
def merge_ties(updates, density):
    if tuple(updates[0].shape) not in kept:
        kept[tuple(updates[0].shape)] = [U.clone() for U in updates]
    V, n = [], updates[0].numel()
    for U in kept[tuple(updates[0].shape)]:
        flat = U.flatten()
        where = flat.abs().topk(int(density * n)).indices
        V.append(torch.zeros_like(flat).index_copy(0, where, flat[where]).reshape(U.shape))
    V = torch.stack(V)
    agree = (V.sign() == V.sum(0).sign()) & (V != 0)
    return (V * agree).sum(0) / agree.sum(0).clamp(min=1)
