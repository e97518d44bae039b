# %% unsqueeze
def center(vectors):
    return vectors - vectors.mean(dim=1).unsqueeze(1)


# %% sum over the number of tokens
def center(vectors):
    return vectors - vectors.sum(-2, keepdim=True) / vectors.shape[-2]


# %% a loop
def center(vectors):
    return torch.stack([sentence - sentence.mean(0) for sentence in vectors])


# %% einsum
def center(vectors):
    means = torch.einsum("bsd->bd", vectors) / vectors.size(1)
    return vectors - means[:, None, :]


# %% in place on a copy
def center(vectors):
    result = vectors.clone()
    result -= result.mean(1, True)
    return result


# %% a centring matrix
def center(vectors):
    s = vectors.shape[1]
    centring = torch.eye(s, dtype=vectors.dtype) - 1 / s  # (s, s)
    return centring @ vectors
