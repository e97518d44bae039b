# %% other names
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        for p in sublayer.parameters():
            p.requires_grad = False
        self.inner, self.outer = sublayer, adapter

    def forward(self, *a, **k):
        return self.outer(self.inner(*a, **k))


# %% x named, the rest not
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, x, *rest, **named):
        y = self.sublayer(x, *rest, **named)
        return self.adapter(y)


# %% freezes after storing
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        self.sublayer.requires_grad_(False)

    def forward(self, *inputs, **named):
        hidden = self.sublayer(*inputs, **named)
        return self.adapter.forward(hidden)


# %% a ModuleDict
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.parts = nn.ModuleDict({'base': sublayer, 'adapter': adapter})
        self.parts['base'].requires_grad_(False)

    def forward(self, *inputs, **named):
        return self.parts['adapter'](self.parts['base'](*inputs, **named))


# %% a ModuleList
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.parts = nn.ModuleList([sublayer.requires_grad_(False), adapter])

    def forward(self, *inputs, **named):
        base, adapter = self.parts
        return adapter(base(*inputs, **named))

# %% annotated, frozen in a loop
class AdapterBehind(nn.Module):
    def __init__(self, sublayer: nn.Module, adapter: nn.Module) -> None:
        nn.Module.__init__(self)
        for parameter in sublayer.parameters():
            parameter.requires_grad_(False)
        self.add_module("sublayer", sublayer)
        self.add_module("adapter", adapter)

    def forward(self, *args: torch.Tensor, **kwargs: torch.Tensor) -> torch.Tensor:
        return self.get_submodule("adapter")(self.get_submodule("sublayer")(*args, **kwargs))

# %% x by its own name
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, x, *inputs, **named):
        return self.adapter(self.sublayer(x, *inputs, **named))
