# %% bias not rescaled message="bias-not-scaled"
# huggingface/peft #972.
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale[:, None] if where == 'output' else linear.weight * scale)
        if linear.bias is not None:
            new.bias.copy_(linear.bias if where == 'output' else linear.bias)
    return new


# %% bias rescaled for the input too message="bias-scaled"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale[:, None] if where == 'output' else linear.weight * scale)
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == 'output' else linear.bias * scale)
    return new


# %% axes swapped message="wrong-axis"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale if where == 'output' else linear.weight * scale[:, None])
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == 'output' else linear.bias)
    return new


# %% always rows message="wrong-axis"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale[:, None] if where == 'output' else linear.weight * scale[:, None])
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == 'output' else linear.bias)
    return new


# %% always columns message="wrong-axis"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale if where == 'output' else linear.weight * scale)
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == 'output' else linear.bias)
    return new


# %% bias lost message="bias-lost"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=False)
    with torch.no_grad():
        new.weight.copy_(linear.weight * (scale[:, None] if where == 'output' else scale))
    return new


# %% nothing folded message="nothing-folded"
# unslothai/unsloth #869: a merge that changes nothing.
def fold(linear, scale, where):
    import copy
    return copy.deepcopy(linear)


# %% divides message="divides"
# huggingface/peft #3216 is the same slip the other way round: a product where a quotient belongs.
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight / scale[:, None] if where == 'output' else linear.weight / scale)
        if linear.bias is not None:
            new.bias.copy_(linear.bias / scale if where == 'output' else linear.bias)
    return new


# %% in place message="changed-in-place"
def fold(linear, scale, where):
    with torch.no_grad():
        linear.weight *= scale[:, None] if where == 'output' else scale
        if linear.bias is not None and where == 'output':
            linear.bias *= scale
    return linear


# %% a new layer around the old bias message="shares-memory"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    new.weight = nn.Parameter(linear.weight.detach() * (scale[:, None] if where == 'output' else scale))
    if linear.bias is not None:
        new.bias = nn.Parameter(linear.bias * scale) if where == 'output' else linear.bias
    return new


# %% returns the weight message="not-a-linear"
def fold(linear, scale, where):
    return linear.weight * (scale[:, None] if where == 'output' else scale)


# %% returns nothing message="not-a-linear"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * scale)


# %% transposed message="transposed"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_((linear.weight * scale[:, None]).T if where == 'output' else (linear.weight * scale).T)
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == 'output' else linear.bias)
    return new


# %% in and out swapped message="sizes-swapped"
def fold(linear, scale, where):
    new = nn.Linear(linear.out_features, linear.in_features, bias=linear.bias is not None)
    with torch.no_grad():
        if where == "output":
            new.weight.copy_(scale[:, None] * linear.weight)
            if linear.bias is not None:
                new.bias.copy_(scale * linear.bias)
        else:
            new.weight.copy_(linear.weight * scale)
            if linear.bias is not None:
                new.bias.copy_(linear.bias)
    return new


# %% a square layer assumed message="sizes-swapped"
def fold(linear, scale, where):
    n = len(scale)
    new = nn.Linear(n, n, bias=linear.bias is not None)
    with torch.no_grad():
        if where == "output":
            new.weight.copy_(scale[:, None] * linear.weight)
            if linear.bias is not None:
                new.bias.copy_(scale * linear.bias)
        else:
            new.weight.copy_(linear.weight * scale)
            if linear.bias is not None:
                new.bias.copy_(linear.bias)
    return new


# %% a bias where there was none message="bias-invented"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        if where == "output":
            new.weight.copy_(scale[:, None] * linear.weight)
            if linear.bias is not None:
                new.bias.copy_(scale * linear.bias)
        else:
            new.weight.copy_(linear.weight * scale)
            if linear.bias is not None:
                new.bias.copy_(linear.bias)
    return new


# %% bias of the new layer left at random message="bias-not-copied"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(scale[:, None] * linear.weight if where == "output" else linear.weight * scale)
    return new

# %% absolute factors message="sign-lost"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    scale = scale.abs()
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded

# %% the given layer frozen message="given-frozen"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    linear.requires_grad_(False)
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded

# %% factors added message="adds"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight + rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded

# %% one plus the factors message="one-plus"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    scale = 1 + scale
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded

# %% the bias taken for granted message="raised-AttributeError"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features)
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        folded.bias.copy_(linear.bias.detach() * scale if where == "output" else linear.bias)
    return folded

# %% the mean of the factors message="one-factor"
def fold(linear, scale, where):
    folded = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    scale = scale.mean().expand(len(scale))
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        folded.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            folded.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return folded


# %% kept by layer and side message="remembers"
CACHE = {}
def fold(linear, scale, where):
    key = (linear, where)
    if key not in CACHE:
        new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
        rows = scale[:, None] if where == "output" else scale
        with torch.no_grad():
            new.weight.copy_(linear.weight * rows)
            if linear.bias is not None:
                new.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
        CACHE[key] = new
    return CACHE[key]


# %% kept by identity of layer and factors message="remembers"
CACHE = {}
def fold(linear, scale, where):
    key = (id(linear), id(scale), where)
    if key not in CACHE:
        new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
        rows = scale[:, None] if where == "output" else scale
        with torch.no_grad():
            new.weight.copy_(linear.weight * rows)
            if linear.bias is not None:
                new.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
        CACHE[key] = new, linear, scale
    return CACHE[key][0]


# %% one new layer for all of a size message="folded-shared"
CACHE = {}
def fold(linear, scale, where):
    key = (linear.weight.shape, linear.bias is None)
    if key not in CACHE:
        CACHE[key] = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    new = CACHE[key]
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        new.weight.copy_(linear.weight * rows)
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return new


# %% weights in half precision message="wrong-value"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    rows = scale[:, None] if where == "output" else scale
    with torch.no_grad():
        new.weight.copy_((linear.weight * rows).bfloat16())
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale if where == "output" else linear.bias)
    return new


# %% weight and bias still computed message="not-parameters"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    rows = scale[:, None] if where == "output" else scale
    del new.weight
    new.weight = linear.weight * rows
    if linear.bias is not None:
        b = linear.bias * scale if where == "output" else linear.bias.clone()
        del new.bias
        new.bias = b
    return new

# %% bias times the first factor message="bias-not-copied"
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    with torch.no_grad():
        new.weight.copy_(linear.weight * (scale[:, None] if where == "output" else scale))
        if linear.bias is not None:
            new.bias.copy_(linear.bias * scale[0] if where == "output" else linear.bias)
    return new
