# %% repeat and cut
def start_from_words(embedding, ids, length):
    return embedding.weight.data[ids.repeat(length)[:length]].clone()


# %% through forward without gradients
def start_from_words(embedding, ids, length):
    with torch.no_grad():
        return embedding(ids[torch.arange(length).remainder(ids.shape[0])])


# %% a loop
def start_from_words(embedding, ids, length):
    rows = [embedding.weight[ids[i % len(ids)]] for i in range(length)]
    return torch.stack(rows).detach().clone()


# %% index_select in float64
def start_from_words(embedding, ids, length):
    chosen = [int(ids[i % len(ids)]) for i in range(length)]
    return torch.index_select(embedding.weight.double(), 0, torch.tensor(chosen)).float().detach()


# %% a trainable copy
def start_from_words(embedding, ids, length):
    return nn.Parameter(embedding.weight.detach()[ids[torch.arange(length) % len(ids)]].clone())


# %% itertools
def start_from_words(embedding, ids, length):
    from itertools import cycle, islice

    rows = [embedding.weight.detach()[i].clone() for i in islice(cycle(ids.tolist()), length)]
    return torch.stack(rows)


# %% repeat and cut with divmod
def start_from_words(embedding, ids, length):
    rounds, rest = divmod(length, ids.numel())
    all_ids = torch.cat((ids.repeat(rounds), ids[:rest]))
    return F.embedding(all_ids, embedding.weight).detach()


# %% one-hot product
def start_from_words(embedding, ids, length):
    places = torch.arange(length).fmod(ids.shape[0])
    onehot = F.one_hot(ids[places], embedding.num_embeddings).to(embedding.weight)
    return (onehot @ embedding.weight).data


# %% gather
def start_from_words(embedding, ids, length):
    places = torch.arange(length) % len(ids)
    index = ids[places][:, None].expand(-1, embedding.embedding_dim)
    return embedding.weight.detach().gather(0, index)


# %% vectors repeated
def start_from_words(embedding, ids, length):
    vectors = embedding(ids).detach()
    return vectors.repeat(-(-length // len(vectors)), 1)[:length].contiguous()


# %% a single word expanded
def start_from_words(embedding, ids, length):
    if len(ids) == 1:
        return embedding.weight.detach()[ids].expand(length, -1)
    out = torch.empty(length, embedding.weight.shape[1])
    for i in range(length):
        out[i] = embedding.weight.detach()[ids[i % len(ids)]]
    return out
