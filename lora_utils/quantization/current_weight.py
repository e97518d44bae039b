"""The weight of a linear layer as it is now, also where a hook computes it at each call.

torch.nn.utils.prune, weight_norm and spectral_norm keep `weight` as a plain attribute, which is no part of a state, is
not cast or moved, and is set anew when the layer is called. Read in between it is the one of the last call.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def current_weight(linear: nn.Linear) -> Tensor:
    """Return the weight (o, i) that the layer's next call computes with."""
    if isinstance(vars(linear).get("weight"), Tensor):  # a parameter, or a parametrized weight, is not kept there
        own, training = next(linear.parameters()), linear.training
        linear.training = False  # or spectral_norm would take a step of its own
        try:
            linear(own.new_zeros(1, linear.in_features))
        finally:
            linear.training = training
    return linear.weight
