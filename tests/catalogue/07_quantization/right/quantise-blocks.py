# %% a loop over blocks
def quantize_blocks(x, bits, block):
    parts, scales = [], []
    for part in x.flatten().split(block):
        scale = part.abs().max() / (2 ** (bits - 1) - 1)
        if scale == 0:
            scale = torch.tensor(1.0)
        parts.append((part / scale).round())
        scales.append(scale)
    return torch.cat(parts).reshape(x.shape).to(torch.int8), torch.stack(scales)


def dequantize_blocks(codes, scales, block):
    back = codes.flatten().float()
    for j, scale in enumerate(scales):
        back[j * block : (j + 1) * block] *= scale
    return back.view_as(codes)


# %% indices
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    own = torch.arange(len(flat)) // block
    top = torch.zeros(int(own[-1]) + 1).scatter_reduce(0, own, flat.abs(), "amax")
    scales = (top / (2 ** (bits - 1) - 1)).clamp(min=1e-20)
    return (flat / scales[own]).round().char().reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    own = torch.arange(codes.numel()) // block
    return codes * scales[own].reshape(codes.shape)


# %% float64, padded by cat
def quantize_blocks(x, bits, block):
    largest, flat = 2 ** (bits - 1) - 1, x.double().ravel()
    m = (len(flat) + block - 1) // block
    rows = torch.cat([flat, flat.new_zeros(m * block - len(flat))]).view(m, block)
    scales = rows.abs().max(dim=1).values / largest
    scales[scales == 0] = 1
    codes = torch.round(rows / scales.unsqueeze(1)).clamp(-largest, largest)
    return codes.ravel()[: len(flat)].view(x.shape).to(torch.int8), scales


def dequantize_blocks(codes, scales, block):
    return (codes.ravel() * scales.repeat_interleave(block)[: codes.numel()]).view(codes.shape)


# %% steps come back through the same reshaping
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
    codes = torch.where(scales > 0, rows / scales, torch.zeros_like(rows)).round()
    scales = torch.where(scales > 0, scales, torch.ones_like(scales))
    return codes.to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales.squeeze(1)


def dequantize_blocks(codes, scales, block):
    n = codes.numel()
    rows = F.pad(codes.reshape(-1), (0, -n % block)).reshape(-1, block)
    return (rows * scales[:, None]).reshape(-1)[:n].reshape(codes.shape)
