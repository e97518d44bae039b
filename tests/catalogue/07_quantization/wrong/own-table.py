# %% evenly spaced over all message="evenly-spaced"
def own_table(sample, bits):
    table = torch.linspace(-1, 1, 2**bits)
    table[table.abs().argmin()] = 0
    return table


# %% evenly spaced from the smallest to the largest message="evenly-spaced"
def own_table(sample, bits):
    table = torch.linspace(sample.min().item(), sample.max().item(), 2**bits)
    table[table.abs().argmin()] = 0
    return table


# %% quantiles message="equal-shares"
def own_table(sample, bits):
    k = 2**bits
    table = torch.quantile(sample, (torch.arange(k) + 0.5) / k)
    table[table.abs().argmin()] = 0
    return table


# %% quantiles to both ends message="loses-too-much"
def own_table(sample, bits):
    table = torch.quantile(sample, torch.linspace(0, 1, 2**bits))
    table[table.abs().argmin()] = 0
    return table


# %% NormalFloat whatever the sample message="levels-unused"
def own_table(sample, bits):
    half = 2 ** (bits - 1)
    p = torch.special.ndtri(torch.linspace(0.5, 0.9677083, half + 1)[1:])
    n = torch.special.ndtri(torch.linspace(0.5, 0.9677083, half)[1:])
    return torch.cat([-n.flip(0), torch.zeros(1), p]) / p[-1]


# %% Lloyd without a zero message="no-exact-zero"
def own_table(sample, bits):
    table = torch.linspace(sample.min().item(), sample.max().item(), 2**bits)
    for _ in range(50):
        nearest = (sample.unsqueeze(-1) - table).abs().argmin(-1)
        for j in range(len(table)):
            if (nearest == j).any():
                table[j] = sample[nearest == j].mean()
    return table


# %% a zero in addition message="wrong-count"
def own_table(sample, bits):
    k = 2**bits
    table = torch.quantile(sample, (torch.arange(k) + 0.5) / k)
    return torch.cat([table, torch.zeros(1)])


# %% the first numbers of the sample message="loses-too-much"
def own_table(sample, bits):
    table = sample[: 2**bits].clone()
    table[table.abs().argmin()] = 0
    return table


# %% 16 levels always message="wrong-count"
def own_table(sample, bits):
    table = torch.linspace(sample.min().item(), sample.max().item(), 16)
    zero = table.abs().argmin()
    table[zero] = 0
    for _ in range(50):
        nearest = (sample.unsqueeze(-1) - table).abs().argmin(-1)
        for j in range(16):
            if j != zero and (nearest == j).any():
                table[j] = sample[nearest == j].mean()
    return table


# %% powers of two message="loses-too-much"
def own_table(sample, bits):
    half = 2 ** (bits - 1)
    up = torch.tensor([0.5**j for j in range(half)])
    return torch.cat([-up[:-1], torch.zeros(1), up])


# %% symmetric although the numbers are not message="equal-shares"
def own_table(sample, bits):
    half = 2 ** (bits - 1)
    x = sample.abs()
    up = torch.linspace(x.max().item() / half, x.max().item(), half)
    for _ in range(50):
        nearest = (x.unsqueeze(-1) - up).abs().argmin(-1)
        for j in range(half):
            if (nearest == j).any():
                up[j] = x[nearest == j].mean()
    return torch.cat([-up[:-1], torch.zeros(1), up])


# %% around the mean by the standard deviation message="evenly-spaced"
def own_table(sample, bits):
    table = sample.mean() + sample.std() * torch.linspace(-2, 2, 2**bits)
    table[table.abs().argmin()] = 0
    return table.clamp(-1, 1)


# %% levels beyond one message="out-of-range"
def own_table(sample, bits):
    table = 3 * sample.std() * torch.special.ndtri((torch.arange(2**bits) + 0.5) / 2**bits)
    table[table.abs().argmin()] = 0
    return table


# %% one round of Lloyd on an even grid of all message="evenly-spaced"
def own_table(sample, bits):
    table = torch.linspace(-1, 1, 2**bits)
    zero = table.abs().argmin()
    table[zero] = 0
    nearest = (sample.unsqueeze(-1) - table).abs().argmin(-1)
    for j in range(len(table)):
        if j != zero and (nearest == j).any():
            table[j] = sample[nearest == j].mean()
    return table


# %% return forgotten message="no-tensor"
def own_table(sample, bits):
    table = torch.linspace(-1, 1, 2**bits)
    table[table.abs().argmin()] = 0


# %% the sample sorted in place message="changes-a-tensor"
def own_table(sample, bits):
    sample.copy_(sample.sort().values)
    k = 2**bits
    table = sample[len(sample) // (2 * k) :: len(sample) // k][:k].clone()
    table[table.abs().argmin()] = 0
    return table


# %% the mean of no numbers message="not-finite"
def own_table(sample, bits):
    k = 2**bits
    t = torch.linspace(-1, 1, k)
    t[k // 2] = 0
    for _ in range(100):
        code = (sample[:, None] - t).abs().argmin(1)
        t = torch.stack([sample[code == j].mean() for j in range(k)])
        t[k // 2] = 0
    return t
