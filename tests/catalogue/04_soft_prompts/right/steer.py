# %% a place a head, halving
def steer(query, key, mask, share, target):
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    towards = (query * mask[:, None, :, None]).sum((0, 2)) / tokens  # (n, e), each head's mean query
    along = torch.einsum("bnse,ne->bns", query, towards) / root  # the score of that direction
    text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)  # (b, n, s)
    low, high = torch.full((2, len(target)), 50.0).unbind() 
    low = -high
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along - text)  # (b, n, s)
        less = (taken * mask[:, None]).sum((0, 2)) / tokens < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% Adam on two places
def steer(query, key, mask, share, target):
    n, e = target.shape
    text = (query @ key.mT / e**0.5).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    pk = nn.Parameter(torch.zeros(n, 2, e))
    opt = torch.optim.Adam([pk], lr=0.1)
    for _ in range(150):
        first = torch.einsum("bnse,nle->bnsl", query, pk) / e**0.5
        taken = torch.sigmoid(first.logsumexp(-1) - text)
        mean = (taken * mask[:, None]).sum((0, 2)) / mask.sum()
        loss = (mean - share).square().sum()
        opt.zero_grad(); loss.backward(); opt.step()
    return pk.detach(), target[:, None].expand(-1, 2, -1)


# %% least squares, then a shift along the mean query
def steer(query, key, mask, share, target):
    n, e = target.shape
    text = (query @ key.mT / e**0.5).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    keys = []
    import math
    for h in range(n):
        Q = query[:, h][mask]; want = (text[:, h][mask] + math.log(share / (1 - share))) * e**0.5
        k = torch.linalg.lstsq(Q, want[:, None]).solution[:, 0]
        # shift by a multiple of the mean until the mean is exact
        m = Q.mean(0); lo, hi = -20.0, 20.0
        for _ in range(50):
            c = (lo + hi) / 2
            t = torch.sigmoid(Q @ (k + c * m) / e**0.5 - text[:, h][mask]).mean()
            lo, hi = (c, hi) if t < share else (lo, c)
        keys.append(k + c * m)
    return torch.stack(keys)[:, None], target[:, None]


# %% Newton steps on the length
def steer(query, key, mask, share, target):
    root = query.shape[-1] ** 0.5
    keys = []
    for h in range(len(target)):
        q = query[:, h][mask]  # (tokens, e)
        scores = (query[:, h] @ key[:, h].mT / root).masked_fill(~mask[:, None], float("-inf"))
        text = scores.logsumexp(-1)[mask]
        along = q @ q.mean(0) / root
        size = ((torch.logit(torch.tensor(share)) + text.mean()) / along.mean()).item()
        for _ in range(30):
            taken = torch.sigmoid(size * along - text)
            size -= float((taken.mean() - share) / (taken * (1 - taken) * along).mean().clamp(min=0.02))
        keys.append(size * q.mean(0))
    return torch.stack(keys)[:, None], target[:, None]


# %% eight equal places with the logarithm of eight taken off
def steer(query, key, mask, share, target):
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    towards = (query * mask[:, None, :, None]).sum((0, 2)) / tokens  # (n, e), each head's mean query
    along = torch.einsum("bnse,ne->bns", query, towards) / root  # the score of that direction
    text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)  # (b, n, s)
    low, high = torch.full((2, len(target)), 50.0).unbind() 
    low = -high
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along + 2.0794415 - text)  # (b, n, s)
        less = (taken * mask[:, None]).sum((0, 2)) / tokens < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None].repeat(1, 8, 1), target[:, None].repeat(1, 8, 1)


# %% a grid of lengths
def steer(query, key, mask, share, target):
    e = query.shape[-1]
    text = torch.einsum("bnse,bnte->bnst", query, key) / e**0.5
    text = text.masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    real = mask[:, None].expand(text.shape)
    grid = torch.linspace(-12, 12, 4001)
    keys = []
    for h in range(len(target)):
        unit = F.normalize(query[:, h][mask].mean(0), dim=0)
        along = (query[:, h] @ unit / e**0.5)[mask]
        taken = torch.sigmoid(grid[:, None] * along - text[:, h][mask]).mean(1)  # (4001,)
        keys.append(grid[(taken - share).abs().argmin()] * unit)
    return torch.stack(keys).unsqueeze(1), target.unsqueeze(1).clone()
