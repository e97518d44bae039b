# %% range to -128 (onnxruntime #10170) message="range-128"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / 2 ** (bits - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% divided by the number of codes message="range-unsigned"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2**bits - 1)
    return (x / scale).round().clamp(-128, 127).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% steps over the range without an exact zero message="no-exact-zero"
def quantize_absmax(x, bits=8):
    scale = 2 * x.abs().max() / (2**bits - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% abs forgotten message="sign-forgotten"
def quantize_absmax(x, bits=8):
    scale = x.max() / (2 ** (bits - 1) - 1)
    return (x / scale).round().clamp(-127, 127).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% abs after max message="sign-forgotten"
def quantize_absmax(x, bits=8):
    scale = x.max().abs() / (2 ** (bits - 1) - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% range instead of magnitude message="range-used"
def quantize_absmax(x, bits=8):
    scale = (x.max() - x.min()) / (2**bits - 2)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% scale the other way round message="step-inverted"
def quantize_absmax(x, bits=8):
    scale = (2 ** (bits - 1) - 1) / x.abs().max()
    return (x * scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes / scale


# %% 8 bits always message="bits-ignored"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / 127
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% a step for each row message="step-per-row"
def quantize_absmax(x, bits=8):
    scale = x.abs().amax(dim=-1, keepdim=True) / (2 ** (bits - 1) - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% magnitude returned as step message="absmax-returned"
def quantize_absmax(x, bits=8):
    scale = x.abs().max()
    largest = 2 ** (bits - 1) - 1
    return (x / scale * largest).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes / 127 * scale


# %% not rounded before the conversion message="truncated"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% floor message="rounded-down"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).floor().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% codes kept as floats message="codes-wrong-type"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round(), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% quantised and dequantised at once message="values-not-codes"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round() * scale, scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% unsigned codes message="codes-offset"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return ((x / scale).round() + 2 ** (bits - 1)).to(torch.uint8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% comes back divided message="divided-by-scale"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes / scale


# %% comes back as integers message="back-not-float"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return (codes * scale).to(codes.dtype)


# %% scale forgotten on the way back message="scale-forgotten"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes.float()


# %% zeros divided by zero (coremltools #2853) message="zero-step"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% the zeros' codes set to zero afterwards, the step left at zero message="zero-step"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    return torch.nan_to_num(x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% in place message="input-changed"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return x.div_(scale).round_().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% only the codes message="not-all-results"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    return (x / scale).round().to(torch.int8)


def dequantize_absmax(codes, scale):
    return codes * scale


# %% the step first message="results-swapped"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return scale, (x / scale).round().to(torch.int8)


def dequantize_absmax(codes, scale):
    return codes * scale


# %% one zero taken for a tensor of zeros message="some-zeros"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if (x == 0).any():
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% the smallest number, sign turned message="sign-forgotten"
def quantize_absmax(x, bits=8):
    scale = -x.min() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% another number of bits by default message="wrong-default"
def quantize_absmax(x, bits=4):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% a guard that small weights run into message="small-is-not-zero"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale < 0.01:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% divided by bits message="bits-for-levels"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / bits
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% signs lost in the codes message="sign-lost"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x.abs() / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% codes clamped as if they had no sign message="negative-lost"
def quantize_absmax(x, bits=8):
    largest = 2 ** (bits - 1) - 1
    scale = x.abs().max() / largest
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().clamp(0, largest).to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% codes of another step message="bits-ignored"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        return torch.zeros_like(x).to(torch.int8), torch.ones(())
    return (x / x.abs().max() * 127).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% zeros as floats message="codes-wrong-type"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        return torch.zeros_like(x), torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% flat on the way back message="shape-lost"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return (codes * scale).flatten()


# %% the step as a whole number on the way back message="wrong-back"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0:
        scale = torch.ones(())
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale.round()


# %% clamp min 1e-3 message="small-is-not-zero"
def quantize_absmax(x: torch.Tensor, bits: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and step of a tensor: q = round(x / s), s = max|x| / (2**(bits - 1) - 1).

    Args:
        x: finite floats (float32), any shape, at least one number.
        bits: from 2 to 8.

    Returns:
        codes, int8 in the shape of x; the step, one positive number.
    """
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    scale = scale.clamp(min=1e-3)
    if scale == 0:
        scale = torch.ones_like(scale)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """The floats that the codes stand for, in the shape of the codes."""
    return scale * codes


# %% a step below 1e-4 counts as zero message="small-is-not-zero"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale < 1e-4: scale = torch.ones_like(scale)
    return (x / scale).round().to(torch.int8), scale
def dequantize_absmax(codes, scale): return scale * codes


# %% at least 1e-5 message="small-is-not-zero"
def quantize_absmax(x, bits=8):
    scale = (x.abs().max() / (2 ** (bits - 1) - 1)).clamp(min=1e-5)
    return (x / scale).round().to(torch.int8), scale
def dequantize_absmax(codes, scale): return scale * codes


# %% epsilon 1e-6 added message="small-is-not-zero"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1) + 1e-6
    return (x / scale).round().to(torch.int8), scale
def dequantize_absmax(codes, scale): return scale * codes


# %% half step message="digits-lost"
def quantize_absmax(x, bits=8):
    scale = (x.abs().max() / (2 ** (bits - 1) - 1)).half().float()
    if scale == 0: scale = torch.ones_like(scale)
    return (x / scale).round().to(torch.int8), scale
def dequantize_absmax(codes, scale): return scale * codes


# %% dequantized half message="digits-lost"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if scale == 0: scale = torch.ones_like(scale)
    return (x / scale).round().to(torch.int8), scale
def dequantize_absmax(codes, scale): return (scale * codes).half().float()


# %% scale kept globally message="wrong-back"
def quantize_absmax(x, bits=8):
    global last_scale
    last_scale = x.abs().max() / (2 ** (bits - 1) - 1)
    if last_scale == 0: last_scale = torch.ones_like(last_scale)
    return (x / last_scale).round().to(torch.int8), last_scale
def dequantize_absmax(codes, scale): return last_scale * codes


# %% the mean of x is subtracted message="mean-subtracted"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return ((x - x.mean()) / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% a tiny number is added to the step message="small-is-not-zero"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    scale = scale + 1e-8
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% a negative step for zeros message="zero-step"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    scale = torch.where(scale == 0, -torch.ones_like(scale), scale)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return codes * scale


# %% what comes back is rounded message="wrong-back"
def quantize_absmax(x, bits=8):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (x / scale).round().to(torch.int8), scale


def dequantize_absmax(codes, scale):
    return (codes * scale).round()
