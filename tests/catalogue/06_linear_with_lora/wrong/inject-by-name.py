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

# %% every linear layer, the head too message="all-wrapped"
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


# %% the class of exercise 1 written into it message="another-wrapper"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, LinearWithLoRA(modules[name], rank, alpha))


# %% exactly nn.Linear, no subclass message="raised-ValueError"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if type(modules.get(name)) is not nn.Linear or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% whatever has a weight message="wrong-name-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not hasattr(modules.get(name), "weight") or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% any name that ends in linear is refused message="raised-ValueError"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.split(".")[-1] == "linear":
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% only a direct child of a wrapper is refused message="wraps-inside"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or isinstance(model.get_submodule(name.rpartition(".")[0]), wrapper):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% assert instead of raise message="wrong-error"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        assert isinstance(modules.get(name), nn.Linear) and not name.startswith(inside), name
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% KeyError for an unknown name message="wrong-error"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules[name], nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% an alpha of zero is taken for none message="wrong-arguments"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha or 1.0))


# %% matched by the last part of the name message="similar-name-wrapped"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    names = [full for full in modules if full and full.split(".")[-1] in {name.split(".")[-1] for name in names}]
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% a copy of each layer is wrapped message="layer-replaced"
import copy


def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(copy.deepcopy(modules[name]), rank, alpha))


# %% the parent is wrapped message="nothing-replaced"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r} is no linear layer, or is wrapped already")
    for name in names:
        parent, _, child = name.rpartition(".")
        modules[name] = wrapper(modules[name], rank, alpha)


# %% prints a warning message="wrong-name-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{name}." for name, module in modules.items() if isinstance(module, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            print(f"warning: {name!r} is no linear layer")
    names = [name for name in names if isinstance(modules.get(name), nn.Linear) and not name.startswith(inside)]
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% hasattr in_features message="wrong-name-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        if not hasattr(modules.get(name), "in_features") or isinstance(modules.get(name), wrapper) or name.startswith(inside):
            raise ValueError(f"{name!r}")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% hasattr weight of two axes message="wrong-name-ignored"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        m = modules.get(name)
        if m is None or getattr(m, "weight", None) is None or m.weight.dim() != 2 or name.startswith(inside):
            raise ValueError(f"{name!r}")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% suffix matching as PEFT does message="similar-name-wrapped"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r}")
    for full, m in modules.items():
        if isinstance(m, nn.Linear) and not full.startswith(inside) and any(full == n or full.endswith("." + n) for n in names):
            parent, _, child = full.rpartition(".")
            setattr(model.get_submodule(parent), child, wrapper(m, rank, alpha))


# %% inside found by substring message="refuses-too-much"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = [f"{n}." for n, m in modules.items() if isinstance(m, wrapper)]
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or any(w in name + "." for w in inside):
            raise ValueError(f"{name!r}")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% freezes the whole model message="freezes-the-model"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r}")
    model.requires_grad_(False)
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))


# %% eval at the end message="changes-the-mode"
def inject(model, names, wrapper, rank, alpha):
    modules = dict(model.named_modules())
    inside = tuple(f"{n}." for n, m in modules.items() if isinstance(m, wrapper))
    for name in names:
        if not isinstance(modules.get(name), nn.Linear) or name.startswith(inside):
            raise ValueError(f"{name!r}")
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, wrapper(modules[name], rank, alpha))
    model.eval()
