"""The type of what is trained beside a frozen model: float32, whatever the model computes in.

In float16 AdamW divides zero by zero: its epsilon of 1e-8 and the squares of small gradients round to 0, so a factor
without a gradient yet, as A has in the first step, is NaN after it. In bfloat16 a step smaller than about 0.4 % of a
number is rounded away. Factors are few, so float32 costs next to nothing (PEFT does it too: `autocast_adapter_dtype`).
"""

from __future__ import annotations

import torch


def trained_type(base: torch.dtype) -> torch.dtype:
    """Return the type for numbers that are trained beside a layer of type `base`: float64 beside float64, else float32.

    Inputs are cast to it and results back, so the layer returns what the frozen one returned.
    """
    return torch.float64 if base == torch.float64 else torch.float32
