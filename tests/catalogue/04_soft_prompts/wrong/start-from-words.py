# %% too short message="not-repeated"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[:length]]


# %% each word held message="words-held"
def start_from_words(embedding, ids, length):
    times = -(-length // len(ids))
    return embedding.weight.detach()[ids.repeat_interleave(times)[:length]]


# %% last word repeated message="last-word-repeated"
def start_from_words(embedding, ids, length):
    places = torch.arange(length).clamp(max=len(ids) - 1)
    return embedding.weight.detach()[ids[places]]


# %% filled with zeros message="filled-with-zeros"
def start_from_words(embedding, ids, length):
    rows = embedding.weight.detach()[ids[:length]]
    return torch.cat((rows, torch.zeros(length - len(rows), rows.shape[1])))


# %% first rows of the embedding message="first-rows"
# An alias of the model's own words as well.
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[:length].clone()


# %% cut at the front message="cut-at-front"
def start_from_words(embedding, ids, length):
    if len(ids) > length:
        return embedding.weight.detach()[ids[-length:]]
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% mean of the words message="mean-of-words"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids].mean(0).expand(length, -1).clone()


# %% tied by autograd message="has-history"
def start_from_words(embedding, ids, length):
    return embedding(ids[torch.arange(length) % len(ids)])


# %% writes into the embedding message="shares-memory"
# Moves the words to the front of the embedding and hands out a slice of it.
def start_from_words(embedding, ids, length):
    rows = embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]
    embedding.weight = nn.Parameter(torch.cat((rows, embedding.weight.detach()[length:])))
    return embedding.weight.detach()[:length]


# %% not cut message="not-cut"
def start_from_words(embedding, ids, length):
    times = -(-length // len(ids))
    return embedding.weight.detach()[ids.repeat(times)]


# %% a list of vectors message="no-tensor"
def start_from_words(embedding, ids, length):
    return [embedding.weight.detach()[ids[i % len(ids)]] for i in range(length)]


# %% more places than words message="past-the-words"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[torch.arange(length)]]
