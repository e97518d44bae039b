# %% rounded after adding the whole zero point
def quantize_zero_point(x, bits=8):
    largest = 2**bits - 1
    low, high = min(x.min().item(), 0.0), max(x.max().item(), 0.0)
    scale = (high - low) / largest or 1.0
    zero_point = round(-low / scale)
    return torch.round(x / scale + zero_point).clamp(0, largest).to(torch.uint8), scale, zero_point


# %% zero point as a byte
def quantize_zero_point(x, bits=8):
    low, high = torch.cat([x.reshape(-1), torch.zeros(1)]).aminmax()
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-20)
    zero_point = (-low / scale).round().to(torch.uint8)
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).byte(), scale, zero_point


# %% torch's own quantiser
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / (2**bits - 1)
    scale = torch.where(scale == 0, torch.tensor(1.0), scale)
    zero_point = (-low / scale).round()
    whole = torch.quantize_per_tensor(x, float(scale), int(zero_point), torch.quint8).int_repr()
    return whole.clamp(max=2**bits - 1), scale, zero_point


# %% float64, integers
def quantize_zero_point(x, bits=8):
    w = x.double()
    low, high = w.min().clamp(max=0), w.max().clamp(min=0)
    scale = (high - low) / (2**bits - 1) if high > low else torch.ones((), dtype=torch.float64)
    zero_point = int((-low / scale).round())
    codes = (w / scale).round().int().add(zero_point).clamp(0, 2**bits - 1)
    return codes.to(torch.uint8), scale, zero_point


# %% a loop over numbers
def quantize_zero_point(x, bits=8):
    numbers, largest = x.reshape(-1).tolist(), 2**bits - 1
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    step = (high - low) / largest
    step = step if step > 0 else 1.0
    zero = round(-low / step)
    codes = [min(max(round(v / step) + zero, 0), largest) for v in numbers]
    return torch.tensor(codes, dtype=torch.uint8).reshape(x.shape), torch.tensor(step), torch.tensor(zero)


# %% early return for zeros, minimum and maximum with a zero tensor
def quantize_zero_point(tensor: torch.Tensor, bits: int = 8):
    if torch.count_nonzero(tensor) == 0:
        return torch.zeros_like(tensor, dtype=torch.uint8), torch.ones(1), torch.zeros(1)
    nothing = torch.zeros(())
    lo, hi = torch.minimum(tensor.min(), nothing), torch.maximum(tensor.max(), nothing)
    s = (hi - lo) / (2**bits - 1)
    z = torch.round(-lo / s).to(torch.int32)
    q = torch.round(torch.div(tensor, s)).to(torch.int32) + z
    return torch.clamp(q, min=0, max=2**bits - 1).to(dtype=torch.uint8), s, z


# %% numpy
import numpy as np


def quantize_zero_point(x, bits=8):
    v = x.numpy().astype(np.float64)
    low, high = min(v.min(), 0), max(v.max(), 0)
    step = (high - low) / (2**bits - 1)
    if step == 0:
        step = 1.0
    zero = np.rint(-low / step)
    codes = np.clip(np.rint(v / step) + zero, 0, 2**bits - 1)
    return torch.from_numpy(np.asarray(codes, dtype=np.uint8)), float(step), int(zero)


# %% plain ints
def quantize_zero_point(x, bits=8):
    n = 2 ** bits - 1
    lo, hi = min(x.min().item(), 0.0), max(x.max().item(), 0.0)
    s = (hi - lo) / n or 1.0
    z = round(-lo / s)
    return torch.clamp(torch.round(x / s) + z, 0, n).byte(), s, z


# %% int tensors
def quantize_zero_point(x: torch.Tensor, bits: int = 8) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Codes, step and zero point of a tensor: q = round(x / s) + z.

    Args:
        x: finite floats (float32), any shape, at least one number.
        bits: from 2 to 8.

    Returns:
        codes, uint8 in the shape of x; the step, one positive number; the code of zero, one whole number.
    """
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)  # (), ()
    scale = (high - low) / largest
    if scale == 0:
        scale = torch.ones_like(scale)
    zero_point = torch.round(-low / scale).long()
    codes = ((x / scale).round() + zero_point).clamp(0, largest)
    return codes.to(torch.uint8), scale, zero_point
