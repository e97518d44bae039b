# %% positional arguments, sizes from the old head
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(model.fc2.in_features, 2)
    model.fc1 = wrapper(model.fc1, 2, 0.1)
    return model

# %% freezing in a loop, head last
def adapt(model, wrapper):
    for parameter in model.parameters():
        parameter.requires_grad = False
    fc1 = model.fc1
    setattr(model, "fc1", wrapper(fc1, alpha=0.1, rank=2))
    model.fc2 = nn.Linear(128, 2, bias=True)
    return model

# %% frozen last, new parts switched on again
def adapt(model, wrapper):
    model.fc2 = nn.Linear(128, 2)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    model.requires_grad_(False)
    model.fc2.requires_grad_(True)
    model.fc1.lora.requires_grad_(True)
    return model

# %% head with its own initialisation
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    nn.init.zeros_(model.fc2.bias)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model

# %% frozen by name
def adapt(model, wrapper):
    model.fc2 = nn.Linear(128, 2)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("fc2."))
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model


# %% through setattr and a loop over modules, other names
def adapt(net: nn.Module, cls: type) -> nn.Module:
    for module in net.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
    for name, layer in {"fc1": cls(net.fc1, 2, 0.1), "fc2": nn.Linear(in_features=128, out_features=2)}.items():
        setattr(net, name, layer)
    return net


# %% add_module, and a head of zeros
def adapt(model, wrapper):
    model = model.requires_grad_(False)
    head = nn.Linear(128, 2)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.zero_()
    model.add_module("fc2", head)
    model.add_module("fc1", wrapper(model.fc1, alpha=1 / 10, rank=1 + 1))
    return model


# %% a head that starts at zero
def adapt(model, wrapper):
    model.requires_grad_(False)
    model.fc2 = nn.Linear(128, 2)
    nn.init.zeros_(model.fc2.weight)
    model.fc1 = wrapper(model.fc1, rank=2, alpha=0.1)
    return model
