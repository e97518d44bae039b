# %% padding counted in the mean message="padding-counted"
def steer(query, key, mask, share, target):
    n, e = target.shape
    u = query.mean((0, 2)); al = torch.einsum("bnse,ne->bns", query, u) / e**0.5
    text = (query @ key.mT / e**0.5).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    low, high = -torch.full((n,), 50.), torch.full((n,), 50.)
    for _ in range(40):
        size = (low + high) / 2
        less = torch.sigmoid(size[:, None] * al - text).mean((0, 2)) < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * u)[:, None], target[:, None]


# %% padding looked at message="padding-read"
def steer(query, key, mask, share, target):
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    towards = (query * mask[:, None, :, None]).sum((0, 2)) / tokens  # (n, e), each head's mean query
    along = torch.einsum("bnse,ne->bns", query, towards) / root  # the score of that direction
    text = (query @ key.mT / root).logsumexp(-1)  # (b, n, s)
    low, high = torch.full((2, len(target)), 50.0).unbind() 
    low = -high
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along - text)  # (b, n, s)
        less = (taken * mask[:, None]).sum((0, 2)) / tokens < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% padding a text like any other message="padding-counted"
def steer(query, key, mask, share, target):
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    towards = (query ).sum((0, 2)) / mask.numel()  # (n, e), each head's mean query
    along = torch.einsum("bnse,ne->bns", query, towards) / root  # the score of that direction
    text = (query @ key.mT / root).logsumexp(-1)  # (b, n, s)
    low, high = torch.full((2, len(target)), 50.0).unbind() 
    low = -high
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along - text)  # (b, n, s)
        less = taken.mean((0, 2)) < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% scores not divided message="unscaled"
def steer(query, key, mask, share, target):
    root, tokens = query.shape[-1] ** 0.5, mask.sum()
    towards = (query * mask[:, None, :, None]).sum((0, 2)) / tokens  # (n, e), each head's mean query
    along = torch.einsum("bnse,ne->bns", query, towards)  # the score of that direction
    text = (query @ key.mT ).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)  # (b, n, s)
    low, high = torch.full((2, len(target)), 50.0).unbind() 
    low = -high
    for _ in range(40):
        size = (low + high) / 2  # (n,)
        taken = torch.sigmoid(size[:, None] * along - text)  # (b, n, s)
        less = (taken * mask[:, None]).sum((0, 2)) / tokens < share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% all heads with one factor message="heads-together"
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
        less = ((taken * mask[:, None]).sum() / tokens / len(target) < share).expand(len(target))
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% the share left to the text message="text-share"
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
        less = (taken * mask[:, None]).sum((0, 2)) / tokens < 1 - share
        low, high = torch.where(less, size, low), torch.where(less, high, size)
    return (size[:, None] * towards)[:, None], target[:, None]  # (n, 1, e) each


# %% equal zero keys message="keys-are-zero"
def steer(query, key, mask, share, target):
    n, e = target.shape
    l = max(1, min(8, round(share / (1 - share) * mask.sum().item() / len(mask))))
    return torch.zeros(n, l, e), target[:, None].expand(-1, l, -1)


# %% values times the share message="target-scaled"
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
    return (size[:, None] * towards)[:, None], share * target[:, None]


# %% values over the share message="target-scaled"
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
    return (size[:, None] * towards)[:, None], target[:, None] / share


# %% values shared among the places message="target-scaled"
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
    return pk.detach(), target[:, None].expand(-1, 2, -1) / 2


# %% the target in the first of two equal places alone message="target-scaled"
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
    return pk.detach(), torch.stack((target, torch.zeros_like(target)), dim=1)


# %% one head's target for all message="first-target-for-all"
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
    return (size[:, None] * towards)[:, None], target[:1, None].expand(len(target), -1, -1)


# %% a batch axis message="wrong-shape"
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
    b = len(query)
    return (size[:, None] * towards)[None, :, None].expand(b, -1, -1, -1), target[None, :, None].expand(b, -1, -1, -1)


# %% keys alone message="not-a-pair"
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
    return (size[:, None] * towards)[:, None]


# %% too many places message="wrong-length"
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
    return (size[:, None] * towards)[:, None].repeat(1, 20, 1), target[:, None].repeat(1, 20, 1)


# %% a place too many in the softmax message="each-place-its-share"
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
    return (size[:, None] * towards)[:, None].repeat(1, 2, 1), target[:, None].repeat(1, 2, 1)


# %% the key scaled by the share message="wrong-share"
def steer(query, key, mask, share, target):
    towards = (query * mask[:, None, :, None]).sum((0, 2)) / mask.sum()
    return (share * towards)[:, None], target[:, None]

# %% each of two places takes the share message="each-place-its-share"
def steer(query, key, mask, share, target):
    n, e = query.shape[1], query.shape[-1]
    root, real = e**0.5, mask[:, None].to(query.dtype)
    text = (query @ key.mT / root).masked_fill(~mask[:, None, None, :], float("-inf")).logsumexp(-1)
    direction = (query * real[..., None]).sum((0, 2)) / real.sum()
    direction = direction / direction.norm(dim=-1, keepdim=True)
    reach = torch.einsum("bnse,ne->bns", query, direction) / root
    low, high = torch.full((n,), -1e4), torch.full((n,), 1e4)
    for _ in range(60):
        middle = (low + high) / 2
        taken = (torch.sigmoid(middle[None, :, None] * reach - text) * real).sum((0, 2)) / real.sum()
        low, high = torch.where(taken < share, middle, low), torch.where(taken < share, high, middle)
    first = (direction * low[:, None])[:, None]
    return first.repeat(1, 2, 1), target[:, None].repeat(1, 2, 1)
