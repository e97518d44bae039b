# %% element sizes and backwards over the chain
def ledger(model, b):
    size = lambda p: p.numel() * p.element_size()
    on = [p for p in model.parameters() if p.requires_grad]
    linears = [layer for layer in model if isinstance(layer, nn.Linear)]
    first = next(k for k, layer in enumerate(linears) if any(p.requires_grad for p in layer.parameters()))
    kept = 0
    for k in range(1, len(linears)):  # the tensor between linear layer k - 1 and k
        if k > first or linears[k].weight.requires_grad:
            kept += b * linears[k].in_features
    return {
        "weights": sum(map(size, model.parameters())),
        "gradients": sum(map(size, on)),
        "optimizer": sum(2 * size(p) + 4 for p in on),
        "activations": 4 * kept + 4 * b * linears[-1].out_features + 4,
    }

# %% hooks on what autograd saves
def ledger(model, b):
    x = torch.zeros(b, model[0].in_features)
    there, saved = {p.data_ptr() for p in model.parameters()} | {x.data_ptr()}, {}

    def keep(t):
        saved[t.data_ptr()] = t
        return t

    labels = torch.zeros(b, dtype=torch.int64)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = F.cross_entropy(model(x), labels)
    there.add(labels.data_ptr())
    total = sum(p.numel() for p in model.parameters())
    on = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in on)
    activations = sum(t.numel() * t.element_size() for address, t in saved.items() if address not in there)
    return {"weights": total * 4, "gradients": n * 4, "optimizer": n * 8 + len(on) * 4, "activations": activations}

# %% an ordered dict with a total beside it
def ledger(model, b):
    from collections import OrderedDict

    result = OrderedDict(weights=0, gradients=0, optimizer=0, activations=4)
    flows = shared = False
    for place, layer in enumerate(model):
        for p in layer.parameters():
            result["weights"] += 4 * p.numel()
            if p.requires_grad:
                result["gradients"] += 4 * p.numel()
                result["optimizer"] += 8 * p.numel() + 4
        if isinstance(layer, nn.ReLU):
            shared = flows
            result["activations"] += 4 * b * model[place - 1].out_features * flows
        else:
            if place > 0 and not shared and layer.weight.requires_grad:
                result["activations"] += 4 * b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
    result["activations"] += 4 * b * model[-1].out_features
    result["total"] = sum(result.values())
    return result

# %% a walk with three facts
def ledger(model, b):
    ps = list(model.parameters())
    tr = [p for p in ps if p.requires_grad]
    act, any_trained, kept = 0, False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                act += b * layer.in_features
            any_trained = any_trained or any(p.requires_grad for p in layer.parameters())
            kept = False
            out = layer.out_features
        elif any_trained:
            act += b * out
            kept = True
        else:
            kept = False
    act += b * out + 1
    n = sum(p.numel() for p in tr)
    return {
        "weights": 4 * sum(p.numel() for p in ps),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(tr),
        "activations": 4 * act,
    }

# %% from the first trained layer on
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    first = next(k for k, layer in enumerate(layers) if any(p.requires_grad for p in layer.parameters()))
    for k in range(1, len(layers)):
        if k > first or layers[k].weight.requires_grad:
            kept += layers[k].in_features
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% tuples and itertools
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    import itertools

    on = [any(p.requires_grad for p in layer.parameters()) for layer in layers]
    reached = list(itertools.accumulate(on, lambda a, c: a or c))
    kept = sum(la.in_features for la, r in zip(layers[1:], reached) if r or la.weight.requires_grad)
    return {
        "weights": sum(p.nelement() * p.element_size() for p in model.parameters()),
        "gradients": sum(p.nbytes for p in trained),
        "optimizer": sum(2 * p.nbytes + 4 for p in trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% a set of the tensors that are kept
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    tensors, flows = set(), False
    for k, layer in enumerate(model):
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and k > 0:
                tensors.add((k - 1, layer.in_features))
            flows = flows or layer.weight.requires_grad or (layer.bias is not None and layer.bias.requires_grad)
        elif flows:
            tensors.add((k, model[k - 1].out_features))
    kept = sum(width for _, width in tensors)
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": int(4 * (b * (kept + model[-1].weight.size(0)) + 1)),
    }

# %% defaultdict
def ledger(model, b):
    from collections import defaultdict
    out = defaultdict(int)
    flows, have, width = False, True, 0
    for k, layer in enumerate(model.children()):
        for p in layer.parameters():
            out["weights"] += p.numel() * 4
            out["gradients"] += p.numel() * 4 * p.requires_grad
            out["optimizer"] += (p.numel() * 8 + 4) * p.requires_grad
        if type(layer) is nn.Linear:
            out["activations"] += 4 * b * layer.in_features * (layer.weight.requires_grad and not have)
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have, width = False, layer.out_features
        else:
            out["activations"] += 4 * b * width * flows
            have = flows
    out["activations"] += 4 * (b * width + 1)
    return out
