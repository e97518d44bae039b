# %% all ranks sorted by what they keep for their price, the first that does not fit passed over
def ranks_under_budget(updates, budget):
    offers = []
    for j, W in enumerate(updates):
        for s in torch.linalg.svdvals(W):
            offers.append((float(s) ** 2 / (W.shape[0] + W.shape[1]), j))
    ranks, spent = [0 for _ in updates], 0
    for _, j in sorted(offers, reverse=True):
        price = sum(updates[j].shape)
        if spent + price <= budget:
            ranks[j] += 1
            spent += price
    return ranks


# %% sorted and cut at the first that does not fit
def ranks_under_budget(updates, budget):
    prices = [sum(W.shape) for W in updates]
    offers = [(s.item() ** 2 / prices[j], j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)]
    ranks = [0] * len(updates)
    for worth, j in sorted(offers, key=lambda offer: -offer[0]):
        if sum(r * p for r, p in zip(ranks, prices)) + prices[j] > budget:
            break
        ranks[j] += 1
    return ranks


# %% everything tried
from itertools import product


def ranks_under_budget(updates, budget):
    values = [[0.0, *torch.linalg.svdvals(W).square().cumsum(0).tolist()] for W in updates]
    prices = [sum(W.shape) for W in updates]
    best, found = -1.0, [0] * len(updates)
    for ranks in product(*(range(len(v)) for v in values)):
        if sum(r * p for r, p in zip(ranks, prices)) <= budget:
            kept = sum(v[r] for v, r in zip(values, ranks))
            if kept > best:
                best, found = kept, list(ranks)
    return found


# %% dynamic programming over the budget
def ranks_under_budget(updates, budget):
    best = {0: (0.0, [])}  # spent -> energy and ranks
    for W in updates:
        kept = [0.0, *torch.linalg.svdvals(W).square().cumsum(0).tolist()]
        following = {}
        for spent, (energy, ranks) in best.items():
            for r, more in enumerate(kept):
                cost = spent + r * sum(W.shape)
                if cost <= budget and energy + more > following.get(cost, (-1.0, []))[0]:
                    following[cost] = (energy + more, [*ranks, r])
        best = following
    return max(best.values())[1]


# %% one price for a number, found by bisection
def ranks_under_budget(updates, budget):
    energies = [torch.linalg.svdvals(W).square() for W in updates]
    prices = [sum(W.shape) for W in updates]

    def ranks_at(price):
        return [int((e / p > price).sum()) for e, p in zip(energies, prices)]

    def cost(ranks):
        return sum(r * p for r, p in zip(ranks, prices))

    low, high = 0.0, max(float(e[0]) / p for e, p in zip(energies, prices)) + 1e-9
    if cost(ranks_at(low)) <= budget:
        return ranks_at(low)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if cost(ranks_at(middle)) <= budget else (middle, high)
    return ranks_at(high)


# %% sold back from full rank, then spent again
def ranks_under_budget(updates, budget):
    energies = [torch.linalg.svdvals(W).square().tolist() for W in updates]
    prices = [sum(W.shape) for W in updates]
    ranks = [len(e) for e in energies]
    while sum(r * p for r, p in zip(ranks, prices)) > budget:
        held = [j for j in range(len(ranks)) if ranks[j]]
        worst = min(held, key=lambda j: energies[j][ranks[j] - 1] / prices[j])
        ranks[worst] -= 1
    for j in sorted(range(len(ranks)), key=lambda j: prices[j]):
        while ranks[j] < len(energies[j]) and sum(r * p for r, p in zip(ranks, prices)) + prices[j] <= budget:
            ranks[j] += 1
    return ranks


# %% a heap
import heapq


def ranks_under_budget(updates, budget):
    spectra = [torch.linalg.svdvals(W.double()) ** 2 for W in updates]
    costs = [W.shape[0] + W.shape[1] for W in updates]
    heap = [(-spectra[j][0].item() / costs[j], j) for j in range(len(updates))]
    heapq.heapify(heap)
    ranks = [0] * len(updates)
    while heap:
        _, j = heapq.heappop(heap)
        if costs[j] > budget:
            continue
        budget -= costs[j]
        ranks[j] += 1
        if ranks[j] < len(spectra[j]):
            heapq.heappush(heap, (-spectra[j][ranks[j]].item() / costs[j], j))
    return ranks
