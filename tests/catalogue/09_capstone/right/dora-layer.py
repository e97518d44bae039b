# %% functional linear, the weight built first
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    weight = V * (magnitude / V.norm(dim=1).detach()).unsqueeze(1)
    return nn.functional.linear(x, weight, bias)


# %% the path beside the layer, as in PEFT
def dora(x, W, bias, A, B, alpha, magnitude):
    with torch.no_grad():
        lengths = torch.linalg.norm(W + alpha * (A @ B).T, dim=1)
    base, path = x @ W.T, alpha * (x @ A @ B)
    scale = magnitude / lengths
    return (scale - 1) * base + scale * path + base + bias


# %% einsum
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * torch.einsum("ir,ro->oi", A, B)
    lengths = (V * V).sum(1).sqrt().detach()
    return torch.einsum("...i,oi,o->...o", x, V, magnitude / lengths) + bias


# %% detached copies for the length, names of its own
def dora(inputs, weight, b, first, second, factor, m):
    direction = weight + factor * second.T @ first.T
    still = direction.detach()
    unit_scale = m * still.pow(2).sum(dim=-1).rsqrt()
    return inputs @ (direction.T * unit_scale) + b


# %% a loop over the outputs
def dora(x, W, bias, A, B, alpha, magnitude):
    columns = []
    for o in range(len(W)):
        row = W[o] + alpha * (A @ B[:, o])
        length = float(row.detach().pow(2).sum()) ** 0.5
        columns.append((x * row).sum(-1) * magnitude[o] / length + bias[o])
    return torch.stack(columns, dim=-1)


# %% a weight of rows of length 1, torch.addmm for the update
def dora(x: torch.Tensor, W, bias, A, B, alpha: float, magnitude) -> torch.Tensor:
    V = torch.addmm(W, B.mT, A.mT, alpha=alpha)
    with torch.no_grad():
        inverse = torch.linalg.vector_norm(V, dim=-1, keepdim=True).reciprocal()
    unit = V * inverse
    return torch.add(torch.matmul(x, unit.mT).mul(magnitude), bias)


# %% linear
def dora(
    x: torch.Tensor,
    W: torch.Tensor,
    bias: torch.Tensor,
    A: torch.Tensor,
    B: torch.Tensor,
    alpha: float,
    magnitude: torch.Tensor,
) -> torch.Tensor:
    """magnitude * (x V.T) / ||V|| + bias with V = W + alpha * (A B).T, (..., i) -> (..., o); ||V|| is a constant."""
    V = W + alpha * (A @ B).T  # (o, i)
    lengths = V.norm(dim=1).detach()  # (o,)
    return torch.addcmul(bias, nn.functional.linear(x, V), magnitude / lengths)  # (..., o)


# %% weight first
def dora(
    x: torch.Tensor,
    W: torch.Tensor,
    bias: torch.Tensor,
    A: torch.Tensor,
    B: torch.Tensor,
    alpha: float,
    magnitude: torch.Tensor,
) -> torch.Tensor:
    """magnitude * (x V.T) / ||V|| + bias with V = W + alpha * (A B).T, (..., i) -> (..., o); ||V|| is a constant."""
    V = W + alpha * (A @ B).T  # (o, i)
    lengths = V.norm(dim=1).detach()  # (o,)
    return nn.functional.linear(x, V * (magnitude / lengths)[:, None], bias)  # (..., o)
