# %% the same rank for all message="same-for-all"
def ranks_under_budget(updates, budget):
    r = budget // sum(sum(W.shape) for W in updates)
    ranks = [min(r, min(W.shape)) for W in updates]
    while True:
        more = [min(x + 1, min(W.shape)) for x, W in zip(ranks, updates)]
        if more == ranks or sum(x * sum(W.shape) for x, W in zip(more, updates)) > budget:
            return ranks
        ranks = more


# %% the budget split evenly message="split-evenly"
def ranks_under_budget(updates, budget):
    part = budget // len(updates)
    return [min(part // sum(W.shape), min(W.shape)) for W in updates]


# %% the budget split by energy message="split-by-energy"
def ranks_under_budget(updates, budget):
    energies = [float(W.square().sum()) for W in updates]
    total = sum(energies) or 1.0
    return [min(int(budget * e / total) // sum(W.shape), min(W.shape)) for e, W in zip(energies, updates)]


# %% first come, first served message="first-come"
def ranks_under_budget(updates, budget):
    ranks = []
    for W in updates:
        ranks.append(min(min(W.shape), budget // sum(W.shape)))
        budget -= ranks[-1] * sum(W.shape)
    return ranks


# %% the strongest direction first, whatever it costs message="price-ignored"
def ranks_under_budget(updates, budget):
    spectra, ranks = [torch.linalg.svdvals(W).tolist() for W in updates], [0] * len(updates)
    while True:
        fits = [j for j, W in enumerate(updates) if ranks[j] < min(W.shape) and sum(W.shape) <= budget]
        if not fits:
            return ranks
        j = max(fits, key=lambda j: spectra[j][ranks[j]])
        ranks[j] += 1
        budget -= sum(updates[j].shape)


# %% the cheapest first message="energy-ignored"
def ranks_under_budget(updates, budget):
    ranks = [0] * len(updates)
    for j in sorted(range(len(updates)), key=lambda j: sum(updates[j].shape)):
        ranks[j] = min(min(updates[j].shape), budget // sum(updates[j].shape))
        budget -= ranks[j] * sum(updates[j].shape)
    return ranks


# %% bought before looking message="one-too-far"
def ranks_under_budget(updates, budget):
    offers = [(s.item() ** 2 / sum(W.shape), j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)]
    ranks = [0] * len(updates)
    for _, j in sorted(offers, reverse=True):
        ranks[j] += 1
        if sum(r * sum(W.shape) for r, W in zip(ranks, updates)) > budget:
            break
    return ranks


# %% ranks counted instead of numbers message="over-budget"
def ranks_under_budget(updates, budget):
    offers = [(s.item() ** 2 / sum(W.shape), j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)]
    ranks = [0] * len(updates)
    for _, j in sorted(offers, reverse=True)[:budget]:
        ranks[j] += 1
    return ranks


# %% one side of the factors paid message="over-budget"
def ranks_under_budget(updates, budget):
    offers = [(s.item() ** 2 / W.shape[0], j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)]
    ranks, spent = [0] * len(updates), 0
    for _, j in sorted(offers, reverse=True):
        if spent + updates[j].shape[0] <= budget:
            ranks[j] += 1
            spent += updates[j].shape[0]
    return ranks


# %% more ranks than there are message="no-such-rank"
def ranks_under_budget(updates, budget):
    prices = [sum(W.shape) for W in updates]
    worth = [float(torch.linalg.svdvals(W)[0]) ** 2 / p for W, p in zip(updates, prices)]
    best = worth.index(max(worth))
    return [budget // prices[j] if j == best else 0 for j in range(len(updates))]


# %% nothing bought message="nothing-bought"
def ranks_under_budget(updates, budget):
    return [0] * len(updates)


# %% energies instead of ranks message="not-whole"
def ranks_under_budget(updates, budget):
    part = budget / len(updates)
    return [min(part / sum(W.shape), float(min(W.shape))) for W in updates]


# %% a rank for all in one number message="not-a-rank-each"
def ranks_under_budget(updates, budget):
    return budget // sum(sum(W.shape) for W in updates)


# %% return forgotten message="not-a-rank-each"
def ranks_under_budget(updates, budget):
    ranks = [0] * len(updates)
    for j, W in enumerate(updates):
        ranks[j] = min(min(W.shape), budget // sum(W.shape))


# %% the weakest first message="energy-lost"
def ranks_under_budget(updates, budget):
    offers = [(s.item() ** 2 / sum(W.shape), j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)]
    ranks, spent = [0] * len(updates), 0
    for _, j in sorted(offers):
        if spent + sum(updates[j].shape) <= budget:
            ranks[j] += 1
            spent += sum(updates[j].shape)
    return ranks


# %% an update of zero divides message="raised-ZeroDivisionError"
def ranks_under_budget(updates, budget):
    offers = []
    for j, W in enumerate(updates):
        energy = torch.linalg.svdvals(W).square().tolist()
        whole = sum(energy)
        offers += [(whole * (e / whole) / sum(W.shape), j) for e in energy]
    ranks, spent = [0] * len(updates), 0
    for _, j in sorted(offers, reverse=True):
        if spent + sum(updates[j].shape) <= budget:
            ranks[j] += 1
            spent += sum(updates[j].shape)
    return ranks


# %% at least one rank each message="energy-lost"
def ranks_under_budget(updates, budget):
    ranks = [1] * len(updates)
    spent = sum(sum(W.shape) for W in updates)
    offers = [(s.item() ** 2 / sum(W.shape), j) for j, W in enumerate(updates) for s in torch.linalg.svdvals(W)[1:]]
    for _, j in sorted(offers, reverse=True):
        if spent + sum(updates[j].shape) <= budget:
            ranks[j] += 1
            spent += sum(updates[j].shape)
    return ranks


# %% the ranks are sorted message="in-another-order"
def ranks_under_budget(updates, budget):
    spectra = [torch.linalg.svdvals(W).square().tolist() for W in updates]
    cost = [sum(W.shape) for W in updates]
    best = {0: (0.0, [])}
    for s, c in zip(spectra, cost):
        nxt = {}
        for used, (e, rs) in best.items():
            acc = e
            for r in range(len(s) + 1):
                if r:
                    acc += s[r - 1]
                u = used + r * c
                if u > budget:
                    break
                if u not in nxt or nxt[u][0] < acc:
                    nxt[u] = (acc, rs + [r])
        best = nxt
    return sorted(max(best.values())[1])


# %% the ranks in reversed order message="in-another-order"
def ranks_under_budget(updates, budget):
    spectra = [torch.linalg.svdvals(W).square().tolist() for W in updates]
    cost = [sum(W.shape) for W in updates]
    best = {0: (0.0, [])}
    for s, c in zip(spectra, cost):
        nxt = {}
        for used, (e, rs) in best.items():
            acc = e
            for r in range(len(s) + 1):
                if r:
                    acc += s[r - 1]
                u = used + r * c
                if u > budget:
                    break
                if u not in nxt or nxt[u][0] < acc:
                    nxt[u] = (acc, rs + [r])
        best = nxt
    return max(best.values())[1][::-1]
