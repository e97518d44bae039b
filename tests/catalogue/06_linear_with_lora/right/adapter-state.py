# %% two loops
def adapter_state(model, also):
    state = {}
    for name, module in model.named_modules():
        if isinstance(module, LoRALayer):
            state[f"{name}.A"] = module.A.detach().clone()
            state[f"{name}.B"] = module.B.detach().clone()
    for head in also:
        for key, value in model.get_submodule(head).state_dict().items():
            state[f"{head}.{key}"] = value.clone()
    return state

# %% by the identity of the parameters
def adapter_state(model, also):
    modules = [module for module in model.modules() if isinstance(module, LoRALayer)]
    modules += [model.get_submodule(name) for name in also]
    mine = {id(p) for module in modules for p in (*module.parameters(), *module.buffers())}
    return {name: p.detach().clone() for name, p in model.state_dict(keep_vars=True).items() if id(p) in mine}

# %% deepcopy of the chosen entries
import copy


def adapter_state(model, also):
    with torch.no_grad():
        loras = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)]
        keep = [*loras, *also]
        state = model.state_dict()
        chosen = {key: state[key] for key in state for name in keep if key.startswith(name + ".")}
        return copy.deepcopy(chosen)

# %% an OrderedDict-like copy made plain
def adapter_state(model, also):
    state = model.state_dict()
    trained = [name for name, module in model.named_modules() if isinstance(module, LoRALayer)] + list(also)
    for name in list(state):
        if not any(name.startswith(part + ".") for part in trained):
            del state[name]
    return {name: torch.clone(value) for name, value in state.items()}


# %% prefixes of state_dict, filled in with update
def adapter_state(net: nn.Module, heads: list[str]) -> dict[str, torch.Tensor]:
    saved: dict[str, torch.Tensor] = {}
    for name, module in net.named_modules():
        if isinstance(module, LoRALayer) or name in heads:
            saved.update(module.state_dict(prefix=name + "."))
    return {key: tensor.data.clone() for key, tensor in saved.items()}


# %% the ancestors of each entry
def adapter_state(model, also):
    chosen = {*also, *(name for name, m in model.named_modules() if isinstance(m, LoRALayer))}
    state = {}
    for key, value in model.state_dict().items():
        parts = key.split(".")
        if chosen & {".".join(parts[:k]) for k in range(1, len(parts))}:
            state[key] = torch.empty_like(value).copy_(value)
    return state
