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


# %% nothing returned message="nothing-returned"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)


# %% the last module returned message="other-model"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        module = model.get_submodule(name)
        module.requires_grad_(True)
    return module


# %% a list returned message="nothing-returned"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return [p for p in model.parameters() if p.requires_grad]


# %% a copy returned, both changed message="other-model"
def freeze_all_but(model, names):
    import copy
    
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return copy.deepcopy(model)


# %% wrapped message="other-model"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return nn.Sequential(model)


# %% return inside the loop message="first-name-only"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
        return model
    return model


# %% never frozen message="never-frozen"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% turned round at each name message="switched-twice"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        for p in model.get_submodule(name).parameters():
            p.requires_grad = not p.requires_grad
    return model


# %% the whole branch message="whole-branch"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name)
        model.get_submodule(name.split('.')[0]).requires_grad_(True)
    return model


# %% weights and not the rest message="biases-missed"
def freeze_all_but(model, names):
    keep = {f'{name}.weight' for name in names}
    for name in names:
        model.get_submodule(name)
    for name, p in model.named_parameters(remove_duplicate=False):
        p.requires_grad = any(name.startswith(n + '.') and not name.endswith('bias') for n in names)
    return model


# %% a module without parameters is unknown message="raised-ValueError"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        inside = list(model.get_submodule(name).parameters())
        if not inside:
            raise ValueError(f'no module {name}')
        for p in inside:
            p.requires_grad = True
    return model


# %% only if no name is known message="unknown-name-ignored"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    found = [m for name, m in model.named_modules() if name in names]
    if names and not found:
        raise ValueError('no such module')
    for m in found:
        m.requires_grad_(True)
    return model


# %% errors swallowed message="unknown-name-ignored"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        try:
            model.get_submodule(name).requires_grad_(True)
        except AttributeError:
            pass
    return model


# %% gradients thrown away instead message="never-frozen"
def freeze_all_but(model, names):
    for p in model.parameters():
        p.grad = None
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% fails without names message="raised-IndexError"
def freeze_all_but(model, names):
    model.get_submodule(names[0])
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% freezes what is already trainable alone message="never-switched-on"
def freeze_all_but(model, names):
    keep = {p for name in names for p in model.get_submodule(name).parameters()}
    for p in model.parameters():
        p.requires_grad_(p.requires_grad and p in keep)
    return model


# %% as many switches as before message="own-parameters-missed"
def freeze_all_but(model, names):
    for module in model.modules():
        if module is not model:
            for p in module.parameters(recurse=False):
                p.requires_grad = False
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model


# %% names ignored message="everything-trainable"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name)
    model.requires_grad_(False)
    return model.requires_grad_(True)


# %% nothing done message="nothing-changed"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name)
    return model


# %% the last layer always message="wrong-set"
def freeze_all_but(model, names):
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    model.head.bias.requires_grad = True
    return model


# %% later modules overwrite earlier ones message="shared-lost"
def freeze_all_but(model, names):
    for name in names:
        model.get_submodule(name)
    for path, module in model.named_modules():
        for p in module.parameters(recurse=False):
            p.requires_grad = any(path == name or path.startswith(name + ".") for name in names)
    return model

# %% no names, nothing done message="empty-list-ignored"
def freeze_all_but(model, names):
    if not names: return model
    model.requires_grad_(False)
    for k in names: model.get_submodule(k).requires_grad_(True)
    return model

# %% an empty list passed over message="empty-list-ignored"
def freeze_all_but(model, names):
    if not names:
        return model
    model.requires_grad_(False)
    for name in names:
        model.get_submodule(name).requires_grad_(True)
    return model
