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
