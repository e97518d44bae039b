# %% the standard library's normal distribution
from statistics import NormalDist


def normal_float(negative, positive, last):
    Q = NormalDist().inv_cdf
    above = [Q(0.5 + (last - 0.5) * j / positive) for j in range(1, positive + 1)]
    below = [-Q(0.5 + (last - 0.5) * j / negative) for j in range(negative, 0, -1)]
    return torch.tensor([v / above[-1] for v in below + [0.0] + above])


# %% as bitsandbytes has it, sorted at the end
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(last, 0.5, positive + 1)[:-1].double())
    below = -torch.special.ndtri(torch.linspace(last, 0.5, negative + 1)[:-1].double())
    values = torch.cat([above, torch.zeros(1, dtype=torch.float64), below]).sort().values
    return (values / values.max()).float()


# %% the inverse error function
def normal_float(negative, positive, last):
    def side(count):
        places = 0.5 + (last - 0.5) * torch.arange(1, count + 1, dtype=torch.float64) / count
        return torch.erfinv(2 * places - 1)

    above, below = side(positive), side(negative)
    return torch.cat([-below.flip(0), above.new_zeros(1), above]) / above[-1]


# %% torch's normal distribution
def normal_float(negative, positive, last):
    unit = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64))
    above = unit.icdf(torch.linspace(0.5, last, positive + 1, dtype=torch.float64))[1:]
    below = unit.icdf(torch.linspace(1 - last, 0.5, negative + 1, dtype=torch.float64))[:-1]
    levels = torch.cat([below, torch.zeros(1, dtype=torch.float64), above]) / above[-1]
    levels[0] = -1
    return levels.float()


# %% the negative side from 1 - last to 1/2
def normal_float(negative, positive, last):
    below = torch.special.ndtri(torch.linspace(1 - last, 0.5, negative + 1)[:-1])
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    table = torch.cat([below, torch.zeros(1), above])
    return table / table.abs().max()


# %% a loop, other names
def normal_float(below: int, above: int, outermost: float) -> torch.Tensor:
    def side(count):
        return [(outermost - 0.5) * j / count + 0.5 for j in range(1, count + 1)]

    quantiles = torch.special.ndtri(torch.tensor(side(above) + side(below), dtype=torch.float64))
    table = torch.zeros(below + 1 + above, dtype=torch.float64)
    table[below + 1 :] = quantiles[:above]
    table[:below] = -quantiles[above:].flip(0)
    return table.div(quantiles[above - 1]).to(torch.float32)


# %% float64
def normal_float(negative, positive, last):
    Q = lambda p: torch.special.ndtri(torch.as_tensor(p, dtype=torch.float64))
    up = [Q(0.5 + (last - 0.5) * j / positive) for j in range(1, positive + 1)]
    down = [-Q(0.5 + (last - 0.5) * j / negative) for j in range(negative, 0, -1)]
    return torch.stack(down + [torch.zeros((), dtype=torch.float64)] + up) / Q(last)


# %% statistics
from statistics import NormalDist
def normal_float(negative, positive, last):
    q = NormalDist().inv_cdf
    v = {0.0} | {q(.5 + (last - .5) * j / positive) for j in range(1, positive + 1)} | {-q(.5 + (last - .5) * j / negative) for j in range(1, negative + 1)}
    return torch.tensor(sorted(v)) / q(last)
