# %% turned round message="turned-round"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name).requires_grad_(False)
    return model


# %% an attribute of the module message="nothing-changed"
def freeze_all_but(model, names):
    model.requires_grad = False
    for name in names:
        model.get_submodule(name).requires_grad = True
    return model


# %% everything frozen message="nothing-left"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    return model


# %% the order exchanged message="nothing-left"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model.requires_grad_(False)


# %% a copy message="a-copy"
def freeze_all_but(model, names):
    import copy

    model = copy.deepcopy(model)
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% weights only message="biases-missed"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        for p in model.get_submodule(name).parameters():
            p.requires_grad = p.ndim > 1
    return model


# %% biases forgotten in freezing message="biases-missed"
def freeze_all_but(model, names):
    for name, p in model.named_parameters():
        if not name.endswith("bias"):
            p.requires_grad = False
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% the model's own parameters forgotten message="own-parameters-missed"
def freeze_all_but(model, names):
    for child in model.children():
        child.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% substring of a name message="substring-matched"
def freeze_all_but(model, names):
    known = dict(model.named_modules())
    for name in names:
        known[name]  # raises for an unknown name
    for name, p in model.named_parameters():
        p.requires_grad = any(n in name for n in names)
    return model


# %% beginning of a name message="prefix-matched"
def freeze_all_but(model, names):
    known = dict(model.named_modules())
    for name in names:
        known[name]  # raises for an unknown name
    for name, p in model.named_parameters():
        p.requires_grad = name.startswith(tuple(names))
    return model


# %% last part of a name message="last-part-matched"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name, module in model.named_modules():
        if name.split(".")[-1] in names:
            module.requires_grad_(True)
    return model


# %% top-level modules only message="top-level-only"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name, module in model.named_children():
        if name in names:
            module.requires_grad_(True)
    return model


# %% parameters inside a named module forgotten message="one-level-only"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        for p in model.get_submodule(name).parameters(recurse=False):
            p.requires_grad = True
    return model


# %% only the last name message="last-name-wins"
def freeze_all_but(model, names):
    for name in names:
        model.requires_grad_(False)
        model.get_submodule(name).requires_grad_(True)
    return model


# %% never switched on message="never-switched-on"
def freeze_all_but(model, names):
    keep = {id(p) for name in names for p in model.get_submodule(name).parameters()}
    for p in model.parameters():
        if id(p) not in keep:
            p.requires_grad = False
    return model


# %% a shared tensor by its first name message="shared-lost"
def freeze_all_but(model, names):
    known = dict(model.named_modules())
    for name in names:
        known[name]  # raises for an unknown name
    for name, p in model.named_parameters():
        p.requires_grad = any(name.startswith(n + ".") for n in names)
    return model


# %% unknown names ignored message="unknown-name-ignored"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name, module in model.named_modules():
        if name in names:
            module.requires_grad_(True)
    return model
