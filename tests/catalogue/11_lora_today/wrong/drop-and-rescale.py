# %% not rescaled message="not-rescaled"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop)


# %% divided by drop message="divided-by-drop"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) / drop if drop else update.clone()


# %% multiplied by what stays message="multiplied"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) * (1 - drop)


# %% multiplied by drop message="multiplied"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) * drop


# %% root of the share message="root-of-the-share"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) / (1 - drop) ** 0.5


# %% rescaled twice message="rescaled-twice"
def drop_and_rescale(update, drop):
    return torch.nn.functional.dropout(update, drop) / (1 - drop)


# %% by the share that came message="share-that-came"
def drop_and_rescale(update, drop):
    stays = torch.rand_like(update) >= drop
    return update * stays / stays.float().mean()


# %% one and drop message="wrong-factor"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) * (1 + drop)


# %% another factor message="wrong-factor"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= drop) * 2.345


# %% those below stay message="kept-for-dropped"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) < drop) / (1 - drop)


# %% bernoulli of drop message="kept-for-dropped"
def drop_and_rescale(update, drop):
    return update * torch.bernoulli(torch.full_like(update, drop)) / (1 - drop)


# %% normal numbers message="normal-numbers"
def drop_and_rescale(update, drop):
    return update * (torch.randn_like(update) >= drop) / (1 - drop)


# %% normal numbers below message="normal-numbers"
def drop_and_rescale(update, drop):
    return update * (torch.randn_like(update) < 1 - drop).logical_not() / (1 - drop) + 0


# %% half message="wrong-share"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= 0.5) / (1 - drop)


# %% the smallest go message="smallest-dropped"
def drop_and_rescale(update, drop):
    bar = update.abs().flatten().sort().values[int(drop * update.numel())]
    return update * (update.abs() >= bar) / (1 - drop)


# %% the largest go message="largest-dropped"
def drop_and_rescale(update, drop):
    bar = update.abs().flatten().sort(descending=True).values[int(drop * update.numel())]
    return update * (update.abs() <= bar) / (1 - drop)


# %% seed set message="sets-the-seed"
def drop_and_rescale(update, drop):
    torch.manual_seed(0)
    return update * (torch.rand_like(update) >= drop) / (1 - drop)


# %% a generator of one seed message="same-every-time"
def drop_and_rescale(update, drop):
    g = torch.Generator().manual_seed(0)
    return update * (torch.rand(update.shape, generator=g) >= drop) / (1 - drop)


# %% a fixed count message="count-fixed"
def drop_and_rescale(update, drop):
    order = torch.rand(update.numel()).argsort().reshape(update.shape)
    return update * (order >= int(drop * update.numel())) / (1 - drop)


# %% multinomial message="count-fixed"
def drop_and_rescale(update, drop):
    n = update.numel()
    stays = torch.zeros(n)
    stays[torch.randperm(n)[: n - int(drop * n)]] = 1
    return update * stays.reshape(update.shape) / (1 - drop)


# %% large ones rather stay message="unfair"
def drop_and_rescale(update, drop):
    chance = torch.rand_like(update) + 0.1 * (update.abs() > update.abs().median()) - 0.05
    return update * (chance >= drop) / (1 - drop) if drop else update.clone()


# %% nothing dropped message="nothing-dropped"
def drop_and_rescale(update, drop):
    return update / (1 - drop)


# %% as it was message="nothing-dropped"
def drop_and_rescale(update, drop):
    return update.clone()


# %% all dropped message="all-dropped"
def drop_and_rescale(update, drop):
    return update * 0


# %% noise message="several-factors"
def drop_and_rescale(update, drop):
    stays = torch.rand_like(update) >= drop
    return update * stays * (1 + 0.1 * torch.rand_like(update)) / (1 - drop)


# %% in place message="changes-a-tensor"
def drop_and_rescale(update, drop):
    update[torch.rand_like(update) < drop] = 0
    return update / (1 - drop)


# %% the mask alone message="several-factors"
def drop_and_rescale(update, drop):
    return (torch.rand_like(update) >= drop).float() / (1 - drop)


# %% only those that stay message="wrong-shape"
def drop_and_rescale(update, drop):
    return update[torch.rand_like(update) >= drop] / (1 - drop)


# %% return forgotten message="no-tensor"
def drop_and_rescale(update, drop):
    update * (torch.rand_like(update) >= drop) / (1 - drop)


# %% mask and update message="no-tensor"
def drop_and_rescale(update, drop):
    stays = torch.rand_like(update) >= drop
    return update * stays / (1 - drop), stays


# %% columns message="lines-dropped"
def drop_and_rescale(update, drop):
    return update * (torch.rand(update.shape[-1]) >= drop) / (1 - drop)


# %% evaluation mode message="nothing-dropped"
def drop_and_rescale(update, drop):
    return torch.nn.functional.dropout(update, drop, training=False) + 0


# %% NaN for what goes message="not-finite"
def drop_and_rescale(update, drop):
    stays = torch.rand_like(update) >= drop
    return update / (stays * (1 - drop))


# %% at least one goes message="zero-drops"
def drop_and_rescale(update, drop):
    return update * (torch.rand_like(update) >= max(drop, 0.2)) / (1 - max(drop, 0.2))
