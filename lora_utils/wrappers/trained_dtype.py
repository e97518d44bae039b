"""The type of what is trained beside a frozen model: float32, whatever the model computes in.

    step = lr * m / (sqrt(v) + 1e-8)        AdamW, m and v running means of a gradient and of its square

In float16 the 1e-8 and the squares of small gradients round to 0. A number without a gradient so far, as LoRA's A in
the first step, then gets 0 / 0 and is NaN after it. In bfloat16 a step smaller than about 0.4 % of a number is rounded
away. What is trained is little beside the model, so float32 costs next to nothing.
"""

from __future__ import annotations

import torch


def trained_type(base: torch.dtype) -> torch.dtype:
    """Return the type for numbers that are trained beside a layer of type `base`: float64 beside float64, else float32.

    Inputs are cast to it and results back, so a wrapper returns the type that the frozen layer returned.

    Args:
        base: type of the frozen layer's numbers; of codes, whose type says nothing, it gives float32, too.

    Source: PEFT does the same (`autocast_adapter_dtype`). Explained in lab 08_qlora, where the layer is bytes.
    """
    return torch.float64 if base == torch.float64 else torch.float32
