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
