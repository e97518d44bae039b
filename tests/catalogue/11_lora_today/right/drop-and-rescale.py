# %% dropout
def drop_and_rescale(update, drop):
    return torch.nn.functional.dropout(update, p=drop)


# %% bernoulli
def drop_and_rescale(update, drop):
    stays = torch.bernoulli(torch.full_like(update, 1 - drop))
    return stays * update / (1 - drop)


# %% where
def drop_and_rescale(update, drop):
    chance = torch.rand(update.shape)
    return torch.where(chance < drop, torch.zeros_like(update), update / (1 - drop))


# %% a clone written into
def drop_and_rescale(update, drop):
    result = update.clone() / (1 - drop)
    result[torch.rand_like(result) < drop] = 0
    return result


# %% masked_fill in float64
def drop_and_rescale(update, drop):
    gone = torch.rand(*update.shape, dtype=torch.float64) < drop
    return update.masked_fill(gone, 0.0).mul(1.0 / (1.0 - drop))


# %% number by number
def drop_and_rescale(update, drop):
    import random
    source = random.Random(int(torch.randint(2**40, (1,))))
    numbers = [0.0 if source.random() < drop else x / (1 - drop) for x in update.flatten().tolist()]
    return torch.tensor(numbers).reshape(update.shape)


# %% distribution
def drop_and_rescale(update, drop):
    mask = torch.distributions.Bernoulli(probs=torch.tensor(1.0 - drop)).sample(update.shape)
    return update * mask / (1 - drop)


# %% a module
def drop_and_rescale(update, drop):
    return nn.Dropout(drop)(update)


# %% random numbers of NumPy
def drop_and_rescale(update, drop):
    import numpy as np

    mask = torch.from_numpy(np.random.random(tuple(update.shape)) >= drop)
    return update * mask / (1 - drop)
