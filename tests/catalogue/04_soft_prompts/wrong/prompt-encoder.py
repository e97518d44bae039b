# %% no tanh message="tanh-missing"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(self.down(self.table))

    def fold(self):
        return self().detach()


# %% relu message="other-activation"
# The P-tuning of PEFT has ReLU here, prefix tuning has tanh; this exercise asks for tanh.
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.relu(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% tanh at the end message="tanh-at-the-end"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return torch.tanh(self.up(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% the table is added message="table-added"
# Residual prompt tuning is a method of its own (Razdaibiedina et al. 2023).
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.table + self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% fold keeps its history message="fold-has-history"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self()


# %% fold returns the table message="fold-is-the-table"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self.table.detach().clone()


# %% weights multiplied message="fold-is-linear"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        with torch.no_grad():
            return self.up(self.down(self.table))


# %% table not a parameter message="table-not-a-parameter"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = torch.randn(length, width)
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% a new table in every call message="no-table"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.size = (length, width)
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(torch.randn(*self.size))))

    def fold(self):
        return self().detach()


# %% inner ignored message="inner-ignored"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, width)
        self.up = nn.Linear(width, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% table frozen message="part-frozen"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width), requires_grad=False)
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% forward detached message="gradient-lost"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table.detach())))

    def fold(self):
        return self().detach()


# %% fold freezes the network message="fold-freezes"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self.requires_grad_(False)()


# %% a table of zeros message="table-not-drawn"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()
