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


# %% squared norms message="norm-squared"
def nearest_words(vectors, embedding, k):
    scores = vectors @ embedding.T / embedding.square().sum(1)
    return scores.topk(k, dim=1).indices


# %% sum of absolute values message="other-norm"
def nearest_words(vectors, embedding, k):
    return (vectors @ F.normalize(embedding, p=1, dim=1).T).topk(k, dim=1).indices


# %% prompt along columns message="columns-normalised"
def nearest_words(vectors, embedding, k):
    return (F.normalize(vectors, dim=0) @ F.normalize(embedding, dim=1).T).topk(k, dim=1).indices


# %% correlation message="centred"
def nearest_words(vectors, embedding, k):
    p, w = (x - x.mean(1, keepdim=True) for x in (vectors, embedding))
    return (F.normalize(p, dim=1) @ F.normalize(w, dim=1).T).topk(k, dim=1).indices


# %% mean word taken off message="centred"
def nearest_words(vectors, embedding, k):
    mean = embedding.mean(0)
    return (F.normalize(vectors - mean, dim=1) @ F.normalize(embedding - mean, dim=1).T).topk(k, dim=1).indices


# %% the nearest left out message="first-skipped"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.argsort(dim=1, descending=True)[:, 1 : k + 1]


# %% one word more message="one-too-many-words"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.argsort(dim=1, descending=True)[:, : k + 1]


# %% counted from one message="numbers-from-one"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices + 1


# %% in the order of their ids message="order-differs"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices.sort(dim=1).values


# %% transposed message="transposed"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices.T


# %% one row for the whole prompt message="one-row-for-all"
def nearest_words(vectors, embedding, k):
    prompt = vectors.mean(0, keepdim=True)
    return (F.normalize(prompt, dim=1) @ F.normalize(embedding, dim=1).T).topk(k, dim=1).indices


# %% floats message="ids-dtype"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices.float()


# %% a list message="no-tensor"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices.tolist()


# %% return forgotten message="no-tensor"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    cosines.topk(k, dim=1).indices


# %% sort without descending message="farthest"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.sort(dim=1).indices[:, :k]


# %% largest entry as norm message="other-norm"
def nearest_words(vectors, embedding, k):
    return (vectors @ (embedding / embedding.abs().amax(1, keepdim=True)).T).topk(k, dim=1).indices


# %% nearest along the vectors message="topk-axis"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.T.topk(k, dim=1).indices


# %% the pair from sort message="no-tensor"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.sort(dim=1, descending=True)


# %% whole ranking message="all-words"
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.argsort(dim=1, descending=True)


# %% cosines in 16 bits message="rounded-cosines"
def nearest_words(vectors, embedding, k):
    c = F.normalize(vectors.half(), dim=1) @ F.normalize(embedding.half(), dim=1).T
    return c.topk(k, dim=1).indices


# %% cosines in bfloat16 message="rounded-cosines"
def nearest_words(vectors, embedding, k):
    c = F.normalize(vectors, dim=1).bfloat16() @ F.normalize(embedding, dim=1).bfloat16().T
    return c.float().topk(k, dim=1).indices


# %% cosines of three digits message="rounded-cosines"
def nearest_words(vectors, embedding, k):
    c = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return c.round(decimals=3).topk(k, dim=1).indices


# %% a tenth added to the norms message="rounded-cosines"
def nearest_words(vectors, embedding, k):
    c = vectors @ embedding.T / (vectors.norm(dim=1)[:, None] * embedding.norm(dim=1) + 0.1)
    return c.topk(k, dim=1).indices
