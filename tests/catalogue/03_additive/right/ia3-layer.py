# %% other names, two branches in __init__
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.base = linear
        for p in linear.parameters():
            p.requires_grad_(False)
        self.inside = where == 'input'
        n = linear.in_features if self.inside else linear.out_features
        self.vector = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return self.base(x * self.vector) if self.inside else self.base(x) * self.vector


# %% PEFT's shape for the output
# PEFT keeps (out, 1) and (1, in); only the row broadcasts as it stands.
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.ia3_l = nn.Parameter(torch.ones(1, size))

    def forward(self, x):
        s = self.ia3_l[0]
        return s * self.linear(x) if self.where == 'output' else self.linear(s * x)


# %% weight rescaled in every call
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        W, b = self.linear.weight, self.linear.bias
        if self.where == 'input':
            return F.linear(x, W * self.scale, b)
        return F.linear(x, W * self.scale[:, None], None if b is None else b * self.scale)


# %% mul, size from the weight's shape
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        o, i = linear.weight.shape
        self.scale = nn.Parameter(linear.weight.new_ones(o if where == 'output' else i))

    def forward(self, x):
        if self.where == 'output':
            return torch.mul(self.linear(x), self.scale)
        return self.linear(torch.mul(x, self.scale))


# %% einsum with a diagonal
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        D = torch.diag(self.scale)
        return self.linear(x) @ D if self.where == 'output' else self.linear(x @ D)

# %% F.linear and an einsum
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return F.linear(torch.einsum("...i,i->...i", x, self.scale), self.linear.weight, self.linear.bias)
        return torch.einsum("...o,o->...o", self.linear(x), self.scale)

# %% a match in forward
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.weight.requires_grad = False
        if linear.bias is not None:
            linear.bias.requires_grad = False
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        match self.where:
            case "output":
                return self.linear(x).mul(self.scale)
            case _:
                return self.linear(x.mul(self.scale))
