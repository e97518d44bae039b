# %% made but not set message="nothing-replaced"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        layer = modules[name]
        layer = wrapper(layer, rank, alpha)

# %% dotted name in setattr message="dotted-setattr"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        setattr(model, name, wrapper(modules[name], rank, alpha))

# %% top level only message="nested-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name, layer in list(model.named_children()):
        if name in names:
            setattr(model, name, wrapper(layer, rank, alpha))

# %% rank and alpha exchanged message="rank-alpha-swapped"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], alpha, rank))

# %% a new layer is wrapped message="layer-replaced"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        old = modules[name]
        new = nn.Linear(old.in_features, old.out_features)
        setattr(model.get_submodule(parent), child, wrapper(new, rank, alpha))

# %% fixed setting message="wrong-arguments"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], 2, 0.1))

# %% every linear layer, the head too message="head-wrapped"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name, layer in modules.items():
        if isinstance(layer, nn.Linear) and not name.startswith(inside):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, wrapper(layer, rank, alpha))

# %% names matched by substring message="similar-name-wrapped"
# Substring search for adapters is what torchtune does.
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name, layer in modules.items():
        if isinstance(layer, nn.Linear) and any(wanted in name for wanted in names) and not name.startswith(inside):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, wrapper(layer, rank, alpha))

# %% works on a copy message="nothing-replaced"
import copy


def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    model = copy.deepcopy(model)
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))
    return model

# %% wrong names ignored message="wrong-name-ignored"
def inject(model, names, wrapper, rank, alpha):
    for name, layer in list(model.named_modules()):
        if name in names and isinstance(layer, nn.Linear):
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, wrapper(layer, rank, alpha))

# %% AttributeError instead of ValueError message="wrong-error"
def inject(model, names, wrapper, rank, alpha):
    for name in names:
        layer = model.get_submodule(name)
        if not isinstance(layer, nn.Linear):
            raise ValueError(f"{name!r} is no linear layer")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(model.get_submodule(name), rank, alpha))

# %% the message does not name the layer message="error-without-name"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError("no such layer")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% wraps the wrapper message="wraps-twice"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    for name in names:
        if not isinstance(modules.get(name), (nn.Linear, wrapper)):
            raise ValueError(f"{name!r} is no linear layer")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% a second time is silently skipped message="second-time-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    names = [name for name in names if not isinstance(modules.get(name), wrapper)]
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% wraps the layer inside a wrapper message="wraps-inside"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    for name in names:
        if not isinstance(modules.get(name), nn.Linear):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% checks and changes in one loop message="half-done"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% one wrapper anywhere and nothing more may be wrapped message="refuses-too-much"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = any(isinstance(module, wrapper) for module in modules.values())
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or inside:
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))

# %% fc10 taken for a part of fc1 message="refuses-too-much"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(name for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))
