# %% the bias left in the weight message="bias-in-the-weight"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias, y = layer(eye[0] * 0), layer(eye)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_(y.T)
        made.bias.copy_(bias)
    return made


# %% no bias message="bias-missing"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        y = layer(eye) - layer(0 * eye)
        made = nn.Linear(in_features, y.shape[1], bias=False).to(eye.dtype)
        made.weight.copy_(y.T)
    return made


# %% never refuses message="bent-accepted"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = still(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((still(eye) - bias).T)
        made.bias.copy_(bias)
    return made


# %% compared on the unit vectors alone message="bent-accepted"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = still(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((still(eye) - bias).T)
        made.bias.copy_(bias)
        if not torch.allclose(made(eye), still(eye), atol=1e-4):
            raise ValueError("not linear")
    return made


# %% compared exactly message="raised-ValueError"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = still(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((still(eye) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features).to(eye)
        if not torch.equal(made(x), still(x)):
            raise ValueError("not linear")
    return made


# %% dropout left on message="raised-ValueError"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = layer(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((layer(eye) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features).to(eye)
        if (made(x) - layer(x)).abs().max() > 1e-3 * layer(x).abs().max():
            raise ValueError("not linear")
    return made


# %% left in evaluation mode message="changes-the-mode"
def fold(layer, in_features):
    layer.eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = layer(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((layer(eye) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features).to(eye)
        if (made(x) - layer(x)).abs().max() > 1e-3 * layer(x).abs().max():
            raise ValueError("not linear")
    return made


# %% float32 always message="other-type"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval().float()
    with torch.no_grad():
        bias = still(torch.zeros(in_features))
        made = nn.Linear(in_features, len(bias))
        made.weight.copy_((still(torch.eye(in_features)) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features)
        if (made(x) - still(x)).abs().max() > 1e-3 * still(x).abs().max():
            raise ValueError("not linear")
    return made


# %% the layer itself message="not-a-plain-layer"
def fold(layer, in_features):
    return layer


# %% a module of its own message="not-a-plain-layer"
class Folded(nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x):
        return x @ self.weight + self.bias


def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = layer(eye[0] * 0)
        return Folded(layer(eye) - bias, bias)


# %% not transposed message="wrong-shape"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = layer(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight = nn.Parameter(layer(eye) - bias)
        made.bias.copy_(bias)
    return made


# %% None where it bends message="bent-accepted"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = still(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((still(eye) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features).to(eye)
        return made if (made(x) - still(x)).abs().max() < 1e-3 * still(x).abs().max() else None


# %% refuses by an assertion message="wrong-error"
import copy


def fold(layer, in_features):
    still = copy.deepcopy(layer).eval()
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = still(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((still(eye) - bias).T)
        made.bias.copy_(bias)
        x = torch.randn(20, in_features).to(eye)
        assert (made(x) - still(x)).abs().max() < 1e-3 * still(x).abs().max()
    return made


# %% LoRA only, by the names of its factors message="computes-another"
def fold(layer, in_features):
    n = layer.numbers
    with torch.no_grad():
        made = nn.Linear(in_features, len(n["b"])).to(n["W"].dtype)
        made.weight.copy_(n["W"] + 0.7 * (n["A"] @ n["B"]).T)
        made.bias.copy_(n["b"])
    return made


# %% the bias of the base message="bias-of-the-base"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        y = layer(eye) - layer(0 * eye)
        made = nn.Linear(in_features, y.shape[1]).to(eye.dtype)
        made.weight.copy_(y.T)
        made.bias.copy_(layer.numbers["b"])
    return made


# %% return forgotten message="not-a-plain-layer"
def fold(layer, in_features):
    with torch.no_grad():
        eye = torch.eye(in_features, dtype=next(layer.parameters()).dtype)
        bias = layer(eye[0] * 0)
        made = nn.Linear(in_features, len(bias)).to(eye.dtype)
        made.weight.copy_((layer(eye) - bias).T)
        made.bias.copy_(bias)


# %% the weight is reshaped message="weight-reshaped"
def fold(layer, in_features):
    import copy

    probe = copy.deepcopy(layer).eval()
    p = next(iter(layer.parameters()), None)
    kind = p.dtype if p is not None else torch.float32
    with torch.no_grad():
        b = probe(torch.zeros(1, in_features, dtype=kind))[0]
        Wt = probe(torch.eye(in_features, dtype=kind)) - b
        g = torch.Generator().manual_seed(0)
        x = torch.randn(64, in_features, dtype=kind, generator=g)
        y = probe(x)
        z = x @ Wt + b
        if (y - z).norm() > 1e-3 * (1e-12 + y.norm()):
            raise ValueError("bends")
        out = nn.Linear(in_features, len(b), dtype=kind)
        out.weight.copy_(Wt.reshape(out.weight.shape))
        out.bias.copy_(b)
    return out


# %% an nn.Linear is handed back message="not-a-plain-layer"
def fold(layer, in_features):
    if isinstance(layer, nn.Linear):
        return layer
    import copy

    probe = copy.deepcopy(layer).eval()
    kind = next(layer.parameters()).dtype
    with torch.no_grad():
        b = probe(torch.zeros(1, in_features, dtype=kind))[0]
        Wt = probe(torch.eye(in_features, dtype=kind)) - b
        x = torch.randn(64, in_features, dtype=kind)
        if not torch.allclose(probe(x), x @ Wt + b, rtol=1e-3, atol=1e-3):
            raise ValueError("bends")
        out = nn.Linear(in_features, len(b), dtype=kind)
        out.weight.copy_(Wt.T)
        out.bias.copy_(b)
    return out


# %% the mode is restored where nothing is refused message="changes-the-mode"
def fold(layer, in_features):
    mode = layer.training
    layer.eval()
    kind = next(layer.parameters()).dtype
    with torch.no_grad():
        b = layer(torch.zeros(1, in_features, dtype=kind))[0]
        W = (layer(torch.eye(in_features, dtype=kind)) - b).T
        x = torch.randn(64, in_features, dtype=kind)
        bad = not torch.allclose(layer(x), x @ W.T + b, rtol=1e-3, atol=1e-3)
    if bad:
        raise ValueError("bends")
    layer.train(mode)
    out = nn.Linear(in_features, len(b), dtype=kind)
    out.weight.data = W
    out.bias.data = b
    return out


# %% the parts are taken by their names message="raised-AttributeError"
def fold(layer, in_features):
    out = nn.Linear(in_features, layer.linear.out_features)
    with torch.no_grad():
        out.weight.copy_(layer.linear.weight + layer.lora.alpha * (layer.lora.A @ layer.lora.B).T)
        out.bias.copy_(layer.linear.bias)
    return out
