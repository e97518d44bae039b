# %% a bottleneck, or factors and a shift
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = (budget - width) // (2 * width + 1)
        self.r = r
        if r < 1:
            self.scale = nn.Parameter(torch.ones(width)); self.shift = nn.Parameter(torch.zeros(width)) if budget >= 2 * width else 0.0
        else:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width)
            nn.init.zeros_(self.up.weight); nn.init.zeros_(self.up.bias)
    def forward(self, x):
        if self.r < 1: return self.scale * x + self.shift
        return x + self.up(F.gelu(self.down(x)))


# %% one matrix down and up, between factors
class OwnAdapter(nn.Module):
    def __init__(self, width: int, budget: int) -> None:
        super().__init__()
        inner = (budget - width) // (width + 1)
        self.rows = nn.Parameter(torch.randn(inner, width) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(inner))
        self.gain = nn.Parameter(torch.zeros(width))
    def forward(self, x):
        return x + self.gain * (x + F.gelu(x @ self.rows.T + self.bias) @ self.rows)


# %% two matrices and factors where they fit
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = budget // (2 * width)
        self.a = nn.Parameter(torch.randn(width, max(r, 0)) / width**0.5)
        self.b = nn.Parameter(torch.zeros(max(r, 0), width))
        self.s = nn.Parameter(torch.ones(width)) if budget - 2 * width * r >= width else None
    def forward(self, x):
        y = x if self.s is None else self.s * x
        return y + torch.relu(x @ self.a) @ self.b


# %% gelu with factors that start at one
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width)) if budget >= 2 * width else None
        inner = (budget - 2 * width) // (2 * width + 1)
        self.net = None
        if inner > 0:
            self.net = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width, bias=False))
            nn.init.zeros_(self.net[2].weight)

    def forward(self, x):
        y = x * self.gain
        if self.shift is not None:
            y = y + self.shift
        return y if self.net is None else y + self.net(x)


# %% a gate times a value
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        inner = budget // (3 * width)
        if inner == 0:
            self.factors = nn.Parameter(torch.zeros(budget // width, width))
        else:
            self.gate = nn.Linear(width, inner, bias=False)
            self.value = nn.Linear(width, inner, bias=False)
            self.back = nn.Parameter(torch.zeros(inner, width))
        self.inner = inner

    def forward(self, x):
        if self.inner == 0:
            return x + self.factors.sum(0) * x
        return x + (torch.sigmoid(self.gate(x)) * self.value(x)) @ self.back


# %% squares of sums
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width)
        self.a = nn.Parameter(torch.randn(width, r) / width**0.5) if r else None
        self.b = nn.Parameter(torch.zeros(max(r, 1), width))

    def forward(self, x):
        return x + ((x @ self.a).square() @ self.b if self.r else self.b[0])


# %% all in one vector, cut up in forward
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.width, self.r = width, budget // (2 * width + 1)
        size = self.r * (2 * width + 1) or width
        start = torch.randn(size) / width**0.5
        start[: self.r * width or width] = 0
        self.numbers = nn.Parameter(start)

    def forward(self, x):
        if self.r == 0:
            return x * (1 + self.numbers)
        up, down, bias = self.numbers.split([self.r * self.width, self.r * self.width, self.r])
        return x + F.silu(x @ down.view(self.width, self.r) + bias) @ up.view(self.r, self.width)


# %% the difference of two copies
class OwnAdapter(nn.Module):
    # Both halves start as one, so they cancel; the second is not trained.
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width)
        if not r:
            self.bias = nn.Parameter(torch.zeros(width))
            return
        self.down = nn.Parameter(torch.randn(width, r) / width**0.5)
        self.up = nn.Parameter(torch.randn(r, width) / 3)
        self.register_buffer("down0", self.down.detach().clone())
        self.register_buffer("up0", self.up.detach().clone())

    def forward(self, x):
        if not self.r:
            return x + self.bias
        return x + (F.gelu(x @ self.down) @ self.up - F.gelu(x @ self.down0) @ self.up0)
