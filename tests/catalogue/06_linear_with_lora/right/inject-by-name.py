# %% get_submodule and try
def inject(model, names, wrapper, rank, alpha):
    layers = {}
    for name in names:
        try:
            layer = model.get_submodule(name)
        except AttributeError:
            raise ValueError(f"no module {name!r}") from None
        above = [model.get_submodule(name[:k]) for k, letter in enumerate(name) if letter == "."]
        if not isinstance(layer, nn.Linear) or any(isinstance(module, wrapper) for module in above):
            raise ValueError(f"cannot wrap {name!r}")
        layers[name] = layer
    for name, layer in layers.items():
        *path, child = name.split(".")
        parent = model
        for part in path:
            parent = getattr(parent, part)
        setattr(parent, child, wrapper(layer, rank, alpha))

# %% recursion over children
def inject(model, names, wrapper, rank, alpha):
    def walk(module, prefix):
        """Yield (parent, child name, full name) of every linear layer outside a wrapper."""
        for child_name, child in module.named_children():
            full = f"{prefix}{child_name}"
            if isinstance(child, nn.Linear):
                yield module, child_name, full
            elif not isinstance(child, wrapper):
                yield from walk(child, full + ".")
    
    found = {full: (parent, child) for parent, child, full in walk(model, "")}
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"cannot wrap {missing}")
    for name in names:
        parent, child = found[name]
        setattr(parent, child, wrapper(getattr(parent, child), rank, alpha))

# %% dict comprehension and _modules
def inject(model, names, wrapper, rank, alpha):
    wrappers = [name for name, module in model.named_modules() if isinstance(module, wrapper)]
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not any(name.startswith(w + ".") for w in wrappers)
    }
    if not set(names) <= set(linear):
        raise ValueError(f"not linear, or wrapped: {sorted(set(names) - set(linear))}")
    for name in names:
        parent, child = name.rsplit(".", 1) if "." in name else ("", name)
        model.get_submodule(parent)._modules[child] = wrapper(linear[name], rank=rank, alpha=alpha)

# %% loop over the modules, set while walking
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name, layer in list(modules.items()):
        if name not in names:
            continue
        parent = modules[".".join(name.split(".")[:-1])]
        setattr(parent, name.split(".")[-1], wrapper(layer, alpha=alpha, rank=rank))

# %% returns the model
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))
    return model

# %% an error class of its own
class InjectionError(ValueError):
    pass


def inject(model, names, wrapper, rank, alpha):
    fits, inside = {}, set()
    for name, module in model.named_modules():
        if isinstance(module, wrapper):
            inside.add(name)
        elif isinstance(module, nn.Linear) and not any(name.startswith(one + ".") for one in inside):
            fits[name] = module
    if wrong := [name for name in names if name not in fits]:
        raise InjectionError(", ".join(wrong))
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(fits[name], rank, alpha))


# %% parents looked up one after another, other names
def inject(net: nn.Module, targets: list[str], cls: type, r: int, a: float) -> None:
    found = []
    for target in targets:
        parts, module, fits = target.split("."), net, True
        for part in parts:
            fits = fits and not isinstance(module, cls)
            parent, module = module, dict(module.named_children()).get(part, nn.Module())
        if not fits or not isinstance(module, nn.Linear):
            raise ValueError("cannot adapt " + target)
        found.append((parent, parts[-1], module))
    for parent, child, module in found:
        parent.add_module(child, cls(module, r, a))


# %% sets, and set_submodule
def inject(model, names, wrapper, rank, alpha):
    linear = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    inside = {
        f"{name}.{below}"
        for name, module in model.named_modules()
        if isinstance(module, wrapper)
        for below, _ in module.named_modules()
    }
    for name in names:
        if name not in linear - inside:
            raise ValueError(f"no linear layer of its own: {name}")
    for name in names:
        model.set_submodule(name, wrapper(model.get_submodule(name), rank=rank, alpha=alpha))


# %% rank and alpha by name
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer to adapt")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank=rank, alpha=alpha))
