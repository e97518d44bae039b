# %% last block dropped message="last-block-dropped"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    rows = flat[: len(flat) // block * block].reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    return (rows / scales[:, None]).round().to(torch.int8), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% blocks end with rows message="blocks-end-with-rows"
def quantize_blocks(x, bits, block):
    parts = [part for row in x.reshape(-1, x.shape[-1]) for part in row.split(block)]
    scales = torch.stack([part.abs().max() for part in parts]) / (2 ** (bits - 1) - 1)
    codes = torch.cat([(part / s).round() for part, s in zip(parts, scales)])
    return codes.reshape(x.shape).to(torch.int8), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% each row a block message="row-is-a-block"
def quantize_blocks(x, bits, block):
    scales = x.abs().amax(dim=-1) / (2 ** (bits - 1) - 1)
    return (x / scales[..., None]).round().to(torch.int8), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% reshaped the wrong way round message="numbers-dealt-out"
def quantize_blocks(x, bits, block):
    n = x.numel()
    columns = F.pad(x.reshape(-1), (0, -n % block)).reshape(block, -1)
    scales = columns.abs().amax(dim=0) / (2 ** (bits - 1) - 1)
    return (columns / scales).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% edge off by one message="edge-off-by-one"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    scales = torch.stack(
        [flat[i : i + block + 1].abs().max() / (2 ** (bits - 1) - 1) for i in range(0, len(flat), block)]
    )
    each = scales.repeat_interleave(block)[: len(flat)]
    return (flat / each).round().to(torch.int8).reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% each block misses its last number message="edge-off-by-one"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    scales = torch.stack(
        [flat[i : i + block - 1].abs().max() / (2 ** (bits - 1) - 1) for i in range(0, len(flat), block)]
    )
    each = scales.repeat_interleave(block)[: len(flat)]
    return (flat / each).round().to(torch.int8).reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% one step for all message="one-scale"
def quantize_blocks(x, bits, block):
    scale = x.abs().max() / (2 ** (bits - 1) - 1)
    return (x / scale).round().to(torch.int8), scale


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% last block merged message="last-block-merged"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    m = max(1, len(flat) // block)
    parts = [flat[j * block : (j + 1) * block if j < m - 1 else None] for j in range(m)]
    scales = torch.stack([part.abs().max() for part in parts]) / (2 ** (bits - 1) - 1)
    codes = torch.cat([(part / s).round() for part, s in zip(parts, scales)])
    return codes.reshape(x.shape).to(torch.int8), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% abs forgotten message="sign-forgotten"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.amax(dim=1) / (2 ** (bits - 1) - 1)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% range to -128 message="range-128"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / 2 ** (bits - 1)
    return (rows / scales[:, None]).round().clamp(-128, 127).to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% codes cut message="truncated"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% codes stay flat message="shape-lost"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n], scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% steps repeated as a list message="scales-tiled"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% block of zeros divided by zero (llama.cpp #20460, auto-round #1909) message="zero-step"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% a whole block filled up where nothing is missing message="extra-block"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, block - n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% one block of zeros resets all steps message="neighbors-changed"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    if (scales == 0).any():
        scales = torch.ones_like(scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% a guard that small weights run into message="small-is-not-zero"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales < 1e-2, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% steps as a column message="step-shape"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% 8 bits always message="bits-ignored"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / 127
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% magnitudes returned message="absmax-returned"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    scales = scales * (2 ** (bits - 1) - 1)
    return (rows / scales[:, None] * (2 ** (bits - 1) - 1)).round().to(torch.int8).reshape(-1)[:n].reshape(
        x.shape
    ), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% codes of the first step message="first-scale-only"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[0]).round().clamp(-127, 127).to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% codes of 32 bits message="codes-wrong-type"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int32).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)).reshape(codes.shape)


# %% the first step for all on the way back message="first-scale-only"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return codes * scales[0]


# %% only whole blocks come back message="raised-RuntimeError"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return (codes.reshape(-1, block) * scales[:, None]).reshape(codes.shape)


# %% flat on the way back message="shape-lost"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return scales.repeat_interleave(block)[: codes.numel()] * codes.reshape(-1)


