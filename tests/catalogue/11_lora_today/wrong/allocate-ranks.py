# %% sums for means message="sums-for-means"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().sum(0) + (B * dB).abs().sum(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% signs kept message="signs-kept"
def triple_importance(A, lam, B, dA, dlam, dB):
    return lam * dlam + (A * dA).mean(0) + (B * dB).mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% magnitude after the mean message="abs-too-late"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).mean(0).abs() + (B * dB).mean(1).abs()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% magnitude of the sum message="abs-too-late"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam + (A * dA).mean(0) + (B * dB).mean(1)).abs()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% squared products message="squared"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam) ** 2 + ((A * dA) ** 2).mean(0) + ((B * dB) ** 2).mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% no gradients message="gradients-forgotten"
def triple_importance(A, lam, B, dA, dlam, dB):
    return lam.abs() + A.abs().mean(0) + B.abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% gradients alone message="numbers-forgotten"
def triple_importance(A, lam, B, dA, dlam, dB):
    return dlam.abs() + dA.abs().mean(0) + dB.abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% lam alone message="lam-alone"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% singular values as importance message="singular-value-alone"
def triple_importance(A, lam, B, dA, dlam, dB):
    return lam.abs()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% A forgotten message="a-missing"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% average of the three message="mean-of-three"
def triple_importance(A, lam, B, dA, dlam, dB):
    return ((lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)) / 3


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% one number for the layer message="wrong-shape"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs().mean() + (A * dA).abs().mean() + (B * dB).abs().mean()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% the same for all message="same-for-all"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    each = budget // len(importances)
    masks = []
    for one in importances:
        mask = torch.zeros(len(one), dtype=torch.bool)
        mask[one.argsort(descending=True)[:each]] = True
        masks.append(mask)
    return masks


# %% the whole budget for each message="budget-each"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    masks = []
    for one in importances:
        mask = torch.zeros(len(one), dtype=torch.bool)
        mask[one.topk(min(budget, len(one))).indices] = True
        masks.append(mask)
    return masks


# %% first come message="first-come"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    masks = []
    for one in importances:
        mask = torch.zeros(len(one), dtype=torch.bool)
        mask[one.argsort(descending=True)[:budget]] = True
        budget -= int(mask.sum())
        masks.append(mask)
    return masks


# %% least important message="least-important"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=False)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% peft's threshold the wrong way message="mask-inverted"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.ones(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = False
    return list(stays.split([len(one) for one in importances]))


# %% one too few message="one-short"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    bar = torch.cat(importances).sort(descending=True).values[budget - 1]
    return [one > bar for one in importances]


# %% one too many message="one-too-many"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[: budget + 1]] = True
    return list(stays.split([len(one) for one in importances]))


# %% relative to the layer message="relative-to-layer"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat([one / one.sum() for one in importances])
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% one joined mask message="not-a-mask-each"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return stays


# %% places instead of masks message="not-a-mask"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined))
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% the budget of nothing forgotten message="raised-IndexError"
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    bar = torch.cat(importances).sort(descending=True).values[budget]
    return [one > bar for one in importances]
