"""The sixteen levels of NF4 on the bell curve that they are made for."""

from __future__ import annotations

import inspect

import torch

from lora_utils.quantization.codebooks import NF4, normal_float_levels
from lora_utils.schematics.drawing import Drawing

LEFT, RIGHT, BASE, HEIGHT = 70, 750, 300, 208  # of the curve, in pixels
REACH = 1.12  # how far the axis goes beyond the outermost levels


def nf4_levels() -> Drawing:
    """A bell curve cut at the boundaries between the levels, each level and its code below."""
    levels, boundaries = NF4.ascending()[0].tolist(), NF4.boundaries().tolist()
    shares = level_shares()
    inner = shares[1:-1]
    zero = levels.index(0.0)
    d = Drawing(
        "NF4 has its levels where normal weights are, and one exactly at zero",
        f"A bell curve of normal weights, scaled from -1 to 1 as the levels are made for, cut into {len(levels)} "
        f"strips, one for each level of NF4. Levels lie close near zero and far apart at the ends, so that each "
        f"of the inner levels stands for {min(inner):.1f} to {max(inner):.1f} % of the weights. "
        f"Code {zero} is exactly 0. The levels: {', '.join(f'{level:.3f}' for level in levels)}.",
        height=392,
    )
    edges = [-REACH, *boundaries, REACH]
    for code, (level, low, high) in enumerate(zip(levels, edges, edges[1:], strict=False)):
        if code % 2:
            d.strip([(_x(low), BASE), *_curve(low, high), (_x(high), BASE)])
        d.line((_x(level), BASE + 7), (_x(level), _y(level)))
        d.text(_x(level), BASE + 20, str(code), kind="name" if code == zero else "small")
    for boundary in boundaries:
        d.line((_x(boundary), BASE), (_x(boundary), _y(boundary)), kind="group")
    d.line(*_curve(-REACH, REACH))
    d.line((LEFT, BASE), (RIGHT, BASE))
    d.text(LEFT - 46, BASE + 20, "code", kind="small", anchor="start", on="soft")
    d.text(LEFT - 46, BASE + 42, "level", kind="small", anchor="start", on="soft")
    for code in (0, zero, len(levels) - 1):
        d.text(_x(levels[code]), BASE + 42, f"`{levels[code]:g}`")
    for code in (1, 2, 4, len(levels) - 5, len(levels) - 3, len(levels) - 2):
        d.text(_x(levels[code]), BASE + 42, f"`{levels[code]:.2f}`", on="soft")
    d.text(
        (LEFT + RIGHT) / 2,
        BASE + 70,
        "normal weight, scaled so that the outer levels are -1 and 1",
        kind="small",
        on="soft",
    )
    d.text(LEFT, 86, f"every inner strip holds {min(inner):.1f} to {max(inner):.1f} %", anchor="start")
    d.text(LEFT, 104, f"of the weights; 1/{len(levels)} is {100 / len(levels):.2f} %", anchor="start")
    return d


def level_shares() -> list[float]:
    """How many percent of normal weights are nearest to each level, from the lowest to the highest."""
    edges = torch.tensor([-torch.inf, *NF4.boundaries().tolist(), torch.inf], dtype=torch.float64)
    return (100 * torch.special.ndtr(edges / _spread()).diff()).tolist()


def _spread() -> float:
    """The standard deviation for which the levels are made: their largest quantile is 1."""
    tail = inspect.signature(normal_float_levels).parameters["tail"].default
    return 1 / torch.special.ndtri(torch.tensor(1 - tail, dtype=torch.float64)).item()


def _curve(low: float, high: float) -> list[tuple[float, float]]:
    steps = max(8, round((high - low) * 40))
    values = [low + (high - low) * step / steps for step in range(steps + 1)]
    return [(_x(value), _y(value)) for value in values]


def _x(value: float) -> float:
    return (LEFT + RIGHT) / 2 + value / REACH * (RIGHT - LEFT) / 2


def _y(value: float) -> float:
    return BASE - HEIGHT * float(torch.exp(torch.tensor(-0.5 * (value / _spread()) ** 2)))
