# %% padding in the mean message="padding-averaged"
# huggingface/transformers #17463, lanterndata/lantern_extras PR #91.
def mean_pool(vectors, mask):
    return vectors.mean(dim=1)


# %% masked, then the plain mean message="divided-by-s"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).mean(dim=1)


# %% padding in the sum alone message="padding-added"
def mean_pool(vectors, mask):
    return vectors.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% the sum message="not-divided"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1)


# %% mask inverted message="mask-inverted"
def mean_pool(vectors, mask):
    padding = 1 - mask.float()
    return (vectors * padding[:, :, None]).sum(dim=1) / padding.sum(dim=1, keepdim=True).clamp(min=1)


# %% one count for the batch message="counts-of-batch"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / mask.sum()


# %% one added to the count message="one-added"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / (mask.sum(dim=1, keepdim=True) + 1)


# %% root of the count message="root-divided"
# The mode "mean_sqrt_len_tokens" of sentence-transformers.
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1).sqrt()


# %% NaN for an empty text message="empty-is-nan"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


# %% the first token message="first-token"
def mean_pool(vectors, mask):
    return vectors[:, 0] * mask.any(dim=1, keepdim=True)


# %% the last real token message="last-token"
def mean_pool(vectors, mask):
    last = mask.long().sum(dim=1).clamp(min=1) - 1
    return vectors[torch.arange(len(vectors)), last]


# %% the largest message="largest"
def mean_pool(vectors, mask):
    return vectors.masked_fill(~mask.bool()[:, :, None], -torch.inf).amax(dim=1)


# %% averaged over the batch message="batch-averaged"
def mean_pool(vectors, mask):
    return vectors[mask.bool()].mean(dim=0)


# %% the axis of the numbers message="wrong-axis"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=2)


# %% the mask without its third axis message="axis-missing"
def mean_pool(vectors, mask):
    return (vectors * mask).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% writes into the caller's vectors message="changed-in-place"
def mean_pool(vectors, mask):
    vectors[~mask.bool()] = 0
    return vectors.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% only masked message="not-pooled"
def mean_pool(vectors, mask):
    return vectors * mask[:, :, None]


# %% bitwise not of a mask of numbers message="mask-of-numbers"
def mean_pool(vectors, mask):
    total = vectors.masked_fill(~mask[:, :, None], 0).sum(dim=1)
    return total / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% no return message="no-tensor"
def mean_pool(vectors, mask):
    total = (vectors * mask[:, :, None]).sum(dim=1)
    total / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% the count without its second axis message="count-axis-missing"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1).clamp(min=1)


# %% divided before the sum message="count-axis-missing"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None] / mask.sum(dim=1, keepdim=True).clamp(min=1)).sum(dim=1)


# %% mean, then divided again message="divided-twice"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).mean(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


# %% the mean clamped message="mean-clamped"
def mean_pool(vectors, mask):
    return ((vectors * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)).clamp(min=1)


# %% a mask of numbers as an index message="mask-of-numbers"
def mean_pool(vectors, mask):
    rows = [text[keep].mean(dim=0) if keep.any() else 0 * text[0] for text, keep in zip(vectors, mask)]
    return torch.stack(rows)


# %% tokens counted by their vectors message="zeros-not-counted"
def mean_pool(vectors, mask):
    total = (vectors * mask[:, :, None]).sum(dim=1)
    live = ((vectors != 0).any(dim=2) & mask.bool()).sum(dim=1, keepdim=True)
    return total / live.clamp(min=1)


# %% negative means cut off message="mean-clamped"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return (total / count).clamp(min=0)


# %% the sign lost message="sign-lost"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return (total / count).abs()


# %% one less message="one-less"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / (count - 1).clamp(min=1)


# %% at least two message="at-least-two"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / count.clamp(min=2)


# %% the largest count message="divided-by-s"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / count.max()


# %% the number of texts message="divided-by-b"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / len(vectors)


