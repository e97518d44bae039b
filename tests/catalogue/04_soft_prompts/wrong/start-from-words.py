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


# %% writes into the embedding message="embedding-changed"
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


# %% neither repeated nor cut message="length-ignored"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids]


# %% whole rounds only message="rest-missing"
def start_from_words(embedding, ids, length):
    rounds = max(1, length // len(ids))
    return embedding.weight.detach()[ids.repeat(rounds)[:length]]


# %% one round too many message="wrong-start-shape"
def start_from_words(embedding, ids, length):
    rounds = length // len(ids) + 1
    return embedding.weight.detach()[ids.repeat(rounds)]


# %% sorted words message="sorted"
def start_from_words(embedding, ids, length):
    ids = ids.sort().values
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% each word once message="said-once"
def start_from_words(embedding, ids, length):
    ids = ids.unique()
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% each word once, in order message="said-once"
def start_from_words(embedding, ids, length):
    ids = torch.tensor(list(dict.fromkeys(ids.tolist())))
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% padding left out message="word-zero-dropped"
def start_from_words(embedding, ids, length):
    ids = ids[ids != 0] if ids.any() else ids
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% counting from one message="one-word-on"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[torch.arange(1, length + 1) % len(ids)]]


# %% backwards message="reversed"
def start_from_words(embedding, ids, length):
    ids = ids.flip(0)
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% places looked up message="first-rows"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[torch.arange(length) % len(ids)]


# %% ids returned message="ids-returned"
def start_from_words(embedding, ids, length):
    return ids[torch.arange(length) % len(ids)]


# %% interpolated message="wrong-start"
def start_from_words(embedding, ids, length):
    places = torch.linspace(0, len(ids) - 1, length).round().long()
    return embedding.weight.detach()[ids[places]]


# %% spread over the places message="words-held"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[torch.arange(length) * len(ids) // length]]


# %% filled with the mean message="filled-with-mean"
def start_from_words(embedding, ids, length):
    rows = embedding.weight.detach()[ids]
    rest = rows.mean(0).expand(max(0, length - len(rows)), -1)
    return torch.cat((rows, rest))[:length]


# %% first word fills up message="first-word-repeated"
def start_from_words(embedding, ids, length):
    places = torch.arange(length)
    places[places >= len(ids)] = 0
    return embedding.weight.detach()[ids[places]]


# %% mean, expanded message="mean-of-words"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids].mean(0).expand(length, -1)


# %% return forgotten message="no-tensor"
def start_from_words(embedding, ids, length):
    rows = embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]


# %% still trainable with the words message="has-history"
def start_from_words(embedding, ids, length):
    return embedding.weight[ids[torch.arange(length) % len(ids)]].clone()


# %% freezes the embedding message="embedding-frozen"
def start_from_words(embedding, ids, length):
    embedding.weight.requires_grad_(False)
    return embedding(ids[torch.arange(length) % len(ids)])


# %% normalises the words message="wrong-start"
def start_from_words(embedding, ids, length):
    with torch.no_grad():
        embedding.weight /= embedding.weight.norm(dim=1, keepdim=True)
        return embedding(ids[torch.arange(length) % len(ids)])


# %% trains on after the call message="embedding-changed"
def start_from_words(embedding, ids, length):
    value = embedding.weight.detach()[ids[torch.arange(length) % len(ids)]]
    embedding.weight.data.zero_()
    return value


# %% modulo the length message="past-the-words"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[torch.arange(length) % length]]


# %% transposed message="transposed"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach()[ids[torch.arange(length) % len(ids)]].T


# %% consecutive words by a slice message="shares-memory"
def start_from_words(embedding, ids, length):
    chosen = ids[torch.arange(length) % len(ids)]
    if torch.equal(chosen, torch.arange(length) + chosen[0]):
        return embedding.weight.detach()[int(chosen[0]) : int(chosen[0]) + length]
    return embedding.weight.detach()[chosen]


# %% in float64 message="dtype-lost"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach().double()[ids[torch.arange(length) % len(ids)]]


# %% in inference mode message="inference-tensor"
def start_from_words(embedding, ids, length):
    with torch.inference_mode():
        return embedding(ids[torch.arange(length) % len(ids)])


# %% by way of 16 bits message="rounded"
def start_from_words(embedding, ids, length):
    return embedding.weight.detach().half().float()[ids[torch.arange(length) % len(ids)]]


# %% rounded to five digits message="rounded"
def start_from_words(embedding, ids, length):
    return torch.round(embedding.weight.detach()[ids[torch.arange(length) % len(ids)]], decimals=5)


# %% kept by the identity of ids message="remembers"
MEM = {}
def start_from_words(embedding, ids, length):
    if id(ids) not in MEM:
        MEM[id(ids)] = ids, embedding.weight.detach()[ids[torch.arange(length) % len(ids)]].clone()
    return MEM[id(ids)][1]


# %% a list of rows message="no-tensor"
def start_from_words(embedding, ids, length):
    return [embedding.weight.detach()[ids[i % len(ids)]] for i in range(length)]


# %% the last words of the round message="ends-with-the-last"
def start_from_words(embedding, ids, length):
    chosen = ids[torch.arange(-length, 0) % len(ids)]
    return embedding.weight.detach()[chosen]
