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


# %% a small table message="table-spread"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% a uniform table message="table-not-centred"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.rand(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% uniform of spread one message="table-not-normal"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter((torch.rand(length, width) - 0.5) * 12**0.5)
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% Xavier message="table-spread"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(nn.init.xavier_normal_(torch.empty(length, width)))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% divided by the root of the width message="table-spread"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width) / width**0.5)
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% ones message="table-not-drawn"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.ones(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% one row for all places message="table-not-drawn"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, width).repeat(length, 1))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% one row expanded message="part-expanded"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(1, width).expand(length, -1))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% a seed inside message="same-every-time"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% layers in a list message="hidden-parts"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.layers = [nn.Linear(width, inner), nn.Linear(inner, width)]

    def forward(self):
        return self.layers[1](torch.tanh(self.layers[0](self.table)))

    def fold(self):
        return self().detach()


# %% table transposed message="no-table"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(width, length))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table.T)))

    def fold(self):
        return self().detach()


# %% no bias message="bias-missing"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(inner, width, bias=False)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% one bias only message="other-parameters"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width, bias=False)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% a norm as well message="other-parameters"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.norm(self.table))))

    def fold(self):
        return self().detach()


# %% layers exchanged message="no-table"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, inner))
        self.down = nn.Linear(inner, width)
        self.up = nn.Linear(width, inner)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% tanh twice message="tanh-too-often"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(torch.tanh(self.table))))

    def fold(self):
        return self().detach()


# %% tanh before message="tanh-too-early"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(self.down(torch.tanh(self.table)))

    def fold(self):
        return self().detach()


# %% tanh after each message="tanh-at-the-end"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return torch.tanh(self.up(torch.tanh(self.down(self.table))))

    def fold(self):
        return self().detach()


# %% sigmoid message="other-activation"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.sigmoid(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% gelu message="other-activation"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(F.gelu(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% half of the network message="wrong-prompt"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return torch.tanh(self.down(self.table)) @ torch.eye(self.down.out_features, self.up.out_features)

    def fold(self):
        return self().detach()


# %% batch axis message="batch-axis-added"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))[None]

    def fold(self):
        return self().detach()


# %% weights by hand, bias forgotten message="bias-unused"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return torch.tanh(self.table @ self.down.weight.T) @ self.up.weight.T

    def fold(self):
        return self().detach()


# %% made in init message="prompt-is-old"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)
        self.ready = self.up(torch.tanh(self.down(self.table)))

    def forward(self):
        return self.ready

    def fold(self):
        return self().detach()


# %% dropout message="random-prompt"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(F.dropout(torch.tanh(self.down(self.table)), 0.1))

    def fold(self):
        return self().detach()


# %% table moves in forward message="random-prompt"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        with torch.no_grad():
            self.table.mul_(0.9)
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% no_grad in forward message="gradient-lost"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        with torch.no_grad():
            return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% return forgotten message="no-tensor"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()


# %% folded in init message="fold-is-old"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)
        self.folded = self.up(torch.tanh(self.down(self.table))).detach()

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self.folded


# %% folded once and kept message="fold-is-old"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        if not hasattr(self, "folded"):
            self.folded = self().detach()
        return self.folded


# %% fold without a return message="no-tensor"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        self.prompt = self().detach()


# %% fold returns data of the table message="fold-is-the-table"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self.table.data


# %% weights multiplied only message="fold-is-linear"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return (self.up.weight @ self.down.weight).detach()


# %% fold with a batch axis message="fold-has-batch"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().detach()[None]


# %% fold requires grad message="fold-has-history"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        return self().clone()


# %% fold replaces the table message="fold-not-final"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        prompt = self().detach()
        self.table.data = prompt
        return prompt


# %% fold deletes the network message="fold-works-once"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))

    def fold(self):
        prompt = self().detach()
        del self.down, self.up
        return prompt


# %% fold switches to eval message="fold-changes-mode"
class PromptEncoder(nn.Module):
    """Makes a prompt (l, d) from a table (l, d) and a network that all places share."""

    def __init__(self, length: int, width: int, inner: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self) -> torch.Tensor:
        """The prompt, (l, d), with gradients to table and layers."""
        return self.up(torch.tanh(self.down(self.table)))  # (l, d) -> (l, inner) -> (l, d)

    def fold(self) -> torch.Tensor:
        """The finished prompt as plain numbers, (l, d)."""
        self.eval()
        with torch.no_grad():
            return self()


# %% fold clears gradients message="fold-clears-gradients"
class PromptEncoder(nn.Module):
    """Makes a prompt (l, d) from a table (l, d) and a network that all places share."""

    def __init__(self, length: int, width: int, inner: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down = nn.Linear(width, inner)
        self.up = nn.Linear(inner, width)

    def forward(self) -> torch.Tensor:
        """The prompt, (l, d), with gradients to table and layers."""
        return self.up(torch.tanh(self.down(self.table)))  # (l, d) -> (l, inner) -> (l, d)

    def fold(self) -> torch.Tensor:
        """The finished prompt as plain numbers, (l, d)."""
        self.zero_grad()
        return self().detach()


# %% fold of the network made last message="shares-state"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)
        PromptEncoder.last = [self]
    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))
    def fold(self):
        return self.last[0]().detach()


# %% folded to 16 bits message="wrong-fold"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)
    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))
    def fold(self):
        return self().detach().half().float()


# %% folded in inference mode message="fold-inference"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)
    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))
    @torch.inference_mode()
    def fold(self):
        return self()


# %% the table after eval message="depends-on-the-mode"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)
    def forward(self):
        if not self.training:
            return self.table
        return self.up(torch.tanh(self.down(self.table)))
    def fold(self):
        return self().detach()


# %% folded into a buffer message="fold-not-final"
class PromptEncoder(nn.Module):
    def __init__(self, length, width, inner):
        super().__init__()
        self.table = nn.Parameter(torch.randn(length, width))
        self.down, self.up = nn.Linear(width, inner), nn.Linear(inner, width)
        self.register_buffer("out", torch.zeros(length, width))
    def forward(self):
        return self.up(torch.tanh(self.down(self.table)))
    def fold(self):
        self.out.copy_(self().detach())
        return self.out
