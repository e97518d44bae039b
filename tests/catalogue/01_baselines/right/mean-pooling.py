# %% einsum
def mean_pool(vectors, mask):
    weight = mask.to(vectors.dtype)
    return torch.einsum("bsd,bs->bd", vectors, weight) / weight.sum(1).clamp(min=1)[:, None]


# %% a batched product with weights that sum to one
def mean_pool(vectors, mask):
    weight = mask.to(vectors) / mask.sum(dim=1, keepdim=True).clamp(min=1)
    return (weight.unsqueeze(1).to(vectors.dtype) @ vectors).squeeze(1)


# %% text by text
def mean_pool(vectors, mask):
    rows = []
    for text, keep in zip(vectors, mask.bool()):
        rows.append(text[keep].mean(dim=0) if keep.any() else torch.zeros(vectors.shape[2], dtype=vectors.dtype))
    return torch.stack(rows)


# %% masked_fill
def mean_pool(vectors, mask):
    mask = mask.bool()
    total = vectors.masked_fill(~mask.unsqueeze(-1), 0.0).sum(1)
    return total / torch.maximum(mask.sum(1), torch.tensor(1)).unsqueeze(-1)


# %% nan_to_num after the division, float64 inside
def mean_pool(vectors, mask):
    real = mask.double()
    mean = (vectors.double() * real.unsqueeze(2)).sum(1) / real.sum(1, keepdim=True)
    return mean.nan_to_num(0.0).to(vectors.dtype)
