"""The weight of a linear layer as it is now, also where a hook of torch's computes it at each call.

torch.nn.utils.prune, weight_norm and spectral_norm keep `weight` as a plain attribute, which is no part of a state, is
not cast or moved, and is set anew when the layer is called. Read in between it is the one of the last call.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

COMPUTE = (BasePruningMethod, SpectralNorm, WeightNorm)  # kinds of hooks; a forward call would run everybody's


@torch.no_grad()
def current_weight(linear: nn.Linear) -> Tensor:
    """Return the weight (o, i) that the layer's next call computes with, as far as it is torch's that computes it."""
    training, linear.training = linear.training, False  # or spectral_norm would take a step of its own
    try:
        for hook in linear._forward_pre_hooks.values():
            if isinstance(hook, COMPUTE):
                hook(linear, ())
    finally:
        linear.training = training
    return linear.weight
