"""What a wrapped layer computes, and what the usual mistakes compute instead, each with its message.

Letters: b any leading axes, i in_features, o out_features, r rank. W (o, i), bias (o,), A (i, r), B (r, o), x (b, i).
"""

from __future__ import annotations

import torch

from lora_utils.checks import Mistake
from lora_utils.checks.framework.wrapping_probes import meanwhile


def closed_form(c: dict, A: torch.Tensor, B: torch.Tensor) -> dict:
    """The wrapped layer's output and gradients in float64, from the merged weight."""
    W, x, A, B = (t.double() for t in (c["weight"], c["x"], A, B))
    b = torch.zeros(W.shape[0], dtype=torch.float64) if c["bias"] is None else c["bias"].double()
    merged = W + c["alpha"] * (A @ B).T  # (o, i)
    return {"base": x @ W.T, "bias": b, "path": x @ (A @ B), "output": x @ merged.T + b, "merged": merged}


def output_mistakes(c: dict, f: dict) -> tuple[Mistake, ...]:
    """What the usual mistakes compute, each with its message."""
    base, bias, path, alpha, r = f["base"], f["bias"], f["path"], c["alpha"], c["rank"]
    full = base + bias
    relu, both = torch.relu, full + alpha * path
    bent = "the result passes through a nonlinearity; the path must stay linear, or it could never be merged into W"
    straight = "Return the plain sum of the two outputs, without an activation."
    sign = Mistake(
        "alpha-without-sign",
        full + abs(alpha) * path,
        "a negative alpha loses its sign",
        "Hand alpha to LoRALayer as it is.",
    )
    return (
        *([sign] if alpha < 0 else []),
        Mistake(
            "alpha-forgotten",
            full + path,
            "the low-rank path is added without alpha",
            "Hand alpha to LoRALayer, which scales its own output.",
        ),
        Mistake(
            "alpha-over-rank",
            full + alpha / r * path,
            "the path is scaled by alpha / rank instead of alpha",
            "The paper divides by the rank; this course's LoRALayer does not. Pass alpha on as it is.",
        ),
        Mistake(
            "alpha-twice",
            full + alpha**2 * path,
            "the path is scaled by alpha twice",
            "LoRALayer has multiplied by alpha already; add its output as it is.",
        ),
        Mistake(
            "path-missing",
            full,
            "the output is linear(x) alone: the factors have no influence on it",
            "forward must add the path's output.",
        ),
        Mistake(
            "lora-only",
            alpha * path,
            "the output is lora(x) alone: what the layer knew is lost",
            "forward returns the sum of both: the kept layer's output and the path's.",
        ),
        Mistake(
            "bias-dropped",
            base + alpha * path,
            "the layer's bias is missing from the output",
            "Call the layer instead of multiplying with its weight.",
        ),
        Mistake(
            "bias-twice",
            full + bias + alpha * path,
            "the layer's bias is added twice",
            "self.linear(x) has added its bias already.",
        ),
        Mistake(
            "multiplied",
            full * (alpha * path),
            "the two outputs are multiplied; LoRA adds them",
            "Use + between the two.",
        ),
        Mistake(
            "alpha-shared",
            full + meanwhile(alpha) * path,
            "the path is scaled by the alpha of a layer that was wrapped later",
            "Keep alpha on self: what belongs to the class, or is global, all layers share.",
        ),
        Mistake("subtracted", full - alpha * path, "the path is subtracted; LoRA adds it", "Use + between the two."),
        Mistake(
            "averaged",
            (full + alpha * path) / 2,
            "the two outputs are averaged; LoRA adds them",
            "A path that starts at zero must leave linear(x) as it is, not halve it.",
        ),
        Mistake(
            "alpha-scales-base",
            alpha * full + alpha * path,
            "alpha scales the frozen layer's output too",
            "alpha belongs to the path only.",
        ),
        Mistake(
            "alpha-scales-base",
            alpha * full + alpha**2 * path,
            "alpha scales the frozen layer's output too",
            "alpha belongs to the path only, and LoRALayer has applied it.",
        ),
        Mistake(
            "alpha-scales-base",
            full * alpha + path,
            "alpha scales the frozen layer instead of the path",
            "Hand alpha to LoRALayer and leave linear(x) as it is.",
        ),
        Mistake("nonlinearity", full + relu(alpha * path), bent, straight),
        Mistake("nonlinearity", relu(both), bent, straight),
        Mistake("nonlinearity", torch.nn.functional.gelu(both), bent, straight),
        Mistake("nonlinearity", full + torch.tanh(alpha * path), bent, straight),
        Mistake("nonlinearity", full + torch.nn.functional.gelu(alpha * path), bent, straight),
    )
