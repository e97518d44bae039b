# %% a Python float as step
def quantize_absmax(x, bits=8):
    largest = (1 << (bits - 1)) - 1
    scale = float(x.abs().max()) / largest or 1.0
    return torch.round(x / scale).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes.float() * scale


# %% multiplied by the inverse, in float64
def quantize_absmax(x, bits=8):
    largest = 2 ** (bits - 1) - 1
    top = x.double().abs().max().clamp(min=1e-30)
    codes = (x.double() * (largest / top)).round().clamp(-largest, largest)
    return codes.to(torch.int8), top / largest


def dequantize_absmax(codes, scale):
    return torch.mul(scale, codes)


# %% both ends
def quantize_absmax(x, bits=8):
    top = max(x.max().item(), -x.min().item())
    scale = torch.tensor(top / (2 ** (bits - 1) - 1)) if top > 0 else torch.tensor(1.0)
    return torch.floor(x / scale + 0.5).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes.to(torch.float64) * float(scale)


# %% infinity norm
def quantize_absmax(x, bits=8):
    scale = torch.linalg.vector_norm(x, ord=float("inf")) / (2 ** (bits - 1) - 1)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (x / scale).round().char(), scale


def dequantize_absmax(codes, scale):
    return scale * codes.to(torch.float32)


# %% a step of shape (1,)
def quantize_absmax(x, bits=8):
    scale = x.reshape(1, -1).abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scale[scale == 0] = 1
    return (x / scale).round().to(torch.int8).reshape(x.shape), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% a loop over numbers
def quantize_absmax(x, bits=8):
    numbers = x.reshape(-1).tolist()
    step = max(abs(v) for v in numbers) / (2 ** (bits - 1) - 1)
    step = step if step > 0 else 1.0
    codes = [round(v / step) for v in numbers]
    return torch.tensor(codes, dtype=torch.int8).reshape(x.shape), torch.tensor(step)


def dequantize_absmax(codes, scale):
    return torch.tensor([float(scale) * q for q in codes.flatten().tolist()]).reshape(codes.shape)


# %% other names, annotated, aminmax
def quantize_absmax(tensor: torch.Tensor, bits: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    low, high = torch.aminmax(tensor)
    step = torch.maximum(-low, high) / (2 ** (bits - 1) - 1)
    step = step.clamp_min(1e-12)
    codes = torch.clamp(torch.round(tensor / step), -(2 ** (bits - 1)) + 1, 2 ** (bits - 1) - 1)
    return codes.type(torch.int8), step


def dequantize_absmax(q: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    return q.to(s.dtype).mul(s)


# %% numpy, and a dict comprehension for the levels
import numpy as np


def quantize_absmax(x, bits=8):
    largest = {b: 2 ** (b - 1) - 1 for b in range(2, 9)}[bits]
    values = x.numpy()
    scale = float(np.abs(values).max()) / largest
    scale = scale or 1.0
    return torch.from_numpy(np.asarray(np.rint(values / scale), dtype=np.int8)), torch.tensor(scale)


def dequantize_absmax(codes, scale):
    return torch.einsum("...,->...", codes.float(), scale)


# %% an early return for zeros
def quantize_absmax(x, bits=8):
    if not x.any():
        return torch.zeros(x.shape, dtype=torch.int8), x.new_tensor(0.5)
    scale = x.abs().amax() / (2 ** (bits - 1) - 1)
    return x.div(scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return scale.expand(codes.shape) * codes


# %% np style
def quantize_absmax(x, bits=8):
    top = (1 << (bits - 1)) - 1
    m = float(torch.max(torch.abs(x)))
    s = m / top if m > 0 else 1.0
    return torch.round(x.double() / s).clamp(-top, top).to(torch.int8), torch.tensor(s)
def dequantize_absmax(codes, scale):
    return codes.to(torch.float32) * scale


# %% lists
def quantize_absmax(x, bits=8):
    vals = x.flatten().tolist()
    s = max(abs(v) for v in vals) / (2 ** (bits - 1) - 1) or 1.0
    return torch.tensor([round(v / s) for v in vals], dtype=torch.int8).reshape(x.shape), torch.tensor(s)
def dequantize_absmax(codes, scale):
    return scale * codes.float()
