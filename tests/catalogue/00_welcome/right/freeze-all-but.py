# %% parameters kept by identity
def freeze_all_but(model, names):
    keep = {id(p) for name in names for p in model.get_submodule(name).parameters()}
    for p in model.parameters():
        p.requires_grad = id(p) in keep
    return model


# %% a dict of modules
def freeze_all_but(model, names):
    modules = dict(model.named_modules())
    for p in model.parameters():
        p.requires_grad_(False)
    for name in names:
        for p in modules[name].parameters():
            p.requires_grad_(True)
    return model


# %% getattr step by step
def freeze_all_but(model, names):
    from functools import reduce

    model.requires_grad_(False)
    for name in names:
        reduce(getattr, name.split("."), model).requires_grad_()
    return model


# %% whole names with duplicates
def freeze_all_but(model, names):
    modules = {name for name, _ in model.named_modules()}
    unknown = set(names) - modules
    if unknown:
        raise ValueError(f"no module is called {sorted(unknown)}")
    model.requires_grad_(False)
    for name, p in model.named_parameters(remove_duplicate=False):
        if any(name.startswith(n + ".") for n in names):
            p.requires_grad_(True)
    return model


# %% modules first, one line returned
def freeze_all_but(model, names):
    chosen = [model.get_submodule(name) for name in names]
    model.requires_grad_(False)
    torch.nn.ModuleList(chosen).requires_grad_(True)
    return model


# %% what requires_grad_ returns
def freeze_all_but(model, names):
    frozen = model.requires_grad_(requires_grad=False)
    [frozen.get_submodule(name).requires_grad_() for name in names]
    return frozen


# %% names of parameters, compared part by part
def freeze_all_but(model: nn.Module, names: list[str]) -> nn.Module:
    paths = [name.split(".") for name in names]
    for name in names:
        if name not in dict(model.named_modules()):
            raise KeyError(name)
    keep = set()
    for name, p in model.named_parameters(remove_duplicate=False):
        if any(name.split(".")[: len(path)] == path for path in paths):
            keep.add(p)
    for p in model.parameters():
        p.requires_grad = p in keep
    return model


# %% an error of one's own
def freeze_all_but(net, modules):
    net.requires_grad_(False)
    known = {name: module for name, module in net.named_modules() if name}
    for wanted in modules:
        assert wanted in known, f"no module {wanted}"
        for p in known[wanted].parameters(recurse=True):
            p.requires_grad = True
    return net
