# %% starts at zero message="starts-at-zero"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% starts at random message="starts-at-random"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.randn(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% starts near one message="starts-at-random"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(1 + 0.01 * torch.randn(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% adds instead of multiplying message="adds"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale + x)
        return self.scale + self.linear(x)


# %% adds to the input only message="adds"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale + x)
        return self.scale * self.linear(x)


# %% the input's factors for the output message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% the sides swapped message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'input' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'output':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% input rescaled at the output message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return self.scale * self.linear(x)


# %% one number for the layer message="scalar-factor"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% one number without an axis message="scalar-factor"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% a factor for each weight message="factor-matrix"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones_like(linear.weight))

    def forward(self, x):
        return F.linear(x, self.scale * self.linear.weight, self.linear.bias)


# %% bias not rescaled message="bias-not-scaled"
# huggingface/peft #972: the bias is part of the output.
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        y = self.scale * (x @ self.linear.weight.T)
        return y if self.linear.bias is None else y + self.linear.bias


# %% base not frozen message="base-not-frozen"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% bias of the base not frozen message="base-not-frozen"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear
        linear.weight.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% everything frozen message="factors-frozen"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
        self.requires_grad_(False)

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% a plain tensor message="not-parameters"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = torch.ones(size)

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% a buffer message="not-parameters"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.register_buffer('scale', torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% a copy of the layer message="layer-missing"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        import copy
        self.linear = copy.deepcopy(linear).requires_grad_(False)
        linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% one plus the factors message="one-plus"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear((1 + self.scale) * x)
        return (1 + self.scale) * self.linear(x)


# %% divides message="divides"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(x / self.scale)
        return self.linear(x) / self.scale


# %% beside the layer message="one-plus"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(x) + self.linear(self.scale * x)
        return self.linear(x) + self.scale * self.linear(x)


# %% factors forgotten in forward message="factors-ignored"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return self.linear(x)


# %% base under no_grad message="input-detached"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        with torch.no_grad():
            y = self.linear(x)
        return self.scale * y if self.where == 'output' else self.linear(self.scale * x)


# %% factors by .data message="factors-get-no-gradient"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale.data * x)
        return self.scale.data * self.linear(x)


# %% a bias of its own message="extra-parameters"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
        self.shift = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% not a module message="not-a-module"
class LinearWithIA3(object):
    def __init__(self, linear, where='output'):
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% no return message="no-tensor"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        self.scale * self.linear(x)


# %% beside the layer at the input alone message="layer-added"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where='output'):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == 'output' else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == 'input':
            return self.linear(x) + self.linear(self.scale * x)
        return self.scale * self.linear(x)


# %% the side read off the sizes, input first message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(linear.out_features if where == "output" else linear.in_features))

    def forward(self, x):
        return self.linear(x * self.scale) if len(self.scale) == x.shape[-1] else self.linear(x) * self.scale


# %% the side read off the sizes, output first message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(linear.out_features if where == "output" else linear.in_features))

    def forward(self, x):
        y = self.linear(x)
        return y * self.scale if len(self.scale) == y.shape[-1] else self.linear(x * self.scale)


# %% x rescaled in place message="x-changed"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(linear.out_features if where == "output" else linear.in_features))

    def forward(self, x):
        if self.where == "input":
            x *= self.scale
            return self.linear(x)
        return self.linear(x) * self.scale


# %% requires_grad set on the layer message="base-not-frozen"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.requires_grad = False
        self.where = where
        self.scale = nn.Parameter(torch.ones(linear.out_features if where == "output" else linear.in_features))

    def forward(self, x):
        return self.linear(x) * self.scale if self.where == "output" else self.linear(x * self.scale)


# %% a matrix product with the factors message="wrong-output-shape"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear
        linear.requires_grad_(False)
        self.where = where
        self.scale = nn.Parameter(torch.ones(linear.out_features if where == "output" else linear.in_features))

    def forward(self, x):
        return self.linear(x) @ self.scale if self.where == "output" else self.linear(x * self.scale)

# %% one plus deltas message="deltas"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear((1 + self.scale) * x)
        return (1 + self.scale) * self.linear(x)

# %% the input by default message="wrong-side"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="input"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale * x)
        return self.scale * self.linear(x)

# %% the logarithm of the factors message="deltas"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale.exp() * x)
        return self.scale.exp() * self.linear(x)

# %% factors of the weight alone at the input message="extra-parameters"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.shift = nn.Parameter(torch.zeros(size))
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale * x + self.shift)
        return self.scale * self.linear(x) + self.shift

# %% absolute factors message="sign-lost"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale.abs() * x)
        return self.scale.abs() * self.linear(x)

# %% factors through relu message="sign-lost"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(torch.relu(self.scale) * x)
        return torch.relu(self.scale) * self.linear(x)

# %% a factor of zero passed over message="wrong-output"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale * x)
        return torch.where(self.scale == 0, 1.0, self.scale) * self.linear(x)

# %% factors cut at two message="wrong-output"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale.clamp(max=2.0) * x)
        return self.scale.clamp(max=2.0) * self.linear(x)

# %% softmax of the factors message="wrong-output"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale.softmax(0) * len(self.scale) * x)
        return self.scale.softmax(0) * len(self.scale) * self.linear(x)

# %% factors over their mean message="wrong-output"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return self.linear(self.scale / self.scale.mean() * x)
        return self.scale / self.scale.mean() * self.linear(x)

# %% the bias left out for the input message="bias-lost"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x):
        if self.where == "input":
            return F.linear(self.scale * x, self.linear.weight)
        return self.scale * self.linear(x)


# %% one vector for all layers of a size message="shares-state"
SCALES = {}
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        if size not in SCALES:
            SCALES[size] = nn.Parameter(torch.ones(size))
        self.scale = SCALES[size]
        with torch.no_grad():
            self.scale.fill_(1.0)
    def forward(self, x):
        return self.scale * self.linear(x) if self.where == "output" else self.linear(self.scale * x)


# %% where on the class message="shares-state"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        LinearWithIA3.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
    def forward(self, x):
        return self.scale * self.linear(x) if self.where == "output" else self.linear(self.scale * x)


# %% factors cut at five message="wrong-output"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
    def forward(self, x):
        s = self.scale.clamp(-5, 5)
        return s * self.linear(x) if self.where == "output" else self.linear(s * x)


# %% nothing after eval message="depends-on-the-mode"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
    def forward(self, x):
        if not self.training: return self.linear(x)
        return self.scale * self.linear(x) if self.where == "output" else self.linear(self.scale * x)


# %% a copy of the weight message="facts-disagree"
class LinearWithIA3(nn.Module):
    def __init__(self, linear, where="output"):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.where = where
        size = linear.out_features if where == "output" else linear.in_features
        self.scale = nn.Parameter(torch.ones(size))
        self.w = linear.weight.detach().clone()
    def forward(self, x):
        if self.where == "output": return self.scale * F.linear(x, self.w, self.linear.bias)
        return F.linear(self.scale * x, self.w, self.linear.bias)
