# %% scale forgotten message="scale-forgotten"
def stored_bits(block, group=None):
    return 4.0 if group is None else 4 + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% step of a group forgotten message="step-forgotten"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% step shared by too few message="step-shared-by-group-only"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / group


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% mean not subtracted message="mean-not-subtracted"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    m = len(scales)
    rows = F.pad(scales, (0, -m % group)).reshape(-1, group)
    steps = rows.amax(dim=1) / 127
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, torch.zeros(())


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% mean returned and not subtracted message="mean-not-subtracted"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales, (0, -m % group)).reshape(-1, group)
    steps = rows.amax(dim=1) / 127
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% a mean for each group message="mean-per-group"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    parts = scales.split(group)
    means = torch.stack([part.mean() for part in parts])
    steps = torch.stack([(part - part.mean()).abs().max() / 127 for part in parts])
    codes = torch.cat([((part - mean) / step).round() for part, mean, step in zip(parts, means, steps)])
    return codes.to(torch.int8), steps, means


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% filled up before the mean is subtracted message="filled-before-centring"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales, (0, -m % group)).reshape(-1, group) - mean
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% range to -128 message="range-128"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 128).clamp(min=1e-20)
    return (rows / steps[:, None]).round().clamp(-128, 127).to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% largest distance returned message="absmax-returned"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    largest = rows.abs().amax(dim=1).clamp(min=1e-20)
    return (rows / largest[:, None] * 127).round().to(torch.int8).reshape(-1)[:m], largest, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes / 127


# %% codes cut message="truncated"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None] * 1.00001).to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% mean not added back message="mean-forgotten"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return steps.repeat_interleave(group)[: len(codes)] * codes


# %% steps repeated as a list message="steps-tiled"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat(group)[: len(codes)] * codes


# %% magnitudes forgotten message="sign-forgotten"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% bits as a tensor message="not-a-number"
def stored_bits(block, group=None):
    return torch.tensor(4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group))


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% groups whatever is asked message="nothing-saved"
def stored_bits(block, group=None):
    return 4 + 32 / block


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% 256 scales in every group message="wrong-bits"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * 256)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% bytes counted message="bytes-for-bits"
def stored_bits(block, group=None):
    return 4 + 4 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% a median message="median-for-mean"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.median(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% the range of each group message="range-unsigned"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = ((rows.amax(dim=1) - rows.amin(dim=1)) / 255).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% a whole group filled up where nothing is missing message="extra-group"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, group - m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% steps not guarded message="zero-step"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(dim=1) / 127
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% one group without difference resets all steps message="wrong-codes"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(dim=1) / 127
    if (steps == 0).any():
        steps = torch.ones_like(steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% codes of the scales themselves message="mean-not-subtracted"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (scales / steps.repeat_interleave(group)[:m]).round().clamp(-127, 127).to(torch.int8), steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% codes of 16 bits message="codes-wrong-type"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int16).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% the first step for all on the way back message="first-step-only"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps[0] * codes


# %% the mean scaled on the way back message="scaled-mean"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean, m = scales.mean(), len(scales)
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = (rows.abs().amax(dim=1) / 127).clamp(min=1e-20)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return steps.repeat_interleave(group)[: len(codes)] * (codes + mean)


# %% steps clamp message="small-is-not-zero"
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
    steps = steps.clamp(min=1e-3)
    codes = (rows / steps[:, None]).round().to(torch.int8)  # (t, group)
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% isclose message="small-is-not-zero"
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
    steps = torch.where(steps < 1e-3, 1, steps)
    codes = (rows / steps[:, None]).round().to(torch.int8)  # (t, group)
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% order message="results-swapped"
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
    return codes.reshape(-1)[:m], mean, steps


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% round message="rounded"
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    if group is None:
        return 4 + 32 / block
    return round(4 + 8 / block + 32 / (block * group), 3)


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
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% hardcoded message="arguments-ignored"
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    if group is None:
        return 4 + 32 / block
    return 4.127


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
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% without code message="codes-forgotten"
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    if group is None:
        return 4 + 32 / block
    return 8 / block + 32 / (block * group)


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
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% floor div message="whole-division"
def stored_bits(block: int, group: int | None = None) -> float:
    """The bits a weight costs: a 4-bit code and its share of the constants."""
    if group is None:
        return 4 + 32 / block
    return 4 + 8 // block + 32 // (block * group)


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
    return codes.reshape(-1)[:m], steps, mean


def restore_scales(codes: torch.Tensor, steps: torch.Tensor, mean: torch.Tensor, group: int) -> torch.Tensor:
    """The scales that come back, (m,)."""
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% steps below 1e-4 counted as zero message="small-is-not-zero"
def stored_bits(block, group=None): return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)
def store_scales(scales, group):
    m, mean = len(scales), scales.mean()
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(dim=1) / 127
    steps = torch.where(steps < 1e-4, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean
def restore_scales(codes, steps, mean, group): return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% mean rounded message="digits-lost"
def stored_bits(block, group=None): return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)
def store_scales(scales, group):
    m, mean = len(scales), scales.mean().half().float()
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(dim=1) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean
def restore_scales(codes, steps, mean, group): return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% restored in half message="digits-lost"
def stored_bits(block, group=None): return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)
def store_scales(scales, group):
    m, mean = len(scales), scales.mean()
    rows = F.pad(scales - mean, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(dim=1) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean
def restore_scales(codes, steps, mean, group): return (mean + steps.repeat_interleave(group)[: len(codes)] * codes).half().float()


# %% whole division of 32 message="whole-division"
def stored_bits(block, group=None):
    return 4 + 32 // block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean = scales.mean()
    d = scales - mean
    m = len(d)
    rows = F.pad(d, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(1) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% a default group of 256 message="group-assumed"
def stored_bits(block, group=256):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean = scales.mean()
    d = scales - mean
    m = len(d)
    rows = F.pad(d, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(1) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% the largest step for every group message="one-step"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean = scales.mean()
    d = scales - mean
    m = len(d)
    rows = F.pad(d, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax().expand(len(rows)) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.int8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes


# %% codes without a sign message="codes-unsigned"
def stored_bits(block, group=None):
    return 4 + 32 / block if group is None else 4 + 8 / block + 32 / (block * group)


def store_scales(scales, group):
    mean = scales.mean()
    d = scales - mean
    m = len(d)
    rows = F.pad(d, (0, -m % group)).reshape(-1, group)
    steps = rows.abs().amax(1) / 127
    steps = torch.where(steps == 0, 1, steps)
    return (rows / steps[:, None]).round().to(torch.uint8).reshape(-1)[:m], steps, mean


def restore_scales(codes, steps, mean, group):
    return mean + steps.repeat_interleave(group)[: len(codes)] * codes
