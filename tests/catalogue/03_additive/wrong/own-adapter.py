# %% scales x only message="learns-too-little"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.factors = nn.Parameter(torch.zeros(budget // width, width))

    def forward(self, x):
        return x + self.factors.sum(0) * x


# %% one map of low rank message="learns-too-little"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = budget // (2 * width)
        self.r = r
        if r:
            self.down = nn.Linear(width, r, bias=False)
            self.up = nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.up(self.down(x)) if self.r else x * self.gain


# %% tanh without biases message="learns-too-little"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = budget // (2 * width)
        self.r = r
        if r:
            self.down = nn.Linear(width, r, bias=False)
            self.up = nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.up(torch.tanh(self.down(x))) if self.r else x * self.gain


# %% number by number message="learns-too-little"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        k = budget // width
        self.c = nn.Parameter(torch.zeros(k, width))
    def forward(self, x):
        y = x
        for i, c in enumerate(self.c): y = y + c * torch.tanh((i + 1) * x)
        return y


# %% budget taken for the bottleneck message="over-budget"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.down = nn.Linear(width, budget)
        self.up = nn.Linear(budget, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x)))


# %% at least a bottleneck of one message="over-budget"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = max(1, (budget - width) // (2 * width + 1))
        self.down, self.up = nn.Linear(width, r), nn.Linear(r, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x)))


# %% biases forgotten in the count message="over-budget"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width)
            nn.init.zeros_(self.up.weight)
            nn.init.zeros_(self.up.bias)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x))) if self.r else x * self.gain


# %% factors whatever the budget message="budget-unused"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * self.gain


# %% nothing where no bottleneck fits message="nothing-trained"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = (budget - width) // (2 * width + 1)
        if r > 0:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width)
            nn.init.zeros_(self.up.weight)
            nn.init.zeros_(self.up.bias)

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x))) if self.r > 0 else x


# %% up random message="not-the-identity"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x))) if self.r else x * self.gain


# %% no way around message="residual-forgotten"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.up(F.gelu(self.down(x))) if self.r else x * self.gain


# %% both factors zero message="never-learns"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            for p in (*self.down.parameters(), *self.up.parameters()):
                nn.init.zeros_(p)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x + self.up(F.relu(self.down(x))) if self.r else x * self.gain


# %% numbers that only fill the budget message="never-learns"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.rest = nn.Parameter(torch.zeros(budget - width))

    def forward(self, x):
        return x * self.gain


# %% dropout inside message="random-output"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        x = F.dropout(x, 0.1)
        return x + self.up(F.gelu(self.down(x))) if self.r else x * self.gain


# %% the mean of the batch taken off message="rows-mixed"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        if not self.r:
            return x + x * self.gain
        inner = self.down(x)
        return x + self.up(F.gelu(inner - inner.mean(0, keepdim=True))) if x.dim() > 1 else x + self.up(F.gelu(inner))


# %% a softmax over the tokens message="rows-mixed"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return x + self.up(self.down(x).softmax(0)) if self.r else x + x * self.gain


# %% layers in a list message="nothing-trained"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        r = max(1, budget // (2 * width + 1))
        self.layers = [nn.Linear(width, r), nn.Linear(r, width, bias=False)]
        nn.init.zeros_(self.layers[1].weight)

    def forward(self, x):
        return x + self.layers[1](F.gelu(self.layers[0](x)))


# %% under no_grad message="gets-no-gradient"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down, self.up = nn.Linear(width, r), nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        with torch.no_grad():
            return x + self.up(F.gelu(self.down(x))) if self.r else x + x * self.gain


# %% one bottleneck for all adapters message="shares-state"
class OwnAdapter(nn.Module):
    shared = {}

    def __init__(self, width, budget):
        super().__init__()
        self.r = r = budget // (2 * width + 1)
        if r:
            self.down = self.shared.setdefault((width, r), nn.Linear(width, r))
            self.up = nn.Linear(r, width, bias=False)
            nn.init.zeros_(self.up.weight)
        else:
            self.gain = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return x + self.up(F.gelu(self.down(x))) if self.r else x + x * self.gain

# %% dropout before a second layer that starts at zero message="random-output"
class OwnAdapter(nn.Module):
    def __init__(self, width, budget):
        super().__init__()
        size = budget // (2 * width)
        self.gain = nn.Parameter(torch.zeros(width)) if size < 1 else None
        if size:
            self.down, self.up = nn.Linear(width, size, bias=False), nn.Linear(size, width, bias=False)
            nn.init.zeros_(self.up.weight)

    def forward(self, x):
        if self.gain is not None:
            return x + self.gain * x
        return x + self.up(F.dropout(F.gelu(self.down(x)), 0.1, self.training))
