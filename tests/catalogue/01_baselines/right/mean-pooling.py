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


# %% a very small number in the denominator
def mean_pool(vectors, mask):
    weight = mask.unsqueeze(-1).expand(vectors.size()).float()
    return torch.sum(vectors * weight, 1) / torch.clamp(weight.sum(1), min=1e-9)


# %% a running sum
def mean_pool(vectors, mask):
    real = vectors * mask[..., None]
    count = mask.long().cumsum(1)[:, -1]
    return real.cumsum(1)[:, -1] / torch.where(count > 0, count, 1).unsqueeze(1)


# %% index_add over the real places
def mean_pool(vectors, mask):
    row, place = mask.nonzero(as_tuple=True)
    total = vectors.new_zeros(len(vectors), vectors.shape[2]).index_add(0, row, vectors[row, place])
    return total / torch.bincount(row, minlength=len(vectors)).clamp(min=1)[:, None]


# %% nan for padding
def mean_pool(vectors, mask):
    hidden = vectors.masked_fill(mask[:, :, None] == 0, float('nan'))
    return hidden.nanmean(dim=1).nan_to_num()


# %% bmm
def mean_pool(vectors, mask):
    w = mask.to(vectors.dtype)
    means = torch.bmm(w[:, None], vectors)[:, 0]
    return means / w.sum(-1, keepdim=True).clamp_min(1.0)