# %% a step for each row on the way back message="scale-per-row"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return codes * scales.reshape(-1, *[1] * (codes.dim() - 1))


# %% codes alone come back message="scale-forgotten"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    return (rows / scales[:, None]).round().to(torch.int8).reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    return codes.float()


# %% one scale message="one-scale"
def quantize_blocks(x: torch.Tensor, bits: int, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and steps of a tensor in blocks of consecutive numbers.

    Args:
        x: finite floats (float32), any shape, n numbers, at least one.
        bits: from 2 to 8.
        block: numbers that share a step, at least 1.

    Returns:
        codes, int8 in the shape of x; the steps (ceil(n / block),), all positive.
    """
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)  # (m, block)
    scales = rows.abs().max().expand(rows.shape[0]) / (2 ** (bits - 1) - 1)  # (m,)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)  # (m, block)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes: torch.Tensor, scales: torch.Tensor, block: int) -> torch.Tensor:
    """The floats that the codes stand for, in the shape of the codes."""
    each = scales.repeat_interleave(block)[: codes.numel()]  # (n,)
    return each.reshape(codes.shape) * codes


# %% dequant infers block message="scale-per-row"
def quantize_blocks(x: torch.Tensor, bits: int, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and steps of a tensor in blocks of consecutive numbers.

    Args:
        x: finite floats (float32), any shape, n numbers, at least one.
        bits: from 2 to 8.
        block: numbers that share a step, at least 1.

    Returns:
        codes, int8 in the shape of x; the steps (ceil(n / block),), all positive.
    """
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)  # (m, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)  # (m,)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)  # (m, block)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes: torch.Tensor, scales: torch.Tensor, block: int) -> torch.Tensor:
    """The floats that the codes stand for, in the shape of the codes."""
    each = scales.repeat_interleave(-(-codes.numel() // len(scales)))[: codes.numel()]  # (n,)
    return each.reshape(codes.shape) * codes


# %% clamp 1e-5 message="small-is-not-zero"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = (rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)).clamp(min=1e-5)
    codes = (rows / scales[:, None]).round().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales
def dequantize_blocks(codes, scales, block):
    return scales.repeat_interleave(block)[: codes.numel()].reshape(codes.shape) * codes


# %% padded with the mean message="wrong-steps"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block), value=float(x.max())).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales
def dequantize_blocks(codes, scales, block):
    return scales.repeat_interleave(block)[: codes.numel()].reshape(codes.shape) * codes


# %% scales half message="digits-lost"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = (rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)).half().float()
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales
def dequantize_blocks(codes, scales, block):
    return scales.repeat_interleave(block)[: codes.numel()].reshape(codes.shape) * codes


# %% filled up in front message="filled-in-front"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    n = len(flat)
    rows = F.pad(flat, (-n % block, 0)).reshape(-1, block)
    scales = rows.abs().amax(1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    n = codes.numel()
    return (codes.reshape(-1) * scales.repeat_interleave(block)[:n]).reshape(codes.shape)


# %% filled up with ones message="filled-by-numbers"
def quantize_blocks(x, bits, block):
    flat = x.reshape(-1)
    n = len(flat)
    rows = F.pad(flat, (0, -n % block), value=1.0).reshape(-1, block)
    scales = rows.abs().amax(1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).round().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    n = codes.numel()
    return (codes.reshape(-1) * scales.repeat_interleave(block)[:n]).reshape(codes.shape)


# %% rounded up message="rounded-up"
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None]).ceil().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    each = scales.repeat_interleave(block)[: codes.numel()]
    return each.reshape(codes.shape) * codes


# %% cut after half is added message="half-added"
# The C idiom for positive numbers.
def quantize_blocks(x, bits, block):
    n = x.numel()
    rows = F.pad(x.reshape(-1), (0, -n % block)).reshape(-1, block)
    scales = rows.abs().amax(dim=1) / (2 ** (bits - 1) - 1)
    scales = torch.where(scales == 0, 1, scales)
    codes = (rows / scales[:, None] + 0.5).trunc().to(torch.int8)
    return codes.reshape(-1)[:n].reshape(x.shape), scales


def dequantize_blocks(codes, scales, block):
    each = scales.repeat_interleave(block)[: codes.numel()]
    return each.reshape(codes.shape) * codes
