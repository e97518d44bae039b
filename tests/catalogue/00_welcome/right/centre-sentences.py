# %% unsqueeze
def centre(vectors):
    return vectors - vectors.mean(dim=1).unsqueeze(1)


# %% sum over the number of tokens
def centre(vectors):
    return vectors - vectors.sum(-2, keepdim=True) / vectors.shape[-2]


# %% a loop
def centre(vectors):
    return torch.stack([sentence - sentence.mean(0) for sentence in vectors])


# %% einsum
def centre(vectors):
    means = torch.einsum("bsd->bd", vectors) / vectors.size(1)
    return vectors - means[:, None, :]


# %% in place on a copy
def centre(vectors):
    result = vectors.clone()
    result -= result.mean(1, True)
    return result


# %% a centring matrix
def centre(vectors):
    s = vectors.shape[1]
    centring = torch.eye(s, dtype=vectors.dtype) - 1 / s  # (s, s)
    return centring @ vectors
