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
