# %% deepcopy first
def fold(linear, scale, where):
    import copy
    new = copy.deepcopy(linear)
    with torch.no_grad():
        if where == 'input':
            new.weight.mul_(scale)
        else:
            new.weight.mul_(scale.unsqueeze(1))
            if new.bias is not None:
                new.bias.mul_(scale)
    return new


# %% diagonal matrices
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    D = torch.diag(scale)
    new.weight.data = (D @ linear.weight if where == 'output' else linear.weight @ D).detach()
    if linear.bias is not None:
        new.bias.data = (D @ linear.bias if where == 'output' else linear.bias.clone()).detach()
    return new


# %% state dict
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    state = {name: value.clone() for name, value in linear.state_dict().items()}
    if where == 'output':
        state = {name: scale.reshape([-1] + [1] * (value.dim() - 1)) * value for name, value in state.items()}
    else:
        state['weight'] = state['weight'] * scale
    new.load_state_dict(state)
    return new


# %% einsum and new parameters
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    rule = 'oi,o->oi' if where == 'output' else 'oi,i->oi'
    new.weight = nn.Parameter(torch.einsum(rule, linear.weight, scale).detach())
    if linear.bias is not None:
        new.bias = nn.Parameter((linear.bias * scale if where == 'output' else linear.bias).detach().clone())
    return new


# %% frozen result
def fold(linear, scale, where):
    new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    new.requires_grad_(False)
    new.weight.copy_(linear.weight.detach() * (scale.view(-1, 1) if where == 'output' else scale.view(1, -1)))
    if linear.bias is not None:
        new.bias.copy_(linear.bias.detach() * (scale if where == 'output' else 1))
    return new

# %% broadcast with unsqueeze, in two branches
def fold(linear: nn.Linear, scale: torch.Tensor, where: str) -> nn.Linear:
    o, i = linear.weight.shape
    result = nn.Linear(i, o, bias=linear.bias is not None)
    if where == "output":
        result.weight = nn.Parameter((linear.weight * scale.unsqueeze(-1)).detach())
        if linear.bias is not None:
            result.bias = nn.Parameter((linear.bias * scale).detach())
    else:
        result.weight = nn.Parameter(torch.mul(linear.weight, scale).detach())
        if linear.bias is not None:
            result.bias = nn.Parameter(linear.bias.detach().clone())
    return result

# %% numbers measured on unit vectors
def fold(linear, scale, where):
    with torch.no_grad():
        eye, zero = torch.eye(linear.in_features), torch.zeros(linear.in_features)
        run = (lambda v: scale * linear(v)) if where == "output" else (lambda v: linear(scale * v))
        bias = run(zero)
        new = nn.Linear(linear.in_features, linear.out_features, bias=linear.bias is not None)
        new.weight.copy_((run(eye) - bias).T)
        if new.bias is not None:
            new.bias.copy_(bias)
    return new
