# %% plain product message="dot-product"
def nearest_words(vectors, embedding, k):
    return (vectors @ embedding.T).topk(k, dim=1).indices


# %% only the prompt normalised message="dot-product"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=1) @ embedding.T).topk(k, dim=1).indices


# %% Euclidean distance message="by-distance"
def nearest_words(vectors, embedding, k):
    return torch.cdist(vectors, embedding).topk(k, dim=1, largest=False).indices


# %% farthest message="farthest"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.argsort(dim=1)[:, :k]


# %% columns normalised message="columns-normalised"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=0) @ F.normalize(embedding, dim=0).T).topk(k, dim=1).indices


# %% values returned message="cosines-returned"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).values


# %% nearest last message="nearest-last"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.argsort(dim=1)[:, -k:]


# %% the whole pair message="no-tensor"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T).topk(k, dim=1)


# %% one norm for all words message="dot-product"
def nearest_words(vectors, embedding, k):
    return (vectors @ (embedding / embedding.norm()).T).topk(k, dim=1).indices


# %% opposite counts as near message="by-absolute-value"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.abs().topk(k, dim=1).indices


# %% along the wrong axis message="topk-axis"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T).topk(k, dim=0).indices


# %% words not transposed message="not-transposed"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1)).topk(k, dim=1).indices
