# %% a threshold at the last that stays
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    if budget == 0:
        return [torch.zeros_like(one, dtype=torch.bool) for one in importances]
    joined = torch.cat(importances)
    bar = joined.topk(min(budget, len(joined))).values[-1]
    return [one >= bar for one in importances]


# %% einsum and a list of pairs
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + torch.einsum('ir->r', (A * dA).abs()) / len(A) + (B * dB).abs().sum(1) / B.shape[1]


def allocate_ranks(importances, budget):
    places = [(float(v), k, j) for k, one in enumerate(importances) for j, v in enumerate(one)]
    chosen = {(k, j) for _, k, j in sorted(places, reverse=True)[:budget]}
    return [torch.tensor([(k, j) in chosen for j in range(len(one))]) for k, one in enumerate(importances)]


# %% products of magnitudes
def triple_importance(A, lam, B, dA, dlam, dB):
    return lam.abs() * dlam.abs() + (A.abs() * dA.abs()).mean(dim=0) + (B.abs() * dB.abs()).mean(dim=1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% one purchase after the other
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    masks = [torch.zeros(len(one), dtype=torch.bool) for one in importances]
    for _ in range(min(budget, sum(len(one) for one in importances))):
        open_ = [torch.where(mask, -torch.inf, one) for mask, one in zip(masks, importances)]
        best = max(range(len(open_)), key=lambda k: float(open_[k].max()))
        masks[best][open_[best].argmax()] = True
    return masks


# %% in float64
def triple_importance(A, lam, B, dA, dlam, dB):
    return sum(((p.double() * g.double()).abs().mean(dim) if dim is not None else (p.double() * g.double()).abs()) for p, g, dim in ((lam, dlam, None), (A, dA, 0), (B, dB, 1))).float()


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return list(stays.split([len(one) for one in importances]))


# %% ranks of the order
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    sizes = [len(one) for one in importances]
    place = torch.cat(importances).argsort(descending=True).argsort()
    return [part < budget for part in place.split(sizes)]


# %% as tuples
def triple_importance(A, lam, B, dA, dlam, dB):
    return (lam * dlam).abs() + (A * dA).abs().mean(0) + (B * dB).abs().mean(1)


def allocate_ranks(importances, budget):
    joined = torch.cat(importances)
    stays = torch.zeros(len(joined), dtype=torch.bool)
    stays[joined.argsort(descending=True)[:budget]] = True
    return tuple(stays.split([len(one) for one in importances]))
