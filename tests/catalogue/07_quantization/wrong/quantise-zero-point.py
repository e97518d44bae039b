# %% number of codes instead of steps message="levels-not-steps"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / 2**bits
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% range around zero message="symmetric-range"
def quantize_zero_point(x, bits=8):
    c = x.abs().max()
    scale = 2 * c / (2**bits - 1)
    zero_point = (c / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% one-sided range not widened (pytorch #23838) message="range-without-zero"
def quantize_zero_point(x, bits=8):
    low, high = x.min(), x.max()
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point not rounded message="zero-point-not-whole"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = -low / scale
    return (x / scale + zero_point).round().to(torch.uint8), scale, zero_point


# %% zero point cut message="zero-point-cut"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = int(-low / scale)
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% sign of the zero point message="zero-point-negative"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (low / scale).round()
    return ((x / scale).round() - zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point for signed codes message="signed-codes"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round() - 2 ** (bits - 1)
    codes = ((x / scale).round() + zero_point).clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return codes.to(torch.int8), scale, zero_point


# %% minimum returned message="minimum-returned"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    return ((x - low) / scale).round().to(torch.uint8), scale, low


# %% counted from the minimum message="counted-from-minimum"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x - low) / scale).round().to(torch.uint8), scale, zero_point


# %% codes cut message="truncated"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return (x / scale + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% not clamped message="codes-not-clamped"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).to(torch.int32).to(torch.uint8), scale, zero_point


# %% codes not bytes message="codes-wrong-type"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.int16), scale, zero_point


# %% zeros divided by zero message="zero-step"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / (2**bits - 1)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point before the step message="results-swapped"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), zero_point, scale


# %% signed bytes message="codes-wrong-type"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.int8), scale, zero_point


# %% only the lower end widened message="one-end-widened"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max()
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% only the upper end widened message="one-end-widened"
def quantize_zero_point(x, bits=8):
    low, high = x.min(), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% the lower end added message="minimum-added"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high + low).abs() / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% 8 bits always message="bits-ignored"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / 255).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% four bits by default message="wrong-default"
def quantize_zero_point(x, bits=4):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% a zero point in the middle message="middle-of-codes"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = torch.tensor(2.0 ** (bits - 1))
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% counted from the top message="zero-point-from-top"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (high / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point rounded up message="zero-point-cut"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).ceil()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point not added message="zero-point-not-added"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round()).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% zero point subtracted message="zero-point-subtracted"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() - zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% codes as floats message="codes-wrong-type"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1), scale, zero_point


# %% a guard that small numbers run into message="small-is-not-zero"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=0.01)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% largest magnitude message="symmetric-range"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (x.abs().max() / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale, zero_point


# %% only codes and step message="not-all-results"
def quantize_zero_point(x, bits=8):
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / (2**bits - 1)).clamp(min=1e-12)
    zero_point = (-low / scale).round()
    return ((x / scale).round() + zero_point).clamp(0, 2**bits - 1).to(torch.uint8), scale


# %% epsilon message="small-is-not-zero"
def quantize_zero_point(x, bits=8):
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / largest + 1e-6
    z = (-low / scale).round()
    return ((x / scale).round() + z).clamp(0, largest).to(torch.uint8), scale, z


# %% zero point int8 message="wrong-zero-point"
def quantize_zero_point(x, bits=8):
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / largest
    if scale == 0: scale = torch.ones_like(scale)
    z = (-low / scale).round().to(torch.int8)
    return ((x / scale).round() + z).clamp(0, largest).to(torch.uint8), scale, z


# %% half message="digits-lost"
def quantize_zero_point(x, bits=8):
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = ((high - low) / largest).bfloat16().float()
    if scale == 0: scale = torch.ones_like(scale)
    z = (-low / scale).round()
    return ((x / scale).round() + z).clamp(0, largest).to(torch.uint8), scale, z


# %% cut before the zero point is added message="cut-before-shift"
def quantize_zero_point(x, bits=8):
    low = x.min().clamp(max=0)
    high = x.max().clamp(min=0)
    s = (high - low) / (2**bits - 1)
    if s == 0:
        s = torch.tensor(1.0)
    z = (-low / s).round()
    return ((x / s).round().clamp(0, 2**bits - 1) + z).to(torch.uint8), s, z


# %% cut to the codes with a sign message="signed-codes"
def quantize_zero_point(x, bits=8):
    low = x.min().clamp(max=0)
    high = x.max().clamp(min=0)
    s = (high - low) / (2**bits - 1)
    if s == 0:
        s = torch.tensor(1.0)
    z = (-low / s).round()
    return ((x / s).round() + z).clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).to(torch.uint8), s, z


# %% cut after half is added message="half-added"
# The C idiom for positive numbers.
def quantize_zero_point(x, bits=8):
    largest = 2**bits - 1
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    scale = (high - low) / largest
    if scale == 0:
        scale = torch.ones_like(scale)
    zero_point = (-low / scale).round()
    codes = ((x / scale + 0.5).trunc() + zero_point).clamp(0, largest)
    return codes.to(torch.uint8), scale, zero_point
