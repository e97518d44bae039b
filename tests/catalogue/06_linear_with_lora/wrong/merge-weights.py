# %% does nothing message="merge-no-op"
# unsloth #869: the merge is a no-op.
def merge(layer):
    layer.merged = True


def unmerge(layer):
    layer.merged = False

# %% merges a copy message="merge-no-op"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            weight = layer.linear.weight.data.clone()
            weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% without alpha message="merge-without-scale"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% alpha over rank message="merge-alpha-over-rank"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha / layer.lora.A.shape[1] * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% not transposed message="merge-not-transposed"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * layer.lora.A @ layer.lora.B
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% reshaped instead of transposed message="merge-not-transposed"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).reshape(layer.linear.weight.shape)
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% subtracts message="merge-subtracts"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += -layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% replaces the weight message="merge-replaces"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight.copy_(layer.lora.alpha * (layer.lora.A @ layer.lora.B).T)
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% merging twice adds twice message="merge-not-idempotent"
# loralib #34, #61.
def merge(layer):
    with torch.no_grad():
        layer.original = layer.linear.weight.clone() if not layer.merged else layer.original
        layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
    layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% flag forgotten message="flag-not-set"
def merge(layer):
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% flag not reset message="flag-not-reset"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)

# %% factors zeroed message="factors-changed"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True
    with torch.no_grad():
        layer.lora.B.zero_()


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% without no_grad message="no-grad-missing"
def merge(layer):
    if not layer.merged:
        layer.original = layer.linear.weight.detach().clone()
        layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% a new, trainable parameter message="weight-not-frozen"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight = nn.Parameter(layer.original + layer.lora.alpha * (layer.lora.A @ layer.lora.B).T)
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% unmerge subtracts message="unmerge-rounding"
# Common in libraries, and close enough for many; this exercise asks for the exact weight.
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight -= layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = False

# %% original kept without a clone message="unmerge-no-op"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% unmerge does nothing to the weight message="unmerge-no-op"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    layer.merged = False

# %% unmerge subtracts although not merged message="unmerge-not-idempotent"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    with torch.no_grad():
        layer.linear.weight -= layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
    layer.merged = False

# %% the first original is kept for ever message="stale-original"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            if not hasattr(layer, "original"):
                layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False

# %% the first update is kept for ever message="stale-merge"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            if not hasattr(layer, "update"):
                layer.update = layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
            layer.linear.weight += layer.update
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% the clone is made before the flag is looked at message="wrong-in-a-row"
def merge(layer):
    layer.original = layer.linear.weight.detach().clone()
    if not layer.merged:
        with torch.no_grad():
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% one variable for all layers message="layers-share-a-place"
kept = {}


def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            kept["weight"] = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(kept["weight"])
        layer.merged = False


# %% the factors are frozen message="factors-frozen"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.lora.requires_grad_(False)
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% a negative alpha loses its sign message="alpha-without-sign"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += abs(layer.lora.alpha) * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% the bias is scaled too message="bias-changed"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            if layer.linear.bias is not None:
                layer.linear.bias *= layer.lora.alpha
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% unmerge without a look at the flag message="raised-AttributeError"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if True:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% the path is taken away message="factors-changed"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True
        del layer.lora


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% the flag is turned round message="merge-no-op"
def merge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% a buffer without a clone message="unmerge-no-op"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.data
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% the update is divided away message="wrong-unmerge"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True


def unmerge(layer):
    if layer.merged:
        with torch.no_grad():
            layer.linear.weight /= layer.lora.alpha
        layer.merged = False


# %% half copy message="original-in-16-bits"
def merge(layer):
    if not layer.merged:
        with torch.no_grad():
            layer.original = layer.linear.weight.half()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True
def unmerge(layer):
    if layer.merged:
        with torch.no_grad(): layer.linear.weight.copy_(layer.original)
        layer.merged = False


# %% merge in eval message="changes-the-mode"
def merge(layer):
    if not layer.merged:
        layer.eval()
        with torch.no_grad():
            layer.original = layer.linear.weight.clone()
            layer.linear.weight += layer.lora.alpha * (layer.lora.A @ layer.lora.B).T
        layer.merged = True
def unmerge(layer):
    if layer.merged:
        with torch.no_grad(): layer.linear.weight.copy_(layer.original)
        layer.merged = False
        layer.train()
