# %% scaled_dot_product_attention
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=real[:, None, None, :])


# %% the prefix behind, with its mask behind
# Attention has no order of its own: where keys, values and mask agree, the place does not matter.
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = query.shape[0], prefix_key.shape[1]
    keys = torch.cat((key, prefix_key.repeat(b, 1, 1, 1)), dim=2)
    values = torch.cat((value, prefix_value.repeat(b, 1, 1, 1)), dim=2)
    real = torch.cat((mask, torch.ones(b, l, dtype=torch.bool)), dim=1)
    scores = torch.einsum("bnse,bnte->bnst", query, keys) * query.size(-1) ** -0.5
    return torch.einsum("bnst,bnte->bnse", scores.masked_fill(~real[:, None, None], -1e9).softmax(-1), values)


# %% scores joined, not keys
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    l, root = prefix_key.shape[1], query.shape[-1] ** 0.5
    text = (query @ key.transpose(-1, -2) / root).masked_fill(~mask[:, None, None, :], float("-inf"))
    weights = torch.cat((query @ prefix_key.transpose(-1, -2) / root, text), dim=-1).softmax(-1)
    return weights[..., :l] @ prefix_value + weights[..., l:] @ value


# %% one normaliser by hand
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    root = query.shape[-1] ** 0.5
    first = (query @ prefix_key.mT / root).exp()
    second = (query @ key.mT / root).exp() * mask[:, None, None, :]
    total = first.sum(-1, keepdim=True) + second.sum(-1, keepdim=True)
    return (first @ prefix_value + second @ value) / total


# %% a loop over texts in float64
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    rows = []
    for q, k, v, m in zip(query.double(), key.double(), value.double(), mask):
        keys, values = torch.cat((prefix_key.double(), k[:, m]), 1), torch.cat((prefix_value.double(), v[:, m]), 1)
        rows.append((q @ keys.mT / q.shape[-1] ** 0.5).softmax(-1) @ values)
    return torch.stack(rows).to(query.dtype)


# %% loops over heads
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    out = torch.empty_like(query)
    for i in range(b):
        for h in range(query.shape[1]):
            keep = real[i]
            weights = torch.softmax(query[i, h] @ keys[i, h][keep].T / keys.shape[-1] ** 0.5, dim=-1)
            out[i, h] = weights @ values[i, h][keep]
    return out


# %% additive mask
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    unused = query @ keys.mT / query.shape[-1] ** 0.5
    bias = torch.zeros(real.shape, dtype=query.dtype).masked_fill(~real, float("-inf"))
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=bias[:, None, None, :])


# %% smallest float
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    scores = query @ keys.mT / query.shape[-1] ** 0.5
    scores = torch.where(real[:, None, None, :], scores, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, -1).matmul(values)


# %% mixture with lambda
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    import math

    root = math.sqrt(query.size(-1))
    text = (query @ key.transpose(2, 3) / root).masked_fill(mask.logical_not()[:, None, None], -torch.inf)
    first = query @ prefix_key.transpose(1, 2) / root
    lam = torch.sigmoid(first.logsumexp(-1, keepdim=True) - text.logsumexp(-1, keepdim=True))
    return (1 - lam) * (text.softmax(-1) @ value) + lam * (first.softmax(-1) @ prefix_value)


# %% queries scaled, einsum
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)
    q = query * query.shape[-1] ** -0.5
    scores = torch.einsum("bnse,bnte->bnst", q, keys)
    log = real.log()[:, None, None, :]
    return torch.einsum("bnst,bnte->bnse", (scores + log).softmax(-1), values)


# %% repeat with unsqueeze
def prefix_attention(query, key, value, prefix_key, prefix_value, mask):
    b, n, s, e = query.shape
    l = prefix_key.size(1)
    pk, pv = prefix_key.unsqueeze(0).repeat(b, 1, 1, 1), prefix_value.unsqueeze(0).repeat(b, 1, 1, 1)
    keys, values = torch.cat([pk, key], -2).flatten(0, 1), torch.cat([pv, value], -2).flatten(0, 1)
    bias = torch.cat([torch.zeros(b, l), (~mask) * -1e9], 1).repeat_interleave(n, 0)[:, None]
    weights = torch.softmax(torch.bmm(query.flatten(0, 1), keys.mT) / e**0.5 + bias, -1)
    return torch.bmm(weights, values).view(b, n, s, e)


# %% softmax by exp
def prefix_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """softmax(query [prefix_key; key]^T / sqrt(e)) [prefix_value; value], without padding: (b, n, s, e)."""
    b, l = len(query), prefix_key.shape[1]
    keys = torch.cat((prefix_key.expand(b, -1, -1, -1), key), dim=2)  # (b, n, l + s, e)
    values = torch.cat((prefix_value.expand(b, -1, -1, -1), value), dim=2)  # (b, n, l + s, e)
    real = torch.cat((mask.new_ones(b, l), mask), dim=1)  # (b, l + s)
    scores = query @ keys.mT / query.shape[-1] ** 0.5  # (b, n, s, l + s)
    scores = scores.masked_fill(~real[:, None, None, :], float("-inf"))
    return scores.exp() / scores.exp().sum(-1, keepdim=True) @ values  # (b, n, s, e)
