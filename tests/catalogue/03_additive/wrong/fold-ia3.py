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
