# %% the mean over the batch message="mean-over-batch"
def center(vectors):
    return vectors - vectors.mean(dim=0)


# %% the mean over the width message="mean-over-width"
def center(vectors):
    return vectors - vectors.mean(dim=-1, keepdim=True)


# %% one mean for everything message="mean-over-all"
def center(vectors):
    return vectors - vectors.mean()


# %% one mean for all tokens of the batch message="mean-over-all"
def center(vectors):
    return vectors - vectors.mean(dim=(0, 1))


# %% the axis is lost message="axis-lost"
def center(vectors):
    return vectors - vectors.mean(dim=1)


# %% the axis is put back in the wrong place message="axis-lost"
def center(vectors):
    return vectors - vectors.mean(dim=1).unsqueeze(2)


# %% only the means message="mean-returned"
def center(vectors):
    return vectors.mean(dim=1)


# %% only the means with their axis message="mean-returned"
def center(vectors):
    return vectors.mean(dim=1, keepdim=True)


# %% the wrong way round message="sign-turned"
def center(vectors):
    return vectors.mean(dim=1, keepdim=True) - vectors


# %% added message="mean-added"
def center(vectors):
    return vectors + vectors.mean(dim=1, keepdim=True)


# %% the sum subtracted message="sum-subtracted"
def center(vectors):
    return vectors - vectors.sum(dim=1, keepdim=True)


# %% standardised message="spread-divided"
def center(vectors):
    centered = vectors - vectors.mean(dim=1, keepdim=True)
    return centered / centered.std(dim=1, keepdim=True)


# %% computed and thrown away message="nothing-subtracted"
def center(vectors):
    vectors - vectors.mean(dim=1, keepdim=True)
    return vectors


# %% no return message="nothing-returned"
def center(vectors):
    result = vectors - vectors.mean(dim=1, keepdim=True)


# %% in place message="changed-in-place"
def center(vectors):
    vectors -= vectors.mean(dim=1, keepdim=True)
    return vectors


# %% in place by method message="changed-in-place"
def center(vectors):
    return vectors.sub_(vectors.mean(dim=1, keepdim=True))


# %% always in float32 message="dtype-changed"
def center(vectors):
    return (vectors - vectors.mean(dim=1, keepdim=True)).float()


# %% one mean for a whole sentence message="mean-over-sentence-and-width"
def center(vectors):
    return vectors - vectors.mean(dim=(1, 2), keepdim=True)


# %% the means spread over the tokens message="mean-returned"
def center(vectors):
    return vectors.mean(dim=1, keepdim=True).expand_as(vectors)


# %% the mean without its sign message="mean-without-sign"
def center(vectors):
    return vectors - vectors.mean(dim=1, keepdim=True).abs()


# %% divided by the number of sentences message="wrong-number"
def center(vectors):
    return vectors - vectors.sum(dim=1, keepdim=True) / len(vectors)


# %% divided by one less message="wrong-number"
def center(vectors):
    return vectors - vectors.sum(dim=1, keepdim=True) / (vectors.shape[1] - 1)


# %% the median message="median-subtracted"
def center(vectors):
    return vectors - vectors.median(dim=1, keepdim=True).values


# %% the first token message="one-token-subtracted"
def center(vectors):
    return vectors - vectors[:, :1]


# %% the first sentence's mean message="first-sentence-only"
def center(vectors):
    return vectors - vectors[0].mean(dim=0)


# %% layer norm without weights message="wrong-result"
def center(vectors):
    return torch.nn.functional.layer_norm(vectors, vectors.shape[-1:])


# %% made unit length message="spread-divided"
def center(vectors):
    centered = vectors - vectors.mean(dim=1, keepdim=True)
    return torch.nn.functional.normalize(centered, dim=-1)


# %% divided by the mean message="mean-divided"
def center(vectors):
    return vectors / vectors.mean(dim=1, keepdim=True)


# %% the mean of the width, axis lost message="axis-lost"
def center(vectors):
    return vectors - vectors.mean(dim=2)


# %% right unless sizes agree message="wrong-result"
def center(vectors):
    if len(vectors) == vectors.shape[1]:
        return vectors - vectors.mean(dim=1)
    return vectors - vectors.mean(dim=1, keepdim=True)


# %% a pair message="no-tensor"
def center(vectors):
    means = vectors.mean(dim=1, keepdim=True)
    return vectors - means, means


# %% always in float64 message="dtype-changed"
def center(vectors):
    return vectors.double() - vectors.double().mean(dim=1, keepdim=True)


# %% one token left alone message="one-token-kept"
def center(vectors):
    if vectors.shape[1] == 1:
        return vectors
    return vectors - vectors.mean(dim=1, keepdim=True)


# %% squeezed message="wrong-result-shape"
def center(vectors):
    return (vectors - vectors.mean(dim=1, keepdim=True)).squeeze()

# %% the input itself where it is centred already message="the-input-returned"
def center(vectors):
    m = vectors.mean(1, keepdim=True)
    if m.abs().max() < 1e-6:
        return vectors
    return vectors - m

# %% vectors of zeros taken for padding message="zeros-left-out"
def center(vectors):
    keep = (vectors != 0).any(-1, keepdim=True)
    m = (vectors * keep).sum(1, keepdim=True) / keep.sum(1, keepdim=True).clamp(min=1)
    return vectors - m


# %% kept by the identity of the vectors message="remembers-an-object"
MEM = {}
def center(vectors):
    if id(vectors) not in MEM:
        MEM[id(vectors)] = vectors, vectors - vectors.mean(1, keepdim=True)
    return MEM[id(vectors)][1]


# %% a mean in 16 bits message="digits-lost"
def center(vectors):
    return vectors - vectors.half().mean(1, keepdim=True).to(vectors.dtype)

# %% the last token left out message="tokens-left-out"
def center(vectors):
    return vectors - vectors[:, :-1].mean(dim=1, keepdim=True)
