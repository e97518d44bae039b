# %% takes x alone message="arguments-refused"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, x):
        return self.adapter(self.sublayer(x))


# %% takes x and mask by position message="arguments-refused"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs):
        return self.adapter(self.sublayer(*inputs))


# %% mask swallowed message="arguments-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(inputs[0]))


# %% names swallowed message="arguments-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs))


# %% adapter first message="adapter-first"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        x, *rest = inputs
        return self.sublayer(self.adapter(x), *rest, **named)


# %% adapter beside message="adapter-beside"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.sublayer(*inputs, **named) + self.adapter(inputs[0])


# %% residual added in the wrapper message="residual-added"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return inputs[0] + self.adapter(self.sublayer(*inputs, **named))


# %% sublayer's output added again message="residual-added"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        y = self.sublayer(*inputs, **named)
        return y + self.adapter(y)


# %% adapter never called message="adapter-ignored"
# adapter-hub/adapters #815: an adapter that is there but not active.
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.sublayer(*inputs, **named)


# %% sublayer never called message="sublayer-ignored"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(inputs[0])


# %% sublayer not frozen message="sublayer-not-frozen"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer, self.adapter = sublayer, adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))


# %% everything frozen message="adapter-frozen"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter
        self.requires_grad_(False)

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))


# %% sublayer copied message="sublayer-copied"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        import copy
        self.sublayer = copy.deepcopy(sublayer).requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))


# %% sublayer in a list message="sublayer-missing"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.parts = [sublayer.requires_grad_(False)]
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.parts[0](*inputs, **named))


# %% adapter in a list message="adapter-missing"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.more = [adapter]

    def forward(self, *inputs, **named):
        return self.more[0](self.sublayer(*inputs, **named))


# %% sublayer under no_grad message="sublayer-detached"
# Public student solutions run the frozen base under no_grad, which cuts off the adapters below.
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        with torch.no_grad():
            y = self.sublayer(*inputs, **named)
        return self.adapter(y)


# %% sublayer detached message="sublayer-detached"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named).detach())


# %% not a module message="not-a-module"
class AdapterBehind(object):
    def __init__(self, sublayer, adapter):
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))

    def __call__(self, *inputs, **named):
        return self.forward(*inputs, **named)


# %% requires_grad set on the module message="sublayer-not-frozen"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad = False

    def forward(self, *a, **k):
        return self.adapter(self.sublayer(*a, **k))


# %% x and a mask that may be missing message="arguments-added"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad_(False)

    def forward(self, x, mask=None):
        return self.adapter(self.sublayer(x, mask))


# %% always hands on a mask message="arguments-added"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad_(False)

    def forward(self, x, mask=None, **k):
        return self.adapter(self.sublayer(x, mask, **k))


# %% stars forgotten in the call message="not-unpacked"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad_(False)

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(inputs, named))


# %% names handed on as a dict message="not-unpacked"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad_(False)

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, named))


# %% the mask for the adapter too message="adapter-gets-arguments"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        self.adapter = adapter
        sublayer.requires_grad_(False)

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named), *inputs[1:], **named)

# %% only weights frozen message="sublayer-not-frozen"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        for name, p in sublayer.named_parameters():
            if "weight" in name:
                p.requires_grad = False
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))

# %% only the outermost parameters frozen message="sublayer-not-frozen"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer
        for p in sublayer.parameters(recurse=False):
            p.requires_grad = False
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **named))

# %% the first argument always by position message="arguments-refused"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, hidden, *inputs, **named):
        return self.adapter(self.sublayer(hidden, *inputs, **named))

# %% a linear layer of its own message="extra-parameters"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter
        self.mix = nn.Parameter(torch.ones(1))

    def forward(self, *inputs, **named):
        return self.mix * self.adapter(self.sublayer(*inputs, **named))

# %% adapter twice message="wrong-value"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.adapter(self.sublayer(*inputs, **named)))

# %% nothing returned message="no-tensor"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        self.adapter(self.sublayer(*inputs, **named))

# %% half of each message="wrong-value"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        y = self.sublayer(*inputs, **named)
        return (y + self.adapter(y)) / 2


# %% drops None by name message="none-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs, **{k: v for k, v in named.items() if v is not None}))


# %% drops None by position message="none-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*[one for one in inputs if one is not None], **named))


# %% a mask only when there is one message="none-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, x, mask=None, **named):
        y = self.sublayer(x, **named) if mask is None else self.sublayer(x, mask, **named)
        return self.adapter(y)


# %% the adapter on the class message="shares-state"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter
        AdapterBehind.behind = [adapter]

    def forward(self, *inputs, **named):
        return self.behind[0](self.sublayer(*inputs, **named))


# %% two arguments at most message="factor-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        return self.adapter(self.sublayer(*inputs[:2], **named))


# %% tensors alone by name message="arguments-dropped"
class AdapterBehind(nn.Module):
    def __init__(self, sublayer, adapter):
        super().__init__()
        self.sublayer = sublayer.requires_grad_(False)
        self.adapter = adapter

    def forward(self, *inputs, **named):
        kept = {name: one for name, one in named.items() if one is None or isinstance(one, torch.Tensor)}
        return self.adapter(self.sublayer(*inputs, **kept))
