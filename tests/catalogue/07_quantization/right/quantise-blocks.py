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


# %% exercise 1 written out for each block
def quantize_blocks(x, bits, block):
    largest = 2 ** (bits - 1) - 1

    def one(part):
        scale = max(abs(v) for v in part) / largest or 1.0
        return [round(v / scale) for v in part], scale

    flat = x.reshape(-1).tolist()
    pairs = [one(flat[i : i + block]) for i in range(0, len(flat), block)]
    codes = [q for part, _ in pairs for q in part]
    return torch.tensor(codes, dtype=torch.int8).reshape(x.shape), torch.tensor([scale for _, scale in pairs])


def dequantize_blocks(codes, scales, block):
    flat = [float(scales[i // block]) * q for i, q in enumerate(codes.reshape(-1).tolist())]
    return torch.tensor(flat).reshape(codes.shape)


# %% unfold of the filled tensor, other names
def quantize_blocks(w: torch.Tensor, bits: int, k: int):
    n = w.numel()
    filled = torch.zeros((n + k - 1) // k * k, dtype=w.dtype)
    filled[:n] = w.flatten()
    rows = filled.unfold(0, k, k)
    steps = torch.linalg.vector_norm(rows, ord=float("inf"), dim=1) / (2 ** (bits - 1) - 1)
    steps = steps.masked_fill(steps == 0, 1e-6)
    codes = torch.einsum("mk,m->mk", rows, 1 / steps).round()
    return codes.flatten()[:n].to(torch.int8).view_as(w), steps


def dequantize_blocks(codes, scales, block):
    each = scales.unsqueeze(1).expand(-1, block).reshape(-1)[: codes.numel()]
    return torch.mul(each.view(codes.shape), codes)


# %% numpy
import numpy as np


def quantize_blocks(x, bits, block):
    flat = x.numpy().ravel()
    starts = np.arange(0, flat.size, block)
    scales = np.maximum.reduceat(np.abs(flat), starts) / np.float32(2 ** (bits - 1) - 1)
    scales[scales == 0] = 1
    codes = np.rint(flat / np.repeat(scales, block)[: flat.size]).astype(np.int8)
    return torch.from_numpy(codes).reshape(x.shape), torch.from_numpy(scales)


def dequantize_blocks(codes, scales, block):
    each = np.repeat(scales.numpy(), block)[: codes.numel()]
    return torch.from_numpy(each * codes.numpy().ravel()).reshape(codes.shape)


# %% split
def quantize_blocks(x, bits, block):
    codes, scales = [], []
    for p in x.flatten().split(block):
        s = p.abs().max() / (2 ** (bits - 1) - 1)
        if s == 0: s = torch.tensor(1.0)
        codes.append(torch.round(p / s)); scales.append(s)
    return torch.cat(codes).to(torch.int8).view(x.shape), torch.stack(scales)
def dequantize_blocks(codes, scales, block):
    return torch.cat([s * p for s, p in zip(scales, codes.flatten().split(block))]).view(codes.shape)


# %% index
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1); i = torch.arange(flat.numel()) // block
    m = torch.zeros(int(i[-1]) + 1).scatter_reduce(0, i, flat.abs(), "amax")
    s = m / (2 ** (bits - 1) - 1); s[s == 0] = 1
    return (flat / s[i]).round().to(torch.int8).reshape(x.shape), s
def dequantize_blocks(codes, scales, block):
    i = torch.arange(codes.numel()) // block
    return (codes.reshape(-1).float() * scales[i]).reshape(codes.shape)
