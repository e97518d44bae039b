# %% weights as numbers message="numbers-not-bytes"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% trained weights only message="only-trained"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in trained),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% weights without biases message="biases-missed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(l.weight.numel() for l in model if isinstance(l, nn.Linear)),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% gradients of frozen numbers message="frozen-counted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * sum(p.numel() for p in model.parameters()),
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% gradients as numbers message="numbers-not-bytes"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients // 4,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% no step counter message="step-counter-missed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients,
        "activations": 4 * (numbers + b * width + 1),
    }

# %% one moment message="one-moment"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% a counter a number message="counter-per-number"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 3 * gradients,
        "activations": 4 * (numbers + b * width + 1),
    }

# %% moments of frozen numbers message="frozen-counted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 8 * sum(p.numel() for p in model.parameters()) + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% no activations message="no-activations"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 0,
    }

# %% the loss keeps nothing message="loss-missed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * numbers,
    }

# %% one number of the loss missed message="one-number-missed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width),
    }

# %% as if all were trained message="as-if-all-trained"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = True
            numbers += b * width
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% outputs of relu forgotten message="relu-forgotten"
# frozen means free
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = False
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% relu's output counted twice message="counted-twice"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = False
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% the batch counted message="batch-counted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = False, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% outputs of linear layers message="linear-outputs-counted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
            numbers += b * width
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% only what the loss keeps message="frozen-is-free"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (b * width + 1),
    }

# %% activations as numbers message="numbers-not-bytes"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": (numbers + b * width + 1),
    }

# %% a list message="no-ledger"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return list({
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }.values())

# %% activations forgotten message="no-ledger"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
    }

# %% model frozen while counting message="switches-changed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    model.requires_grad_(False)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4 * (numbers + b * width + 1),
    }

# %% the first tensor stays kept message="input-missed"
def ledger(model, b):
    ps = list(model.parameters())
    tr = [p for p in ps if p.requires_grad]
    act, any_trained, kept = 0, False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                act += b * layer.in_features
            any_trained = any_trained or any(p.requires_grad for p in layer.parameters())
            out = layer.out_features
        elif any_trained:
            act += b * out
            kept = True
    act += b * out + 1
    n = sum(p.numel() for p in tr)
    return {
        "weights": 4 * sum(p.numel() for p in ps),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(tr),
        "activations": 4 * act,
    }

# %% a trained bias does not count message="relu-forgotten"
def ledger(model, b):
    ps = list(model.parameters())
    tr = [p for p in ps if p.requires_grad]
    act, any_trained, kept = 0, False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                act += b * layer.in_features
            any_trained = any_trained or layer.weight.requires_grad
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

# %% one step counter in all message="one-counter"
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
        "optimizer": 8 * n + 4,
        "activations": 4 * act,
    }

# %% batch size forgotten message="batch-size-forgotten"
def ledger(model, b):
    ps = list(model.parameters())
    tr = [p for p in ps if p.requires_grad]
    act, any_trained, kept = 0, False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                act += layer.in_features
            any_trained = any_trained or any(p.requires_grad for p in layer.parameters())
            kept = False
            out = layer.out_features
        elif any_trained:
            act += out
            kept = True
        else:
            kept = False
    act += out + 1
    n = sum(p.numel() for p in tr)
    return {
        "weights": 4 * sum(p.numel() for p in ps),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(tr),
        "activations": 4 * act,
    }

# %% key misspelt message="no-ledger"
def ledger(model, b):
    ps = list(model.parameters())
    tr = [p for p in ps if p.requires_grad]
    n = sum(p.numel() for p in tr)
    return {
        "weights": 4 * sum(p.numel() for p in ps),
        "gradients": 4 * n,
        "optimiser": 8 * n + 4 * len(tr),
        "activations": 0,
    }

# %% floats message="not-whole"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    gradients = 4 * sum(p.numel() for p in trained)
    kept, flows, numbers, width = True, False, 0, 0
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not kept:
                numbers += b * layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            kept, width = False, layer.out_features
        else:
            kept = flows
            numbers += b * width if flows else 0
    return {
        "weights": 4.0 * sum(p.numel() for p in model.parameters()),
        "gradients": gradients,
        "optimizer": 2 * gradients + 4 * len(trained),
        "activations": 4.0 * (numbers + b * width + 1),
    }

# %% relu keeps by the layer before alone message="relu-forgotten"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% relu keeps what is trained after it message="other-end"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    for k, layer in enumerate(layers[1:], start=1):
        if any(p.requires_grad for later in layers[k:] for p in later.parameters()):
            kept += layer.in_features
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% a bias keeps the input message="bias-keeps-input"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if any(p.requires_grad for p in layer.parameters()) and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% the loss keeps one number an example message="loss-miscounted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b + 1),
    }

# %% the total weight for each example message="loss-miscounted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + b),
    }

# %% a counter for frozen tensors too message="counter-of-frozen"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(list(model.parameters())),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% the batch counted where the first weight is trained message="batch-counted"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, False
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% counters as one byte message="counter-of-one-byte"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% a tensor for the weights message="not-a-number"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * torch.tensor([p.numel() for p in model.parameters()]).sum(),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% bytes as float message="not-whole"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": n * 32 / 8,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% only weights get gradients message="biases-missed"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or any(p.requires_grad for p in layer.parameters())
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * sum(p.numel() for p in trained if p.ndim == 2),
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% everything of a layer with a bias message="raised-AttributeError"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    flows, have = False, True
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.weight.requires_grad and not have:
                kept += layer.in_features
            flows = flows or layer.weight.requires_grad or layer.bias.requires_grad
            have = False
        else:
            have = flows
            kept += previous.out_features if flows else 0
        previous = layer
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }

# %% from the first trained layer on, trained inputs forgotten message="wrong-activations"
def ledger(model, b):
    trained = [p for p in model.parameters() if p.requires_grad]
    n = sum(p.numel() for p in trained)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = 0
    first = next(k for k, layer in enumerate(layers) if any(p.requires_grad for p in layer.parameters()))
    kept = sum(layer.in_features for layer in layers[first:])
    return {
        "weights": 4 * sum(p.numel() for p in model.parameters()),
        "gradients": 4 * n,
        "optimizer": 8 * n + 4 * len(trained),
        "activations": 4 * (b * kept + b * layers[-1].out_features + 1),
    }