# %% the width message="divided-by-d"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / vectors.shape[-1]


# %% an axis kept message="axis-kept"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return (total / count)[:, None]


# %% unit length message="unit-length"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return torch.nn.functional.normalize(total / count, dim=1)


# %% real tokens first message="padding-at-the-end"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    lengths = mask.long().sum(dim=1).tolist()
    return torch.stack([text[:n].mean(0) if n else 0 * text[0] for text, n in zip(vectors, lengths)])


# %% the place 0 message="first-token"
def mean_pool(vectors, mask):
    return vectors[:, 0]


# %% a loop that divides by s message="divided-by-s"
def mean_pool(vectors, mask):
    rows = []
    for text, keep in zip(vectors, mask.bool()):
        rows.append(text[keep].sum(dim=0) / len(text))
    return torch.stack(rows)


# %% NaN in a loop message="empty-is-nan"
def mean_pool(vectors, mask):
    return torch.stack([text[keep.bool()].mean(dim=0) for text, keep in zip(vectors, mask)])


# %% the mean of the mask's truth values message="mean-of-truth"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).mean(dim=1) / mask.mean(dim=1, keepdim=True).clamp(min=0.01)


# %% a list message="no-tensor"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return [row for row in total / count]


# %% only for truth values message="mask-of-numbers"
def mean_pool(vectors, mask):
    if mask.dtype != torch.bool:
        vectors = vectors.masked_fill(~mask[:, :, None], 0.0)
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return total / count


# %% empty texts are the mean of all message="empty-not-zero"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return torch.where(mask.any(dim=1, keepdim=True), total / count, vectors.mean(dim=1))


# %% one where there is none message="empty-not-zero"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return torch.where(mask.any(dim=1, keepdim=True), total / count, torch.ones_like(total))


# %% batch of one squeezed message="wrong-mean-shape"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    return (total / count).squeeze(0)


# %% padding within is text message="wrong-mean"
def mean_pool(vectors, mask):
    real = mask.bool()[:, :, None]
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    total = (vectors * real).sum(dim=1)
    upto = torch.arange(mask.shape[1]) < (mask.long() * torch.arange(1, mask.shape[1] + 1)).amax(1, keepdim=True)
    total = (vectors * upto[:, :, None]).sum(dim=1)
    return total / upto.sum(dim=1, keepdim=True).clamp(min=1)


# %% too much added to the count message="wrong-divisor"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) / (mask.sum(dim=1, keepdim=True) + 0.1)


# %% rounded down message="rounded"
def mean_pool(vectors, mask):
    return (vectors * mask[:, :, None]).sum(dim=1) // mask.sum(dim=1, keepdim=True).clamp(min=1)

# %% the first place real where none is message="empty-not-zero"
def mean_pool(vectors, mask):
    mask[mask.sum(1)==0,0]=1
    return (vectors*mask[:,:,None]).sum(1)/mask.sum(1,keepdim=True)

# %% plain mean where there is no token message="empty-not-zero"
def mean_pool(vectors, mask):
    n=mask.sum(1,keepdim=True)
    m=(vectors*mask[:,:,None]).sum(1)/n.clamp(min=1)
    return torch.where(n>0,m,vectors.mean(1))


# %% vectors in 16 bits message="wrong-mean"
def mean_pool(vectors, mask):
    m = mask[:, :, None]
    return ((vectors.half() * m).sum(1) / m.sum(1).clamp(min=1)).to(vectors.dtype)


# %% the first so many tokens message="padding-at-the-end"
def mean_pool(vectors, mask):
    n = mask.sum(1)
    return torch.stack([v[: int(k)].mean(0) if k else torch.zeros(v.shape[1]) for v, k in zip(vectors, n)])

# %% as many vectors from the left as there are tokens message="padding-at-the-end"
def mean_pool(vectors, mask):
    counts = mask.sum(dim=1).long()
    return torch.stack([row[:n].sum(dim=0) / max(int(n), 1) for row, n in zip(vectors, counts)])
