# %% assigned to a loop variable message="nothing-loaded"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    for name, parameter in model.named_parameters():
        if name in state:
            parameter = state[name].clone()

# %% added instead of copied message="adds"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].add_(value)

# %% head left out message="head-not-loaded"
# peft #310 from the loading side.
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            if ".lora." in name:
                own[name].copy_(value)

# %% no_grad forgotten message="raised-RuntimeError"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    for name, value in state.items():
        own[name].copy_(value)

# %% parameters point at the saved tensors message="aliases"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    for name, value in state.items():
        own[name].data = value

# %% exchanges model and state message="swap-not-reversible"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            old = own[name].clone()
            own[name].copy_(value)
            value.copy_(old)

# %% the base is cleared too message="base-changed"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)
        for name in set(own) - set(state):
            own[name].mul_(0.5)

# %% new parameters, all frozen message="trainable-changed"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)
    for name in state:
        own[name].requires_grad_(False)

# %% shapes not compared message="wrong-error"
# copy_ refuses some shapes with a RuntimeError and stretches others without a word.
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name in state:
        if name not in own:
            raise ValueError(f"the model has no {name!r}")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)

# %% number of axes compared instead of shapes message="broadcast"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own:
            raise ValueError(f"the model has no {name!r}")
        try:
            torch.broadcast_to(value, own[name].shape)
        except RuntimeError:
            raise ValueError(f"{name!r} does not fit") from None
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)

# %% misfits are skipped message="wrong-shape-accepted"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    with torch.no_grad():
        for name, value in state.items():
            if name in own and own[name].shape == value.shape:
                own[name].copy_(value)

# %% unknown names ignored message="unknown-ignored"
# load_state_dict(strict=False) drops what it does not know; peft users lost adapters to renamed keys.
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name in own and own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit")
    model.load_state_dict(state, strict=False)

# %% missing factors ignored message="missing-ignored"
def swap(model, state):
    own = dict(model.named_parameters())
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)

# %% load_state_dict as it is message="wrong-error"
def swap(model, state):
    model.load_state_dict(state, strict=False)

# %% the message names nothing message="error-without-name"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError("wrong adapter")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)

# %% checks and copies in one loop message="half-loaded"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    with torch.no_grad():
        for name, value in state.items():
            if name not in own or own[name].shape != value.shape:
                raise ValueError(f"{name!r} does not fit the model")
            own[name].copy_(value)


# %% load_state_dict, strict, misses the base message="raised-RuntimeError"
def swap(model, state):
    model.load_state_dict(state)


# %% LoRA layers found by their name message="matched-by-name"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if "lora" in name.split(".")]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% numbers counted instead of shapes message="wrong-error"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].numel() != value.numel():
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% the first axes compared message="broadcast"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape[:1] != value.shape[:1]:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% stretched by hand, views of the state message="aliases"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].data = value.expand_as(own[name])


# %% a head is demanded message="raised-ValueError"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"] + ["head.weight", "head.bias"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% only factors and head are known message="raised-ValueError"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if not name.startswith((*loras, "head")) or name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% only A is missed message="missing-ignored"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "A"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% an empty state is let pass message="missing-ignored"
def swap(model, state):
    if not state:
        return
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% missing factors are looked for after copying message="half-loaded"
def swap(model, state):
    own = dict(model.named_parameters())
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")


# %% KeyError for what is missing message="wrong-error"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise KeyError(name)
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            own[name].copy_(value)


# %% only the factors are loaded message="head-not-loaded"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} of shape {tuple(value.shape)} does not fit the model")
    with torch.no_grad():
        for name, value in state.items():
            if name.endswith((".A", ".B")):
                own[name].copy_(value)


# %% whatever is loaded becomes trainable message="trainable-changed"
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    for name, value in state.items():
        own[name].data.copy_(value)
        own[name].requires_grad_(True)


# %% via state_dict message="buffer-accepted"
def swap(model, state):
    own = model.state_dict()
    for n, m in model.named_modules():
        if isinstance(m, LoRALayer):
            for f in "AB":
                if f"{n}.{f}" not in state: raise ValueError(f"{n}.{f}")
    for n, v in state.items():
        if n not in own or own[n].shape != v.shape: raise ValueError(n)
    model.load_state_dict({**own, **state})


# %% clears grads message="gradients-cleared"
def swap(model, state):
    own = dict(model.named_parameters())
    for n, m in model.named_modules():
        if isinstance(m, LoRALayer):
            for f in "AB":
                if f"{n}.{f}" not in state: raise ValueError(f"{n}.{f}")
    for n, v in state.items():
        if n not in own or own[n].shape != v.shape: raise ValueError(n)
    model.zero_grad()
    with torch.no_grad():
        for n, v in state.items(): own[n].copy_(v)


# %% new Parameters message="another-parameter"
def swap(model, state):
    own = dict(model.named_parameters())
    for n, m in model.named_modules():
        if isinstance(m, LoRALayer):
            for f in "AB":
                if f"{n}.{f}" not in state: raise ValueError(f"{n}.{f}")
    for n, v in state.items():
        if n not in own or own[n].shape != v.shape: raise ValueError(n)
    for n, v in state.items():
        parent, _, child = n.rpartition(".")
        setattr(model.get_submodule(parent), child, nn.Parameter(v.clone(), requires_grad=own[n].requires_grad))


# %% exact type message="exact-type"
def swap(model, state):
    own = dict(model.named_parameters())
    for n, m in model.named_modules():
        if type(m) is LoRALayer:
            for f in "AB":
                if f"{n}.{f}" not in state: raise ValueError(f"{n}.{f}")
    for n, v in state.items():
        if n not in own or own[n].shape != v.shape: raise ValueError(n)
    with torch.no_grad():
        for n, v in state.items(): own[n].copy_(v)


# %% model eval message="changes-the-mode"
def swap(model, state):
    model.eval()
    own = dict(model.named_parameters())
    for n, m in model.named_modules():
        if isinstance(m, LoRALayer):
            for f in "AB":
                if f"{n}.{f}" not in state: raise ValueError(f"{n}.{f}")
    for n, v in state.items():
        if n not in own or own[n].shape != v.shape: raise ValueError(n)
    with torch.no_grad():
        for n, v in state.items(): own[n].copy_(v)
