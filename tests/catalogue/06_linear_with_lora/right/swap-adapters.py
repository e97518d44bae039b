# %% load_state_dict after the checks
def swap(model, state):
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    for name in [f"{lora}.{factor}" for lora in loras for factor in "AB"]:
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    for name, value in state.items():
        if name not in own or own[name].shape != value.shape:
            raise ValueError(f"{name!r} does not fit the model")
    model.load_state_dict(state, strict=False)

# %% data assigned through clone
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
        own[name].data = value.detach().clone()

# %% sets of names
def swap(model, state):
    own = model.state_dict()
    needed = {name for name in own if "lora" in name.split(".")}
    wrong = (set(state) - set(own)) | (needed - set(state))
    if wrong:
        raise ValueError(f"names do not match: {sorted(wrong)}")
    wrong = [name for name in state if tuple(state[name].shape) != tuple(own[name].shape)]
    if wrong:
        raise ValueError(f"shapes do not match: {wrong}")
    with torch.no_grad():
        for name in state:
            own[name].copy_(state[name])

# %% a merged whole state, loaded strictly
def swap(model, state):
    own = model.state_dict()
    for name in list(state) + [name for name in own if ".lora." in name]:
        if name not in own or name not in state or own[name].size() != state[name].size():
            raise ValueError(name)
    model.load_state_dict({**own, **state}, strict=True)

# %% slices, and the model returned
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
            own[name][...] = value
    return model

# %% an error class of its own, copying many at once
class BadState(ValueError):
    pass


def swap(model, state):
    for name, module in model.named_modules():
        if isinstance(module, LoRALayer):
            for factor in module.state_dict(prefix=name + "."):
                if factor not in state:
                    raise BadState(factor)
    targets = []
    for name, value in state.items():
        try:
            target = model.get_parameter(name)
        except AttributeError:
            raise BadState(name) from None
        if target.size() != value.size():
            raise BadState(name)
        targets.append(target.detach())
    torch._foreach_copy_(targets, list(state.values()))
