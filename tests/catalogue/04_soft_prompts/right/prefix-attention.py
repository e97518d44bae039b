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
