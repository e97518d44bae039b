# %% Sequential
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.change = nn.Sequential(nn.Linear(width, bottleneck), nn.GELU(), nn.Linear(bottleneck, width))
        nn.init.zeros_(self.change[2].weight)
        nn.init.zeros_(self.change[2].bias)

    def forward(self, x):
        return x + self.change(x)


# %% parameters in the order in which x meets them
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.A = nn.Parameter(torch.randn(width, bottleneck) / width**0.5)
        self.a = nn.Parameter(torch.zeros(bottleneck))
        self.B = nn.Parameter(torch.zeros(bottleneck, width))
        self.b = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return F.gelu(x @ self.A + self.a) @ self.B + self.b + x


# %% other names, zeros by constant_
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.squeeze, self.widen = nn.Linear(width, bottleneck), nn.Linear(bottleneck, width)
        for p in self.widen.parameters():
            nn.init.constant_(p, 0.0)

    def forward(self, x):
        inner = nn.functional.gelu(self.squeeze(x))
        return torch.add(x, self.widen(inner))


# %% in place under no_grad, functional
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        with torch.no_grad():
            self.up.weight.zero_()
            self.up.bias.zero_()

    def forward(self, x):
        h = F.linear(x, self.down.weight, self.down.bias)
        return x + F.linear(F.gelu(h), self.up.weight, self.up.bias)


# %% down near zero, as in the paper
# Houlsby et al. draw down with a standard deviation of 0.01; with up = 0 the start is exact all the same.
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)
        nn.init.trunc_normal_(self.down.weight, std=0.01)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x)))


# %% GELU from its definition
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        z = self.down(x)
        return x + self.up(z * torch.distributions.Normal(0.0, 1.0).cdf(z))


# %% up before down in __init__
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.up = nn.Linear(bottleneck, width)
        self.down = nn.Linear(width, bottleneck)
        self.up.weight.data.fill_(0)
        self.up.bias.data.fill_(0)

    def forward(self, x):
        y = self.up(F.gelu(self.down(x)))
        y = y + x
        return y

# %% Sequential subclass style
class BottleneckAdapter(nn.Module):
    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.down, self.act, self.up = nn.Linear(width, bottleneck), nn.GELU(), nn.Linear(bottleneck, width)
        for p in self.up.parameters():
            p.data = torch.zeros_like(p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.down(x)
        return self.up(self.act(hidden)).add(x)

# %% einsum and erf
class BottleneckAdapter(nn.Module):
    def __init__(self, width, bottleneck):
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        z = torch.einsum("...d,rd->...r", x, self.down.weight) + self.down.bias
        g = 0.5 * z * (1 + torch.erf(z / 2**0.5))
        return x + torch.einsum("...r,dr->...d", g, self.up.weight) + self.up.bias
