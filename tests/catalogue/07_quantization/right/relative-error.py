# %% a float
def error_of(w, back):
    return ((w - back).norm() / w.norm()).item()


# %% root of a quotient of sums
def error_of(w, back):
    return ((w - back).pow(2).sum() / w.pow(2).sum()).sqrt()


# %% float64, flattened
def error_of(w, back):
    w, back = w.double().flatten(), back.double().flatten()
    return torch.dist(w, back) / torch.linalg.vector_norm(w)


# %% root mean squares
def error_of(w, back):
    return (back - w).square().mean().sqrt() / w.square().mean().sqrt()
