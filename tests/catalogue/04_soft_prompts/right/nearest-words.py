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
