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
    own = dict(model.named_parameters())
    loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
    needed = {f"{lora}.{factor}" for lora in loras for factor in ("A", "B")}
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
    own = dict(model.named_parameters())
    for name in list(state) + [f"{name}.{f}" for name, m in model.named_modules() if isinstance(m, LoRALayer) for f in "AB"]:
        if name not in own or name not in state or own[name].size() != state[name].size():
            raise ValueError(name)
    model.load_state_dict({**model.state_dict(), **state}, strict=True)

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


# %% get_parameter, shapes as lists, in reverse order
def swap(net: nn.Module, saved: dict[str, torch.Tensor]) -> None:
    shapes = {name: list(parameter.shape) for name, parameter in net.named_parameters()}
    for name, module in net.named_modules():
        if isinstance(module, LoRALayer) and not {f"{name}.A", f"{name}.B"} <= saved.keys():
            raise ValueError(f"{name}.A and {name}.B are both needed")
    for name in saved:
        if shapes.get(name) != list(saved[name].shape):
            raise ValueError(f"{name}: {list(saved[name].shape)} where {shapes.get(name, 'nothing')} is")
    for name in reversed(list(saved)):
        net.get_parameter(name).data.copy_(saved[name])
