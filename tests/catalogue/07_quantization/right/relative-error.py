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


# %% a loop over numbers
def error_of(w, back):
    lost = sum((a - b) ** 2 for a, b in zip(w.reshape(-1).tolist(), back.reshape(-1).tolist()))
    return (lost / sum(a * a for a in w.reshape(-1).tolist())) ** 0.5


# %% dot products
def error_of(weights: torch.Tensor, restored: torch.Tensor) -> torch.Tensor:
    d, v = (weights - restored).reshape(-1), weights.reshape(-1)
    return torch.sqrt(torch.dot(d, d)) / torch.sqrt(v @ v)


# %% divided first, of shape (1,)
def error_of(w, back):
    size = torch.linalg.norm(w.reshape(-1))
    return torch.linalg.norm((w / size - back / size).reshape(1, -1), dim=1)


# %% numpy
import numpy as np


def error_of(w, back):
    w, back = w.numpy(), back.numpy()
    return np.sqrt(((w - back) ** 2).sum()) / np.sqrt((w**2).sum())


# %% numpy
import numpy as np
def error_of(w, back): return float(np.linalg.norm((w - back).detach().numpy().ravel()) / np.linalg.norm(w.detach().numpy().ravel()))


# %% math
import math
def error_of(w, back):
    a, b = w.flatten().tolist(), back.flatten().tolist()
    return math.sqrt(sum((p - q) ** 2 for p, q in zip(a, b))) / math.sqrt(sum(p * p for p in a))
