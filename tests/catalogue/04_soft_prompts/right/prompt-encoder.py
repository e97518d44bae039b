# %% an embedding and a sequence, as in the literature
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.wte = nn.Embedding(length, width)
        self.control = nn.Sequential(nn.Linear(width, inner), nn.Tanh(), nn.Linear(inner, width))

    def forward(self):
        return self.control(self.wte(torch.arange(self.wte.num_embeddings)))

    def fold(self):
        with torch.no_grad():
            return self()


# %% the table itself goes through
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(width, inner), nn.Tanh(), nn.Linear(inner, width))
        self.start = nn.Parameter(torch.normal(0.0, 1.0, (length, width)))

    def forward(self):
        return self.network(self.start)

    def fold(self):
        return self().detach().clone()


# %% functional
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        one, two = nn.Linear(width, inner), nn.Linear(inner, width)
        self.table = nn.Parameter(torch.randn(length, width))
        self.w1, self.b1, self.w2, self.b2 = one.weight, one.bias, two.weight, two.bias

    def forward(self):
        return F.linear(torch.tanh(F.linear(self.table, self.w1, self.b1)), self.w2, self.b2)

    def fold(self):
        return torch.tensor(self().tolist())


# %% fold as a new parameter
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return torch.stack([self.up(self.down(row).tanh()) for row in self.table])

    def fold(self):
        return nn.Parameter(self().detach())


# %% numbers through a list
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return torch.tensor(self.forward().tolist())


# %% inference then clone
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        was = torch.is_grad_enabled()
        with torch.no_grad():
            prompt = self.forward()
        return prompt.clone()


# %% einsum
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.empty(length, width).normal_())
        self.w1 = nn.Parameter(torch.randn(inner, width) / width**0.5)
        self.b1 = nn.Parameter(torch.zeros(inner))
        self.w2 = nn.Parameter(torch.randn(width, inner) / inner**0.5)
        self.b2 = nn.Parameter(torch.zeros(width))

    def forward(self):
        hidden = torch.einsum("ld,fd->lf", self.table, self.w1) + self.b1
        return torch.einsum("lf,df->ld", hidden.tanh(), self.w2) + self.b2

    def fold(self):
        return self().detach()


# %% zero start of up
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)
        nn.init.zeros_(self.up.weight)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% tanh by hand
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        x = self.down(self.table)
        return self.up(1 - 2 / (torch.exp(2 * x) + 1))

    def fold(self):
        return self().detach()


# %% an embedding
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.embedding = nn.Embedding(length, width)
        self.mlp = nn.ModuleList([nn.Linear(width, inner), nn.Tanh(), nn.Linear(inner, width)])

    def forward(self):
        x = self.embedding.weight
        for layer in self.mlp:
            x = layer(x)
        return x

    def fold(self):
        return self.forward().data


# %% row by row
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self):
        return torch.stack([self.up(torch.tanh(self.down(row))) for row in self.table])

    def fold(self):
        return self().data
