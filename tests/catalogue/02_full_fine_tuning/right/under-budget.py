# %% all choices tried
def under_budget(model, memory, budget):
    from itertools import product
    named = list(model.named_parameters())
    best, most = None, -1
    for choice in product((False, True), repeat=len(named)):
        for (_, p), on in zip(named, choice): p.requires_grad_(on)
        n = sum(p.numel() for _, p in named if p.requires_grad)
        if any(choice) and memory(model) <= budget and n > most: best, most = choice, n
    for (_, p), on in zip(named, best): p.requires_grad_(on)
    return [n for n, p in named if p.requires_grad]


# %% the largest first
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% the best of three orders
def under_budget(model, memory, budget):
    def go(order):
        model.requires_grad_(False)
        for p in order:
            p.requires_grad_(True)
            if memory(model) > budget: p.requires_grad_(False)
        return [p for p in model.parameters() if p.requires_grad]
    ps = list(model.parameters())
    best = max((go(o) for o in (sorted(ps, key=lambda p: -p.numel()), ps, ps[::-1])), key=lambda s: sum(p.numel() for p in s))
    for p in ps: p.requires_grad_(any(p is q for q in best))
    return [n for n, p in model.named_parameters() if p.requires_grad]


# %% subsets from the largest down
def under_budget(model, memory, budget):
    named = list(model.named_parameters())
    size = [p.numel() for _, p in named]
    subsets = sorted(range(1, 2 ** len(named)), key=lambda s: -sum(n for k, n in enumerate(size) if s >> k & 1))
    for subset in subsets:
        for k, (_, p) in enumerate(named):
            p.requires_grad = bool(subset >> k & 1)
        if memory(model) <= budget:
            break
    return [name for name, p in named if p.requires_grad]


# %% recursive, with and without each
def under_budget(model, memory, budget):
    named = list(model.named_parameters())

    def best(k):
        """The most numbers that can still be trained from parameter k on, and the choice."""
        if k == len(named):
            on = [p.requires_grad for _, p in named]
            fits = any(on) and memory(model) <= budget
            return (sum(p.numel() for _, p in named if p.requires_grad) if fits else -1), on
        found = []
        for on in (True, False):
            named[k][1].requires_grad_(on)
            found.append(best(k + 1))
        return max(found, key=lambda pair: pair[0])

    for (_, p), on in zip(named, best(0)[1], strict=True):
        p.requires_grad_(on)
    return [name for (name, p) in named if p.requires_grad]


# %% names as a sorted list, in any order
def under_budget(model, memory, budget):
    model.requires_grad_(False)
    for name, p in sorted(model.named_parameters(), key=lambda q: -q[1].numel()):
        p.requires_grad_(True)
        if memory(model) > budget: p.requires_grad_(False)
    return sorted((n for n, p in model.named_parameters() if p.requires_grad), reverse=True)


# %% each largest as a start, then what fits
def under_budget(model, memory, budget):
    params = dict(model.named_parameters())

    def fill(first):
        model.requires_grad_(False)
        params[first].requires_grad_(True)
        if memory(model) > budget:
            return []
        for name in sorted(params, key=lambda name: -params[name].numel()):
            if not params[name].requires_grad:
                params[name].requires_grad_(True)
                if memory(model) > budget:
                    params[name].requires_grad_(False)
        return [name for name in params if params[name].requires_grad]

    chosen = max(map(fill, params), key=lambda names: sum(params[name].numel() for name in names))
    for name, p in params.items():
        p.requires_grad_(name in chosen)
    return chosen

# %% largest choice that fits, as a set
def under_budget(model, memory, budget):
    named = list(model.named_parameters())
    choices = sorted(range(1, 2 ** len(named)), key=lambda k: -sum(p.numel() for i, (_, p) in enumerate(named) if k >> i & 1))
    for k in choices:
        for i, (_, parameter) in enumerate(named):
            parameter.requires_grad_(bool(k >> i & 1))
        if memory(model) <= budget:
            return {name for name, p in named if p.requires_grad}
