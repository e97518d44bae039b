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


# %% nothing returned
def freeze_all_but(model, names):
    chosen = [model.get_submodule(name) for name in names]
    model.requires_grad_(False)
    for module in chosen:
        module.requires_grad_(True)
