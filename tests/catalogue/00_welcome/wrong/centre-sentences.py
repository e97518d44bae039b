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
