# %% zeros and unit vectors, in a deep copy
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    like = next(still.parameters())
    with torch.no_grad():
        x = torch.cat([torch.zeros(1, in_features), torch.eye(in_features), torch.randn(20, in_features)]).to(like)
        y = still(x)
        bias, weight = y[0], (y[1 : in_features + 1] - y[0]).T
        if (x @ weight.T + bias - y).abs().max() > 1e-3 * y.abs().max():
            raise ValueError("not linear")
        made = nn.Linear(in_features, len(bias)).to(like)
        made.weight.copy_(weight)
        made.bias.copy_(bias)
    return made


# %% least squares
def fold(layer, in_features):
    like, mode = next(layer.parameters()), {m: m.training for m in layer.modules()}
    layer.eval()
    with torch.no_grad():
        x = torch.randn(8 * in_features + 40, in_features, dtype=like.dtype)
        y = layer(x)
    for m, training in mode.items():
        m.training = training
    ones = torch.cat([x, torch.ones(len(x), 1, dtype=like.dtype)], 1).double()
    found = torch.linalg.lstsq(ones, y.double()).solution
    if (ones @ found - y).norm() > 1e-3 * y.norm():
        raise ValueError("a residual is left")
    made = nn.Linear(in_features, y.shape[1], dtype=like.dtype)
    made.load_state_dict({"weight": found[:-1].T.to(like.dtype), "bias": found[-1].to(like.dtype)})
    return made


# %% the Jacobian, which must be the same everywhere
def fold(layer, in_features):
    like, mode = next(layer.parameters()), [(m, m.training) for m in layer.modules()]
    layer.eval()
    points = [torch.zeros(in_features, dtype=like.dtype), *torch.randn(6, in_features, dtype=like.dtype)]
    slopes = [torch.autograd.functional.jacobian(layer, p + 1e-3) for p in points]
    with torch.no_grad():
        values = [layer(p) for p in points]
    for m, training in mode:
        m.training = training
    W, bias = slopes[0].detach().clone(), values[0]
    size = max(float(W.abs().max()), 1.0)
    if any((s - W).abs().max() > 1e-3 * size for s in slopes):
        raise ValueError("the slope changes")
    if any((v - p @ W.T - bias).abs().max() > 2e-3 * (size + float(v.abs().max())) for p, v in zip(points, values)):
        raise ValueError("it bends")
    made = nn.Linear(in_features, len(bias), dtype=like.dtype).requires_grad_(False)
    made.weight.copy_(W)
    made.bias.copy_(bias)
    return made


# %% one column after another, twice as large
@torch.no_grad()
def fold(layer, in_features):
    import copy

    twin = copy.deepcopy(layer)
    twin.train(False)
    kind = next(twin.parameters()).dtype
    zero = twin(torch.zeros(1, in_features, dtype=kind))
    columns = []
    for j in range(in_features):
        unit = torch.zeros(1, in_features, dtype=kind)
        unit[0, j] = 2
        columns.append((twin(unit) - zero)[0] / 2)
    made = nn.Linear(in_features, zero.shape[1]).to(kind)
    made.weight.data = torch.stack(columns, 1).clone()
    made.bias.data = zero[0].clone()
    for scale in (0.3, 1, 4):
        x = scale * torch.randn(30, in_features, dtype=kind)
        if not torch.allclose(made(x), twin(x), rtol=1e-3, atol=1e-2 * scale):
            raise ValueError(f"bends at inputs of size {scale}")
    return made


# %% additivity tested first, on a batch of sequences
def fold(layer, in_features):
    modes = {module: module.training for module in layer.modules()}
    layer.eval()
    try:
        with torch.no_grad():
            like = next(layer.parameters())
            x, y = (torch.randn(5, 4, in_features, dtype=like.dtype) for _ in range(2))
            zero = layer(0 * x[0, :1])
            left, right = layer(x + y) + zero, layer(x) + layer(y)
            bent = (left - right).abs().max() > 1e-3 * right.abs().max()
            bent |= (layer(-3 * x) - zero + 3 * (layer(x) - zero)).abs().max() > 3e-3 * right.abs().max()
            if bent:
                raise ValueError("f(x + y) is not f(x) + f(y)")
            rows = layer(torch.eye(in_features, dtype=like.dtype)) - zero
    finally:
        for module, training in modes.items():
            module.training = training
    made = nn.Linear(in_features, rows.shape[1], dtype=like.dtype)
    with torch.no_grad():
        made.weight.copy_(rows.T)
        made.bias.copy_(zero[0])
    return made


# %% a linear layer trained by a method of the second order
def fold(layer, in_features):
    modes = [(m, m.training) for m in layer.modules()]
    layer.eval()
    kind = next(layer.parameters()).dtype
    with torch.no_grad():
        x = torch.randn(12 * in_features, in_features, dtype=kind)
        y = layer(x)
    for m, training in modes:
        m.training = training
    made = nn.Linear(in_features, y.shape[1], dtype=torch.float64)
    optimizer = torch.optim.LBFGS(made.parameters(), max_iter=400, tolerance_grad=1e-12, tolerance_change=1e-15,
                                  line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (made(x.double()) - y.double()).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        if (made(x.double()) - y).norm() > 1e-3 * y.norm():
            raise ValueError("no weight fits")
    return made.to(kind)
