# %% layer by layer
def adapter_parameters(d, r):
    down = d * r + r
    up = r * d + d
    return down + up


def ia3_parameters(d, f):
    return sum((d, d, f))


def widest_bottleneck(d, adapters, budget):
    r = 0
    while adapters * adapter_parameters(d, r + 1) <= budget:
        r += 1
        if r > 10**4:
            return (budget // adapters - d) // (2 * d + 1)
    return r


# %% factored
def adapter_parameters(d, r):
    return r * (2 * d + 1) + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    return max((budget - adapters * d) // (adapters * (2 * d + 1)), 0)


# %% counted from real layers
def adapter_parameters(d, r):
    layers = nn.Sequential(nn.Linear(d, r, device="meta"), nn.Linear(r, d, device="meta"))
    return sum(p.numel() for p in layers.parameters())


def ia3_parameters(d, f):
    return f + 2 * d


def widest_bottleneck(d, adapters, budget):
    each = budget // adapters
    return (each - d) // (2 * d + 1) if each > d else 0


# %% bisection
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if adapters * (2 * d * middle + middle + d) <= budget else (low, middle - 1)
    return low

# %% math.floor and prod
def adapter_parameters(d, r):
    import math
    return sum(math.prod(shape) for shape in ((r, d), (r,), (d, r), (d,)))


def ia3_parameters(d, f):
    return int(torch.ones(2 * d + f).sum())


def widest_bottleneck(d, adapters, budget):
    import math
    from fractions import Fraction

    return max(math.floor(Fraction(budget - adapters * d, adapters * (2 * d + 1))), 0)

# %% a loop downwards
def adapter_parameters(d, r):
    return (d + 1) * r + (r + 1) * d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    for r in range(budget // (2 * d * adapters), 0, -1):
        if adapters * ((d + 1) * r + (r + 1) * d) <= budget:
            return r
    return 0

# %% divmod
def adapter_parameters(d, r):
    return 2 * d * r + r + d


def ia3_parameters(d, f):
    return 2 * d + f


def widest_bottleneck(d, adapters, budget):
    rest, _ = divmod(budget, adapters)
    r, _ = divmod(rest - d, 2 * d + 1)
    return r if r > 0 else 0
