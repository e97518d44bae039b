# %% einsum, early return, buffer
def merge(layer):
    if layer.merged:
        return
    layer.register_buffer("before", layer.linear.weight.detach().clone(), persistent=False)
    update = layer.lora.alpha * torch.einsum("ir,ro->oi", layer.lora.A.detach(), layer.lora.B.detach())
    layer.linear.weight.data.add_(update)
    layer.merged = True


def unmerge(layer):
    if not layer.merged:
        return
    layer.linear.weight.data.copy_(layer.before)
    layer.merged = False

# %% decorated with no_grad
@torch.no_grad()
def merge(layer):
    if layer.merged is False:
        layer.kept = layer.linear.weight.detach().clone()
        layer.linear.weight.add_(layer.lora.B.T @ layer.lora.A.T, alpha=layer.lora.alpha)
        layer.merged = True


@torch.no_grad()
def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.kept)
        layer.merged = False

# %% originals in a dictionary beside the layers
KEPT = {}


def merge(layer):
    if id(layer) in KEPT and layer.merged:
        return
    KEPT[id(layer)] = layer.linear.weight.detach().clone()
    with torch.no_grad():
        layer.linear.weight.copy_(KEPT[id(layer)] + layer.lora.alpha * (layer.lora.A @ layer.lora.B).t())
    layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(KEPT.pop(id(layer)))
        layer.merged = False

# %% a new frozen parameter, the old one put back
def merge(layer):
    if not layer.merged:
        layer.original = layer.linear.weight.detach()
        update = (layer.lora.alpha * (layer.lora.A @ layer.lora.B).T).detach()
        layer.linear.weight = nn.Parameter(layer.original + update, requires_grad=False)
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        layer.linear.weight = nn.Parameter(layer.original, requires_grad=False)
        layer.merged = False

# %% the update read off the path with unit vectors
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora(torch.eye(layer.linear.in_features)).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% through a LoRALayer of its own
def merge(layer):
    if layer.merged:
        return
    i, o = layer.linear.in_features, layer.linear.out_features
    path = LoRALayer(i, o, layer.lora.A.shape[1], layer.lora.alpha)
    path.load_state_dict(layer.lora.state_dict())
    with torch.no_grad():
        layer.kept = layer.linear.weight.detach().clone()
        layer.linear.weight.add_(path(torch.eye(i)).T)
    layer.merged = True


def unmerge(layer):
    if not layer.merged:
        return
    layer.linear.weight.data.copy_(layer.kept)
    del layer.kept
    layer.merged = False


# %% data assigned, isinstance of LoRALayer
def merge(module: nn.Module) -> None:
    paths = [m for m in module.children() if isinstance(m, LoRALayer)]
    if module.merged is False:
        module.before = module.linear.weight.data
        module.linear.weight.data = module.before + sum(p.alpha * (p.A @ p.B).detach().t() for p in paths)
    module.merged = True


def unmerge(module: nn.Module) -> None:
    if module.merged is True:
        module.linear.weight.data = module.before
    module.merged = False


# %% addmm, and the layer given back
def merge(layer):
    if not layer.merged:
        weight, lora = layer.linear.weight, layer.lora
        layer.state = {"weight": weight.detach().clone()}
        weight.data.addmm_(lora.B.detach().T, lora.A.detach().T, alpha=lora.alpha)
        layer.merged = not layer.merged
    return layer


def unmerge(layer):
    if layer.merged:
        layer.linear.load_state_dict(layer.state, strict=False)
        layer.merged = not layer.merged
    return layer
