# %% one fraction
def bits_per_number(block, group):
    return (4 * block * group + 8 * group + 32) / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% a ledger
def bits_per_number(block, group):
    code, scale, above = 4, 8, 32
    return code + (scale + above / group) / block


def qlora_bytes(linear, other, trained, state_bytes, bits):
    weights = bits * linear / 8 + other * 16 / 8 + trained * 32 / 8
    gradients = trained * 4
    adam = [trained * state_bytes, trained * state_bytes]
    return weights + gradients + sum(adam)


# %% in bits to the end
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear * bits + 16 * other + trained * (64 + 16 * state_bytes)) / 8


# %% a float64 tensor
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return torch.tensor(linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes), dtype=torch.float64).item()

# %% fractions to the last step
def bits_per_number(block, group):
    from fractions import Fraction

    return float(4 + Fraction(8, block) + Fraction(32, block * group))


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return sum(count * each for count, each in zip((linear, other, trained), (bits / 8, 2, 8 + 2 * state_bytes)))


# %% named parts, other argument names, annotations
def bits_per_number(k: int, n: int) -> float:
    code = 4.0
    scale = 8 / k
    return code + scale + 32 / k / n


def qlora_bytes(n_linear: int, n_other: int, n_trained: int, per_state: int, per_weight: float) -> float:
    weights = n_linear * per_weight / 8 + n_other * 2 + n_trained * 4
    return float(weights + 4 * n_trained + 2 * (per_state * n_trained))


# %% numpy scalars
def bits_per_number(block, group):
    import numpy as np

    return np.float64(4) + np.float64(8) / block + np.float64(32) / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    import numpy as np

    return np.dot([linear, other, trained], [bits / 8, 2, 8 + 2 * state_bytes])


# %% bits first
def bits_per_number(block, group): return (4 * block * group + 8 * group + 32) / (block * group)
def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear * bits + 16 * other + 64 * trained) / 8 + 2 * state_bytes * trained


# %% named
def bits_per_number(block, group):
    scale = (8 + 32 / group) / block
    return 4.0 + scale
def qlora_bytes(linear, other, trained, state_bytes, bits):
    weights = linear * bits / 8 + other * 16 // 8 + trained * 32 // 8
    gradients = 4 * trained
    adam = 2 * trained * state_bytes
    return sum((weights, gradients, adam))
