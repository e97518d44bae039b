# %% only the words normalised
# The norm of a prompt vector scales its row and changes no order.
def nearest_words(vectors, embedding, k):
    return (vectors @ (embedding / embedding.norm(dim=1, keepdim=True)).T).topk(k, dim=1).indices


# %% cosine_similarity
def nearest_words(vectors, embedding, k):
    cosines = F.cosine_similarity(vectors[:, None], embedding[None], dim=2)
    return cosines.argsort(dim=1, descending=True)[:, :k]


# %% distance of normalised vectors
def nearest_words(vectors, embedding, k):
    distance = torch.cdist(F.normalize(vectors), F.normalize(embedding))
    return distance.topk(k, largest=False).indices


# %% a loop in float64
def nearest_words(vectors, embedding, k):
    rows = []
    for p in vectors.double():
        scores = embedding.double() @ p / embedding.double().norm(dim=1)
        rows.append(scores.sort(descending=True).indices[:k])
    return torch.stack(rows)


# %% numpy free loop
def nearest_words(vectors, embedding, k):
    out = []
    for p in vectors:
        cos = torch.stack([torch.dot(p, w) / (p.norm() * w.norm()) for w in embedding])
        out.append(torch.argsort(cos, descending=True)[:k])
    return torch.stack(out)


# %% einsum and vector_norm
def nearest_words(vectors, embedding, k):
    dots = torch.einsum("ld,vd->lv", vectors, embedding)
    norms = torch.linalg.vector_norm(embedding, dim=-1)
    return torch.topk(dots / norms[None, :], k)[1]


# %% F.cosine_similarity row by row
def nearest_words(vectors, embedding, k):
    return torch.stack([F.cosine_similarity(p[None], embedding).topk(k).indices for p in vectors])


# %% negated, sorted ascending
def nearest_words(vectors, embedding, k):
    p, w = F.normalize(vectors, dim=-1), F.normalize(embedding, dim=-1)
    return torch.argsort(-(p @ w.T), dim=-1)[:, :k].contiguous()


# %% int32
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return cosines.topk(k, dim=1).indices.int()


# %% angles
def nearest_words(vectors, embedding, k):
    cosines = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return torch.acos(cosines.double().clamp(-1, 1)).topk(k, dim=1, largest=False).indices


# %% by angles
def nearest_words(vectors, embedding, k):
    c = F.normalize(vectors, dim=1) @ F.normalize(embedding, dim=1).T
    return torch.acos(c.clamp(-1, 1)).argsort(1)[:, :k]


# %% by the distance of unit vectors
def nearest_words(vectors, embedding, k):
    d = torch.cdist(F.normalize(vectors, dim=1), F.normalize(embedding, dim=1))
    return d.argsort(1)[:, :k]
