# %% Lloyd with a fixed zero, from quantiles
def own_table(sample, bits):
    k = 2**bits
    table = torch.quantile(sample, (torch.arange(k) + 0.5) / k)
    zero = int(table.abs().argmin())
    table[zero] = 0.0
    for _ in range(80):
        edges = (table[1:] + table[:-1]) / 2
        nearest = torch.bucketize(sample, edges)
        for j in range(k):
            if j != zero and (nearest == j).any():
                table[j] = sample[nearest == j].mean()
        table, order = table.sort()
        zero = int((order == zero).nonzero()[0])
    return table.clamp(-1, 1)


# %% the cube root of the density
def own_table(sample, bits):
    k = 2**bits
    counts = torch.histc(sample, 200, min=-1, max=1).double()
    smooth = torch.nn.functional.avg_pool1d(counts[None, None], 5, 1, 2, count_include_pad=False)[0, 0]
    mass = torch.cat([torch.zeros(1).double(), smooth.pow(1 / 3).cumsum(0)])
    mass /= mass[-1].clone()
    edges = torch.linspace(-1, 1, 201).double()
    wanted = (torch.arange(k).double() + 0.5) / k
    right = torch.searchsorted(mass, wanted).clamp(1, 200)
    part = (wanted - mass[right - 1]) / (mass[right] - mass[right - 1]).clamp(min=1e-12)
    table = edges[right - 1] + part * 0.01
    table[table.abs().argmin()] = 0
    return table.float()


# %% dynamic programming on a histogram
def own_table(sample, bits):
    k, bins = 2**bits, 160
    x = sample.double().sort().values
    groups = [g for g in x.tensor_split(bins) if len(g)]
    n = torch.tensor([float(len(g)) for g in groups]).double()
    s1 = torch.stack([g.sum() for g in groups])
    s2 = torch.stack([g.square().sum() for g in groups])
    N, S1, S2 = (torch.cat([torch.zeros(1).double(), v.cumsum(0)]) for v in (n, s1, s2))
    m = len(groups)
    a, b = torch.meshgrid(torch.arange(m + 1), torch.arange(m + 1), indexing="ij")
    count = (N[b] - N[a]).clamp(min=1)
    cost = torch.where(b > a, S2[b] - S2[a] - (S1[b] - S1[a]).square() / count, float("inf"))
    best, back = cost[0].clone(), []
    for _ in range(k - 2):  # one level is kept for zero
        best, cut = (best[:, None] + cost).min(0)
        back.append(cut)
    ends = [m]
    for cut in reversed(back):
        ends.append(int(cut[ends[-1]]))
    ends.append(0)
    ends.reverse()
    table = [float((S1[j] - S1[i]) / (N[j] - N[i])) for i, j in zip(ends, ends[1:])]
    return torch.tensor([*table, 0.0])


# %% gradient descent on the levels
def own_table(sample, bits):
    free = torch.linspace(float(sample.min()), float(sample.max()), 2**bits)
    zero = int(free.abs().argmin())
    mask = torch.ones(2**bits)
    mask[zero] = 0
    free.requires_grad_(True)
    optimizer = torch.optim.Adam([free], lr=0.01)
    for step in range(160):
        if step == 110:
            optimizer.param_groups[0]["lr"] = 0.002
        table = free * mask
        loss = (sample.unsqueeze(-1) - table).square().amin(-1).mean() * 1000
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (free.detach() * mask).clamp(-1, 1)


# %% split where the loss is largest, then settle
def own_table(sample, bits):
    x = sample.sort().values
    table = torch.zeros(1)

    def settle(table, rounds):
        for _ in range(rounds):
            nearest = (x.unsqueeze(-1) - table).abs().argmin(-1)
            means = [0.0 if t == 0 else float(x[nearest == j].mean()) if (nearest == j).any() else float(t)
                     for j, t in enumerate(table)]
            table = torch.tensor(means)
        return table

    while len(table) < 2**bits:
        nearest = (x.unsqueeze(-1) - table).abs().argmin(-1)
        losses = [float((x[nearest == j] - t).square().sum()) for j, t in enumerate(table)]
        worst = max(range(len(table)), key=losses.__getitem__)
        own = x[nearest == worst]
        far = own[(own - table[worst]).abs().argmax()]
        table = settle(torch.cat([table, ((far + table[worst]) / 2).reshape(1)]), 8)
    return settle(table, 30)


# %% neighbours merged from a fine grid
def own_table(sample, bits):
    places = torch.linspace(float(sample.min()), float(sample.max()), 240)
    nearest = torch.bucketize(sample, (places[1:] + places[:-1]) / 2)
    groups = []
    for j in range(len(places)):
        own = sample[nearest == j]
        if len(own):
            groups.append([len(own), float(own.mean())])
    while len(groups) > 2**bits - 1:
        costs = [a[0] * b[0] / (a[0] + b[0]) * (a[1] - b[1]) ** 2 for a, b in zip(groups, groups[1:])]
        i = costs.index(min(costs))
        (m, a), (n, b) = groups[i], groups.pop(i + 1)
        groups[i] = [m + n, (m * a + n * b) / (m + n)]
    table = torch.tensor([0.0, *(mean for _, mean in groups)])
    zero = 0
    for _ in range(20):
        nearest = (sample.unsqueeze(-1) - table).abs().argmin(-1)
        for j in range(1, len(table)):
            if (nearest == j).any():
                table[j] = sample[nearest == j].mean()
    return table
