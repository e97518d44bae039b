# %% quantiles of equal shares, found in tutorials message="naive-quantiles"
def normal_float(negative, positive, last):
    n = negative + positive + 1
    levels = torch.special.ndtri((torch.arange(n) + 0.5) / n)
    return levels / levels.abs().max()


# %% one cut from end to end message="one-cut"
def normal_float(negative, positive, last):
    levels = torch.special.ndtri(torch.linspace(1 - last, last, negative + positive + 1, dtype=torch.float64))
    return (levels / levels[-1]).float()


# %% equation 4 of the paper (qlora #94) message="paper-equation-4"
def normal_float(negative, positive, last):
    n = negative + positive + 1
    q = torch.special.ndtri(torch.arange(1, n + 1, dtype=torch.float64) / (n + 1))
    levels = (q[1:] + q[:-1]) / 2
    return levels / levels.abs().max()


# %% integer grid message="evenly-spaced"
def normal_float(negative, positive, last):
    return torch.linspace(-1, 1, negative + positive + 1)


# %% sides swapped message="sides-swapped"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% not divided by the largest message="not-scaled"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-below.flip(0), torch.zeros(1), above])


# %% zero on both sides message="zero-twice"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[:])
    return torch.cat([-below.flip(0), above]) / above[-1]


# %% zero forgotten message="zero-missing"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-below.flip(0), above]) / above[-1]


# %% fifteen symmetric levels (qlora #299) message="wrong-count"
def normal_float(negative, positive, last):
    side = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-side.flip(0), torch.zeros(1), side]) / side[-1]


# %% up to probability 1 message="level-infinite"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, 1, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, 1, negative + 1)[1:])
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% last fixed at 1 - 1/32 message="last-ignored"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, 1 - 1 / 32, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, 1 - 1 / 32, negative + 1)[1:])
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% descending message="descending"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([above.flip(0), torch.zeros(1), -below]) / above[-1]


# %% negative side not reversed message="sides-not-mirrored"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-below, torch.zeros(1), above]) / above[-1]


# %% NF4 written down message="table-copied"
def normal_float(negative, positive, last):
    return torch.tensor(
        [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
         -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
         0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0]
    )  # fmt: skip


# %% the last number left over message="last-ignored"
def normal_float(negative, positive, last):
    last = 0.9677083
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% an almost exact zero message="zero-not-exact"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return torch.cat([-below.flip(0), torch.tensor([1e-7]), above]) / above[-1]


# %% a list message="no-tensor"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return (torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]).tolist()


# %% both sides cut alike message="sides-cut-alike"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(0.5 + (last - 0.5) / positive * torch.arange(1, negative + 1))
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% stops before last message="last-left-out"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 2)[1:-1])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 2)[1:-1])
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% sorted by magnitude message="wrong-levels"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    levels = torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]
    return levels[levels.abs().argsort()]


# %% rounded to four decimals message="wrong-levels"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    return (torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]).round(decimals=4)


# %% return forgotten message="no-tensor"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])
    levels = torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]


# %% not neg message="sign-forgotten"
def normal_float(negative: int, positive: int, last: float) -> torch.Tensor:
    """The levels of a NormalFloat, ascending from -1 to 1 with an exact 0.

    Args:
        negative: levels below zero, at least 1.
        positive: levels above zero, at least 1.
        last: probability of the outermost quantile, between 1/2 and 1.

    Returns:
        (negative + 1 + positive,) floats.
    """
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])  # (positive,)
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1)[1:])  # (negative,)
    return torch.cat([below.flip(0), torch.zeros(1), above]) / above[-1]  # (negative + 1 + positive,)


# %% 1-last message="sign-forgotten"
def normal_float(negative: int, positive: int, last: float) -> torch.Tensor:
    """The levels of a NormalFloat, ascending from -1 to 1 with an exact 0.

    Args:
        negative: levels below zero, at least 1.
        positive: levels above zero, at least 1.
        last: probability of the outermost quantile, between 1/2 and 1.

    Returns:
        (negative + 1 + positive,) floats.
    """
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1)[1:])  # (positive,)
    below = torch.special.ndtri(torch.linspace(0.5, 1 - last, negative + 1)[1:])  # (negative,)
    return torch.cat([-below.flip(0), torch.zeros(1), above]) / above[-1]  # (negative + 1 + positive,)


# %% the probabilities are scaled message="probabilities-scaled"
def normal_float(negative, positive, last):
    above = (lambda p: p - 0.5)(torch.linspace(0.5, last, positive + 1))[1:]
    below = (lambda p: p - 0.5)(torch.linspace(0.5, last, negative + 1))[1:]
    t = torch.cat([-below.flip(0), torch.zeros(1), above])
    return t / t[-1]


# %% erfinv of the probability message="erf-for-quantile"
def normal_float(negative, positive, last):
    above = (lambda p: torch.erfinv(p))(torch.linspace(0.5, last, positive + 1))[1:]
    below = (lambda p: torch.erfinv(p))(torch.linspace(0.5, last, negative + 1))[1:]
    t = torch.cat([-below.flip(0), torch.zeros(1), above])
    return t / t[-1]


# %% levels rounded to four digits message="wrong-levels"
def normal_float(negative, positive, last):
    above = torch.special.ndtri(torch.linspace(0.5, last, positive + 1))[1:]
    below = torch.special.ndtri(torch.linspace(0.5, last, negative + 1))[1:]
    t = torch.cat([-below.flip(0), torch.zeros(1), above])
    return (t / t[-1]).round(decimals=4)
