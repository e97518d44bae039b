# %% a loop over groups
def stored_bits(block, group=None):
    weights = block * (group or 1)
    constants = 32 if group is None else 8 * group + 32
    return 4 + constants / weights


def store_scales(scales, group):
    mean = float(scales.double().mean())
    codes, steps = [], []
    for part in (scales.double() - mean).split(group):
        step = float(part.abs().max()) / 127 or 1.0
        codes.append((part / step).round())
        steps.append(step)
    return torch.cat(codes).to(torch.int8), torch.tensor(steps), mean


def restore_scales(codes, steps, mean, group):
    return torch.stack([mean + steps[i // group] * code for i, code in enumerate(codes)])


# %% indices, in place on a copy
def stored_bits(block, group=None):
    bits = 4.0
    if group is None:
        bits += 32 / block
    else:
        bits += (8 + 32 / group) / block
    return bits


def store_scales(scales, group):
    mean = scales.mean()
    apart = scales - mean
    own = torch.arange(len(scales)) // group
    top = torch.zeros(int(own[-1]) + 1).scatter_reduce(0, own, apart.abs(), "amax")
    steps = torch.where(top > 0, top / 127, torch.ones_like(top))
    return (apart / steps[own]).round().char(), steps, mean


def restore_scales(codes, steps, mean, group):
    back = codes.float()
    back *= steps[torch.arange(len(codes)) // group]
    return back + mean


# %% padded rows on the way back
def stored_bits(block, group=None):
    return 4 + (32 / block if not group else 8 / block + 32 / block / group)


def store_scales(scales, group):
    m, mean = scales.numel(), scales.sum() / scales.numel()
    rows = torch.zeros(-(-m // group) * group)
    rows[:m] = scales - mean
    rows = rows.view(-1, group)
    steps = rows.abs().max(dim=1, keepdim=True).values / 127
    steps[steps == 0] = 1
    return torch.round(rows / steps).to(torch.int8).flatten()[:m], steps.flatten(), mean


def restore_scales(codes, steps, mean, group):
    rows = F.pad(codes, (0, -len(codes) % group)).view(-1, group)
    return (steps[:, None] * rows + mean).flatten()[: len(codes)]


# %% float64 throughout, steps as float64
def stored_bits(block, group=None):
    if group:
        return 4 + 8 / block + 32 / (group * block)
    return 4 + 32 / block


def store_scales(scales, group):
    c = scales.double()
    mean = c.mean()
    rows = F.pad(c - mean, (0, -len(c) % group)).unflatten(0, (-1, group))
    steps = (rows.abs().amax(1) / 127).clamp(min=1e-12)
    return (rows / steps.unsqueeze(1)).round().clamp(-127, 127).to(torch.int8).flatten()[: len(c)], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean.double() + codes.double() * steps.double().repeat_interleave(group)[: len(codes)]


# %% built on a function of blocks
def in_pieces(numbers, group):
    pieces = numbers.split(group)
    steps = [max(float(p.abs().max()) / 127, 1e-12) for p in pieces]
    codes = torch.cat([(p / s).round() for p, s in zip(pieces, steps)])
    return codes.to(torch.int8), torch.tensor(steps)


def stored_bits(block: int, group: int | None = None) -> float:
    scale, step = (32, 0) if group is None else (8, 32 / group)
    return 4 + (scale + step) / block


def store_scales(scales, group):
    mean = torch.mean(scales)
    return *in_pieces(scales - mean, group), mean


def restore_scales(codes, steps, mean, group):
    return torch.cat([torch.add(mean, c, alpha=float(s)) for c, s in zip(codes.float().split(group), steps)])


# %% numpy, the mean as a float
import numpy as np


def stored_bits(block, group=None):
    bits = {"code": 4, "scale": 32 / block}
    if group is not None:
        bits.update(scale=8 / block, step=32 / (block * group))
    return sum(bits.values())


def store_scales(scales, group):
    c = scales.numpy().astype(np.float64)
    mean = c.mean()
    starts = np.arange(0, c.size, group)
    steps = np.maximum.reduceat(np.abs(c - mean), starts) / 127
    steps[steps == 0] = 1.0
    codes = np.rint((c - mean) / np.repeat(steps, group)[: c.size])
    return torch.from_numpy(codes.astype(np.int8)), torch.from_numpy(steps), float(mean)


def restore_scales(codes, steps, mean, group):
    each = np.repeat(steps.numpy(), group)[: len(codes)]
    return torch.from_numpy(float(mean) + each * codes.numpy())


# %% split
def stored_bits(block, group=None): return 4 + (32 if group is None else 8 + 32 / group) / block
def store_scales(scales, group):
    mean = sum(scales.tolist()) / len(scales)
    codes, steps = [], []
    for part in (scales - mean).split(group):
        top = part.abs().max().item(); s = top / 127 if top else 1.0
        steps.append(s); codes.append((part / s).round())
    return torch.cat(codes).to(torch.int8), torch.tensor(steps), torch.tensor(mean)
def restore_scales(codes, steps, mean, group):
    return torch.cat([s * c + mean for s, c in zip(steps, codes.split(group))])


# %% float mean
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    if group is None:
        return 4 + 32 / block
    return 4 + 8 / block + 32 / (block * group)


def store_scales(scales: torch.Tensor, group: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scales in 8 bits each.

    Args:
        scales: positive floats (m,).
        group: scales that share a step, at least 1.

    Returns:
        codes (m,) int8; steps (ceil(m / group),), all positive; the mean of all scales, one number.
    """
    m, mean = len(scales), scales.mean()
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)  # (t, group)
    steps = rows.abs().amax(dim=1) / 127  # (t,)
    steps = torch.where(steps == 0, 1, steps)
    codes = (rows / steps[:, None]).round().to(torch.int8)  # (t, group)
    return codes.reshape(-1)[:m], steps, mean.item()


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes
