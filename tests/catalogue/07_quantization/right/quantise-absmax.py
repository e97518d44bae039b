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
