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
