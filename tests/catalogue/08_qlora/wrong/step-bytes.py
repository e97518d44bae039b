# %% without double quantisation message="double-forgotten"
def bits_per_number(block, group):
    return 4 + 32 / block


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% without the second level message="second-level-forgotten"
def bits_per_number(block, group):
    return 4 + 8 / block


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% a group of numbers message="group-of-numbers"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / group


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% bytes instead of bits message="bytes-not-bits"
def bits_per_number(block, group):
    return (4 + 8 / block + 32 / (block * group)) / 8


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% only the shares message="codes-forgotten"
def bits_per_number(block, group):
    return 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% bits counted as bytes message="bits-as-bytes"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits + 2 * other + trained * (8 + 2 * state_bytes)


# %% the rest in 4 bits too message="other-in-4-bits"
# The embedding of a small model is most of it.
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear + other) * bits / 8 + trained * (8 + 2 * state_bytes)


# %% the rest in float32 message="other-in-32-bits"
# peft #816: preparing for training casts the embeddings up.
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 4 * other + trained * (8 + 2 * state_bytes)


# %% gradients of everything message="gradients-of-all"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (4 + 2 * state_bytes) + 4 * (linear + other + trained)


# %% states of everything message="states-of-all"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * 8 + 2 * state_bytes * (linear + other + trained)


# %% one state message="one-state"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + state_bytes)


# %% no gradients message="four-bytes-missing"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * 4 + trained * 2 * state_bytes


# %% factors in 16 bits message="four-bytes-missing"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (2 + 2 + 2 * state_bytes)


# %% rounded to megabytes message="rounded"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return round((linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)) / 1e6) * 1e6


# %% a float32 tensor message="not-exact"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return torch.tensor(linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes), dtype=torch.float32).item()


# %% the two levels are exchanged message="levels-exchanged"
def bits_per_number(block, group):
    return 4 + 32 / block + 8 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% factors in 16 bits, gradients in 32 message="path-in-16-bits"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (2 + 4 + 2 * state_bytes)

# %% scales in 32 bits on both levels message="scales-in-32-bits"
def bits_per_number(block, group):
    return 4 + 32 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% the arguments are ignored message="arguments-ignored"
def bits_per_number(block, group):
    return 4 + 8 / 64 + 32 / (64 * 256)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% whole division message="whole-division"
def bits_per_number(block, group):
    return 4 + 8 // block + 32 // (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% a tensor instead of a number message="not-a-number"
def bits_per_number(block, group):
    return torch.tensor(4 + 8 / block + 32 / (block * group), dtype=torch.float64)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)


# %% everything in bits message="bits-as-bytes"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits + 16 * other + trained * (32 + 32 + 2 * 8 * state_bytes)


# %% sixteen bytes for the rest message="bits-as-bytes"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 16 * other + trained * (4 + 4 + 2 * state_bytes)


# %% bits for bytes in the path message="bits-as-bytes"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (32 + 32 + 2 * state_bytes)


# %% always four bits message="bits-ignored"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear / 2 + 2 * other + trained * (8 + 2 * state_bytes)


# %% states of four bytes always message="state-bytes-ignored"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + 16 * trained


# %% no states message="states-forgotten"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (4 + 4)


# %% whole bytes message="rounded"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return int(linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes))


# %% the factors are stored in four bits too message="path-in-4-bits"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear + trained) * bits / 8 + 2 * other + trained * (4 + 2 * state_bytes)


# %% the states' bytes divided by eight message="states-in-bits"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear * bits + 16 * other + 64 * trained + 2 * state_bytes * trained) / 8


# %% the linear layers train too message="gradients-of-all"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * (bits / 8 + 4) + 2 * other + trained * (8 + 2 * state_bytes)

# %% in megabytes message="other-unit"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return (linear * bits / 8 + 2 * other + trained * (8 + 2 * state_bytes)) / 1e6


# %% whole division of the share of a scale message="whole-division"
def bits_per_number(block, group):
    return 4 + 8 // block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + trained * (4 + 4 + 2 * state_bytes)


# %% 4.127 bits whatever is asked message="bits-ignored"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * 4.127 / 8 + 2 * other + trained * (4 + 4 + 2 * state_bytes)


# %% embeddings are trained too message="trained-with-the-path"
def bits_per_number(block, group):
    return 4 + 8 / block + 32 / (block * group)


def qlora_bytes(linear, other, trained, state_bytes, bits):
    return linear * bits / 8 + 2 * other + (trained + other) * (4 + 4 + 2 * state_bytes)
