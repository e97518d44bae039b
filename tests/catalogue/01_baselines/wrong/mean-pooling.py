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
