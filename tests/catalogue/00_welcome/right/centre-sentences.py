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


# %% torch.sub with the mean broadcast
def center(vectors):
    return torch.sub(vectors, torch.mean(vectors, 1, keepdim=True).expand(-1, vectors.size(1), -1))


# %% through a transposed view
def center(vectors):
    swapped = vectors.transpose(1, 2)  # (b, d, s)
    return (swapped - swapped.mean(-1, keepdim=True)).transpose(1, 2)


# %% a running sum
def center(vectors):
    return vectors - (vectors.cumsum(1)[:, -1] / vectors.shape[1])[:, None]


# %% torch.func.vmap
def center(vectors):
    return torch.func.vmap(lambda sentence: sentence - sentence.mean(dim=0))(vectors)
