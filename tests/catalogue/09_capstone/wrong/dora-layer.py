# %% norm over the inputs message="norm-of-inputs"
# nbasyl/DoRA #1, NVlabs/DoRA #11: the paper writes W transposed; wanshuiyin/ARIS-in-AI-Offer PR #17 had dim=0.
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / V.norm(dim=0).detach()) + bias


# %% lengths of W message="norm-of-w"
# Comfy-Org/ComfyUI PR #15458: the norm was taken of the base weight.
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / W.norm(dim=1)) + bias


# %% one norm for all message="whole-norm"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / V.norm().detach()) + bias


# %% not normalised message="not-normalised"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * magnitude + bias


# %% bias scaled message="bias-scaled"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T + bias) * (magnitude / V.norm(dim=1).detach())


# %% only the path is scaled message="base-not-scaled"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return x @ W.T + (magnitude / V.norm(dim=1).detach()) * alpha * (x @ A @ B) + bias


# %% magnitude forgotten message="magnitude-missing"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) / V.norm(dim=1).detach() + bias


# %% alpha over rank message="alpha-over-rank"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha / A.shape[1] * (A @ B).T
    return (x @ V.T) * (magnitude / V.norm(dim=1).detach()) + bias


# %% update not transposed message="update-not-transposed"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B)
    return (x @ V.T) * (magnitude / V.norm(dim=1).detach()) + bias


# %% gradient through the length message="length-not-constant"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / V.norm(dim=1)) + bias


# %% the whole direction detached message="gradient-cut"
def dora(x, W, bias, A, B, alpha, magnitude):
    with torch.no_grad():
        V = W + alpha * (A @ B).T
        directions = V / V.norm(dim=1, keepdim=True)
    return (x @ directions.T) * magnitude + bias


# %% everything under no_grad message="no-gradient"
def dora(x, W, bias, A, B, alpha, magnitude):
    with torch.no_grad():
        V = W + alpha * (A @ B).T
        return (x @ V.T) * (magnitude / V.norm(dim=1)) + bias


# %% alpha forgotten message="alpha-missing"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% root of the rank message="alpha-over-root"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha / A.shape[1] ** 0.5 * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% bias forgotten message="bias-missing"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths)


# %% magnitude added message="magnitude-added"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) / lengths + magnitude + bias


# %% magnitude without its sign message="magnitude-without-sign"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude.abs() / lengths) + bias


# %% squared lengths message="squared-length"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.square().sum(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% sum of magnitudes message="length-of-sum"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.abs().sum(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% multiplied by the lengths message="multiplied-by-length"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude * lengths) + bias


# %% update subtracted message="update-subtracted"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W - alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% alpha 0 taken for 1 message="alpha-0"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + (alpha or 1.0) * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% magnitude detached message="gradient-cut"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude.detach() / lengths) + bias


# %% the pretrained weight detached message="gradient-cut"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W.detach() + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% the path detached in the length and in the product message="gradient-cut"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T.detach()
    lengths = V.norm(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% two axes only message="raised-RuntimeError"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return torch.mm(x, V.T) * (magnitude / lengths) + bias


# %% return forgotten message="no-tensor"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    output = (x @ V.T) * (magnitude / lengths) + bias


# %% eps added to the lengths message="length-guarded"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / (V.norm(dim=1).detach() + 1e-3)) + bias


# %% float32 message="digits-lost"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = (W + alpha * (A @ B).T).float()
    return ((x.float() @ V.T) * (magnitude.float() / V.norm(dim=1).detach()) + bias.float()).to(x.dtype)


# %% W detached message="gradient-cut"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W.detach() + alpha * (A @ B).T
    return (x @ V.T) * (magnitude / V.norm(dim=1).detach()) + bias


# %% softplus magnitude message="magnitude-without-sign"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    return (x @ V.T) * (magnitude.clamp(min=0) / V.norm(dim=1).detach()) + bias


# %% x meets W and V gives the lengths message="update-in-the-length-alone"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.norm(dim=1).detach()
    return (x @ W.T) * (magnitude / lengths) + bias


# %% the largest magnitude for the length message="largest-for-length"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.abs().amax(dim=1).detach()
    return (x @ V.T) * (magnitude / lengths) + bias


# %% the path without its length message="path-not-scaled"
# Weight normalisation of the base alone.
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = W.norm(dim=1)
    return (x @ W.T) * (magnitude / lengths) + alpha * (x @ A @ B) + bias


# %% the mean square for the length message="mean-for-sum"
def dora(x, W, bias, A, B, alpha, magnitude):
    V = W + alpha * (A @ B).T
    lengths = V.square().mean(dim=1).sqrt().detach()
    return (x @ V.T) * (magnitude / lengths) + bias
